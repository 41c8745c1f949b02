"""Installing as a value: which file gets which content, and how that differs from what it says now. Pure but for the reading."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from adapters.json_text import UnfitError
from headroom_wrap.mcp_install.places import Place


@dataclass(frozen=True, slots=True)
class Change:
    """What would be written.

    Args:
        path: where.
        before: its content now, ``""`` where there is none.
        after: the new one.
    """

    path: Path
    before: str
    after: str

    def diff(self) -> str:
        """What changes, as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            str(self.path) if self.before else "/dev/null",
            str(self.path),
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ no end of line\n" for line in lines)


def change(place: Place, path: Path, command: tuple[str, ...]) -> Change:
    """The change that adds our server to the settings in ``path``.

    Raises:
        UnfitError: it cannot be made; the message says why and names the file.
    """
    try:
        before = path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        before = ""
    except UnicodeDecodeError:
        raise UnfitError(f"{path} is no UTF-8 text") from None
    except OSError as error:
        raise UnfitError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return Change(path, before, place.added(before, command))
    except UnfitError as error:
        raise UnfitError(f"{path} {error}") from None
