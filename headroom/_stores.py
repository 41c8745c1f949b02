"""The store that the library's functions use where none is given: the user's own, shared with the command line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pipeline.forks import ProcessLock
from pipeline.store.api import Store

_opening = ProcessLock()


def default_store() -> Store:
    """The user's store, opened once, whichever thread asks first.

    Raises:
        StoreError: it cannot be opened.
    """
    with _opening.here():
        return _opened()


@cache
def _opened() -> Store:
    import platformdirs

    from pipeline.store import opening

    return opening.open_store(Path(platformdirs.user_state_dir("headroom", appauthor=False)) / "headroom.db")
