"""Columns that follow from others: ``https://api.example.com/repos/{full_name}/issues/{number}``."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote as percent

from pipeline.compressors.smart_crusher.values import ABSENT

_SOURCES = 200  # columns looked through for each target: bounds the work on very wide tables
_TARGETS = 600
_LONGEST = 400  # characters of a target, on average
_EXCEPTIONS = 0.34  # of the rows; beyond it a template explains too little


@dataclass(frozen=True, slots=True)
class Template:
    """Text with the values of other columns in it.

    Args:
        parts: literal text and paths in turn, beginning and ending with literal text.
        encoded: the values are percent-encoded.
    """

    parts: tuple[str, ...]
    encoded: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """The paths named."""
        return self.parts[1::2]

    def __str__(self) -> str:
        mark = "%" if self.encoded else ""
        shown = [p.replace("{", "{{") if i % 2 == 0 else f"{{{p}{mark}}}" for i, p in enumerate(self.parts)]
        return "".join(shown)

    def evaluate(self, texts: Mapping[str, Sequence[object]], count: int) -> list[object]:
        """The column's values: absent where a source is absent, else null where one is null."""
        columns = [texts[p] for p in self.sources]
        parts = self.parts
        made: list[object] = []
        for row in range(count):
            text = parts[0]
            for i, column in enumerate(columns):
                value = column[row]
                if type(value) is not str:
                    made.append(ABSENT if any(c[row] is ABSENT for c in columns) else None)
                    break
                text += (percent(value, safe="") if self.encoded else value) + parts[2 * i + 2]
            else:
                made.append(text)
        return made


def find_templates(columns: Mapping[str, list[object]], keep: frozenset[str]) -> tuple[dict[str, Template], dict[str, Template]]:
    """Templates for columns that follow from others in every row, and for those that do in most.

    A source is always shorter on average than what is made of it, so templates never form a circle.

    Args:
        columns: the columns that are not constant.
        keep: paths that are to be read as they are and get no template.
    """
    texts = {p: t for p, c in columns.items() if (t := _texts(c)) is not None and '"' not in p}
    sizes = {p: (_average(t), i) for i, (p, t) in enumerate(texts.items())}
    hard: dict[str, Template] = {}
    soft: dict[str, Template] = {}
    sources = sorted(texts, key=lambda p: sizes[p])[:_SOURCES]
    targets = [p for p in texts if p not in keep and 8 <= sizes[p][0] <= _LONGEST and _is_text(columns[p])][:_TARGETS]
    for target in targets:
        wanted = texts[target]
        probes = _probes(wanted)
        shorter = sources[: bisect_left(sources, sizes[target], key=sizes.__getitem__)]
        candidates = [s for s in shorter if _stands_in(texts[s], wanted, probes)]
        if not candidates:
            continue
        template = _compose(target, wanted, texts, candidates, probes[0])
        if template is None:
            continue
        wrong = _differences(template, texts, wanted)
        if wrong and any("%" in v for v in wanted[: 4 * len(probes)] if type(v) is str):
            encoded = Template(template.parts, encoded=True)
            if (fewer := _differences(encoded, texts, wanted)) < wrong:
                template, wrong = encoded, fewer
        if wrong == 0:
            hard[target] = template
        elif wrong <= _EXCEPTIONS * len(wanted):
            soft[target] = template
    return hard, soft


def _average(texts: Sequence[object]) -> float:
    strings = [v for v in texts if type(v) is str]
    return sum(map(len, strings)) / max(1, len(strings))


def _texts(column: list[object]) -> list[object] | None:
    """A column as text, numbers too; None if something else stands in it."""
    kinds = {type(v) for v in column}
    if not kinds <= {str, bytes, type(None), type(ABSENT)} or not kinds & {str, bytes}:
        return None
    return [v.decode() if type(v) is bytes else v for v in column] if bytes in kinds else column


def _is_text(column: list[object]) -> bool:
    return bytes not in {type(v) for v in column} and not any(type(v) is str and ("\t" in v or "\n" in v) for v in column)


def _probes(wanted: Sequence[object]) -> list[int]:
    """Up to three rows in which the target has a value: the first, one in the middle, the last."""
    rows = [i for i, v in enumerate(wanted) if type(v) is str]
    return list(dict.fromkeys((rows[0], rows[len(rows) // 2], rows[-1])))


def _stands_in(source: Sequence[object], wanted: Sequence[object], probes: list[int]) -> bool:
    for row in probes:
        value, text = source[row], wanted[row]
        if type(value) is not str or not value or value not in text or _place(text, value) < 0:  # type: ignore[operator, arg-type]
            return False
    return True


def _place(text: str, value: str) -> int:
    """Where a value stands in a text between characters that are neither letters nor digits, or -1."""
    at = text.find(value)
    for _ in range(8):
        if at < 0:
            return -1
        end = at + len(value)
        before = at == 0 or not (text[at - 1].isalnum() and value[0].isalnum())
        if before and (end == len(text) or not (text[end].isalnum() and value[-1].isalnum())):
            return at
        at = text.find(value, at + 1)
    return -1


def _compose(target: str, wanted: Sequence[object], texts: Mapping[str, Sequence[object]], candidates: list[str], row: int) -> Template | None:
    """Replaces the longest values first, those of the same object before others."""
    ranked = sorted(candidates, key=lambda s: (-len(str(texts[s][row])), -_common(s, target), s))
    parts = [str(wanted[row])]
    for source in ranked[:24]:
        value = str(texts[source][row])
        i = 0
        while i < len(parts) and len(parts) < 16:
            at = _place(parts[i], value)
            if at >= 0 and not _glued(parts, i, at, len(value)):
                literal = parts[i]
                parts[i : i + 1] = [literal[:at], source, literal[at + len(value) :]]
            i += 2
    return Template(tuple(parts)) if len(parts) > 1 else None


def _glued(parts: list[str], i: int, at: int, size: int) -> bool:
    """Whether a literal's match touches the value beside it: ``{a}{b}`` reads badly and is mostly chance."""
    return (at == 0 and i > 0) or (at + size == len(parts[i]) and i + 1 < len(parts))


def _common(one: str, other: str) -> int:
    shared = 0
    for a, b in zip(one.split("."), other.split("."), strict=False):
        if a != b:
            break
        shared += 1
    return shared


def _differences(template: Template, texts: Mapping[str, Sequence[object]], wanted: Sequence[object]) -> int:
    made = template.evaluate(texts, len(wanted))
    return sum(1 for a, b in zip(made, wanted, strict=True) if a is not b and a != b)
