"""HTML as a stream of pieces: text, the tags that matter, scripts. No tree is built, so the time is linear whatever the input.

A tree builder that follows the standard is not linear: each ``<p>`` reopens every formatting element left open, so 33 kB of
``<p><b id=1><p><b id=2>…`` make two million nodes. The text and its order do not need the tree.

Tags are read as the standard's tokenizer reads them: https://html.spec.whatwg.org/multipage/parsing.html#tokenization
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAME = r"/?[A-Za-z][^\s/>\0]{0,63}"
_BLANK = r"[ \t\r\n\f]"
# A quote delimits only after an equals sign. The alternatives exclude each other, so a failed match costs one pass and no more; the
# number of attributes is bounded because each costs the matcher memory.
_ATTRIBUTES = rf"[^>=]*(?:=(?:\"[^\"]*\"|{_BLANK}+\"[^\"]*\"|{_BLANK}*'[^']*'|(?!{_BLANK}*[\"']))[^>=]*){{0,2000}}"
_TAG = re.compile(rf"<({_NAME})({_ATTRIBUTES})>([^<]*)|")  # where no tag stands it matches nothing at all: a search looks no further
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
_FORMATTING_NAMES = frozenset(
    """b i em strong u mark font wbr small big ins var cite dfn abbr acronym bdi bdo time data nobr ruby rb rt rp html body link base tbody
    thead tfoot colgroup col source track param embed map area picture video audio canvas object noscript g path rect circle line polygon
    polyline ellipse defs use text tspan lineargradient radialgradient stop symbol clippath mask foreignobject math mi mo mn mrow mfrac
    slot span""".split()
)
_FORMATTING = _FORMATTING_NAMES | {f"/{name}" for name in _FORMATTING_NAMES}
_SPACED = frozenset(("span", "/span", "bdi", "/bdi", "data", "/data"))  # two numbers in two of these are two numbers


# A piece is what one tag and the text behind it come to, as there is one for every few characters of a page a plain tuple: (name, attributes,
# text, start, at, end). ``name`` is that of the tag, behind a slash where it closes, or one of those below, or ``""`` if there is none that
# matters. ``text`` is as written, character references and all. The tag stands from ``start`` to ``at``, the text from there to ``end``.
Piece = tuple[str, str, str, int, int, int]
UNSEEN = "!unseen"  # what never shows, ``attributes`` those of the script that it is or ``""``
QUOTED = "!quoted"  # text that is written in another way than it is shown
REST = "!rest"  # from here on the page cannot be read: ``text`` as it is
CUT = "!cut"  # the page ends within a tag, a comment, a script: ``text`` is its last line, if that is words


def pieces(page: str, at: int = 0) -> Iterator[Piece]:
    """The pieces of a page from offset ``at`` on, in order, without those that change nothing in its text."""
    closing_tags = _ClosingTags(page)
    size = len(page)
    while at < size:
        for tag in _TAG.finditer(page, at):
            name, attributes, text = tag.groups()
            if name is None:
                piece = _no_tag(page, at)
                yield piece
                at = piece[5]
                break
            start, at = at, tag.end()
            if name in _FORMATTING:
                if name in _SPACED and page[start - 1 : start] in _DIGITS:
                    yield "/span", "", text, start, at - len(text), at
                elif text:
                    yield "", "", text, at - len(text), at - len(text), at
                continue
            if not name.islower():
                name = name.lower()
            if name in _CLOSES:
                at -= len(text)
                end = closing_tags.next(name, at)
                if name in _SKIPPED:
                    at = _after_unseen(page, name, attributes, at, end)
                    break
                if end < 0:
                    yield _cut(page, start)
                    return
                if name in _TEXT_ONLY:
                    yield name, attributes, page[at:end], start, at, end
                else:
                    yield UNSEEN, attributes if name == "script" else "", "", at, end, end
                at = end
                break
            yield name, attributes, text, start, at - len(text), at


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
        return "", "", page[at:end], at, at, end
    if page.startswith("<!--", at):
        end = page.find("-->", at + 2)
        return _unclosed(page, at) if end < 0 else ("", "", "", at, at, end + 3)
    if page.startswith("<![CDATA[", at):
        end = page.find("]]>", at)
        return _unclosed(page, at) if end < 0 else (QUOTED, "", page[at + 9 : end].replace("&", "&amp;"), at, at, end + 3)
    declaration = _DECLARATION.match(page, at)
    if declaration is not None:
        return "", "", "", at, at, declaration.end()
    return _unclosed(page, at) if page.find(">", at) < 0 else (REST, "", page[at:], at, at, len(page))


def _unclosed(page: str, at: int) -> Piece:
    """A comment or tag without end: the page was cut there, or, if much follows, it is not written as it should be."""
    return _cut(page, at) if len(page) - at <= _CUT_CHARACTERS else (REST, "", page[at:], at, at, len(page))


def _cut(page: str, at: int) -> Piece:
    """The end of a page that breaks off. Its last line is kept where it is words, as a tool says there that it cut."""
    line = page.rfind("\n", at) + 1
    last = page[line:].strip() if line > 0 and len(page) - line <= _LAST_LINE else ""
    return CUT, "", "" if _CODE.search(last) else last, at, max(at, line), len(page)
