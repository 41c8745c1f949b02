"""The lines of a search result: which form it has, and what each line is."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.transcript import ToolCall, ToolKind

HEAD = 500  # a path ends within so many characters

_FULL = re.compile(r"((?:[A-Za-z]:[\\/])?[^:\n]{1,400}):(\d{1,9}):")
_NUMBER = re.compile(r"(\d{1,9})([:-])")
_INNER = re.compile(r"-(\d{1,9})-")
_DASH = re.compile(r"-")
_NAMED = re.compile(r"((?:[A-Za-z]:[\\/])?[^:\s]{1,400}):")
_EXTENSION = re.compile(r".*[^./\\]\.[A-Za-z]\w{0,9}")
_SPACE = re.compile(r"\s")
_TIME_TAIL = re.compile(r"\d\d(?:\D|$)")
_CLOCK = re.compile(r"\b\d\d:\d\d:\d\d\b")
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


class Line(NamedTuple):
    """One line of the result: of which file, which line of it (0 if not printed), and what stands after the path."""

    kind: Kind
    path: str = ""
    number: int = 0
    rest: str = ""


def is_search(call: ToolCall | None) -> bool:
    return call is not None and (call.kind is ToolKind.SEARCH or "grep" in call.name.lower())


def sample(lines: Sequence[str]) -> list[str]:
    """At most 90 lines that are not blank: the first 20, then evenly spread."""
    step = max(1, (len(lines) - 20) // 70)
    return [line[:HEAD] for line in (*lines[:20], *lines[20::step]) if line.strip()]


def shape_of(sample: Sequence[str], searching: bool) -> tuple[Shape | None, float]:
    """The form of the result and the share of the sample that has it.

    ``path:12:`` speaks for itself, unless it is a time of day or a compiler's message; the other forms look like much else, and are taken for
    hits only where the call searches (or where a path stands first and nearly all the rest is numbered).
    """
    full = named = numbered = headings = hits = diagnostics = 0
    paths: dict[str, None] = {}
    for line in sample:
        if found := _full(line):
            full += 1
            paths[found[1]] = None
            diagnostics += _DIAGNOSTIC.match(line, found.end()) is not None
        elif match := _NUMBER.match(line):
            numbered += 1
            hits += match[2] == ":"
        elif (match := _NAMED.match(line)) and _looks_like_path(match[1]):
            named += 1
            paths[match[1]] = None
        elif _looks_like_path(line):
            headings += 1
    size = sum(line != "--" for line in sample)
    if not size:
        return None, 0.0
    context = sum(any(line[: m.start()] in paths for m in _DASH.finditer(line)) for line in sample) if paths else 0
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


def of_a_log(sample: Sequence[str]) -> bool:
    """Whether most of what was found bears a time: lines of a log."""
    return sum(_CLOCK.search(line[:200]) is not None for line in sample) * 2 > len(sample)


def _full(line: str) -> re.Match[str] | None:
    """``path:12:`` at the start of a line, unless it is a time of day or begins like a numbered line."""
    match = _FULL.match(line)
    if match is None or not _may_be_path(match[1]):
        return None
    if len(match[2]) <= 2 and match[1][-1].isdigit() and _TIME_TAIL.match(line, match.end()):
        return None
    return match


@lru_cache(maxsize=4096)  # the same few paths stand in thousands of lines
def _may_be_path(path: str) -> bool:
    return any(c.isalpha() for c in path) and "://" not in path and not _NUMBER.match(path) and path[0] not in " \t[{(<\"'"


@lru_cache(maxsize=4096)
def _looks_like_path(text: str) -> bool:
    """A folder or an extension, letters, and no blank: what stands before a lone colon may be anything."""
    if _SPACE.search(text) or "://" in text or not any(c.isalpha() for c in text):
        return False
    return "/" in text or "\\" in text or _EXTENSION.fullmatch(text) is not None


def parse(lines: Sequence[str], shape: Shape) -> list[Line]:
    if shape is Shape.FULL:
        return list(_parse_full(lines))
    if shape is Shape.NAMED:
        return list(_parse_named(lines))
    return list(_parse_numbered(lines, headed=shape is Shape.HEADED))


def _parse_full(lines: Sequence[str]) -> Iterator[Line]:
    matches = [_full(line[:HEAD]) for line in lines]
    paths = {m[1] for m in matches if m}
    for line, match in zip(lines, matches, strict=True):
        if match and "-" not in match[1]:
            yield Line(Kind.HIT, match[1], int(match[2]), line[match.end(1) + 1 :])
            continue
        # Context is printed as `path-12-text`: a text that holds `:3:` must not make the path longer.
        inner = next((m for m in _INNER.finditer(line[:HEAD]) if line[: m.start()] in paths), None)
        if inner and not (match and match.end(1) < inner.start()):
            yield Line(Kind.CONTEXT, line[: inner.start()], int(inner[1]), line[inner.start() + 1 :])
        elif match:
            yield Line(Kind.HIT, match[1], int(match[2]), line[match.end(1) + 1 :])
        else:
            yield Line(Kind.SEPARATOR if line == "--" else Kind.OTHER)


def _parse_named(lines: Sequence[str]) -> Iterator[Line]:
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
            yield Line(Kind.HIT, before, 0, line[match.end(1) :])
        elif owner := next((p for p in (before, later) if p and line.startswith(p + "-")), ""):
            yield Line(Kind.CONTEXT, owner, 0, line[len(owner) :])
        else:
            yield Line(Kind.SEPARATOR if line == "--" else Kind.OTHER)


def _parse_numbered(lines: Sequence[str], *, headed: bool) -> Iterator[Line]:
    path = ""
    for index, line in enumerate(lines):
        if match := _NUMBER.match(line):
            yield Line(Kind.HIT if match[2] == ":" else Kind.CONTEXT, path, int(match[1]), line)
        elif headed and index + 1 < len(lines) and _NUMBER.match(lines[index + 1]) and line.strip() and line != "--":
            path = line
            yield Line(Kind.SEPARATOR, path)
        else:
            yield Line(Kind.SEPARATOR if line in {"--", ""} else Kind.OTHER)
