"""The store that the library's functions use where none is given: the user's own, which is the command line's unless a setting of that names another.

An application has settings of its own: were the command line's asked, a variable that is meant for an agent would move its originals.
"""

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
