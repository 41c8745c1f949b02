"""Keys of what is shown of a content, which is frozen as every other decision is."""

from __future__ import annotations

_DIGITS = 32


def shown_key(digest: str) -> str:
    """The key of what the first agent that read a content was sent in its place, which may be the content itself."""
    return f"shown:{digest[:_DIGITS]}"


def shared_key(digest: str) -> str:
    """The key of what a content was made into when a program shared it first."""
    return f"shared:{digest[:_DIGITS]}"
