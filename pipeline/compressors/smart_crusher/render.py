"""A table as text: a heading that says what all rows have in common, and a line a row.

::

    #table 30 records
    #same	private,fork=false	mirror_url=null
    #derived	issue_url=https://api.example.com/issues/{number}
    #by user.login	user.id
    ann	17
    #columns	number	title	user.login	labels[name|color]	milestone=null	html_url~https://example.com/{number}
    1279	Shader example	ann	bug|b31d1d; core|db6a1f
    #end
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pipeline.compressors.smart_crusher.table import Table
from pipeline.compressors.smart_crusher.values import ABSENT, ABSENT_TEXT, cell

_WIDE = 12  # columns
_POSITIONAL = 6
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_ESCAPE = re.compile(r"\\(?:u[0-9a-f]{4}|.)")
LEGEND = (
    '# Tables, cells split by tabs: "a.b" is a nested key; an empty cell is the column\'s =default or ~template, else the key is absent (∅ too); '
    "{x} is the value of x; a row may end in name=value or tag:value"
)


class Writer:
    """Writes the rows of one table."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._memo: dict[tuple[object, bool], str] = {}
        self._soft = {p: t.evaluate(texts(table.columns, t.sources), table.count) for p, t in table.soft.items()}
        positional, tagged = _split(table)
        self.positional: Sequence[str] = positional
        self._grid: list[Callable[[int], str]] = [self._column(p) for p in positional]
        self._tagged = [(f"{tag}:", self._column(p)) for tag, p in tagged]
        self._heads = "\t".join(self._head(p) for p in positional)
        self._tag_heads = "".join(f"\t{tag}:{self._head(p)}" for tag, p in tagged)
        self._sparse = [(p, table.columns[p], table.defaults.get(p, ABSENT)) for p in table.sparse]

    def heading(self, keys: dict[str, set[object]] | None = None) -> list[str]:
        """The lines before the rows; of look-ups only those of ``keys`` (by scope and the key's path), all if None."""
        lines = statements(self.table, "", keys)
        for path, inner in self.table.lists.items():
            if inner is not None:
                lines += statements(inner, f"{path}[] ", keys)
        unless = "".join(f"\t{p}={self.cell(p, d)}" for p, _, d in self._sparse if d is not ABSENT)
        if unless:
            lines.append(f"#unless stated{unless}")
        if self._tag_heads:
            lines.append(f"#tags{self._tag_heads}")
        lines.append(f"#columns\t{self._heads}")
        return lines

    def row(self, row: int, fold: int = 0) -> str:
        """One row; with ``fold`` longer cells are cut and say so, which makes it a row that is not shown whole."""
        cells = [folded(column(row), fold) for column in self._grid]
        tail = [tag + folded(text, fold) for tag, column in self._tagged if (text := column(row))]
        tail += [f"{p}={folded(self.cell(p, c[row]), fold)}" for p, c, d in self._sparse if c[row] is not d and c[row] != d]
        if tail:
            cells += tail
        else:
            while cells and not cells[-1]:
                cells.pop()
        return "\t".join(cells)

    def cells(self, row: int, paths: Sequence[str]) -> list[str]:
        """The values of some columns in a row, defaults spelled out."""
        return [self.cell(p, self.table.columns[p][row]) for p in paths]

    def cell(self, path: str, value: object) -> str:
        """A value of a column as a cell."""
        textual = path in self.table.textual
        key = (value, textual)
        text = self._memo.get(key)
        if text is None:
            text = self._memo[key] = cell(value, textual=textual)
        return text

    def _head(self, path: str) -> str:
        table = self.table
        if path in table.linked:
            return f"{path}@"
        if path in table.lists:
            inner = table.lists[path]
            return f"{path}[{'|'.join(inner.grid) if inner else ''}]"
        if path in table.filled or path in table.soft:
            return f"{path}~{table.filled.get(path) or table.soft[path]}"
        default = table.defaults.get(path, ABSENT)
        return path if default is ABSENT else f"{path}={self.cell(path, default)}"

    def _column(self, path: str) -> Callable[[int], str]:
        table = self.table
        if path in table.linked:
            sizes = table.sizes[path]
            return lambda row: str(sizes[row]) if sizes[row] >= 0 else ""
        if path in table.lists:
            return _list_cells(table, path)
        column = table.columns[path]
        if path in table.filled:
            said = table.filled[path].says
            return lambda row: "" if said[row] else self.cell(path, column[row])
        if path in table.soft:
            return lambda row: "" if column[row] == self._soft[path][row] else self.cell(path, column[row])
        default = table.defaults.get(path, ABSENT)
        return lambda row: "" if (value := column[row]) is default or value == default else self.cell(path, value)


def _split(table: Table) -> tuple[list[str], list[tuple[str, str]]]:
    """Columns read by position, and in wide tables those read by a tag: nobody counts thirty tabs."""
    grid = table.grid
    if len(grid) <= _WIDE:
        return grid, []
    said = table.defaults.keys() | table.soft.keys() | table.filled.keys()
    full = [p for p in grid if p in table.columns and p not in said and ABSENT not in table.columns[p]]
    positional = full[:_POSITIONAL] or grid[:1]
    kept = set(positional)
    return positional, [(_tag(i), p) for i, p in enumerate(p for p in grid if p not in kept)]


def _tag(i: int) -> str:
    letters = chr(97 + i % 26)
    return letters if i < 26 else _tag(i // 26 - 1) + letters


def statements(table: Table, scope: str, keys: dict[str, set[object]] | None) -> list[str]:
    """What is said about columns that have no cell: constants, copies, templates, look-ups."""
    lines: list[str] = []
    named: dict[object, list[str]] = {}
    for path, value in table.same.items():
        named.setdefault(value, []).append(path)
    if named:
        lines.append(f"#{scope}same" + "".join(f"\t{','.join(paths)}={cell(value)}" for value, paths in named.items()))
    if table.inherited:
        lines.append(f"#{scope}of its record" + "".join(f"\t{path}={source}" for path, source in table.inherited.items()))
    if table.copies:
        lines.append(f"#{scope}copy" + "".join(f"\t{target}={source}" for target, source in table.copies))
    lines += _derived(table, scope)
    for lookup in table.lookups:
        wanted = None if keys is None else keys.get(scope + lookup.key, set())
        rows = [(k, r) for k, r in lookup.rows.items() if wanted is None or k in wanted]
        if rows:
            lines.append(f"#{scope}by {lookup.key}\t" + "\t".join(lookup.columns))
            for key, row in rows:
                lines.append("\t".join([cell(key), *(cell(table.columns[c][row]) for c in lookup.columns)]))
    if table.textual:
        lines.append(f"#{scope}strings\t" + "\t".join(p for p in table.columns if p in table.textual))
    return lines


def _derived(table: Table, scope: str) -> list[str]:
    """Templates; those that only add an ending to another column are grouped under it."""
    endings: dict[str, list[tuple[str, str]]] = {}
    others = []
    for path, template in table.derived.items():
        if len(template.parts) == 3 and not template.parts[0] and not template.encoded:
            endings.setdefault(template.parts[1], []).append((path, template.parts[2]))
        else:
            others.append(f"\t{path}={template}")
    lines = []
    for source, members in endings.items():
        if len(members) == 1:
            others.append(f"\t{members[0][0]}={table.derived[members[0][0]]}")
        else:
            lines.append(f"#{scope}derived {{{source}}}" + "".join(f"\t{p}={e.replace('{', '{{')}" for p, e in members))
    return [f"#{scope}derived{''.join(others)}", *lines] if others else lines


def _list_cells(table: Table, path: str) -> Callable[[int], str]:
    sizes = table.sizes[path]
    starts = [0]
    for size in sizes:
        starts.append(starts[-1] + max(0, size))
    inner = table.lists[path]
    if inner is None:
        items = [cell(v, in_list=True) for v in table.values[path]]
    else:
        columns = [inner.columns[p] for p in inner.grid]
        textual = [p in inner.textual for p in inner.grid]
        memo: dict[tuple[object, ...], str] = {}
        items = []
        for values in zip(*columns, strict=True):
            text = memo.get(values)
            if text is None:
                text = memo[values] = "|".join([cell(v, textual=t, in_list=True) for v, t in zip(values, textual, strict=True)])
            items.append(text)

    def cells(row: int) -> str:
        if sizes[row] < 0:
            return ""
        return "; ".join(items[starts[row] : starts[row + 1]]) if sizes[row] else "[]"

    return cells


def texts(columns: dict[str, list[object]], paths: Sequence[str]) -> dict[str, list[object]]:
    """Columns as templates see them: numbers as text."""
    return {p: [v.decode() if type(v) is bytes else v for v in columns[p]] for p in paths}


def folded(text: str, fold: int) -> str:
    """A cell cut to its beginning, saying how much is missing: of a string its own characters, of anything else those of the cell. 0 cuts none."""
    if not fold or len(text) <= fold:
        return text
    end = fold - 40
    missing = len(text) - end
    if _STRING.fullmatch(text) is not None:
        missing -= 1  # the quote
        for escape in _ESCAPE.finditer(text):
            if escape.start() < end < escape.end():  # none is cut in two
                missing += end - escape.start()
                end = escape.start()
            if escape.start() >= end:
                missing -= len(escape[0]) - 1
    return f"{text[:end]}…[+{missing} characters]"


def spelled(text: str) -> str:
    """A cell for reading: an absent value is nothing."""
    return "" if text == ABSENT_TEXT else text
