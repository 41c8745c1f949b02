"""The state folder and the store in it."""

from __future__ import annotations

import sys
from pathlib import Path

from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from pipeline.store import opening
from pipeline.store.api import Store, StoreError


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


def open_store(config: Config) -> Store:
    """The store of this user. That it was damaged and had to be made anew is said on standard error.

    Raises:
        UserError: it cannot be opened.
    """
    ensure(config.state)
    try:
        return opening.open_store(config.where, report=lambda sentence: print(f"headroom: {sentence}", file=sys.stderr))
    except StoreError as error:
        raise UserError(str(error)) from None
