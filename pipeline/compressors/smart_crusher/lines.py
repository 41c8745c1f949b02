"""JSON lines as one table, other lines standing between its rows."""

from __future__ import annotations

from pipeline.compressors.smart_crusher.collect import Kind, similar
from pipeline.compressors.smart_crusher.elide import choose, lines_of_run
from pipeline.compressors.smart_crusher.parse import Line
from pipeline.compressors.smart_crusher.render import LEGEND, Writer
from pipeline.compressors.smart_crusher.table import analyse
from pipeline.compressors.smart_crusher.tables import END, MIN_ELIDED, Run, short_heading
from pipeline.compressors.weigh import tokens


def write_lines(run: Run, lines: list[Line]) -> None:
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
    if run.shares is not None and cost > MIN_ELIDED and cost > run.shares.target * before:
        view = choose(writer, run.content.query, before, run.shares, texts=written, events=True)
        rows = view.rows
        heading = writer.heading(view.keys)
        short = short_heading(run, view, 1)
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
