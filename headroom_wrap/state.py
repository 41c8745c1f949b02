"""The state folder and the store in it."""

from __future__ import annotations

from pathlib import Path

from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from pipeline.store.api import StoreError
from pipeline.store.sqlite import SqliteStore


def ensure(folder: Path) -> Path:
    """The state folder, made where it is missing, for the user's eyes alone.

    Raises:
        UserError: it cannot be made or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The state folder {folder} cannot be made: {error.strerror}.", "Name another with HEADROOM_STATE.") from None
    return folder


def open_store(config: Config) -> SqliteStore:
    """The store of this user.

    Raises:
        UserError: it cannot be opened.
    """
    ensure(config.state)
    try:
        return SqliteStore.open(config.database)
    except StoreError as error:
        raise UserError(str(error)) from None
