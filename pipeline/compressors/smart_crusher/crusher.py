"""SmartCrusher: JSON as tables, then whole records by rank."""

from __future__ import annotations

from dataclasses import dataclass, field
from json.encoder import encode_basestring as quote

from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.compressors.smart_crusher.collect import Kind, at_least, collection, similar
from pipeline.compressors.smart_crusher.elide import Shares, View, choose, lines_of_run
from pipeline.compressors.smart_crusher.parse import Document, Line, Refused, Steps, documents, json_lines, loads, looks_like_object, within
from pipeline.compressors.smart_crusher.render import LEGEND, Writer
from pipeline.compressors.smart_crusher.spans import in_original, record_spans
from pipeline.compressors.smart_crusher.table import Table, analyse
from pipeline.compressors.smart_crusher.values import dumps
from pipeline.compressors.smart_crusher.weigh import tokens
from pipeline.policy import Policy, Profile

_MIN_CHARS = 1000
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
class _Run:
    """One rewrite in the making: the text so far, the records numbered so far."""

    content: Content
    shares: Shares | None
    asked: frozenset[str]
    out: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    total: int = 0
    shown_short: int = 0
    tables: int = 0


class SmartCrusher:
    """JSON, JSON lines, JSON in text. Lossless first; in lossy profiles whole records are left out, never keys of a record that is shown."""

    name = "smart_crusher"

    def recognise(self, content: Content) -> float:
        """1.0 for a JSON document, 0.9 for JSON lines, 0.5 for JSON cut off or within other text."""
        text = content.text
        if len(text) < _MIN_CHARS or ("{" not in text and "[" not in text):
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
        inside = sum(d.end - d.start for d in found)
        return 0.5 if inside >= 0.5 * len(text) else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """Tables for collections of the JSON, compact JSON for the rest. None where nothing is gained or the JSON is left alone."""
        if len(content.text) < _MIN_CHARS:
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
    if (not run.tables and not text) or tokens(text) > _ACCEPT * tokens(run.content.text):
        return None
    summary = f"names of {run.shown_short} of them shown" if run.shown_short else ""
    return Rewrite(text, max(1, run.total), tuple(run.gaps), summary, "record", tuple(run.spans) if run.gaps else ())


def _write_documents(run: _Run, found: list[Document]) -> None:
    text = run.content.text
    at = 0
    for document in found:
        run.out.append(text[at : document.start])
        _write_value(run, document, document.value, ())
        if document.cut:
            run.out.append(f"\n{CUT}\n")
        at = document.end
    if found:
        run.out.append(text[at:])


def _write_value(run: _Run, document: Document, value: object, steps: Steps) -> None:
    """Compact JSON, with tables on lines of their own in the place of collections."""
    if type(value) is str and (inner := within(document, steps, value)) is not None:
        run.out.append(f"\n{STRING}\n")
        _write_value(run, inner, inner.value, ())
        run.out.append(f"\n{END_STRING}\n")
        return
    if type(value) is not dict and type(value) is not list:
        run.out.append(dumps(value))
        return
    if not at_least(value, 300):
        run.out.append(dumps(value))
        return
    found = collection(value)
    if found is not None and (table := analyse(found.kind, found.records, asked=run.asked)) is not None:
        lines = _Block(run, document, steps).lines(table)
        if at_least(value, sum(map(len, lines))):
            run.out.append(("\n" if run.out and not run.out[-1].endswith("\n") else "") + "\n".join(lines) + "\n")
            return
    if type(value) is dict:
        separator = "{"
        for key, one in value.items():
            run.out.append(f"{separator}{quote(key)}:")
            _write_value(run, document, one, (*steps, key))
            separator = ","
        run.out.append("}")
    elif type(value) is list:
        separator = "["
        for i, one in enumerate(value):
            run.out.append(separator)
            _write_value(run, document, one, (*steps, i))
            separator = ","
        run.out.append("]")


@dataclass
class _Block:
    """The tables that stand for one collection: its own, and those of long lists within its records."""

    run: _Run
    document: Document
    steps: Steps

    def lines(self, table: Table) -> list[str]:
        """The lines, from ``#table`` to ``#end``; records are numbered on the way."""
        legend = [LEGEND] if not self.run.tables else []
        self.run.tables += 1
        return [*legend, *self._table(table, "", (), None), END]

    def _table(self, table: Table, name: str, chain: tuple[tuple[str, ...], ...], parent: tuple[Table, list[int]] | None) -> list[str]:
        run = self.run
        writer = Writer(table)
        title = f"#table {name + ': ' if name else ''}{table.count} {table.kind.value}"
        rows = [writer.row(i) for i in range(table.count)]
        heading = writer.heading()
        spans: list[tuple[int, int]] = []
        if not table.linked:
            view = None
            if run.shares is not None and (cost := tokens("\n".join(heading)) + tokens("\n".join(rows))) > _MIN_ELIDED:
                spans = record_spans(self.document.source, self.steps, chain)
                before = tokens(self.document.source[spans[0][0] : spans[-1][1]]) if spans else 0
                if len(spans) == table.count and cost > run.shares.target * before:
                    view = choose(table, writer, run.content.query, before, run.shares)
            first = run.total + 1
            run.total += table.count
            run.spans += in_original(self.document, spans) if len(spans) == table.count else self._spans(chain, table.count)
            if view is not None:
                return [f"{title} {first}-{run.total}", *writer.heading(view.keys), *_shown(run, table, view, first, parent)]
        body = [title, *heading, *_with_parents(rows, parent)]
        for path, inner in table.linked.items():
            label = f"{name}.{path}" if name else path
            body += self._table(inner, label, (*chain, table.keys[path]), (table, table.sizes[path]))
        return body

    def _spans(self, chain: tuple[tuple[str, ...], ...], count: int) -> list[tuple[int, int]]:
        if self.run.shares is None:
            return []
        spans = record_spans(self.document.source, self.steps, chain)
        return in_original(self.document, spans) if len(spans) == count else []


def _parents(parent: tuple[Table, list[int]] | None) -> dict[int, str]:
    """For linked tables: the line before the first record of each row that the records belong to."""
    if parent is None:
        return {}
    table, sizes = parent
    names = [p for p in table.grid if p in table.columns and all(type(v) is str for v in table.columns[p][:3])][:1]
    found = {}
    at = 0
    for row, size in enumerate(sizes):
        if size > 0:
            name = table.columns[names[0]][row] if names else ""
            found[at] = f"@{row + 1}" + (f"\t{quote(name[:60])[1:-1]}" if type(name) is str and name else "")
            at += size
    return found


def _with_parents(rows: list[str], parent: tuple[Table, list[int]] | None) -> list[str]:
    starts = _parents(parent)
    if not starts:
        return rows
    lines = []
    for i, row in enumerate(rows):
        if i in starts:
            lines.append(starts[i])
        lines.append(row)
    return lines


def _shown(run: _Run, table: Table, view: View, first: int, parent: tuple[Table, list[int]] | None) -> list[str]:
    """The rows of a table of which records are left out."""
    lines = ["#left out: […]; short rows: record\t" + "\t".join(view.short)] if view.short else []
    starts = _parents(parent)
    pending: list[int] = []
    under = ""
    said = ""

    def close() -> None:
        made, gaps = lines_of_run(table, view, pending, first)
        lines.extend(made)
        run.gaps.extend(gaps)
        pending.clear()

    for i, row in enumerate(view.rows):
        under = starts.get(i, under)
        if row is None and not (parent and view.notes[i]):
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
    run.shown_short += sum(1 for n in view.notes if n)
    return lines


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
    run.total = table.count
    run.tables = 1
    run.spans = [(r.start, r.end) for r in records]
    if run.shares is not None and cost > _MIN_ELIDED and cost > run.shares.target * before:
        view = choose(table, writer, run.content.query, before, run.shares)
        rows = view.rows
        heading = writer.heading(view.keys)
        run.shown_short = sum(1 for n in view.notes if n)
    out = [LEGEND, f"#table {table.count} lines; other lines start with |", *heading]
    if view is not None and view.short:
        out.append("#left out: […]; short rows: record\t" + "\t".join(view.short))
    at = 0
    pending: list[int] = []

    def close() -> None:
        if pending and view is not None:
            made, gaps = lines_of_run(table, view, pending, 1)
            out.extend(made)
            run.gaps.extend(gaps)
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
