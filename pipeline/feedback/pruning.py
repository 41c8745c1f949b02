"""Evidence that no longer counts goes, so that it does not grow without end."""

from __future__ import annotations

from pipeline.feedback import records, verdict
from pipeline.store.api import Store

KEEPS_S = 12 * verdict.HALF_LIFE_S  # after that evidence weighs less than a thousandth
_WORTH = 50  # rows


def prune(store: Store, identity: str, now: float) -> int:
    """Remove what no longer counts for a project's compression: beyond the newest conversations, or so old that it weighs nothing.

    Args:
        store: where it is on record.
        identity: the project's name in it.
        now: Unix time in seconds.

    Returns:
        How many conversations went. None go until there is enough to be worth the writing.

    Raises:
        StoreError: it cannot be done.
    """
    shelf = records.shelf(identity)
    rows = store.memories(shelf)
    kept = [row for row in rows[: records.MOST] if row.time >= now - KEEPS_S]
    if not kept or len(rows) - len(kept) < _WORTH:  # where none is young the clock may be wrong
        return 0
    return store.forget(shelf, before=kept[-1].time)
