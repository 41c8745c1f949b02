"""The lines of a search result: which form it has, and what each line is."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.transcript import ToolCall, ToolKind

HEAD = 500  # a path ends within so many characters

_LONGEST_PATH, _LONGEST_NUMBER = 400, 9
_DRIVE = re.compile(r"([A-Za-z]:[\\/][^:\n]{1,400}):(\d{1,9}):")  # where a drive stands first; else a split at the colons says the same sooner
_NUMBER = re.compile(r"(\d{1,9})([:-])")
_BEGINS_HIT = re.compile(r"\d{1,9}:")
_INNER = re.compile(r"-(\d{1,9})-")
_NAMED = re.compile(r"((?:[A-Za-z]:[\\/])?[^:\s]{1,400}):")
_EXTENSION = re.compile(r".*[^./\\]\.[A-Za-z]\w{0,9}")
_SPACE = re.compile(r"\s")
_TIME_TAIL = re.compile(r"\d\d(?:\D|$)")
_CLOCK = re.compile(r":(?<=\b\d\d:)\d\d:\d\d\b")  # 12:34:56, looked for by its first colon, as that is the rarest
_DIAGNOSTIC = re.compile(r"(?:\d+:)?\s*(?:fatal )?(?:error|warning|note)\b[:\[ ]", re.IGNORECASE)


class Shape(enum.Enum):
    """How a search prints its hits."""

    FULL = enum.auto()  # path:12:text
    NAMED = enum.auto()  # path:text
    HEADED = enum.auto()  # the path on a line of its own, then 12:text
    ALONE = enum.auto()  # 12:text, of one file


class Kind(enum.Enum):
    HIT = enum.auto()
    CONTEXT = enum.auto()
    SEPARATOR = enum.auto()
    OTHER = enum.auto()


@dataclass(frozen=True, slots=True)
class Result:
    """The lines of a search result, a column for each thing that is known of them: an object for each line would cost more than to read it.

    Args:
        texts: the lines.
        kinds: what each is.
        paths: of which file, ``""`` for none.
        numbers: which line of it, as printed; ``""`` where that is not.
        starts: where the text after the path begins.
    """

    texts: Sequence[str]
    kinds: Sequence[Kind]
    paths: Sequence[str]
    numbers: Sequence[str]
    starts: Sequence[int]

    def rest(self, index: int) -> str:
        """What stands in a line after its path."""
        return self.texts[index][self.starts[index] :]

    def hits(self, start: int, end: int) -> list[int]:
        """The hits among lines ``[start, end)``."""
        return [index for index in range(start, end) if self.kinds[index] is Kind.HIT]


_Row = tuple[Kind, str, str, int]  # of one line, as in the columns of a result
_SEPARATOR: _Row = (Kind.SEPARATOR, "", "", 0)
_OTHER: _Row = (Kind.OTHER, "", "", 0)


def is_search(call: ToolCall | None) -> bool:
    return call is not None and (call.kind is ToolKind.SEARCH or "grep" in call.name.lower())


def sample(lines: Sequence[str]) -> tuple[str, ...]:
    """At most 90 lines that are not blank: the first 20, then evenly spread."""
    step = max(1, (len(lines) - 20) // 70)
    return tuple([line[:HEAD] for line in (*lines[:20], *lines[20::step]) if line.strip()])


@lru_cache(maxsize=4)  # who recognises a result is asked to compress it next
def shape_of(sample: tuple[str, ...], searching: bool) -> tuple[Shape | None, float]:
    """The form of the result and the share of the sample that has it.

    ``path:12:`` speaks for itself, unless it is a time of day or a compiler's message; the other forms look like much else, and are taken for
    hits only where the call searches (or where a path stands first and nearly all the rest is numbered).
    """
    full = named = numbered = headings = hits = diagnostics = 0
    paths: dict[str, None] = {}
    places = [_hit(line) for line in sample]
    if not searching and not any(places) and not any(map(_BEGINS_HIT.match, sample)):
        return None, 0.0
    for line, found in zip(sample, places, strict=True):
        if found:
            full += 1
            paths[found[0]] = None
            diagnostics += _DIAGNOSTIC.match(line, len(found[0]) + len(found[1]) + 2) is not None
        elif match := _NUMBER.match(line):
            numbered += 1
            hits += match[2] == ":"
        elif (match := _NAMED.match(line)) and _looks_like_path(match[1]):
            named += 1
            paths[match[1]] = None
        elif _looks_like_path(line):
            headings += 1
    size = len(sample) - sample.count("--")
    if not size:
        return None, 0.0
    context = _continuing(sample, paths)
    if full:
        share = (full + context) / size
        if share >= (0.3 if searching else 0.6) and (searching or diagnostics * 12 < full):
            return Shape.FULL, share
    below = (numbered + headings) / size
    if hits and headings and below >= (0.8 if searching else 0.9) and (searching or _looks_like_path(sample[0])):
        return Shape.HEADED, below
    if searching and hits and numbered / size >= 0.8:
        return Shape.ALONE, numbered / size
    if searching and named and (named + context) / size >= 0.6:
        return Shape.NAMED, (named + context) / size
    return None, 0.0


def _continuing(sample: Sequence[str], paths: Collection[str]) -> int:
    """How many lines begin with one of the paths and a dash."""
    end = max(map(len, paths), default=-1) + 1
    count = 0
    for line in sample:
        dash = line.find("-", 0, end)
        while dash >= 0:
            if line[:dash] in paths:
                count += 1
                break
            dash = line.find("-", dash + 1, end)
    return count


def of_a_log(sample: Sequence[str]) -> bool:
    """Whether most of what was found bears a time: lines of a log."""
    return sum(_CLOCK.search(line, 0, 200) is not None for line in sample) * 2 > len(sample)


def _hit(line: str) -> tuple[str, str] | None:
    """The path and the number of ``path:12:`` at the start of a line, unless it is a time of day or begins like a numbered line."""
    path, _, rest = line.partition(":")
    number, closed, rest = rest.partition(":")
    if len(path) == 1 and (drive := _DRIVE.match(line)):
        path, number, rest = drive[1], drive[2], line[drive.end() :]
    elif not (closed and number.isdecimal() and len(number) <= _LONGEST_NUMBER and 0 < len(path) <= _LONGEST_PATH):
        return None
    if not may_be_path(path) or (len(number) <= 2 and path[-1].isdigit() and _TIME_TAIL.match(rest)):
        return None
    return path, number


@lru_cache(maxsize=4096)  # the same few paths stand in thousands of lines
def may_be_path(path: str) -> bool:
    """Whether that may be a path, if a number behind it says so."""
    return any(c.isalpha() for c in path) and "://" not in path and not _NUMBER.match(path) and path[0] not in " \t[{(<\"'"


@lru_cache(maxsize=4096)
def _looks_like_path(text: str) -> bool:
    """A folder or an extension, letters, and no blank: what stands before a lone colon may be anything."""
    if _SPACE.search(text) or "://" in text or not any(c.isalpha() for c in text):
        return False
    return "/" in text or "\\" in text or _EXTENSION.fullmatch(text) is not None


def parse(lines: Sequence[str], shape: Shape) -> Result:
    """The lines of a result of some shape; at least one."""
    if shape is Shape.FULL:
        rows = _full(lines)
    elif shape is Shape.NAMED:
        rows = _named(lines)
    else:
        rows = _numbered(lines, headed=shape is Shape.HEADED)
    return Result(lines, *zip(*rows, strict=True))


def _full(lines: Sequence[str]) -> Iterator[_Row]:
    found = [_hit(line) for line in lines]
    paths = dict.fromkeys([hit[0] for hit in found if hit])
    # Context is printed as `path-12-text`: a text that holds `:3:` must not make the path longer.
    longer = {path: inner for path in paths if "-" in path and (inner := _context(path, paths))}
    for line, hit in zip(lines, found, strict=True):
        if hit and hit[0] not in longer:
            yield Kind.HIT, hit[0], hit[1], len(hit[0]) + 1
        elif inner := longer[hit[0]] if hit else _context(line[:HEAD], paths):
            yield Kind.CONTEXT, inner[0], inner[1], len(inner[0]) + 1
        else:
            yield _SEPARATOR if line == "--" else _OTHER


def _context(line: str, paths: Collection[str]) -> tuple[str, str] | None:
    """The path and the number of ``path-12-`` at the start of a line."""
    return next(((path, inner[1]) for inner in _INNER.finditer(line) if (path := line[: inner.start()]) in paths), None)


def _named(lines: Sequence[str]) -> Iterator[_Row]:
    matches = [m if (m := _NAMED.match(line[:HEAD])) and _looks_like_path(m[1]) else None for line in lines]
    following = ""
    after: list[str] = []
    for match in reversed(matches):  # context before a hit bears the path of the hit that follows
        after.append(following)
        following = match[1] if match else following
    before = ""
    for line, match, later in zip(lines, matches, reversed(after), strict=True):
        if match:
            before = match[1]
            yield Kind.HIT, before, "", len(before)
        elif owner := next((p for p in (before, later) if p and line.startswith(p + "-")), ""):
            yield Kind.CONTEXT, owner, "", len(owner)
        else:
            yield _SEPARATOR if line == "--" else _OTHER


def _numbered(lines: Sequence[str], *, headed: bool) -> Iterator[_Row]:
    path = ""
    numbers = [_NUMBER.match(line) for line in lines]
    for line, match, below in zip(lines, numbers, (*numbers[1:], None), strict=True):
        if match:
            yield Kind.HIT if match[2] == ":" else Kind.CONTEXT, path, match[1], 0
        elif headed and below and line.strip() and line != "--":
            path = line
            yield Kind.SEPARATOR, path, "", 0
        else:
            yield _SEPARATOR if line in {"--", ""} else _OTHER
