"""Answers of a code search: records that say in which file, on which line, and what stands there.

Of a search most hits are needed as places only. The hits of the files that the question names are shown whole, of the others file and line stay
and the text goes; where no file is named, every hit keeps one line of its text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline import markers
from pipeline.compressors.api import Gap
from pipeline.compressors.elision import clean
from pipeline.compressors.search.asked import asked_files
from pipeline.compressors.smart_crusher.table import Table
from pipeline.compressors.smart_crusher.values import cell
from pipeline.query import Query, entity_pattern

_SEGMENT = re.compile(r'"(?:[^"\\]|\\.)*"|[^."]+')
_PATH = frozenset({"path", "file", "filename", "filepath", "file_path", "file_name"})
_LINE = frozenset({"line", "lineno", "line_number", "linenumber", "line_no", "start_line", "startline", "line_start", "linestart"})
_TEXT = frozenset(
    """text match snippet fragment preview code content contents context lines line_text linetext line_content linecontent excerpt data
    source chunk context_line matched_text physical_line""".split()
)
_REPOSITORY = frozenset({"repository", "repo", "project", "full_name", "repo_name", "repository_name", "project_id"})
# How the keys end that say something of a finding: ``issue_severity``, ``ruleId``.
_FINDING = frozenset(
    {"message", "messages", "severity", "rule", "error", "level", "status", "hint"}
    | {"ruleid", "rulename", "checkid", "checkname", "testid", "symbolkind"}  # of two words
)
_CODE = re.compile(r"[A-Za-z]{1,6}[-_]?\d{2,6}")  # of a rule: E501, TS2304, B602
_KEY_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WRAPPED = frozenset({"text", "value"})  # `path: {text: …}` is a path
_LOOKS_LIKE_PATH = re.compile(r"[^\s:*?]{0,300}[/\\.][^\s:*?]{0,300}\Z")
_NO_WORD = re.compile(r"://|[0-9a-f]{16,}|\d{4}-\d\d-\d\d")
_SHORT = 40  # characters
_MOSTLY = 0.8
_OFTEN = 0.5  # what begins and ends a file's hits is a record too
_EVERYWHERE = 0.3  # of the hits: what more of them name tells nothing
_MANY = 20  # hits; fewer keep a line of text each, even beside a file that is asked for
_BRIEF = 200  # characters of a line of text
_PER_FILE = 10  # hits shown of each file where a hit is no longer than its line of text
_NO_SNIPPET = 1.6  # a row at most so many times as long as its line of text has no more to say
_WORD = re.compile(r"\w{3,}")
_PEEK = 4000
_SOUGHT = 40  # words
_SAMPLED = 400  # hits, by which columns are compared
_ALIKE = 5  # where the texts of another column differ so many times as often, a column has the words sought, not what stands there


@dataclass(frozen=True, slots=True)
class Hits:
    """The columns of a search's answer.

    Args:
        path: the file.
        line: the line of it.
        text: what stands there, the column with the least text that is more than the words found.
        repository: where the file is, if that differs; ``""`` if not.
        more: short columns that say something else of a hit, such as the function it is in.
    """

    path: str
    line: str
    text: str
    repository: str = ""
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """What is still said of hits left out.

    Args:
        files: by record, its file.
        lines: by record, the line in it; ``""`` if it is no hit, but says something of the file.
        texts: by record, a line of its text behind the cells of ``more``; None where only places are listed.
        more: the columns that stand between line and text.
    """

    files: Sequence[str]
    lines: Sequence[str]
    texts: Sequence[str] | None
    more: tuple[str, ...] = ()

    @property
    def names(self) -> str:
        """What is shown of them, in words."""
        return "file and line" if self.texts is None else f"{', '.join(('file', 'line', *self.more))} and one line of text"

    @property
    def heading(self) -> str:
        """The line before the rows that says how to read what stands in the place of hits left out."""
        if self.texts is None:
            return "#left out: […]; indented: records, file:lines of hits"
        return f"#left out: […: file]; indented: {', '.join(('line', *self.more))}, one line of the text"

    def rows(self, run: Sequence[int], first: int) -> tuple[list[str], list[Gap]]:
        """The markers for hits left out next to each other, and their places.

        Args:
            run: the rows left out, consecutive.
            first: the number of the table's first record.
        """
        out: list[str] = []
        gaps: list[Gap] = []
        by_file = [(file, list(rows)) for file, rows in groupby(run, key=self.files.__getitem__)]
        if self.texts is None:
            names = {file for file, _ in by_file}
            gaps.append(Gap(first + run[0], first + run[-1]))
            out.append(markers.gap(gaps[0].first, gaps[0].last, f"{self._hits(run)} in {len(names)} file{'' if len(names) == 1 else 's'}"))
        for file, rows in by_file:
            start, end = first + rows[0], first + rows[-1]
            if self.texts is None:
                numbers = str(start) if start == end else f"{start}-{end}"
                out.append(f" {numbers}\t{file}:{','.join(self.lines[i] for i in rows if self.lines[i])}")
            else:
                gaps.append(Gap(start, end))
                out.append(markers.gap(start, end, f"{self._hits(rows)} in {clean(file)}"))
                out += [f" {self.lines[i]}\t{self.texts[i]}" for i in rows if self.lines[i]]
        return out, gaps

    def _hits(self, rows: Sequence[int]) -> str:
        count = sum(1 for i in rows if self.lines[i])
        others = len(rows) - count
        return f"{count} hit{'' if count == 1 else 's'}" + (f" and {others} other records" if others else "")


def hits_of(table: Table) -> Hits | None:
    """The columns of a search's answer, or None if the table is none. What has a message or a severity is a finding: its text is the point."""
    if table.linked or any(map(_says_finding, table.columns)):
        return None
    names = {p: _name(p) for p in table.columns}
    paths = [p for p, n in names.items() if n in _PATH and _are_paths(table.columns[p])]
    lines = [p for p, n in names.items() if n in _LINE and _share(table.columns[p], bytes) >= _OFTEN]
    texts = [p for p, n in names.items() if n in _TEXT and p not in paths and p not in lines and _share(table.columns[p], str) >= _OFTEN]
    texts = [p for p in texts if p not in table.same]
    if not paths or not lines or not texts or any(map(_are_codes, table.columns.values())):
        return None
    repositories = [p for p, n in names.items() if n in _REPOSITORY and p not in table.same and _share(table.columns[p], str) >= _MOSTLY]
    sizes = {p: _size(table.columns[p]) for p in (*texts, *paths)}
    text = min(_telling(table, texts), key=lambda p: (sizes[p], p))
    path = max(paths, key=lambda p: (sizes[p], p))
    known = {path, lines[0], *texts, *repositories, *table.same, *table.derived, *table.soft}
    found = [i for i, line in enumerate(table.columns[lines[0]]) if type(line) is bytes]
    places = [table.columns[path][i] for i in found]
    more = [p for p in table.columns if p not in known and _says_more([table.columns[p][i] for i in found], places)]
    return Hits(path, lines[0], text, next(iter(repositories), ""), tuple(more[:2]))


def _telling(table: Table, texts: Sequence[str]) -> list[str]:
    """Of the columns of text those that have more than the words found: what a pattern matched is a part of the line, and often the same."""
    columns = {p: [v if isinstance(v, str) else "" for v in table.columns[p]] for p in texts}
    kinds = {p: len(set(column)) for p, column in columns.items()}
    most = max(kinds.values())
    differing = [p for p in texts if kinds[p] * _ALIKE > most]
    every = -(-table.count // _SAMPLED)
    some = {p: columns[p][::every] for p in differing}
    return [p for p in differing if not any(_are_parts(some[p], some[o]) for o in differing if o != p)] or differing


def _are_parts(texts: Sequence[str], others: Sequence[str]) -> bool:
    """Whether most texts are parts of a line of the others. A line that stands among others there is one that was found."""
    pairs = [(text.strip(), other[:_PEEK]) for text, other in zip(texts, others, strict=True) if text.strip() and other]
    within = [(text, other) for text, other in pairs if len(text) < len(other) and text in other]
    parts = [text for text, other in within if not any(text == line.strip() for line in other.split("\n"))]
    return len(within) >= _MOSTLY * len(pairs) > 0 and len(parts) >= _OFTEN * len(pairs)


def _says_finding(path: str) -> bool:
    """Whether a column is called a message, a severity or a rule; or the object is that holds its text."""
    keys = [key.strip('"') for key in _SEGMENT.findall(path)][-2:]
    if len(keys) > 1 and keys[1].lower() not in _WRAPPED:
        del keys[0]
    words = [[word.lower() for word in _KEY_WORDS.findall(key)][-2:] for key in keys]
    return any(w and (w[-1] in _FINDING or "".join(w) in _FINDING) for w in words)


def _are_codes(column: Sequence[object]) -> bool:
    """Whether codes of rules stand in a column, as linters have them."""
    return sum(1 for value in column if type(value) is str and _CODE.fullmatch(value)) >= _MOSTLY * len(column)


def _says_more(column: Sequence[object], paths: Sequence[object]) -> bool:
    """Whether a column holds short words that differ and are no part of the path."""
    words = [v for v in column if isinstance(v, str) and v]
    if len(set(words)) < 2 or _size(words) > _SHORT * len(words) or any(_NO_WORD.search(w) for w in words[:5]):
        return False
    return not all(isinstance(p, str) and v in p for v, p in zip(column[:5], paths, strict=False) if isinstance(v, str))


def _size(column: Sequence[object]) -> int:
    return sum(len(v) for v in column if isinstance(v, str))


def _name(path: str) -> str:
    """What a column is called: its last key, lower case, or the one before where the last only says that it is a text."""
    keys: list[str] = [k.strip('"').lower() for k in _SEGMENT.findall(path)] or [""]
    if len(keys) > 1 and keys[-1] in _WRAPPED and keys[-2] in _PATH | _TEXT:
        return keys[-2]
    if len(keys) > 1 and keys[-1] == "line" and keys[-2] in {"end", "stop"}:
        return "end"
    return keys[-1]


def _share(column: Sequence[object], kind: type) -> float:
    return sum(1 for v in column if type(v) is kind) / max(1, len(column))


def _are_paths(column: Sequence[object]) -> bool:
    return sum(1 for v in column if type(v) is str and _LOOKS_LIKE_PATH.match(v)) >= _MOSTLY * len(column)


def choose_hits(table: Table, hits: Hits, texts: Sequence[str], query: Query) -> tuple[list[bool], Places]:
    """Which hits are shown whole, and what is said of the others.

    Args:
        table: the table.
        hits: its columns.
        texts: by record, its row.
        query: what was asked.
    """
    paths = [v if isinstance(v, str) else "" for v in table.columns[hits.path]]
    asked = asked_files(dict.fromkeys(p for p in paths if p), query)
    whole = [p in asked or not p for p in paths]
    pattern = entity_pattern(tuple(e for e in (*query.entities, *query.quoted)[:50] if e not in asked))
    if pattern is not None:
        named = [i for i, text in enumerate(texts) if pattern.search(text)]
        if len(named) <= _EVERYWHERE * table.count:
            for i in named:
                whole[i] = True
    files = paths
    if hits.repository:
        files = [f"{cell(r)} {p}" for r, p in zip(table.columns[hits.repository], paths, strict=True)]
    files = [f.replace("\n", " ") for f in files]
    lines = [v.decode() if isinstance(v, bytes) else v[:9] if isinstance(v, str) else "" for v in table.columns[hits.line]]
    if asked and table.count >= _MANY:
        return whole, Places(files, lines, None)
    sought = [w.lower() for w in dict.fromkeys(_WORD.findall(f"{query.call[:_PEEK]} {query.text[:_PEEK]}"))]
    column = [v[:_PEEK] if isinstance(v, str) else "" for v in table.columns[hits.text]]
    weights = _weights(column, sought)
    briefs = [_brief(text, weights) for text in column]
    if sum(map(len, texts)) <= _NO_SNIPPET * (sum(map(len, briefs)) + sum(map(len, files))):
        for i in _best(files, column, weights):
            whole[i] = True
        return whole, Places(files, lines, None)
    for path in reversed(hits.more):
        briefs = [f"{cell(v)}\t{b}" for v, b in zip(table.columns[path], briefs, strict=True)]
    return whole, Places(files, lines, briefs, hits.more)


def _weights(texts: Sequence[str], sought: Sequence[str]) -> list[tuple[str, float]]:
    """Of the words sought those that occur, with more weight the fewer texts hold them."""
    counts = Counter(w for t in map(str.lower, texts) for w in sought[:_SOUGHT] if w in t)
    return [(w, len(texts) / n) for w, n in counts.items()]


def _score(text: str, weights: Sequence[tuple[str, float]]) -> float:
    lower = text.lower()
    return sum(weight for word, weight in weights if word in lower)


def _best(files: Sequence[str], texts: Sequence[str], weights: Sequence[tuple[str, float]]) -> Iterator[int]:
    """Of each file the hits that hold most of the words sought."""
    by_file: dict[str, list[int]] = {}
    for i, file in enumerate(files):
        by_file.setdefault(file, []).append(i)
    for rows in by_file.values():
        yield from sorted(rows, key=lambda i: (-_score(texts[i], weights), i))[:_PER_FILE]


def _brief(text: str, weights: Sequence[tuple[str, float]]) -> str:
    """Of a text the line that holds most of the words sought."""
    if "\n" not in text:
        return _line(text, text)
    lines = [line for line in text.split("\n") if line.strip()] or [""]
    return _line(max(lines, key=lambda line: _score(line, weights)), text)


def _line(line: str, text: str) -> str:
    shown = line.strip().replace("\t", " ").replace("\r", " ")
    more = len(text.rstrip()) - len(line.rstrip())  # that the line ends says nothing
    if len(shown) > _BRIEF:
        return f"{shown[:_BRIEF]}…[+{len(text) - _BRIEF} characters]"
    return shown + " …" if more > 0 else shown
