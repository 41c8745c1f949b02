"""What changes in the instructions with every request, moved to the conversation's end, so that the provider's cache holds what stands behind it.

In the instructions a mark stands in its place, and the lines that it stood in go behind the last message as they are now. Where they went is
remembered for each conversation and repeated with its later requests, so a prefix once sent is a prefix for as long as this process lives.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from headroom_wrap.proxy.cache_aid.volatile import LONGEST, WITHIN_S, Token, literals, read
from pipeline.dialects import json_spans
from pipeline.dialects.api import splice
from pipeline.dialects.messages import any_text, first_byte
from pipeline.transcript import Span

MARK = "(stated at the end of this conversation)"
_SAID = "As of this message, in the instructions:\n"
_NO_STATUS = "(git status: nothing)"
_KEPT = 5000
_READ = 50  # texts; what is found in one may take a hundred kilobytes
_LINE = 400  # characters

_T = TypeVar("_T")
_Change = tuple[Span, bytes]
_Found = tuple[bytes, list[Token], list[Token]]


@dataclass(slots=True)
class _Known:
    """A text of instructions, whatever is volatile in it.

    Args:
        at: when it was sent last.
        values: what may be volatile in it, as it was then.
        git: the lines of git's status in it then.
        moving: which of ``values`` have changed from one request to the next.
        git_moves: the lines of git's status have.
    """

    at: float
    values: tuple[str, ...]
    git: tuple[str, ...]
    moving: set[int]
    git_moves: bool = False


class Relocation:
    """Remembers which parts of instructions are volatile, and where each conversation was told of them."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._notes: OrderedDict[bytes, str] = OrderedDict()
        self._read: OrderedDict[bytes, _Found] = OrderedDict()  # by the text's digest

    def moved(self, body: bytes, dialect: str, among: bytes, now: float) -> bytes:
        """The body with what is volatile in its instructions at its end; the very same object where nothing is, or it cannot be moved.

        Args:
            body: of a request, in no content coding.
            dialect: of the API.
            among: what else tells one application from another.
            now: seconds of any one clock.

        Raises:
            Malformed, KeyError: it is no request of this API.
        """
        changes: list[_Change] = []
        lines: list[str] = []
        for span in literals(body):
            text = json_spans.string(body, span)
            kept, told = self._steady(text, among, now) if len(text) <= LONGEST else (text, [])
            lines += told
            if kept != text:
                changes.append((span, json_spans.literal(kept)))
        noted = self._noted(body, dialect, among, _SAID + "\n".join(lines)) if lines else None
        return splice(body, [*changes, *noted]) if noted else body

    def _steady(self, text: str, among: bytes, now: float) -> tuple[str, list[str]]:
        """A text with marks in the place of what is volatile, and the lines that this stands in."""
        skeleton, tokens, git = self._found(text)
        values, status = tuple(token.text for token in tokens), tuple(line.text for line in git)
        before = self._known.get(skeleton + among)
        known = _Known(now, values, status, before.moving if before is not None else set(), before is not None and before.git_moves)
        if before is not None and now - before.at <= WITHIN_S:
            known.moving |= {n for n, (old, new) in enumerate(zip(before.values, values, strict=True)) if old != new}
            known.git_moves |= before.git != status
        _keep(self._known, skeleton + among, known)
        moving = [tokens[n] for n in sorted(known.moving)]
        gone = git if known.git_moves else []
        whole = text.split("\n")
        told = dict.fromkeys(token.line for token in sorted([*moving, *gone], key=lambda token: token.start))
        lines = [whole[number - 1].strip()[:_LINE] for number in told]
        return _without(text, moving, gone), [*lines, *([_NO_STATUS] if known.git_moves and not git else [])]

    def _found(self, text: str) -> _Found:
        """See ``read``, which takes a millisecond for what most requests repeat."""
        name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        found = self._read.get(name)
        _keep(self._read, name, read(text) if found is None else found, _READ)
        return self._read[name]

    def _noted(self, body: bytes, dialect: str, among: bytes, note: str) -> list[_Change] | None:
        """What puts notes behind the messages that had them before, and one behind the last; None where there is no place for it."""
        top = json_spans.members(body, json_spans.whole(body))
        messages = top["messages"] if "messages" in top else top["input"]
        if first_byte(body, messages) != b"[":
            return None
        spans = json_spans.elements(body, messages)
        roles = [any_text(body, json_spans.members(body, span), "role") for span in spans]
        asked = max((n for n, role in enumerate(roles) if role == "user"), default=-1) if dialect == "anthropic" else len(spans) - 1
        if asked < 0:
            return None
        changes: list[_Change] = []
        link, last = among, ""
        begins = next((n for n, role in enumerate(roles) if role not in ("system", "developer")), asked)  # what comes before are instructions
        for number, span in enumerate(spans[begins : asked + 1], begins):
            link = hashlib.blake2b(link + body[span.start : span.end], digest_size=16).digest()
            if number == asked and link not in self._notes and note != last:
                _keep(self._notes, link, note)
            if (here := self._notes.get(link, "")) and (change := _behind(body, span, dialect, here)) is not None:
                self._notes.move_to_end(link)
                changes.append(change)
                last = here
        return changes


def _without(text: str, moving: list[Token], gone: list[Token]) -> str:
    """A text with marks for some of its tokens, and without some of its lines."""
    parts, place = [], 0
    for token in sorted([*moving, *gone], key=lambda token: token.start):
        line = token.kind == "git status"
        parts += [text[place : token.start], "" if line else MARK]
        place = min(token.end + line, len(text))
    return "".join([*parts, text[place:]])


def _behind(body: bytes, message: Span, dialect: str, note: str) -> _Change | None:
    """A note behind a message: a block in it with Anthropic, which takes no instructions in between; else a message of its own."""
    said = json_spans.literal(note)
    end = Span(message.end, message.end)
    if dialect == "openai-chat":
        return end, b',{"role":"system","content":' + said + b"}"
    if dialect == "openai-responses":
        return end, b',{"type":"message","role":"developer","content":' + said + b"}"
    content = json_spans.members(body, message)["content"]
    block = b'{"type":"text","text":' + said + b"}"
    if first_byte(body, content) == b'"':
        raw = body[content.start : content.end]
        before = b'{"type":"text","text":' + raw + b"}," if json_spans.string(body, content) else b""
        return content, b"[" + before + block + b"]"
    if first_byte(body, content) != b"[":
        return None
    place = Span(content.end - 1, content.end - 1)
    return place, (b"," if json_spans.elements(body, content) else b"") + block


def _keep(where: OrderedDict[bytes, _T], key: bytes, value: _T, most: int = _KEPT) -> None:
    where[key] = value
    where.move_to_end(key)
    if len(where) > most:
        where.popitem(last=False)
