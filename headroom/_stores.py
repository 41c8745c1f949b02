"""The store that the library's functions use where none is given: the user's own, shared with the command line."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from threading import Lock

from pipeline.store.api import Store

_opening: dict[int, Lock] = {}  # by process: one that another thread holds at a fork is given back in the parent alone


def default_store() -> Store:
    """The user's store, opened once in every process, whichever thread asks first.

    Raises:
        StoreError: it cannot be opened.
    """
    process = os.getpid()
    with _opening.setdefault(process, Lock()):
        return _opened(process)


@cache  # what was opened before a fork stays held: to close it here might take its files from the process that uses it
def _opened(process: int) -> Store:
    import platformdirs

    from pipeline.store import opening

    return opening.open_store(Path(platformdirs.user_state_dir("headroom", appauthor=False)) / "headroom.db")
