"""Which rows the question, or the call's own arguments, name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from pipeline.compressors.asked import hits_of
from pipeline.query import STOP_WORDS, Query

_WORD = re.compile(r"[^\s,;()\[\]{}<>\"'`“”?!]+")
_TRAILING = ".,:;!?… "
_PHRASE = 6  # words of a cell that the question may name
_MOST_WORDS = 400
_HYPHENED = re.compile(r"(?<![\w-])[A-Za-z]\w{0,60}(?:-\w{1,60}){1,8}(?![\w-])")  # not names alone, as in a query: a cell may say read-only
_LEAST_HYPHENED = 6
_VALUES = 20_000  # different cells of a column that are compared with the question
_TEXTS = 5000  # likewise for cells of several words, which cost more
_TEXT = 4000  # characters of a question in which they are looked for
_LONG = 400
_TITLE = re.compile(r"[^\W_]+")
_NEARLY_ALL = 0.9  # of the rows


def by_entity(rows: Sequence[str], query: Query, most: int) -> dict[int, None]:
    """Rows, of one line each, that hold an entity or a quoted phrase of the question, or an entity of the call, unless more than ``most`` do.

    What the call alone names and nearly all rows hold is what they were looked for by, and tells none from another.
    """
    hyphened = [w for w in _HYPHENED.findall(query.text[:8000]) if len(w) >= _LEAST_HYPHENED]
    names = dict.fromkeys((*query.entities, *query.quoted, *hyphened))
    called = [name for name in Query(query.call).entities if name not in names]
    hits = [*hits_of(rows, names, most), *hits_of(rows, called, min(most, int(_NEARLY_ALL * len(rows))))]
    return dict.fromkeys(row for held in hits for row in held)


def by_cell(names: Sequence[str], columns: Sequence[Sequence[str]], query: Query, most: int) -> dict[int, None]:
    """Rows with a cell that stands in the question, word for word; a cell of one or two characters only beside its column's title.

    Where several columns have such cells, the rows that have most of them; and those of each value that at most ``most`` rows have. A value that
    the call alone names and nearly all rows have tells none from another: ``grep LISTEN``.
    """
    asked = _Asked(query)
    hits: dict[int, int] = {}
    found: dict[int, None] = {}
    for name, column in zip(names, columns, strict=True):
        wanted = asked.among(name, list(islice(dict.fromkeys(column), _VALUES)))
        if not wanted:
            continue
        rows: dict[str, list[int]] = {v: [] for v in wanted}
        for row, value in enumerate(column):
            if value in wanted:
                rows[value].append(row)
        for value, held in rows.items():
            telling = len(held) <= _NEARLY_ALL * len(column)
            if len(held) <= most and (telling or _Asked(Query(query.text)).among(name, [value])):
                found.update(dict.fromkeys(held))
            if telling:
                for row in held:
                    hits[row] = hits.get(row, 0) + 1
    best = max(hits.values(), default=0)
    if best > 1:
        together = [row for row in sorted(hits) if hits[row] == best]
        if len(together) <= most:
            found.update(dict.fromkeys(together))
    return found


class _Asked:
    """What the question says, to be compared with cells."""

    def __init__(self, query: Query) -> None:
        text = f"{query.text[:8000]}\n{query.call[:2000]}"
        self._exact = [w.strip(_TRAILING) for w in _WORD.findall(text)[:_MOST_WORDS]]
        self._words = [w.lower() for w in self._exact]
        self._phrases = self._all_phrases() | {q.lower() for q in query.quoted}
        self._text = query.text.lower() if len(query.text) <= _TEXT else ""

    def _all_phrases(self) -> set[str]:
        """One to six words on end, but no lone stop word."""
        found = {" ".join(self._words[i : i + size]) for size in range(1, _PHRASE + 1) for i in range(len(self._words) - size + 1)}
        return {p for p in found if p and p not in STOP_WORDS}

    def among(self, name: str, values: Sequence[str]) -> set[str]:
        """Which of a column's values stand in the question."""
        wanted = {v for v in values if 2 < len(v) < _LONG and v.lower().rstrip(_TRAILING) in self._phrases}
        if self._text and len(values) <= _TEXTS:
            wanted |= {v for v in values if 4 < len(v) < _LONG and " " in v and v.lower().rstrip(_TRAILING) in self._text}
        if name and any(w in self._words for w in _TITLE.findall(name.lower())):
            wanted |= {v for v in values if 0 < len(v) <= 2 and v in self._exact}
        return wanted
