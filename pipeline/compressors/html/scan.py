"""HTML as a stream of pieces: text, the tags that matter, scripts. No tree is built, so the time is linear whatever the input.

A tree builder that follows the standard is not linear: each ``<p>`` reopens every formatting element left open, so 33 kB of
``<p><b id=1><p><b id=2>…`` make two million nodes. The text and its order do not need the tree.

Tags are read as the standard's tokenizer reads them: https://html.spec.whatwg.org/multipage/parsing.html#tokenization
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAME = r"[A-Za-z][^\s/>\0]{0,63}"
_BLANK = r"[ \t\r\n\f]*"
# A quote delimits only after an equals sign. The alternatives exclude each other, so a failed match costs one pass and no more; the
# number of attributes is bounded because each costs the matcher memory.
_ATTRIBUTES = rf"[^>=]*(?:=(?:{_BLANK}\"[^\"]*\"|{_BLANK}'[^']*'|(?!{_BLANK}[\"']))[^>=]*){{0,2000}}"
_TAG = re.compile(rf"<(/?)({_NAME})({_ATTRIBUTES})>([^<]*)")
_DECLARATION = re.compile(r"<[!?][^>]*>|</[^A-Za-z>][^>]*>|</>")
_CODE = re.compile(r"[<>{};=\"]")
_LAST_LINE = 500
_CUT_CHARACTERS = 10_000
_DIGITS = frozenset("0123456789")
_OPENING = re.compile(r"<[A-Za-z/!?]")

_RAW = ("script", "style", "iframe", "noembed", "noframes")  # what stands in them is never shown
_TEXT_ONLY = ("title", "textarea")  # no tag counts in them
_SKIPPED = ("svg", "template")
_CLOSES = {name: re.compile(rf"</(?i:{name})(?=[\s/>])") for name in (*_RAW, *_TEXT_ONLY, *_SKIPPED)}

# Tags that neither begin a line nor say anything: the text within them stands as it would without them.
_FORMATTING = frozenset(
    """b i em strong u mark font wbr small big ins var cite dfn abbr acronym bdi bdo time data nobr ruby rb rt rp html body link base tbody
    thead tfoot colgroup col source track param embed map area picture video audio canvas object noscript g path rect circle line polygon
    polyline ellipse defs use text tspan lineargradient radialgradient stop symbol clippath mask foreignobject math mi mo mn mrow mfrac
    slot span""".split()
)
_SPACED = frozenset(("span", "bdi", "data"))  # two numbers in two of these are two numbers


# What a piece is. A piece is a plain tuple (kind, name, text, start, end), as there is one for every few characters of a page; ``start`` and
# ``end`` are offsets in the page.
Piece = tuple[int, str, str, int, int]
TEXT = 0  # ``text``: as written, character references and all; where it is written in another way, or is none, ``name`` says in which
START = 1  # the tag ``name`` with its attributes in ``text``
END = 2
RAW = 3  # content of ``name`` that is never shown, its attributes in ``text``
REST = 4  # from here on the page cannot be read: ``text`` as it is
CUT = 5  # the page ends within a tag, a comment, a script: ``text`` is its last line, if that is words


def pieces(page: str, at: int = 0) -> Iterator[Piece]:
    """The pieces of a page from offset ``at`` on, in order, without those that change nothing in its text."""
    match = _TAG.match
    closing_tags = _ClosingTags(page)
    size = len(page)
    while at < size:
        tag = match(page, at)
        if tag is None:
            piece = _no_tag(page, at)
            yield piece
            at = piece[4]
            continue
        closing, name, attributes, text = tag.groups()
        opening, at = tag.span()
        if name not in _FORMATTING:
            name = name.lower()
            if closing:
                yield END, name, "", opening, tag.start(4)
            elif name in _CLOSES:
                at = tag.end(3) + 1
                end = closing_tags.next(name, at)
                if name in _SKIPPED:
                    at = _after_unseen(page, name, attributes, at, end)
                    continue
                if end < 0:
                    yield _cut(page, opening)
                    return
                if name in _TEXT_ONLY:
                    yield START, name, attributes, opening, at
                    yield TEXT, "", page[at:end], at, end
                else:
                    yield RAW, name, attributes, at, end
                at = end
                continue
            else:
                yield START, name, attributes, opening, tag.start(4)
        elif name in _SPACED and page[opening - 1 : opening] in _DIGITS:
            yield END, name, "", opening, tag.start(4)
        if text:
            yield TEXT, "", text, tag.start(4), at


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
    """What stands where no tag does: text, a comment, a declaration, a tag without end."""
    if not _OPENING.match(page, at):
        tag = _OPENING.search(page, at)
        end = len(page) if tag is None else tag.start()
        return TEXT, "", page[at:end], at, end
    if page.startswith("<!--", at):
        end = page.find("-->", at + 2)
        return _unclosed(page, at) if end < 0 else (TEXT, "!--", "", at, end + 3)
    if page.startswith("<![CDATA[", at):
        end = page.find("]]>", at)
        return _unclosed(page, at) if end < 0 else (TEXT, "![CDATA[", page[at + 9 : end].replace("&", "&amp;"), at, end + 3)
    declaration = _DECLARATION.match(page, at)
    if declaration is not None:
        return TEXT, "!", "", at, declaration.end()
    return _unclosed(page, at) if page.find(">", at) < 0 else (REST, "", page[at:], at, len(page))


def _unclosed(page: str, at: int) -> Piece:
    """A comment or tag without end: the page was cut there, or, if much follows, it is not written as it should be."""
    return _cut(page, at) if len(page) - at <= _CUT_CHARACTERS else (REST, "", page[at:], at, len(page))


def _cut(page: str, at: int) -> Piece:
    """The end of a page that breaks off. Its last line is kept where it is words, as a tool says there that it cut."""
    line = page.rfind("\n", at) + 1
    last = page[line:].strip() if line > 0 and len(page) - line <= _LAST_LINE else ""
    return CUT, "", "" if _CODE.search(last) else last, at, len(page)
