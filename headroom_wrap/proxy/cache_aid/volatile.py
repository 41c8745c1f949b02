"""What changes in the instructions from one request to the next, where all else in them stays: times, dates, ids, git's status. Pure.

A prompt is cached as far as it is the same, so one figure near its beginning has all behind it paid for again with every request.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.dialects import json_spans
from pipeline.dialects.messages import any_text, first_byte
from pipeline.transcript import Span

WITHIN_S = 300.0  # what changes less often breaks no cache that is still there
_KEPT = 500
_MEMBERS = ("system", "instructions", "systemInstruction", "system_instruction")
_MOST_TOKENS = 2000  # of a head
LONGEST = 256 << 10  # characters; what is longer is no instructions, and all requests wait while it is looked through
_BILLING = b"x-anthropic-billing-header:"  # Claude Code's first block, which no cache sees
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}"
_TIMES = (
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z\b|[+-]\d\d:?\d\d\b)?",
    r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?\b",
    r"1\d{9}(?:\d{3}|\d{6})?\b(?:\.\d{1,9}\b)?",  # seconds, milliseconds or microseconds since 1970
)
_DATES = (
    r"\d{4}-\d\d-\d\d\b",
    r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b",
    rf"{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}\b",
    rf"\d{{1,2}}\.? {_MONTH} \d{{4}}\b",
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b",
)
_IDS = (
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
    r"(?=[A-Za-z_-]{0,40}\d)[A-Za-z0-9_-]{16,80}\b",
    r"(?=[a-f]{0,15}\d)[0-9a-f]{7,15}\b",
    r"(?<=[iI][dD]: )[\w-]{4,80}",
)
_KINDS = re.compile(rf"\b(?:(?P<time>{'|'.join(_TIMES)})|(?P<date>{'|'.join(_DATES)})|(?P<id>{'|'.join(_IDS)}))")
_MAYBE = re.compile(r"\d|day|[iI][dD]: |[a-fA-F]{8}-")  # most lines have none of these, and so none of those
_GIT = re.compile(
    r"[ \t]{0,16}(?:(?:[MADRCU?!]{2}|[MADRCU] | [MADU]|[MADRCU]) (?=[\w./\"-]).{1,400}"
    r"|(?:modified|new file|deleted|renamed): .{1,400}|On branch .{1,200})"
)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that changed.

    Args:
        kind: ``time``, ``date``, ``id`` or ``git status``.
        shown: a short piece of the line that it stands in, as it is now.
        line: the number of that line in the instructions.
        behind: characters of the instructions behind it.
    """

    kind: str
    shown: str
    line: int
    behind: int

    @property
    def said(self) -> str:
        """In a few words."""
        return f"{_ARTICLES[self.kind]} in line {self.line} (“{self.shown}”)"


_ARTICLES = {"time": "a time", "date": "a date", "id": "an id", "git status": "git's status"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text that may be volatile.

    Args:
        kind: as in ``Found``.
        text: the piece.
        line: its line's number.
        start, end: where it stands in the text.
    """

    kind: str
    text: str
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Head:
    """Instructions as they were sent last: what in them may be volatile."""

    name: bytes
    at: float
    tokens: tuple[tuple[str, str], ...]
    git: bytes
    told: bool = False


class Volatile:
    """Remembers the instructions that were sent."""

    def __init__(self) -> None:
        self._last: OrderedDict[bytes, _Head] = OrderedDict()
        self._read: OrderedDict[bytes, bytes] = OrderedDict()  # digest of a text -> its place among those

    def found(self, text: str, among: bytes, now: float) -> Found | None:
        """The first thing in instructions that changed since they were sent last, not long ago; each instructions' is told once.

        Args:
            text: the instructions.
            among: what else tells one application from another.
            now: seconds of any one clock.
        """
        if len(text) > LONGEST:
            return None
        name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() + among
        same = self._read.get(name, b"")
        if (before := self._last.get(same)) is not None and before.name == name:  # as nearly always: to look for figures takes a millisecond
            self._last[same] = replace(before, at=now)
            return None
        skeleton, tokens, git = read(text)
        skeleton += among
        before = self._last.get(skeleton)
        pairs = tuple((token.kind, token.text) for token in tokens)
        marks = hashlib.blake2b("\n".join(line.text for line in git).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        changed = None
        if before is not None and not before.told and now - before.at <= WITHIN_S:
            moved = [token for token, pair, old in zip(tokens, pairs, before.tokens, strict=True) if pair != old]
            moved += git[:1] if marks != before.git else []
            changed = min(moved, key=lambda token: token.start, default=None)
        self._last[skeleton] = _Head(name, now, pairs, marks, changed is not None or (before is not None and before.told))
        self._last.move_to_end(skeleton)
        self._read[name] = skeleton
        for kept in (self._last, self._read):
            if len(kept) > _KEPT:
                kept.popitem(last=False)
        if changed is None:
            return None
        return Found(changed.kind, _shown(text, changed), changed.line, len(text) - changed.end)


def instructions(body: bytes) -> str:
    """A request's instructions, ``""`` if there are none.

    Raises:
        Malformed: the body is no JSON object.
    """
    return "\n".join(json_spans.string(body, span) for span in literals(body))


def literals(body: bytes) -> list[Span]:
    """Where a request's instructions stand as string literals: ``system``, ``instructions``, ``systemInstruction``, or messages that come first.

    Raises:
        Malformed: the body is no JSON object.
    """
    top = json_spans.members(body, json_spans.whole(body))
    found = [
        span for name in ("system", "instructions", "systemInstruction", "system_instruction") if name in top for span in _texts(body, top[name])
    ]
    for name in ("messages", "input"):
        if name in top and first_byte(body, top[name]) == b"[":
            found += _leading(body, json_spans.elements(body, top[name]))
    return found


def _leading(body: bytes, messages: list[Span]) -> Iterator[Span]:
    for span in messages:
        fields = json_spans.members(body, span) if first_byte(body, span) == b"{" else {}
        if "content" not in fields or any_text(body, fields, "role") not in ("system", "developer"):
            return
        yield from _texts(body, fields["content"])


def _texts(body: bytes, content: Span) -> list[Span]:
    """The literals of a text, or of a list of parts."""
    kind = first_byte(body, content)
    if kind == b'"':
        return [content]
    if kind == b"{":
        parts = json_spans.members(body, content).get("parts")
        return _texts(body, parts) if parts is not None else []
    if kind != b"[":
        return []
    blocks = [json_spans.members(body, span) for span in json_spans.elements(body, content) if first_byte(body, span) == b"{"]
    texts = [fields["text"] for fields in blocks if "text" in fields and first_byte(body, fields["text"]) == b'"']
    return [span for span in texts if body[span.start + 1 : span.start + 1 + len(_BILLING)] != _BILLING]


def read(text: str) -> tuple[bytes, list[Token], list[Token]]:
    """A text as a digest of what is not volatile in it, what may be, and the lines of git's status, which stand in no digest."""
    said = hashlib.blake2b(digest_size=16)
    tokens: list[Token] = []
    git: list[Token] = []
    start = 0
    for number, line in enumerate(text.split("\n"), 1):
        end = start + len(line)
        if _GIT.fullmatch(line):
            git.append(Token("git status", line, number, start, end))
        else:
            place = start
            if len(tokens) < _MOST_TOKENS and _MAYBE.search(line):
                for match in _KINDS.finditer(line):
                    tokens.append(Token(str(match.lastgroup), match[0], number, start + match.start(), start + match.end()))
                    said.update(text[place : start + match.start()].encode("utf-8", "surrogatepass") + b"\0")
                    place = start + match.end()
            said.update(text[place:end].encode("utf-8", "surrogatepass") + b"\n")
        start = end + 1
    return said.digest() + len(tokens).to_bytes(4, "little"), tokens, git


def _shown(text: str, token: Token) -> str:
    """The token with a little of its line around it, on one line."""
    start = text.rfind("\n", max(0, token.start - 40), token.start) + 1 or max(0, token.start - 40)
    end = text.find("\n", token.start, token.end + 20)
    return " ".join(text[start : min(end if end >= 0 else token.end + 20, start + 100)].split())
