"""The state folder and the store in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from headroom_wrap.config import Config
from headroom_wrap.errors import UserError

if TYPE_CHECKING:
    from pipeline.store.api import Store


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


def say(sentence: str) -> None:
    """Print what the user should know."""
    print(f"headroom: {sentence}", file=sys.stderr)


def open_store(config: Config, report: Callable[[str], None] | None = say) -> Store:
    """The store of this user.

    Args:
        config: says where it is.
        report: told that it was damaged and had to be made anew; None while the terminal is an agent's.

    Raises:
        UserError: it cannot be opened.
    """
    # Not loaded where the folder alone is wanted: a session starts with it.
    from pipeline.store import opening
    from pipeline.store.api import StoreError

    ensure(config.state)
    try:
        return opening.open_store(config.where, report=report)
    except StoreError as error:
        raise UserError(str(error)) from None
