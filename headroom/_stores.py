"""The store that the library's functions use where none is given: the user's own, shared with the command line."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pipeline.store.api import Store


@lru_cache(maxsize=1)
def default_store() -> Store:
    """The user's store, opened once.

    Raises:
        StoreError: it cannot be opened.
    """
    import platformdirs

    from pipeline.store import opening

    return opening.open_store(Path(platformdirs.user_state_dir("headroom", appauthor=False)) / "headroom.db")
