"""Finding the JSON in a text: a whole document, one cut off, JSON lines, values one below the other, or JSON standing in other text.

Whatever a rewrite could get wrong is refused here: a key given twice, NaN, half a surrogate pair, nesting that no API produces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, cast

from pipeline.compressors.smart_crusher.values import dumps

MAX_DEPTH = 100
MIN_EMBEDDED = 1500  # characters: shorter JSON in a text is an example, not data
_MAX_ATTEMPTS = 8  # places in a text that look like JSON and are not; each may cost one pass
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[][{},]', re.DOTALL)  # a string may be open: no second try, so linear
_LEXEME = re.compile(r'[ \t\r\n]*(?:[][{},:]|"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|true|false|null)[ \t\r\n]*')
_HEAD = 400  # lexemes
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_OPENING = re.compile(r"[\[{](?=[\s\"{\[\d-])")
_LINE_OPENING = re.compile(r"\n[\[{](?=[\s\"{\[\d-])")  # found ten times faster than by ``^``
_BLANK = re.compile(r"[ \t\r\n]*")
_BELOW = re.compile(r"[ \t\r]*\n[ \t\r\n]*(?=[{\[])")  # between two values of a stream
_TWO_VALUES = re.compile(r"[}\]][ \t\r]*\n[ \t\r\n]*[{\[]")  # stands in no JSON: a comma is missing, and strings have no bare line ends
_LEAST_VALUES = 3
_BLANK_LINE_END = re.compile(r"[ \t\r]*(?:\n|\Z)")


class Refused(Exception):
    """JSON that is left as it is: a duplicate key, NaN, a lone surrogate, too deep."""


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON value in a text.

    Args:
        start: where it starts in the text.
        end: where what it stands for ends in the text.
        value: the value, numbers as bytes.
        source: text that parses to ``value`` and agrees with the original, shifted by ``start``, as far as the records go.
        cut: the original breaks off; ``source`` was closed, and the text from ``end`` on is what followed the last whole record.
        stream: the original is values one below the other; ``value`` is the list of them, and ``source`` has brackets and commas.
    """

    start: int
    end: int
    value: object
    source: str
    cut: bool = False
    stream: bool = False

    @property
    def shift(self) -> int:
        """Where ``source`` starts in the text: of a stream its bracket stands before the first value."""
        return self.start - self.stream


@dataclass(frozen=True, slots=True)
class Line:
    """A physical line: a record, or text if ``record`` is None."""

    start: int
    end: int
    record: dict[str, object] | None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Refused("duplicate key")
    return made


def _constant(name: str) -> NoReturn:
    raise Refused(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=cast("Callable[[str], int]", str.encode),
    parse_float=cast("Callable[[str], float]", str.encode),
    parse_constant=_constant,
)


def scan(text: str, at: int) -> tuple[object, int]:
    """The value at ``at`` and where it ends.

    Raises:
        ValueError: it is no JSON.
        Refused: it is, but is left alone.
    """
    try:
        return cast("tuple[object, int]", _DECODER.scan_once(text, at))  # type: ignore[attr-defined]
    except StopIteration as error:
        raise json.JSONDecodeError("no value", text, error.value) from None
    except RecursionError:
        raise Refused("too deep") from None


def blank(text: str, at: int) -> int:
    """Where the white space at ``at`` ends."""
    return cast("re.Match[str]", _BLANK.match(text, at)).end()


def loads(text: str) -> object:
    """The value of a whole text.

    Raises:
        ValueError: it is no JSON, or more than one value.
        Refused: it is, but is left alone.
    """
    value, end = scan(text, blank(text, 0))
    if blank(text, end) != len(text):
        raise json.JSONDecodeError("extra data", text, end)
    check(text, value)
    return value


def check(text: str, value: object) -> None:
    """Refuses lone surrogates and deep nesting.

    Raises:
        Refused: there is one.
    """
    if too_deep(value):
        raise Refused("too deep")
    try:
        text.encode()
        if "\\u" in text and _SURROGATE.search(text):
            dumps(value).encode()
    except UnicodeEncodeError:
        raise Refused("lone surrogate") from None


def too_deep(value: object) -> bool:
    """Whether containers nest deeper than ``MAX_DEPTH``, found level by level."""
    level = [value]
    for _ in range(MAX_DEPTH):
        deeper: list[object] = []
        for container in level:
            inside = container.values() if type(container) is dict else container if type(container) is list else ()
            deeper += [v for v in inside if type(v) is dict or type(v) is list]
        if not deeper:
            return False
        level = deeper
    return True


def looks_like_document(text: str) -> bool:
    """Whether a long text begins and ends like one JSON document; it is not parsed, and what is wrong in its middle is not seen."""
    end = len(text)
    while end and text[end - 1] in " \t\r\n":
        end -= 1
    at = blank(text, 0)
    first = text.find("\n", at)
    if text[end - 1 : end] not in {"]", "}"} or (0 <= first < end and looks_like_object(text[at:first])):
        return False
    for _ in range(_HEAD):
        match = _LEXEME.match(text, at)
        if match is None:
            return False
        at = match.end()
        if at >= end:
            break
    return _TWO_VALUES.search(text) is None


def documents(text: str) -> list[Document]:
    """The JSON in a text, in order; empty if there is none worth rewriting.

    Raises:
        Refused: the JSON is to be left alone.
    """
    start = blank(text, 0)
    if text[start : start + 1] not in {"[", "{"}:
        return _embedded(text)
    try:
        value, end = scan(text, start)
    except json.JSONDecodeError as error:
        found = _truncated(text, start, error.pos)
        return [found] if found else _embedded(text)
    check(text, value)
    if blank(text, end) == len(text):
        return [Document(0, len(text), value, text)]
    return _embedded(text)


def _line_opening(text: str, start: int) -> int:
    """Where the next line begins that may be JSON, -1 if none does."""
    if start == 0 and _OPENING.match(text):
        return 0
    match = _LINE_OPENING.search(text, max(0, start - 1))
    return -1 if match is None else match.start() + 1


def _embedded(text: str) -> list[Document]:
    found: list[Document] = []
    attempts = end = 0
    while attempts < _MAX_ATTEMPTS:
        at = _line_opening(text, end)
        if at < 0:
            break
        try:
            value, stop = scan(text, at)
        except ValueError:
            attempts += 1
            end = at + 1
            continue
        end = stop
        stream = _stream(text, at, value, stop)
        if stream is not None:
            check(stream.source, stream.value)
            found.append(stream)
            end = stream.end
        elif stop - at > MIN_EMBEDDED and _BLANK_LINE_END.match(text, stop):
            source = text[at:stop]
            check(source, value)
            found.append(Document(at, stop, value, source))
        else:
            attempts += stop - at > MIN_EMBEDDED
    return found


def _stream(text: str, start: int, first: object, end: int) -> Document | None:
    """Values of several lines one below the other, as ``jq``, ``kubectl -w`` and ``journalctl -o json-pretty`` print them, from the first on."""
    if text.find("\n", start, end) < 0:
        return None
    values = [first]
    ends = [end]
    while (gap := _BELOW.match(text, ends[-1])) is not None:
        try:
            value, end = scan(text, gap.end())
        except ValueError:
            break
        values.append(value)
        ends.append(end)
    if _BLANK_LINE_END.match(text, ends[-1]) is None:
        values.pop()
        ends.pop()
    if len(values) < _LEAST_VALUES or ends[-1] - start < MIN_EMBEDDED:
        return None
    starts = [start, *(end + 1 for end in ends)]  # a comma takes the place of the first blank
    source = ",".join(text[a:b] for a, b in zip(starts, ends, strict=False))
    return Document(start, ends[-1], values, f"[{source}]", stream=True)


def _truncated(text: str, start: int, broken: int) -> Document | None:
    """A document that breaks off somewhere, closed behind the last whole element of its outermost list of three or more."""
    stack: list[list[int | str]] = []  # closing bracket, commas seen, place of the last
    for match in _TOKEN.finditer(text, start, broken):
        mark = match[0]
        if mark in {"[", "{"}:
            stack.append(["]" if mark == "[" else "}", 0, 0])
            if len(stack) > MAX_DEPTH:
                return None
        elif mark == ",":
            if not stack:
                return None
            stack[-1][1] = cast("int", stack[-1][1]) + 1
            stack[-1][2] = match.start()
        elif mark[0] != '"':
            if not stack or stack.pop()[0] != mark:
                return None
            if not stack:
                return None  # it closes, so something within is no JSON
    for depth, (bracket, commas, at) in enumerate(stack):
        if bracket == "]" and cast("int", commas) >= 3:
            end = cast("int", at)
            source = text[:end] + "".join(cast("str", frame[0]) for frame in reversed(stack[: depth + 1]))
            try:
                return Document(0, end, loads(source), source, cut=True)
            except ValueError:
                return None
    return None


def within(text: str) -> object | None:
    """The container that a string is the JSON of, or None."""
    if len(text) < MIN_EMBEDDED or text[:1] not in {"{", "["}:
        return None
    try:
        return loads(text)
    except (ValueError, Refused):
        return None


def json_lines(text: str) -> list[Line] | None:
    """The lines of a text if at least 60 % of those that are not blank, and three, are JSON objects.

    Raises:
        Refused: one of them is to be left alone.
    """
    if text.count('\n{"') + text.count("\n{ ") < 2:  # pretty JSON has many lines: most texts need not be split
        return None
    lines = text.split("\n")
    filled = sum(1 for line in lines if line and not line.isspace())
    likely = sum(1 for line in lines if looks_like_object(line))
    if likely < 3 or likely < 0.6 * filled:
        return None
    found: list[Line] = []
    records = at = 0
    for line in lines:
        record = None
        if looks_like_object(line):
            try:
                value = loads(line)
            except ValueError:
                value = None
            if type(value) is dict and value:
                record = value
                records += 1
        found.append(Line(at, at + len(line), record))
        at += len(line) + 1
    return found if records >= 3 and records >= 0.6 * filled else None


def looks_like_object(line: str) -> bool:
    """Whether a line begins and ends like a JSON object; nothing is parsed."""
    return line[:2] in {'{"', "{ "} and line.rstrip()[-1:] == "}"
