"""Records of several lines: stanzas with a time that blank lines part, or what stands below first lines of one form (``# Time: …``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.compressors.log.header import header_end

_LEAST = 5  # records
_FEWEST, _MOST = 3, 40  # lines of a record, on average
_SHARE = 0.8
_TIMED = 4  # a stanza has its time in so many lines
_WITHIN = 0.34  # of the lines that begin no record may have a time: one of three or four does
_KEY = 60  # characters
_LEAST_FORM = 3
_OTHERS = 80
_LOOK = 400  # lines that tell whether there are records


def record_starts(lines: Sequence[str]) -> list[int]:
    """The first line of each record; none where the text is no list of records."""
    if not _stanzas(lines[:_LOOK]):
        form = _form(lines[:_LOOK])
        return [i for i, line in enumerate(lines) if line.startswith(form)] if form else []
    blank = [not line or line.isspace() for line in lines]
    return [i for i, now in enumerate(blank) if not now and (i == 0 or blank[i - 1])]


def _stanzas(lines: Sequence[str]) -> bool:
    """Whether most stanzas begin with the same key, and most have a time near their beginning."""
    stanzas: list[list[str]] = [[]]
    for line in lines:
        if line and not line.isspace():
            stanzas[-1].append(line)
        elif stanzas[-1]:
            stanzas.append([])
    stanzas = [stanza for stanza in stanzas if stanza]
    if len(stanzas) < _LEAST or not _FEWEST <= sum(map(len, stanzas)) / len(stanzas) <= _MOST:
        return False
    keys = Counter(stanza[0][:_KEY].partition(":")[0] for stanza in stanzas)
    key, count = keys.most_common(1)[0]
    timed = sum(any(map(header_end, stanza[:_TIMED])) for stanza in stanzas)
    return min(count, timed) >= _SHARE * len(stanzas) and any(map(str.isalpha, key))


def _form(lines: Sequence[str]) -> str:
    """What the first line of each record begins with, up to its time; ``""`` if there is no such form."""
    first = next((line for line in lines if line and not line.isspace()), "")
    at = next((i for i, c in enumerate(first[:_KEY]) if c.isdigit()), 0)
    form = first[:at]
    if at < _LEAST_FORM or not header_end(first):
        return ""
    others = [line for line in lines if not line.startswith(form)]
    count = len(lines) - len(others)
    if count < _LEAST or not _FEWEST <= len(lines) / count <= _MOST:
        return ""
    others = others[:_OTHERS]
    return form if sum(header_end(line) > 0 for line in others) <= _WITHIN * len(others) else ""
