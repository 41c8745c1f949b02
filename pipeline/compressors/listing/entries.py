"""The entries of a listing: ``ls -l``, ``ls -R``, ``tree``, and lists of paths or names, one a line."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from pipeline.command import shows
from pipeline.transcript import ToolCall, ToolKind

_LONG = re.compile(
    r"\s{0,20}(?:\d{1,12}\s{1,20}(?:\d{1,12}\s{1,20})?)?([-dlbcpsD])[-rwxsStTlL]{9}[.+@]?\s{1,20}(?:\d{1,9}\s{1,20})?"
    r"(?:[^\s/]{1,60}/[^\s/]{1,60}\s{1,20}|(?:[^\s/]{1,60}\s{1,20}){0,2})"  # tar prints root/root
    r"((?:\d{1,6},\s{0,8})?\d[\d.,]{0,20}[KMGTPE]?)\s{1,20}"
    r"([A-Za-z]{3}\s{1,4}\d{1,2}\s{1,4}[\d:]{4,5}|\d{1,2}\s[A-Za-z]{3}\s{1,4}[\d:]{4,5}"
    r"|\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:\s[+-]\d{4})?)\s(.{1,4096})"
)
_SECTION = re.compile(r"[^\s:|\"'=<>]{1,1000}:")
_TOTAL = re.compile(r"total \S{1,20}")
_TREE = re.compile(r"([│| \u00a0]{0,240}[├└|`]?(?:──|--)[ \u00a0])(.{1,1000})")  # one run, so that a deeply indented line costs its length
_PATH = re.compile(r"(?:\d[\d.,]{0,20}[KMGTPE]?[BbiB]{0,2}\t)?(?:[A-Za-z]:)?[^\s:|\"'<>={}()\[\];,*?#][^:|\"'<>{};*?\t]{0,1000}")
_SIZED = re.compile(r"(\d[\d.,]{0,20}[KMGTPE]?)[BbiB]{0,2}\t")
_LEAST = 6  # lines
_PLAIN = frozenset({"ls", "dir", "eza", "exa"})
_PATHS = frozenset({"find", "fd", "fdfind", "git ls-files", "du", "locate", "plocate"})
_SCALE = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}


class Shape(enum.Enum):
    """How a listing is printed."""

    LONG = enum.auto()  # ls -l
    TREE = enum.auto()
    PATHS = enum.auto()  # one path a line
    NAMES = enum.auto()  # one name a line, by folder where it says so


class Entry(NamedTuple):
    """One line of a listing.

    Args:
        folder: what it lies in, with a slash at the end; ``""`` if that is not printed.
        name: its name, ``""`` for a line that is no entry.
        size: its size in the listing's own unit, -1 if not printed.
        date: its time as printed.
        directory: it is printed as a folder.
        frame: a heading, total or blank line of the section that follows or ends here.
    """

    folder: str
    name: str
    size: float = -1.0
    date: str = ""
    directory: bool = False
    frame: bool = False

    @property
    def path(self) -> str:
        """Folder and name."""
        return self.folder + self.name


@dataclass
class Listing:
    """A listing, line by line."""

    shape: Shape
    entries: list[Entry]
    parents: dict[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many entries there are."""
        return sum(1 for e in self.entries if e.name)


def suffix(name: str) -> str:
    """The extension of a name with its dot, ``""`` if it has none."""
    stem, _, extension = name[-200:].rstrip("~").rpartition(".")
    plain = stem.strip(". ") and len(extension) <= 10 and extension[:1].isalpha() and extension.replace("_", "").replace("-", "").isalnum()
    return f".{extension.lower()}" if plain else ""


def program(call: ToolCall | None) -> str:
    """The program whose output is shown, ``""`` if unknown."""
    return _program(call.command) if call is not None and call.command else ""


@lru_cache(maxsize=64)  # asked several times for every block
def _program(command: str) -> str:
    return shows(command).program


def shape_of(sample: Sequence[str], call: ToolCall | None) -> tuple[Shape | None, float]:
    """The form of a listing and the share of the sample that has it. Bare names are a listing only where the call lists."""
    size = len(sample)
    if size < _LEAST:
        return None, 0.0
    long = sum(_LONG.fullmatch(line) is not None for line in sample)
    if long >= 3:
        frames = sum(_TOTAL.fullmatch(line) is not None or _SECTION.fullmatch(line) is not None for line in sample)
        if (long + frames) >= 0.8 * size:
            return Shape.LONG, (long + frames) / size
    tree = sum(_TREE.fullmatch(line) is not None for line in sample)
    if tree >= 0.8 * size:
        return Shape.TREE, tree / size
    named = program(call)
    lists = call is not None and (call.kind is ToolKind.LIST or named in _PLAIN | _PATHS)
    slashes = sum("/" in line or "\\" in line for line in sample)
    if slashes >= (0.6 if lists else 0.9) * size:
        paths = sum(_is_path(line) for line in sample)
        if paths >= 0.9 * size and (lists or _rooted(sample)):
            return Shape.PATHS, paths / size
    if lists and call is not None and (named in _PLAIN | _PATHS or not named) and sum(_is_name(line) for line in sample) >= 0.95 * size:
        return Shape.NAMES, 1.0
    return None, 0.0


def _is_path(line: str) -> bool:
    return len(line) <= 1000 and _PATH.fullmatch(line) is not None and line.count(" ") <= 3


def _is_name(line: str) -> bool:
    return len(line) <= 255 and "\t" not in line and line.count(" ") <= 6 and "  " not in line.strip()


def _rooted(sample: Sequence[str]) -> bool:
    """Whether the lines begin like paths of one place: most share their first folder with another line, and few have blanks."""
    firsts: dict[str, int] = {}
    for line in sample:
        first = line.lstrip("./").split("/", 1)[0]
        firsts[first] = firsts.get(first, 0) + 1
    together = sum(n for n in firsts.values() if n > 1)
    return together >= 0.8 * len(sample) and sum(" " in line for line in sample) <= 0.1 * len(sample)


def parse(lines: Sequence[str], shape: Shape) -> Listing:
    """Every line as an entry, a frame, or neither (which always stays)."""
    if shape is Shape.TREE:
        return _parse_tree(lines)
    if shape is Shape.PATHS:
        return Listing(shape, [_of_path(line) for line in lines])
    return Listing(shape, _in_sections(lines, _of_long if shape is Shape.LONG else _of_name))


def _in_sections(lines: Sequence[str], read: Callable[[str, str], Entry | None]) -> list[Entry]:
    found: list[Entry] = []
    folder = ""
    for i, line in enumerate(lines):
        heading = line.endswith(":") and (i == 0 or not lines[i - 1].strip()) and _SECTION.fullmatch(line) is not None
        if heading:
            folder = line[:-1].rstrip("/") + "/"
        if heading or not line.strip() or _TOTAL.fullmatch(line):
            found.append(Entry(folder, "", frame=True))
        else:
            found.append(read(folder, line) or Entry(folder, ""))
    return found


def _of_long(folder: str, line: str) -> Entry | None:
    match = _LONG.fullmatch(line.rstrip("\r"))
    if match is None:
        return None
    name = match[4].split(" -> ", 1)[0]
    if "/" in name.rstrip("/"):
        inside, _, name = name.rstrip("/").rpartition("/")
        folder = inside + "/"
    return Entry(folder, name, _number(match[2]), match[3], match[1] in "dD")


def _of_name(folder: str, line: str) -> Entry | None:
    return Entry(folder, line.strip().removeprefix("- "), directory=line.endswith("/"))


def _of_path(line: str) -> Entry:
    text = line.rstrip("\r")
    sized = _SIZED.match(text)
    size = _number(sized[1]) if sized else -1.0
    path = text[sized.end() :] if sized else text
    if not path.strip() or not _is_path(text):
        return Entry("", "")
    folder, slash, name = path.rstrip("/").rpartition("/")
    return Entry(folder + slash, name or path, size, directory=path.endswith("/"))


def _parse_tree(lines: Sequence[str]) -> Listing:
    entries: list[Entry] = []
    parents: dict[int, int] = {}
    above: list[tuple[int, str, int]] = []  # depth, path with a slash, line
    for i, line in enumerate(lines):
        match = _TREE.fullmatch(line.rstrip("\r"))
        if match is None:
            entries.append(Entry("", ""))
            above = [(-1, "", -1)]
            continue
        depth = len(match[1])
        while above and above[-1][0] >= depth:
            above.pop()
        folder, parent = (above[-1][1], above[-1][2]) if above else ("", -1)
        if parent >= 0:
            parents[i] = parent
            if not entries[parent].directory:
                entries[parent] = entries[parent]._replace(directory=True)
        name = match[2].split(" -> ", 1)[0]
        entries.append(Entry(folder[-300:], name, directory=name.endswith("/")))
        if len(above) < 100:
            above.append((depth, f"{folder[-300:]}{name.rstrip('/')}/", i))
    return Listing(Shape.TREE, entries, parents)


def _number(text: str) -> float:
    text = text.rsplit(" ", 1)[-1].rstrip("Bib")
    scale = _SCALE.get(text[-1:], 1.0)
    try:
        return float(text.rstrip("KMGTPE").replace(",", "")) * scale
    except ValueError:
        return -1.0
