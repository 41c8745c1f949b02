"""Instruction files read and written: bytes kept, links followed, replaced in one step and only if nobody has changed them meanwhile."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from headroom_wrap.supervisor.journal import write_atomically

_MOST_BYTES = 4 << 20
_MODE = 0o644  # of a file that is new: others who work here may read it


class WriteError(Exception):
    """A file cannot be read or written. The first argument is a sentence that names it."""


@dataclass(frozen=True, slots=True)
class Held:
    """A file as it was read.

    Args:
        path: where it is, links followed.
        data: what is in it, None if it does not exist.
    """

    path: Path
    data: bytes | None

    @property
    def text(self) -> str:
        """What is in it; what is no UTF-8 comes through unharmed, see `encoded`."""
        return (self.data or b"").decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """The bytes of a text that came from `Held`."""
    return text.encode("utf-8", "surrogateescape")


def read(path: Path) -> Held:
    """A file that rules may be written to.

    Raises:
        WriteError: it is no text file that could be written.
    """
    try:
        place = Path(os.path.realpath(path))
        data = _content(place)
    except OSError as error:
        raise WriteError(f"{path} cannot be read: {error.strerror or error}.") from None
    if data is not None and b"\0" in data:
        raise WriteError(f"{path} is no text in UTF-8, so nothing is written there.")
    if data is not None and not os.access(place, os.W_OK):
        raise WriteError(f"{path} is read-only.")
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise WriteError(f"{path} cannot be written: {'its folder is read-only' if place.parent.is_dir() else 'its folder does not exist'}.")
    return Held(place, data)


def write(held: Held, data: bytes | None) -> None:
    """Give a file a new content, None to take it away, if it is still as it was read.

    Raises:
        WriteError: it has changed since, or cannot be written; it is as it was then.
    """

    def still() -> None:
        if _content(held.path) != held.data:
            raise WriteError(f"{held.path} was changed meanwhile, so it was left as it is.")

    try:
        if data is not None:
            write_atomically(held.path, data, mode=_MODE, still=still)
            return
        still()
        if held.data is not None:
            held.path.unlink()
    except OSError as error:
        raise WriteError(f"{held.path} cannot be written: {error.strerror or error}.") from None


def _content(path: Path) -> bytes | None:
    """What is in a file, None if there is none.

    Raises:
        OSError: it cannot be read.
        WriteError: it is no file, or too large to be one of instructions.
    """
    try:
        if not path.is_file() and path.exists():
            raise WriteError(f"{path} is no file.")
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(data) > _MOST_BYTES:
        raise WriteError(f"{path} is too large to be a file of instructions.")
    return data
