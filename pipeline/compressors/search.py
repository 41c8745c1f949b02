"""Search results (grep, ripgrep, ag, git grep): each path once, hits ranked by the question, the rest counted by file.

Regrouping loses nothing: ``path:12:text`` becomes the path on a line of its own and ``12:text`` below it. Where hits are left out, a marker
says how many, in which files and on which of their lines, so that no hit vanishes without its file.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import log
from typing import NamedTuple

from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.markers import carries_marker, gap
from pipeline.policy import Policy, Profile
from pipeline.query import Query, entity_pattern, stem
from pipeline.transcript import ToolCall, ToolKind

MANY_HITS = 60  # from here on the hits of files that the question does not name are only counted
FEWEST_HITS = 20  # below that nothing is left out: of results cut to 10 hits every fifth was missed later, of those cut to 20 none
_HITS_PER_FILE = {Profile.BALANCED: 10, Profile.AGGRESSIVE: 3}
_HITS_OF_CHOSEN_FILE = {Profile.BALANCED: 40, Profile.AGGRESSIVE: 12}  # the call itself named the file
_FILES_IN_MARKER = 150
_WORTH = 1.5  # a run stays where its text is not this many times as long as its marker
_SAVES = 0.95
_LEAST_LEFT_OUT = 0.1  # of the text, or nothing is left out at all: the footer must be paid for
_HEAD = 500  # a path ends within so many characters

_FULL = re.compile(r"((?:[A-Za-z]:[\\/])?[^:\n]{1,400}):(\d{1,9}):")
_NUMBER = re.compile(r"(\d{1,9})([:-])")
_INNER = re.compile(r"-(\d{1,9})-")
_NAMED = re.compile(r"((?:[A-Za-z]:[\\/])?[^:\s]{1,400}):")
_PATH = re.compile(r"[^\s:]*(?:[/\\][^\s:]*[A-Za-z_]|[A-Za-z_)\]-]\.[A-Za-z]\w{0,9}$)")
_TIME_TAIL = re.compile(r"\d\d(?:\D|$)")
_DIAGNOSTIC = re.compile(r"(?:\d+:)?\s*(?:fatal )?(?:error|warning|note)\b[:\[ ]", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}|[^\W\d_a-zA-Z]{3,}")


class _Shape(enum.Enum):
    """How a search prints its hits."""

    FULL = enum.auto()  # path:12:text
    NAMED = enum.auto()  # path:text
    HEADED = enum.auto()  # the path on a line of its own, then 12:text
    ALONE = enum.auto()  # 12:text, of one file


class _Kind(enum.Enum):
    HIT = enum.auto()
    CONTEXT = enum.auto()
    SEPARATOR = enum.auto()
    OTHER = enum.auto()


class _Line(NamedTuple):
    """One line of the result: of which file, which line of it (0 if not printed), and what stands after the path."""

    kind: _Kind
    path: str = ""
    number: int = 0
    rest: str = ""


class _Unit(NamedTuple):
    """Lines that are kept or left out together, ``[start, end)``: a hit, or hits with their context."""

    start: int
    end: int
    path: str


class _Run(NamedTuple):
    """Lines left out, ``[start, end)``, and what stands in their place; ``path`` where that belongs below a path already shown."""

    start: int
    end: int
    marker: str
    path: str


class SearchCompressor:
    """Groups the hits of a search by file, and leaves out those that the question ranks last."""

    name = "search"

    def recognise(self, content: Content) -> float:
        """See ``Compressor.recognise``: ``path:12:`` speaks for itself; the other forms need a call that searches."""
        searching = _is_search(content.call)
        shape, share = _shape(_sample(content.lines), searching)
        if shape is None or carries_marker(content.text):
            return 0.0
        return min(0.97, (0.75 if searching else 0.6) + share / 4)

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """See ``Compressor.compress``."""
        if carries_marker(content.text):
            return None
        shape, _ = _shape(_sample(content.lines), _is_search(content.call))
        if shape is None:
            return None
        lines = _parse(content.lines, shape)
        strange = sum(line.kind is _Kind.OTHER and bool(text) for line, text in zip(lines, content.lines, strict=True))
        if strange * 5 > len(lines):
            return None
        asked = _asked({line.path: None for line in lines if line.path}, content.query)
        shown = _choose(content, lines, asked, policy) if policy.lossy else [True] * len(lines)
        runs = _runs(content.lines, lines, shown)
        text = "\n".join(_render(content.lines, lines, runs, shape))
        if len(text) > len(content.text) * _SAVES:
            return None
        gaps = tuple(Gap(run.start + 1, run.end) for run in runs)
        return Rewrite(text, len(lines), gaps, _summary(lines, runs, asked))


def _is_search(call: ToolCall | None) -> bool:
    return call is not None and (call.kind is ToolKind.SEARCH or "grep" in call.name.lower())


def _sample(lines: Sequence[str]) -> list[str]:
    """At most 90 lines that are not blank: the first 20, then evenly spread."""
    step = max(1, (len(lines) - 20) // 70)
    return [line[:_HEAD] for line in (*lines[:20], *lines[20::step]) if line.strip()]


def _shape(sample: Sequence[str], searching: bool) -> tuple[_Shape | None, float]:
    """The form of the result and the share of the sample that has it. Times, URLs and compiler messages are none."""
    if not sample:
        return None, 0.0
    full = named = numbered = headings = hits = 0
    diagnostics = 0
    paths: dict[str, None] = {}
    for line in sample:
        if found := _full(line):
            full += 1
            paths[found[1]] = None
            diagnostics += _DIAGNOSTIC.match(line, found.end()) is not None
        elif match := _NUMBER.match(line):
            numbered += 1
            hits += match[2] == ":"
        elif (match := _NAMED.match(line)) and _PATH.match(match[1]):
            named += 1
        elif _PATH.match(line) and " " not in line:
            headings += 1
    context = sum(any(line[: m.start()] in paths for m in _INNER.finditer(line)) for line in sample) if full else 0
    separators = sum(line == "--" for line in sample)
    size = len(sample) - separators
    if not size:
        return None, 0.0
    share = (full + context) / size
    if full and share >= (0.3 if searching else 0.6) and (searching or diagnostics * 12 < full):
        return _Shape.FULL, share
    if not searching:
        # The clock of a log has no place under a path: headings are asked for, so only real ones count.
        enough = hits and headings and headings * 40 >= numbered and (numbered + headings) / size >= 0.9
        return (_Shape.HEADED, (numbered + headings) / size) if enough else (None, 0.0)
    if hits and (numbered + headings) / size >= 0.8 and _NUMBER.match(sample[0]) is None and headings:
        return _Shape.HEADED, (numbered + headings) / size
    if hits and numbered / size >= 0.8:
        return _Shape.ALONE, numbered / size
    if named / size >= 0.6:
        return _Shape.NAMED, named / size
    return None, 0.0


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


def _parse(lines: Sequence[str], shape: _Shape) -> list[_Line]:
    if shape is _Shape.FULL:
        return list(_parse_full(lines))
    if shape is _Shape.NAMED:
        return list(_parse_named(lines))
    return list(_parse_numbered(lines, headed=shape is _Shape.HEADED))


def _parse_full(lines: Sequence[str]) -> Iterator[_Line]:
    matches = [_full(line[:_HEAD]) for line in lines]
    paths = {m[1] for m in matches if m}
    for line, match in zip(lines, matches, strict=True):
        if match and "-" not in match[1]:
            yield _Line(_Kind.HIT, match[1], int(match[2]), line[match.end(1) + 1 :])
            continue
        # Context is printed as `path-12-text`: a text that holds `:3:` must not make the path longer.
        inner = next((m for m in _INNER.finditer(line[:_HEAD]) if line[: m.start()] in paths), None)
        if inner and not (match and match.end(1) < inner.start()):
            yield _Line(_Kind.CONTEXT, line[: inner.start()], int(inner[1]), line[inner.start() + 1 :])
        elif match:
            yield _Line(_Kind.HIT, match[1], int(match[2]), line[match.end(1) + 1 :])
        else:
            yield _Line(_Kind.SEPARATOR if line == "--" else _Kind.OTHER)


def _parse_named(lines: Sequence[str]) -> Iterator[_Line]:
    matches = [m if (m := _NAMED.match(line[:_HEAD])) and _PATH.match(m[1]) else None for line in lines]
    following = ""
    after: list[str] = []
    for match in reversed(matches):  # context before a hit bears the path of the hit that follows
        after.append(following)
        following = match[1] if match else following
    before = ""
    for line, match, later in zip(lines, matches, reversed(after), strict=True):
        if match:
            before = match[1]
            yield _Line(_Kind.HIT, before, 0, line[match.end(1) :])
        elif owner := next((p for p in (before, later) if p and line.startswith(p + "-")), ""):
            yield _Line(_Kind.CONTEXT, owner, 0, line[len(owner) :])
        else:
            yield _Line(_Kind.SEPARATOR if line == "--" else _Kind.OTHER)


def _parse_numbered(lines: Sequence[str], *, headed: bool) -> Iterator[_Line]:
    path = ""
    for index, line in enumerate(lines):
        if match := _NUMBER.match(line):
            yield _Line(_Kind.HIT if match[2] == ":" else _Kind.CONTEXT, path, int(match[1]), line)
        elif headed and index + 1 < len(lines) and _NUMBER.match(lines[index + 1]) and line.strip() and line != "--":
            path = line
            yield _Line(_Kind.SEPARATOR, path)
        else:
            yield _Line(_Kind.SEPARATOR if line in {"--", ""} else _Kind.OTHER)


def _asked(paths: dict[str, None], query: Query) -> dict[str, None]:
    """The paths that the user named: whole, by their last parts or by their base name."""
    entities = {e.removeprefix("./") for e in query.entities}
    if not entities:
        return {}
    return {path: None for path in paths if any(suffix in entities for suffix in _suffixes(path))}


def _suffixes(path: str) -> Iterator[str]:
    """``a/b/c.py``, ``b/c.py``, ``c.py``."""
    path = path[:_HEAD].replace("\\", "/").removeprefix("./")
    while True:
        yield path
        slash = path.find("/")
        if slash < 0:
            return
        path = path[slash + 1 :]


def _choose(content: Content, lines: Sequence[_Line], asked: dict[str, None], policy: Policy) -> list[bool]:
    """Which lines stay."""
    hits = sum(line.kind is _Kind.HIT for line in lines)
    if hits < FEWEST_HITS:
        return [True] * len(lines)
    units = _units(lines)
    by_file: dict[str, list[int]] = {}
    for index, unit in enumerate(units):
        by_file.setdefault(unit.path, []).append(index)
    scores = _scores(content.query, lines, units)
    stays = [False] * len(units)
    chosen = _chosen(content.call, by_file)
    for path, indices in by_file.items():
        if path in asked:
            limit = len(indices)
        elif path in chosen or len(by_file) == 1:
            limit = _HITS_OF_CHOSEN_FILE[policy.profile]
        else:
            limit = 0 if asked and hits >= MANY_HITS else _HITS_PER_FILE[policy.profile]
        best = sorted(indices, key=lambda i: (-scores[i], i))
        named = [i for i in best[limit:] if scores[i] >= _NAMES_ENTITY]
        for index in (*best[:limit], *named[: _HITS_PER_FILE[policy.profile]]):
            stays[index] = True
    shown = [True] * len(lines)
    for unit, stay in zip(units, stays, strict=True):
        if not stay:
            shown[unit.start : unit.end] = [False] * (unit.end - unit.start)
    for index in range(len(lines) - 2, -1, -1):  # a separator or heading goes with what it introduces
        if lines[index].kind is _Kind.SEPARATOR and not shown[index + 1] and lines[index + 1].kind is not _Kind.OTHER:
            shown[index] = lines[index].path != "" and any(shown[i] for i in _section(lines, index))
    hidden = sum(len(text) + 1 for text, show in zip(content.lines, shown, strict=True) if not show)
    return shown if hidden >= len(content.text) * _LEAST_LEFT_OUT else [True] * len(lines)


def _section(lines: Sequence[_Line], index: int) -> range:
    """The lines below a heading."""
    end = index + 1
    while end < len(lines) and lines[end].kind is not _Kind.OTHER and lines[end].path in {"", lines[index].path}:
        end += 1
    return range(index + 1, end)


def _units(lines: Sequence[_Line]) -> list[_Unit]:
    """Single hits, or where context is printed the groups between separators."""
    grouped = any(line.kind is _Kind.CONTEXT for line in lines)
    units: list[_Unit] = []
    for index, line in enumerate(lines):
        if line.kind not in {_Kind.HIT, _Kind.CONTEXT}:
            continue
        if grouped and units and units[-1].end == index and units[-1].path == line.path:
            units[-1] = units[-1]._replace(end=index + 1)
        else:
            units.append(_Unit(index, index + 1, line.path))
    return units


def _chosen(call: ToolCall | None, paths: Sequence[str] | dict[str, list[int]]) -> frozenset[str]:
    """Files that the call itself names, where it names few."""
    if call is None:
        return frozenset()
    words = {w.removeprefix("./") for w in call.command[:4000].split()} | {call.path.removeprefix("./")}
    return frozenset(p for p in paths if p.removeprefix("./") in words)


_NAMES_ENTITY = 1000.0


def _scores(query: Query, lines: Sequence[_Line], units: Sequence[_Unit]) -> list[float]:
    """How much of the question stands in each unit: rare words weigh more; what stands nearly everywhere weighs nothing."""
    texts = ["\n".join(line.rest for line in lines[u.start : u.end])[:4000] for u in units]
    stems = frozenset(query.stems)
    cache: dict[str, str] = {}
    found: list[list[str]] = []
    for text in texts:
        words = dict.fromkeys(_WORD.findall(text)) if stems else {}
        found.append(list(dict.fromkeys(s for w in words if (s := cache.get(w) or cache.setdefault(w, stem(w))) in stems)))
    counts = Counter(s for f in found for s in f)
    scores = [sum(log(len(units) / counts[s]) for s in f) for f in found]
    pattern = entity_pattern(query.entities[:50])
    if pattern is not None:
        named = [i for i, text in enumerate(texts) if pattern.search(text)]
        if len(named) * 10 <= len(units) * 3:
            for index in named:
                scores[index] += _NAMES_ENTITY
    return scores


def _runs(texts: Sequence[str], lines: Sequence[_Line], shown: Sequence[bool]) -> list[_Run]:
    """What is left out, without the runs that are hardly longer than their marker."""
    runs: list[_Run] = []
    start = 0
    while start < len(lines):
        if shown[start]:
            start += 1
            continue
        end = start
        while end < len(lines) and not shown[end]:
            end += 1
        run = _run(lines, start, end, shown)
        if sum(len(text) + 1 for text in texts[start:end]) >= _WORTH * len(run.marker):
            runs.append(run)
        start = end
    return runs


def _run(lines: Sequence[_Line], start: int, end: int, shown: Sequence[bool]) -> _Run:
    """How many hits are left out, of which files, and on which of their lines where it is one file."""
    hits = [line for line in lines[start:end] if line.kind is _Kind.HIT]
    counts = Counter(line.path for line in hits)
    note = f"{len(hits)} hit{'' if len(hits) == 1 else 's'}"
    path = ""
    if len(counts) > 1:
        note += f" in {len(counts)} files: {_by_folder(counts)}"
    elif hits:
        path = hits[0].path
        if path not in (_neighbour(lines, shown, range(start - 1, -1, -1)), _neighbour(lines, shown, range(end, len(lines)))):
            note, path = f"{note} in {_clean(path)}", ""
        if hits[0].number:
            note += f", file line{'' if len(hits) == 1 else 's'} {_numbers(hits)}"
    return _Run(start, end, gap(start + 1, end, note), path)


def _numbers(hits: Sequence[_Line]) -> str:
    return str(hits[0].number) if len(hits) == 1 else f"{hits[0].number}-{hits[-1].number}"


def _neighbour(lines: Sequence[_Line], shown: Sequence[bool], indices: range) -> str:
    """The file of the next line, separators not counted, if that line is shown."""
    for index in indices:
        if lines[index].kind is not _Kind.SEPARATOR or lines[index].path:
            return lines[index].path if shown[index] else ""
    return ""


def _by_folder(counts: Counter[str]) -> str:
    """``src/: a.c 3, b.c 2; test/: c.c 9``: each folder once as long as its files follow each other."""
    parts: list[str] = []
    folder = None
    for path in list(counts)[:_FILES_IN_MARKER]:
        own, slash, name = path.rpartition("/")
        own += slash
        item = f"{_clean(name)} {counts[path]}"
        if own == folder:
            parts[-1] += f", {item}"
        else:
            parts.append(f"{_clean(own)}: {item}" if own else item)
        folder = own
    rest = list(counts)[_FILES_IN_MARKER:]
    if rest:
        parts.append(f"{len(rest)} more files {sum(counts[p] for p in rest)}")
    return "; ".join(parts)


def _clean(path: str) -> str:
    """A path that cannot end a marker."""
    return path.replace("]", ")").replace("[", "(")[:200]


def _render(texts: Sequence[str], lines: Sequence[_Line], runs: Sequence[_Run], shape: _Shape) -> Iterator[str]:
    """The lines that are shown, below their paths where the path stood in every line."""
    regroup = shape in {_Shape.FULL, _Shape.NAMED}
    pieces: list[tuple[str, str, str]] = []  # path, text as it was, text below its path
    done = 0
    for run in (*runs, _Run(len(lines), len(lines), "", "")):
        for line, text in zip(lines[done : run.start], texts[done : run.start], strict=True):
            pieces.append((line.path, text, line.rest) if regroup and line.path else ("", text, text))
        if run.marker:
            pieces.append((run.path if regroup else "", run.marker, run.marker))
        done = run.end
    return _grouped(pieces)


def _grouped(pieces: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Pieces with each path once; a line that is alone with its path stays as it was."""
    current = ""
    for index, (path, whole, rest) in enumerate(pieces):
        if not path:
            current = current if whole == "--" else ""
            yield whole
            continue
        if path != current:
            following = next((p for p, text, _ in pieces[index + 1 : index + 3] if p or text != "--"), "")
            if following != path and whole != rest:
                current = ""
                yield whole
                continue
            yield path
        current = path
        yield rest


def _summary(lines: Sequence[_Line], runs: Sequence[_Run], asked: dict[str, None]) -> str:
    if not runs:
        return ""
    hidden = Counter(line.path for run in runs for line in lines[run.start : run.end] if line.kind is _Kind.HIT)
    whole = [path for path in asked if path not in hidden]
    what = f"{sum(hidden.values())} hits, counted by file"
    if not whole:
        return what
    return f"{what}; every hit in {_clean(whole[0]) if len(whole) == 1 else f'the {len(whole)} files asked for'} shown"
