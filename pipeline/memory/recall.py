"""Keys of what agents were shown of a content, which is frozen as every other decision is."""

from __future__ import annotations

_DIGITS = 32


def shown_key(digest: str) -> str:
    """The key of what the first agent that read a content was sent in its place, which may be the content itself."""
    return f"shown:{digest[:_DIGITS]}"
