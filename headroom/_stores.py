"""The store that the library's functions use where none is given: the user's own, shared with the command line."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from pipeline.store.api import Store


def default_store() -> Store:
    """The user's store, opened once in every process: a connection to a database is not to be used by another than opened it.

    Raises:
        StoreError: it cannot be opened.
    """
    return _opened(os.getpid())


@cache  # what was opened before a fork stays held: to close it here might take its files from the process that uses it
def _opened(process: int) -> Store:
    import platformdirs

    from pipeline.store import opening

    return opening.open_store(Path(platformdirs.user_state_dir("headroom", appauthor=False)) / "headroom.db")
