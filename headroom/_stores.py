"""The store that the library's functions use where none is given: the user's own, shared with the command line."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from threading import Lock

from pipeline.store.api import Store

_opening: dict[int, Lock] = {}  # by process: one that another thread holds at a fork is given back in the parent alone


def default_store() -> Store:
    """The user's store, opened once, whichever thread asks first.

    Raises:
        StoreError: it cannot be opened.
    """
    with _opening.setdefault(os.getpid(), Lock()):
        return _opened()


@cache
def _opened() -> Store:
    import platformdirs

    from pipeline.store import opening

    return opening.open_store(Path(platformdirs.user_state_dir("headroom", appauthor=False)) / "headroom.db")
