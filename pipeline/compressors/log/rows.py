r"""JSON lines that are kept, as rows: what lines of one form have in common is said once. Loss-free, and every line stays in its place.

A text reads::

    #rows: "@A 1 2" is the line @A= with 1 and 2 in the places of *
    @A={"level":30,"time":*,"reqId":*,"msg":"request completed"}
    @A 1742277295321 "req-3"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.compressors.log.columns import name_of

_LEGEND = '#rows: "@A 1 2" is the line @A= with 1 and 2 in the places of {}'
_SIGN = "@"
_SLOTS = "*¤§†◊"
_TOKEN = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")(\s{0,4}:)?|(?<![\w.+-])(?:-?\d[\d.eE+-]*|true|false|null)(?![\w.+-])')
_LONGEST = 4000  # characters of a line that is taken apart
_LEAST = 4  # lines of one form
_GAIN = 200  # characters that a form must save: it takes a line of its own, and is harder to read


@dataclass(frozen=True, slots=True)
class _Line:
    """A line taken apart: what stands between its values, one piece more than there are values."""

    between: tuple[str, ...]
    values: tuple[str, ...]


def as_rows(lines: Sequence[str | None], apart: Sequence[bool]) -> list[str | None]:
    """JSON lines of one form as rows, the form above the first of them; unchanged where nothing is gained.

    Args:
        lines: the lines that are shown; None stands for a place that is no line (a marker).
        apart: which of them stay as they are.
    """
    given = list(lines)
    if any(line is not None and line.startswith((_SIGN, _LEGEND[:6])) for line in given):
        return given
    parts = {i: _parts(line) for i, line in enumerate(given) if line is not None and not apart[i] and _like_json(line)}
    groups: dict[tuple[str, ...], list[int]] = {}
    for i, part in parts.items():
        groups.setdefault(part.between, []).append(i)
    slot = next((s for s in _SLOTS if not any(s in (given[i] or "") for i in parts)), "")
    if not slot:
        return given
    forms: dict[int, str] = {}  # the first line of a form -> the form
    for members in groups.values():
        name = _SIGN + name_of(len(forms))
        form, rows = _rows([parts[i] for i in members], name, slot)
        if len(members) < _LEAST or sum(len(given[i] or "") for i in members) - sum(map(len, rows)) - len(form) < _GAIN:
            continue
        forms[members[0]] = form
        for i, row in zip(members, rows, strict=True):
            given[i] = row
    out: list[str | None] = []
    for i, line in enumerate(given):
        if i in forms:
            out += [_LEGEND.format(slot), forms[i]] if i == min(forms) else [forms[i]]
        out.append(line)
    return out


def from_rows(lines: Sequence[str]) -> list[str]:
    """The inverse of ``as_rows``, for lines without markers."""
    out: list[str] = []
    forms: dict[str, list[str]] = {}
    slot = ""
    for line in lines:
        name, equals, form = line.partition("=")
        if line.startswith(_LEGEND[:6]):
            slot = line[-1]
        elif slot and line.startswith(_SIGN) and equals and " " not in name:
            forms[name] = form.split(slot)
        elif slot and line.startswith(_SIGN):
            name, _, row = line.partition(" ")
            values = [m[0] for m in _TOKEN.finditer(row)]
            out.append("".join(piece + value for piece, value in zip(forms[name], [*values, ""], strict=True)))
        else:
            out.append(line)
    return out


def _like_json(line: str) -> bool:
    return line.startswith('{"') and line.endswith("}") and len(line) <= _LONGEST


def _parts(line: str) -> _Line:
    """A line by its values: strings, numbers and words that are no keys."""
    between: list[str] = []
    values: list[str] = []
    done = 0
    for match in _TOKEN.finditer(line):
        if match[2] is None:
            between.append(line[done : match.start()])
            values.append(match[0])
            done = match.end()
    return _Line((*between, line[done:]), tuple(values))


def _rows(lines: Sequence[_Line], name: str, slot: str) -> tuple[str, list[str]]:
    """What lines of one form share, with a sign for each value that varies, and the row of each line."""
    first = lines[0]
    varies = [at for at, column in enumerate(zip(*(line.values for line in lines), strict=True)) if column.count(column[0]) < len(column)]
    varying = frozenset(varies)
    told = [slot if at in varying else value for at, value in enumerate(first.values)]
    form = "".join(piece + value for piece, value in zip(first.between, [*told, ""], strict=True))
    return f"{name}={form}", [" ".join([name, *(line.values[at] for at in varies)]) for line in lines]
