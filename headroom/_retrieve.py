"""``retrieve``: an original back."""

from __future__ import annotations

from headroom._stores import default_store
from pipeline import ccr
from pipeline.store.api import Store


def retrieve(handle: str, lines: str | None = None, pattern: str | None = None, *, store: Store | None = None) -> str:
    """The original behind a handle, whole or in part.

    Args:
        handle: as printed in a footer, e.g. ``3f9a2c7b``.
        lines: units by number, 1-based and inclusive: ``"120-480"``, ``"5-9,40-60"``; or characters of one: ``"401:1-20000"``.
        pattern: a regular expression; only units in which it is found.
        store: where it is kept; by default the user's own store.

    Returns:
        The original itself, or the units asked for with their numbers in front.

    Raises:
        pipeline.ccr.RetrievalError: unknown handle, unreadable range or pattern.
        pipeline.store.api.StoreError: the store cannot be read.
    """
    return ccr.retrieve(store if store is not None else default_store(), handle, lines, pattern).text
