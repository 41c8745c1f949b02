"""Which instruction files an agent reads along with one: what that is a link to, and what it imports."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from adapters.instruction_files import READS
from adapters.instruction_imports import Imports
from headroom_wrap.supervisor import regular

_MOST_BYTES = 1 << 20  # of a file
_MOST_FILES = 50  # that are followed


class Brought:
    """What comes with the instruction files of one project, as its files stand now.

    Args:
        project: its absolute path.
        home: the user's.
        names: of the files that are asked about, from the project's folder.
    """

    def __init__(self, project: Path, home: Path, names: Iterable[str]) -> None:
        self._project, self._home = project, home
        self._places = {name: os.path.realpath(project / name) for name in names}
        self._known: dict[tuple[str, str], frozenset[str]] = {}

    def __call__(self, agent: str, name: str) -> frozenset[str]:
        """The names of the files that an agent reads with the one of this name, whether they exist or not."""
        if (agent, name) not in self._known:
            reads = READS.get(agent)
            reached = self._reached(self._project / name, reads.imports if reads is not None else None)
            self._known[agent, name] = frozenset(other for other, place in self._places.items() if place in reached)
        return self._known[agent, name]

    def _reached(self, first: Path, imports: Imports | None) -> dict[str, None]:
        found, front = {os.path.realpath(first): None}, [first]
        for _ in range(imports.hops if imports is not None else 0):
            front = [path for importer in front for path in self._imported(importer, imports) if _new(path, found)]
        return found

    def _imported(self, importer: Path, imports: Imports | None) -> list[Path]:
        """The files of the project that one imports."""
        data = regular.read(importer, _MOST_BYTES)
        if imports is None or data is None or b"@" not in data:
            return []
        names = [name for name in imports.find(data.decode("utf-8", "replace")) if "\0" not in name]
        paths = [Path(os.path.normpath(imports.target(name, importer, self._home))) for name in names[:_MOST_FILES]]
        return [path for path in paths if path.is_relative_to(self._project)]


def _new(path: Path, found: dict[str, None]) -> bool:
    """Whether a file was not reached before; it is now."""
    place = os.path.realpath(path)
    if place in found or len(found) >= _MOST_FILES:
        return False
    found[place] = None
    return True
