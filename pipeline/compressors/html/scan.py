"""HTML as a stream of pieces: text, the tags that matter, scripts. No tree is built, so the time is linear whatever the input.

A tree builder that follows the standard is not linear: each ``<p>`` reopens every formatting element left open, so 33 kB of
``<p><b id=1><p><b id=2>…`` make two million nodes. The text and its order do not need the tree.

Tags are read as the standard's tokenizer reads them: https://html.spec.whatwg.org/multipage/parsing.html#tokenization
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from typing import NamedTuple

_NAME = r"[A-Za-z][^\s/>\0]{0,63}"
_BLANK = r"[ \t\r\n\f]*"
# A quote delimits only after an equals sign. The alternatives exclude each other, so a failed match costs one pass and no more; the
# number of attributes is bounded because each costs the matcher memory.
_ATTRIBUTES = rf"[^>=]*(?:=(?:{_BLANK}\"[^\"]*\"|{_BLANK}'[^']*'|(?!{_BLANK}[\"']))[^>=]*){{0,2000}}"
_TAG = re.compile(rf"<(/?)({_NAME})({_ATTRIBUTES})>")
_DECLARATION = re.compile(r"<[!?][^>]*>|</[^A-Za-z>][^>]*>|</>")
_CODE = re.compile(r"[<>{};=\"]")
_LAST_LINE = 500
_DIGITS = frozenset("0123456789")

_RAW = ("script", "style", "iframe", "noembed", "noframes")  # what stands in them is never shown
_TEXT_ONLY = ("title", "textarea")  # no tag counts in them
_CLOSES = {name: re.compile(rf"</(?i:{name})(?=[\s/>])") for name in (*_RAW, *_TEXT_ONLY, "svg", "template")}

# Tags that neither begin a line nor say anything: the text within them stands as it would without them.
_FORMATTING = frozenset(
    """b i em strong u mark font wbr small big ins var cite dfn abbr acronym bdi bdo time data nobr ruby rb rt rp html body link base tbody
    thead tfoot colgroup col source track param embed map area picture video audio canvas object noscript g path rect circle line polygon
    polyline ellipse defs use text tspan lineargradient radialgradient stop symbol clippath mask foreignobject math mi mo mn mrow mfrac
    slot""".split()
)
_SPACED = frozenset(("span",))  # likewise, but two numbers in two of them are two numbers


class Kind(enum.IntEnum):
    """What a piece is."""

    TEXT = 0  # ``text``: as written, character references and all
    START = 1  # ``name`` and its attributes in ``text``
    END = 2
    RAW = 3  # content that is never shown: ``name``, its attributes in ``text``; it ends at ``end``
    REST = 4  # from here on the page cannot be read: ``text`` as it is
    CUT = 5  # the page ends within a tag, a comment, a script; ``text`` is the last line


class Piece(NamedTuple):
    """A piece of a page; ``start`` and ``end`` are offsets in the page."""

    kind: Kind
    name: str
    text: str
    start: int
    end: int


def pieces(page: str, at: int = 0) -> Iterator[Piece]:
    """The pieces of a page from offset ``at`` on, in order, without those that change nothing in its text."""
    find, match, size = page.find, _TAG.match, len(page)
    closing_tags = _ClosingTags(page)
    while at < size:
        opening = find("<", at)
        if opening != at:
            yield Piece(Kind.TEXT, "", page[at:] if opening < 0 else page[at:opening], at, opening)
            if opening < 0:
                return
        tag = match(page, opening)
        if tag is None:
            piece = _no_tag(page, opening)
            yield piece
            at = piece.end
            continue
        closing, name, attributes = tag.groups()
        at = tag.end()
        if name in _FORMATTING:
            continue
        if name in _SPACED:
            if page[opening - 1 : opening] in _DIGITS:
                yield Piece(Kind.END, name, "", opening, at)
            continue
        name = name.lower()
        if closing:
            yield Piece(Kind.END, name, "", opening, at)
        elif name not in _CLOSES:
            yield Piece(Kind.START, name, attributes, opening, at)
        elif name in ("svg", "template"):
            at = _after_unseen(page, name, attributes, at, closing_tags.next(name, at))
        else:
            end = closing_tags.next(name, at)
            if end < 0:
                yield _cut(page, opening)
                return
            if name in _TEXT_ONLY:
                yield Piece(Kind.START, name, attributes, opening, at)
                yield Piece(Kind.TEXT, "", page[at:end], at, end)
            else:
                yield Piece(Kind.RAW, name, attributes, at, end)
            at = end


class _ClosingTags:
    """Where the next closing tag of a name stands. Each is searched for once, so many openings without one cost no more than one."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._found: dict[str, int] = {}

    def next(self, name: str, at: int) -> int:
        """The offset of the first ``</name`` at or after ``at``, or -1. ``at`` must not go back."""
        found = self._found.get(name, 0)
        if 0 <= found < at or name not in self._found:
            tag = _CLOSES[name].search(self._page, at)
            found = self._found[name] = -1 if tag is None else tag.start()
        return found


def _after_unseen(page: str, name: str, attributes: str, at: int, end: int) -> int:
    """Where to go on after the start of a drawing or a template: behind it, unless it has words or is shown."""
    if end < 0 or (name == "template" and "shadowroot" in attributes):
        return at
    if name == "svg" and page.find("<text", at, end) >= 0:
        return at
    return end


def _no_tag(page: str, at: int) -> Piece:
    """What a ``<`` begins that begins no tag: a comment, a declaration, a tag without end, or nothing."""
    if page.startswith("<!--", at):
        end = page.find("-->", at + 2)
        return _cut(page, at) if end < 0 else Piece(Kind.TEXT, "", "", at, end + 3)
    if page.startswith("<![CDATA[", at):
        end = page.find("]]>", at)
        return _cut(page, at) if end < 0 else Piece(Kind.TEXT, "", page[at + 9 : end].replace("&", "&amp;"), at, end + 3)
    declaration = _DECLARATION.match(page, at)
    if declaration is not None:
        return Piece(Kind.TEXT, "", "", at, declaration.end())
    following = page[at + 1 : at + 2]
    if not (following.isalpha() or following in ("/", "!", "?")):
        return Piece(Kind.TEXT, "", "<", at, at + 1)
    if page.find(">", at) < 0:
        return _cut(page, at)
    return Piece(Kind.REST, "", page[at:], at, len(page))


def _cut(page: str, at: int) -> Piece:
    """The end of a page that breaks off. Its last line is kept where it is words, as a tool says there that it cut."""
    line = page.rfind("\n", at) + 1
    last = page[line:].strip() if line > 0 and len(page) - line <= _LAST_LINE else ""
    return Piece(Kind.CUT, "", "" if _CODE.search(last) else last, at, len(page))
