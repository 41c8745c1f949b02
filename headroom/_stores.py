"""The stores that the library's functions use: the user's own, shared with the command line, where none is given."""

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

    return open_store(Path(platformdirs.user_state_dir("headroom", appauthor=False)) / "headroom.db")


def open_store(where: str | Path) -> Store:
    """A store by its path, or by its URL: ``postgresql://user:password@host/database``, ``redis://:password@host/0``.

    Raises:
        StoreError: it cannot be opened.
    """
    from pipeline.store import opening

    return opening.open_store(where)
