"""SmartCrusher: JSON as tables, then whole records by rank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from json.encoder import encode_basestring as quote

from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.compressors.smart_crusher.collect import MIN_CHARS, Kind, at_least, collection, similar
from pipeline.compressors.smart_crusher.elide import Shares, View, choose, lines_of_run
from pipeline.compressors.smart_crusher.parse import Document, Line, Refused, documents, json_lines, loads, looks_like_object, within
from pipeline.compressors.smart_crusher.render import LEGEND, Writer
from pipeline.compressors.smart_crusher.spans import Place, Source, Span
from pipeline.compressors.smart_crusher.table import Table, analyse
from pipeline.compressors.smart_crusher.values import dumps
from pipeline.compressors.smart_crusher.weigh import tokens
from pipeline.policy import Policy, Profile

_MIN_TEXT = 1000
_MIN_ELIDED = 400  # tokens of a table below which no record is left out
_ACCEPT = 0.95
_SHARES = {Profile.BALANCED: Shares(), Profile.AGGRESSIVE: Shares(target=0.12, full=0.06, index=0.06)}
_STREAM = Shares(target=0.25, full=0.25, index=0.05)  # JSON lines are mostly logs: events matter one by one
_START = ("{", "[")
CUT = "#cut: the document breaks off here; what follows is as it was"
END = "#end"
STRING = "#string holding this JSON"
END_STRING = "#end of string"


@dataclass
class _Numbering:
    """The records numbered so far.

    Args:
        total: how many.
        gaps: those left out.
        located: for each table, what finds its records in the original; called only if something was left out.
        short: for each record left out of which a short row is shown, the columns of that row.
    """

    total: int = 0
    gaps: list[Gap] = field(default_factory=list)
    located: list[Callable[[], list[Span]]] = field(default_factory=list)
    short: dict[int, str] = field(default_factory=dict)

    def copy(self) -> _Numbering:
        """A copy to go back to."""
        return _Numbering(self.total, list(self.gaps), list(self.located), dict(self.short))


@dataclass
class _Run:
    """One rewrite in the making: the text so far, the records numbered so far."""

    content: Content
    shares: Shares | None
    asked: frozenset[str]
    out: list[str] = field(default_factory=list)
    numbering: _Numbering = field(default_factory=_Numbering)
    tables: int = 0


@dataclass(frozen=True, slots=True)
class _Within:
    """How a table of long lists hangs on another: its name, the keys that lead to it, the line before each list."""

    name: str
    chain: tuple[tuple[str, ...], ...]
    starts: dict[int, str]


class SmartCrusher:
    """JSON, JSON lines, JSON in text. Lossless first; in lossy profiles whole records are left out, never keys of a record that is shown."""

    name = "smart_crusher"

    def recognise(self, content: Content) -> float:
        """1.0 for a JSON document, 0.9 for JSON lines, 0.8 for JSON cut off, 0.5 for JSON within other text."""
        text = content.text
        if len(text) < _MIN_TEXT or ("{" not in text and "[" not in text):
            return 0.0
        try:
            if text.lstrip()[:1] in _START:
                try:
                    value = loads(text)
                except ValueError:
                    pass
                else:
                    return 1.0 if type(value) in {dict, list} else 0.0
            sample = [line for line in text[:20_000].split("\n") if line and not line.isspace()][:60]
            if sum(map(looks_like_object, sample)) >= max(3, 0.6 * len(sample)) or text.count('\n{"') >= 3:
                lines = json_lines(text)
                if lines is not None:
                    return 0.9
            found = documents(text)
        except Refused:
            return 0.0
        if found and found[0].cut:
            return 0.8
        inside = sum(d.end - d.start for d in found)
        return 0.5 if inside >= 0.5 * len(text) else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """Tables for collections of the JSON, compact JSON for the rest. None where nothing is gained or the JSON is left alone."""
        if len(content.text) < _MIN_TEXT:
            return None
        try:
            if policy.preserve_json:
                return _compact(content.text)
            lines = json_lines(content.text)
            shares = (_STREAM if lines is not None else _SHARES[policy.profile]) if policy.lossy else None
            run = _Run(content, shares, content.query.all_words)
            if lines is not None:
                _write_lines(run, lines)
            else:
                _write_documents(run, documents(content.text))
        except Refused:
            return None
        return _finish(run)


def _compact(text: str) -> Rewrite | None:
    """The same JSON without its white space: what stays parseable."""
    try:
        value = loads(text)
    except ValueError:
        return None
    made = dumps(value)
    if type(value) not in {dict, list} or len(made) > _ACCEPT * len(text):
        return None
    return Rewrite(made, 1, summary="JSON without white space", unit="document")


def _finish(run: _Run) -> Rewrite | None:
    text = "".join(run.out)
    if not text or tokens(text) > _ACCEPT * tokens(run.content.text):
        return None
    gaps = tuple(run.numbering.gaps)
    spans = tuple(span for located in run.numbering.located for span in located()) if gaps else ()
    if gaps and len(spans) != run.numbering.total:
        return None
    short = run.numbering.short
    summary = f"{', '.join(dict.fromkeys(short.values()))} of {len(short)} of them shown" if short else ""
    return Rewrite(text, max(1, run.numbering.total), gaps, summary, "record", spans)


def _write_documents(run: _Run, found: list[Document]) -> None:
    text = run.content.text
    at = 0
    for document in found:
        run.out.append(text[at : document.start])
        _write_value(run, Place(Source(document.source, document.start)), document.value)
        if document.cut:
            run.out.append(f"\n{CUT}\n")
        at = document.end
    if found:
        run.out.append(text[at:])


def _write_value(run: _Run, place: Place, value: object) -> None:
    """Compact JSON, with tables on lines of their own in the place of collections."""
    if type(value) is str and place.source.holder is None and (inner := within(value)) is not None:
        run.out.append(f"\n{STRING}\n")
        _write_value(run, Place(Source(value, holder=place)), inner)
        run.out.append(f"\n{END_STRING}\n")
    elif not at_least(value, MIN_CHARS):
        run.out.append(dumps(value))
    elif (lines := _table_lines(run, place, value)) is not None:
        last = next((piece for piece in reversed(run.out) if piece), "\n")
        run.out.append(("" if last.endswith("\n") else "\n") + "\n".join(lines) + "\n")
    elif type(value) is dict:
        for i, (key, one) in enumerate(value.items()):
            run.out.append(f"{',' if i else '{'}{quote(key)}:")
            _write_value(run, place.member(i), one)
        run.out.append("}")
    elif type(value) is list:
        for i, one in enumerate(value):
            run.out.append("," if i else "[")
            _write_value(run, place.member(i), one)
        run.out.append("]")
    else:
        run.out.append(dumps(value))


def _table_lines(run: _Run, place: Place, value: object) -> list[str] | None:
    """A collection as tables, from ``#table`` to ``#end``; None if it is none, or no shorter that way."""
    found = collection(value)
    table = analyse(found.kind, found.records, asked=run.asked) if found is not None else None
    if table is None:
        return None
    before = run.numbering.copy()
    lines = [*([] if run.tables else [LEGEND]), *_table(run, place, table), END]
    if at_least(value, sum(map(len, lines))):
        run.tables += 1
        return lines
    run.numbering = before
    return None


def _table(run: _Run, place: Place, table: Table, within_table: _Within | None = None) -> list[str]:
    """A table's lines; records that may be left out are numbered on the way. Rows with long lists in them are all shown."""
    writer = Writer(table)
    name, chain, starts = ("", (), {}) if within_table is None else (within_table.name, within_table.chain, within_table.starts)
    title = f"#table {name + ': ' if name else ''}{table.count} {table.kind.value}"
    rows = [writer.row(i) for i in range(table.count)]
    heading = writer.heading()
    if not table.linked and run.shares is not None:
        first = run.numbering.total + 1
        run.numbering.total += table.count
        run.numbering.located.append(lambda: place.source.in_original(place.records(chain)))
        if (cost := tokens("\n".join(heading)) + tokens("\n".join(rows))) > _MIN_ELIDED:
            spans = place.records(chain)
            was = tokens(place.source.text[spans[0][0] : spans[-1][1]])
            if cost > run.shares.target * was:
                view = choose(table, writer, run.content.query, was, run.shares)
                return [f"{title} {first}-{run.numbering.total}", *writer.heading(view.keys), *_shown(run, table, view, first, starts)]
    elif not table.linked:
        run.numbering.total += table.count
    lines = [title, *heading]
    for i, row in enumerate(rows):
        if i in starts:
            lines.append(starts[i])
        lines.append(row)
    for path, inner in table.linked.items():
        label = f"{name}.{path}" if name else path
        lines += _table(run, place, inner, _Within(label, (*chain, table.keys[path]), _parents(table, table.sizes[path])))
    return lines


def _parents(table: Table, sizes: list[int]) -> dict[int, str]:
    """The line before the first record of each row that the records belong to: the row's number and name."""
    name = next((table.columns[p] for p in table.grid if p in table.columns and all(type(v) is str for v in table.columns[p][:3])), None)
    found = {}
    at = 0
    for row, size in enumerate(sizes):
        if size > 0:
            said = name[row] if name is not None else None
            found[at] = f"@{row + 1}" + (f"\t{quote(said[:60])[1:-1]}" if type(said) is str else "")
            at += size
    return found


def _shown(run: _Run, table: Table, view: View, first: int, starts: dict[int, str]) -> list[str]:
    """The rows of a table of which records are left out."""
    lines = _short_heading(run, view, first)
    pending: list[int] = []
    under = ""
    said = ""

    def close() -> None:
        made, gaps = lines_of_run(table, view, pending, first)
        lines.extend(made)
        run.numbering.gaps.extend(gaps)
        pending.clear()

    for i, row in enumerate(view.rows):
        under = starts.get(i, under)
        if row is None and not (starts and view.notes[i]):
            pending.append(i)
            continue
        if pending:
            close()
        if under != said:
            lines.append(under)
            said = under
        if row is None:
            pending.append(i)
            close()
        else:
            lines.append(row)
    if pending:
        close()
    return lines


def _short_heading(run: _Run, view: View, first: int) -> list[str]:
    if view.places is not None:
        run.numbering.short.update({first + i: view.places.names for i, row in enumerate(view.rows) if row is None})
        return [view.places.heading]
    if not view.short:
        return []
    names = " and ".join(view.short)
    run.numbering.short.update({first + i: names for i, note in enumerate(view.notes) if note and i not in view.cut})
    return ["#left out: […]; short rows, indented: record\t" + "\t".join(view.short)]


def _write_lines(run: _Run, lines: list[Line]) -> None:
    """JSON lines as one table, other lines standing between its rows."""
    records = [line for line in lines if line.record is not None]
    values: list[dict[str, object]] = [line.record for line in records if line.record is not None]
    table = analyse(Kind.RECORDS, values, asked=run.asked) if similar(values) or len(values) > 50 else None
    if table is None or table.linked:
        return
    writer = Writer(table)
    written = [writer.row(i) for i in range(table.count)]
    rows: list[str | None] = list(written)
    heading = writer.heading()
    view = None
    cost = tokens("\n".join(heading)) + tokens("\n".join(written))
    before = tokens("\n".join(run.content.text[r.start : r.end] for r in records))
    run.numbering.total = table.count
    run.numbering.located.append(lambda: [(r.start, r.end) for r in records])
    short: list[str] = []
    if run.shares is not None and cost > _MIN_ELIDED and cost > run.shares.target * before:
        view = choose(table, writer, run.content.query, before, run.shares)
        rows = view.rows
        heading = writer.heading(view.keys)
        short = _short_heading(run, view, 1)
    out = [LEGEND, f"#table {table.count} lines; other lines start with |", *heading, *short]
    at = 0
    pending: list[int] = []

    def close() -> None:
        if pending and view is not None:
            made, gaps = lines_of_run(table, view, pending, 1)
            out.extend(made)
            run.numbering.gaps.extend(gaps)
            pending.clear()

    for line in lines:
        if line.record is None:
            close()
            out.append("|" + run.content.text[line.start : line.end])
            continue
        row = rows[at]
        if row is None:
            pending.append(at)
        else:
            close()
            out.append(row)
        at += 1
    close()
    run.out.append("\n".join([*out, END]))
