"""Where the imports of an agent's instruction files lead: names in a text become files that the agent may read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from adapters import instruction_imports
from adapters.instruction_imports import Imports
from headroom_wrap.supervisor import regular

_MOST_SETTINGS = 16 << 20  # bytes
_MOST_NAMES = 1000  # in a text: to find out where one leads takes 20 µs


class Importer:
    """The imports of one session.

    Args:
        imports: how the agent takes them; None for one that knows none.
        cwd: where it works.
        home: the user's.
        environ: the environment that it runs in.
        user: the file for all projects, which may import from anywhere where the user can approve of that.
    """

    def __init__(self, imports: Imports | None, cwd: Path, home: Path, environ: Mapping[str, str], user: Path | None) -> None:
        self._imports, self._cwd, self._home, self._environ, self._user = imports, cwd, home, environ, user
        self._roots: dict[Path, Path] = {}
        self._approved: bool | None = None

    @property
    def hops(self) -> int:
        """How many files deep imports are followed."""
        return self._imports.hops if self._imports is not None else 0

    def targets(self, text: str, importer: Path, top: Path) -> tuple[Path, ...]:
        """The files that `text`, which stands in `importer`, pulls in, as far as its first 1000 names go; they need not exist.

        Args:
            text: the importer's.
            importer: a file that the agent reads.
            top: the instruction file from which the chain of imports comes that leads here.
        """
        imports = self._imports
        if imports is None or "@" not in text:
            return ()
        names = (name for name in imports.find(text)[:_MOST_NAMES] if _possible(name))
        found = (Path(os.path.normpath(imports.target(name, importer, self._home))) for name in names)
        return tuple(dict.fromkeys(path for path in found if self._allowed(path, top)))

    def _allowed(self, path: Path, top: Path) -> bool:
        if self._imports is not None and self._imports.approved:
            return top == self._user or path.is_relative_to(self._cwd) or self._outside_approved()
        return path.is_relative_to(self._root(top.parent))

    def _outside_approved(self) -> bool:
        if self._approved is None:
            settings = regular.read(instruction_imports.settings_file(self._environ, self._home), _MOST_SETTINGS)
            self._approved = settings is not None and instruction_imports.is_approved(settings, self._cwd)
        return self._approved

    def _root(self, folder: Path) -> Path:
        """The project that a folder belongs to: the next one upwards with a ``.git``, itself where there is none."""
        if folder not in self._roots:
            tops = (above for above in (folder, *folder.parents) if os.path.exists(above / ".git"))  # noqa: PTH110 - `Path.exists` raises
            self._roots[folder] = next(tops, folder)
        return self._roots[folder]


def _possible(name: str) -> bool:
    """Whether a file can have this name here."""
    try:
        return b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:  # in a locale that has not all characters
        return False
