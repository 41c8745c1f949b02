"""The pieces of a page as Markdown: every visible character in its order, links with where they lead, no other markup.

There is no ``*`` for emphasis and no escaping: both would change the words that a reader searches for.
"""

from __future__ import annotations

import html
import re
import sys
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pipeline.compressors.html.lists import ItemList
from pipeline.compressors.html.scan import CUT, QUOTED, REST, UNSEEN, Piece

_ATTRIBUTES = {
    name: re.compile(rf"(?:^|[\s\"'/]){name}\s{{0,9}}=\s{{0,9}}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
    for name in ("href", "alt", "type", "value", "placeholder", "role", "aria-label", "start", "name", "content")
}
_ATTRIBUTE_CHARS = 20_000  # what stands further back in a tag is not looked at
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9}")  # no character has so many digits, and reading them is quadratic

_HEADINGS = {f"h{n}": "#" * n + " " for n in range(1, 7)}
_MARKS = {"sup": ("^{", "}"), "sub": ("_{", "}"), "del": ("~~", "~~"), "s": ("~~", "~~"), "strike": ("~~", "~~"), "q": ('"', '"')}
_PERMALINKS = frozenset(("¶", "#", "§", "🔗", "", "link", "Link"))
_CUT_SHORT = ("..>", "...", "…")  # how indexes of files end a name that is too long for its column
_NAVIGATION = frozenset(("nav", "footer", "aside"))
_REGIONS_DEEP = 8  # what is nested deeper is no navigation of its own
_FAR = sys.maxsize  # no offset in a page
_NESTED = 8  # deeper lists are not indented further


@dataclass(slots=True)
class Region:
    """A part of the page that may be navigation.

    Args:
        name: its tag.
        start: offset of its tag in the page.
        first: index of its first part in ``Markdown.parts``.
        depth: tags of the same name open in it.
        links: how many links stand in it.
        link_characters: how many characters the texts of these links have.
        characters: how many characters its text has.
        last: index after its last part; -1 while open.
        end: offset after its closing tag; -1 while open.
    """

    name: str
    start: int
    first: int
    depth: int = 1
    links: int = 0
    link_characters: int = 0
    characters: int = 0
    last: int = -1
    end: int = -1


class Sources:
    """From which piece of the page each part of its Markdown came, in two columns: there are many parts.

    Args:
        starts: where the piece begins in the page; where it is text as it is written there, else ``~`` of that.
        ends: where it ends.
    """

    __slots__ = ("ends", "starts")

    def __init__(self) -> None:
        self.starts, self.ends = array("q"), array("q")

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, part: int) -> tuple[int, int, bool]:
        """Where the piece of a part begins and ends, and whether it is text as it is written there."""
        start = self.starts[part]
        return max(start, ~start), self.ends[part], start >= 0

    def note(self, size: int, start: int, end: int) -> int:
        """So many parts there are now: those that are new come from that piece. Returns ``size``."""
        new = size - len(self.ends)
        if new < 0:  # parts were taken back
            del self.starts[size:], self.ends[size:]
        for _ in range(new):
            self.starts.append(start)
            self.ends.append(end)
        return size


class Markdown:
    """A page on its way to Markdown.

    Args:
        anchors: ids that the question names, each with its offset in the page; ascending.
    """

    def __init__(self, anchors: Sequence[tuple[int, str]] = ()) -> None:
        self.parts: list[str] = []
        self.sources = Sources()  # of the parts, but for ends of links that were still open at the end
        self.regions: list[Region] = []  # closed ones, in the order in which they end
        self.json = 0  # characters of JSON in scripts
        self.unread = False  # the page could not be read to its end: the rest is shown as it is
        self.cut = False  # the page breaks off within a tag, a comment or a script
        self.characters = 0  # of text
        self.targetless = False  # where links in code lead is not shown
        self.forms = False  # there were fields, whose names and hidden values are not shown
        self._anchors = [*reversed(anchors)]
        self._open: list[Region] = []
        self._links: list[tuple[str, int, str, int]] = []  # target, index of its first part, label, characters before it
        self._lists: list[ItemList] = []
        self._opening: list[int] = []  # which parts are opening marks
        self._fence = -1  # the part that opens the code in hand
        self._breaks = 0  # line ends to write before what follows
        self._space = False  # white space was seen
        self._glued = True  # at the start of a line, or right behind an opening mark
        self._edge = False  # a tag was seen since the last text
        self._row = False  # a cell of this row was seen
        self._marks = dict.fromkeys(_MARKS, 0)  # how many are open
        self._code = 0
        self._pre = 0
        self._titled = False

    def read(self, pieces: Iterable[Piece]) -> Markdown:
        """Takes all pieces of a page."""
        parts, sources, handlers, text_of = self.parts, self.sources, _HANDLERS, self._text
        note_start, note_end = sources.starts.append, sources.ends.append
        anchor = self._anchors[-1][0] if self._anchors else _FAR
        noted = 0  # parts whose source is known
        for name, attributes, text, start, at, end in pieces:
            plain = True
            if anchor < start:
                anchor = self._write_anchors(start)
                noted = len(parts)
            if name:
                if name[0] == "!":
                    text, plain = self._odd(name, attributes, text, start, at), False
                    if len(parts) != noted:  # what could not be read stands as it is written
                        noted = sources.note(len(parts), at, end)
                else:
                    self._edge = True
                    watched = self._open or "navigation" in attributes or name in _NAVIGATION
                    if watched:
                        self._region(name, attributes, start)
                    handler = handlers.get(name)
                    if handler is not None:
                        handler(self, name, attributes)
                    elif "-" in name:
                        self._apart(name)
                    if watched:
                        self._close_region(name, at)
                    if len(parts) != noted:
                        noted = sources.note(len(parts), ~start, at)
            if text:
                if anchor < at:
                    anchor = self._write_anchors(at)
                    noted = len(parts)
                text_of(text)
                if len(parts) == noted + 1:
                    note_start(at if plain else ~at)
                    note_end(end)
                    noted += 1
                elif len(parts) != noted:
                    noted = sources.note(len(parts), at if plain else ~at, end)
        while self._links:
            self._close_link("a")
        self._write_anchors(-1)
        return self

    # --- text

    def _text(self, text: str) -> None:
        if "&" in text:
            text = unescaped(text)
        if self._pre:
            self._verbatim(text)
            return
        shown = " ".join(text.split())
        if not shown:
            self._space = self._space or text != ""
            return
        first = shown[0]
        if self._glued:
            self._glued = False
            self.parts.append(shown)
        elif self._breaks:
            self.parts.append(("\n" if self._breaks == 1 else "\n\n") + shown)
        elif self._space or text[0] != first or (self._edge and first.isdigit() and self.parts[-1][-1].isdigit()):
            self.parts.append(" " + shown)  # also: 1 and 2 in two buttons are not 12
        else:
            self.parts.append(shown)
        self._breaks = 0
        self._edge = False
        self.characters += len(shown)
        self._space = text[-1] != shown[-1]

    def _verbatim(self, text: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if self._glued and text.startswith("\n"):
            text = text[1:]  # the line end behind <pre> is not part of it
        if text:
            self.parts.append(text)
            self.characters += len(text)
            self._glued = False

    def _put(self, text: str) -> None:
        """Text, behind the line ends or the space that are due."""
        if not self._glued:
            if self._breaks:
                self.parts.append("\n" if self._breaks == 1 else "\n\n")
            elif self._space:
                self.parts.append(" ")
        self.parts.append(text)
        self.characters += len(text)
        self._breaks = 0
        self._space = self._glued = self._edge = False

    def _mark(self, text: str) -> None:
        """An opening mark: what follows stands right behind it."""
        self._put(text)
        self._opening.append(len(self.parts) - 1)
        self._glued = True

    def _unmark(self) -> bool:
        """Takes an opening mark away that nothing followed; whether there was one."""
        if not self._glued or not self._behind_mark():
            return False
        self._take_back(len(self.parts) - 1)
        return True

    def _behind_mark(self) -> bool:
        """Whether the last part is an opening mark, and not text that looks like one."""
        return self._opening[-1:] == [len(self.parts) - 1]

    def _take_back(self, size: int) -> None:
        """Takes the parts from an index on away, also from the regions that they are in."""
        del self.parts[size:]
        while self._opening and self._opening[-1] >= size:
            self._opening.pop()
        if self._fence >= size:
            self._fence = -1
        for region in self._open:
            region.first = min(region.first, size)
        closed = len(self.regions)
        while closed and self.regions[closed - 1].last > size:
            closed -= 1
            self.regions[closed].first, self.regions[closed].last = min(self.regions[closed].first, size), size
        # Line ends of code are text; others were written for what followed, and now are for what follows.
        self._glued = not self.parts or self._behind_mark() or (not self._pre and self.parts[-1].isspace())

    def _apart(self, _name: str, _attributes: str = "") -> None:
        self._space = not self._glued

    def _line(self, _name: str, _attributes: str = "") -> None:
        self._breaks = self._breaks or 1
        self._space = False

    def _paragraph(self, _name: str, _attributes: str = "") -> None:
        self._breaks = 2
        self._space = False

    def _write_anchors(self, upto: int) -> int:
        """Writes the anchors before an offset, all if it is -1, each with where its id stands; returns the offset of the next."""
        while self._anchors and (upto < 0 or self._anchors[-1][0] < upto):
            at, name = self._anchors.pop()
            self._put(f"{{#{name}}}")
            self.sources.note(len(self.parts), ~at, at + len(name))
            self._space = True
        return self._anchors[-1][0] if self._anchors else _FAR

    # --- blocks

    def _heading(self, name: str, _attributes: str) -> None:
        self._paragraph(name)
        if not self._links:
            self._mark(_HEADINGS[name])

    def _heading_end(self, name: str, _attributes: str) -> None:
        if self.parts and self.parts[-1] == _HEADINGS[name[1:]]:
            self._unmark()
        self._paragraph(name)

    def _title(self, name: str, _attributes: str) -> None:
        self._paragraph(name)
        if not self._titled and not self.parts:
            self._mark("# ")
        self._titled = True

    def _list(self, name: str, attributes: str) -> None:
        if name == "ol" and attributes:
            opened = ItemList.numbered(_get("start", attributes), _get("type", attributes), down="reversed" in attributes.lower())
        else:
            opened = ItemList(name == "ol")
        self._lists.append(opened)
        self._line(name)

    def _list_end(self, name: str, _attributes: str) -> None:
        if self._lists:
            self._lists.pop()
        if self._lists:
            self._line(name)
        else:
            self._paragraph(name)

    def _item(self, name: str, attributes: str) -> None:
        if self.parts and self.parts[-1].endswith(("- ", ". ")):
            self._unmark()
        self._line(name)
        indent = "  " * min(len(self._lists) - 1, _NESTED)
        if self._lists:
            items = self._lists[-1]
            self._mark(indent + items.mark(_get("value", attributes) if attributes and items.ordered else ""))
        else:
            self._mark("- ")

    def _quote(self, name: str, _attributes: str) -> None:
        self._paragraph(name)
        self._mark("> ")

    def _row_start(self, name: str, _attributes: str) -> None:
        self._line(name)
        self._row = False

    def _cell(self, name: str, _attributes: str) -> None:
        if self._row:
            self._breaks = 0
            self._space = self._glued = False
            self._mark(" | ")
        elif self._breaks and not self._glued:
            self.parts.append("\n")  # now: a paragraph in the first cell begins no other line
            self._breaks = 0
            self._glued = True
        self._row = True

    def _break(self, name: str, _attributes: str) -> None:
        if self._pre:
            self.parts.append("\n")
            self._glued = False
        else:
            self._line(name)

    def _pre_start(self, name: str, _attributes: str) -> None:
        if not self._pre:
            self._paragraph(name)
            self._mark("```\n")
            self._fence = len(self.parts) - 1
        self._pre += 1

    def _pre_end(self, name: str, _attributes: str) -> None:
        if self._pre == 1:
            while len(self.parts) - 1 > self._fence and self._unmark():
                pass
            if self._fence >= 0 and not (len(self.parts) - 1 == self._fence and self._unmark()):
                self.parts.append("```" if self.parts[-1].endswith("\n") else "\n```")
                self._glued = False
            self._fence = -1
            self._paragraph(name)
        self._pre = max(0, self._pre - 1)

    # --- within a line

    def _open_link(self, _name: str, attributes: str) -> None:
        if self._links:
            self._close_link("a")
        target = "".join(unescaped(_get("href", attributes)).split())
        label = ""
        if target.lower().startswith(("javascript:", "data:")):
            target = ""
        if "aria-label" in attributes:
            label = " ".join(unescaped(_get("aria-label", attributes)).split())
        if target and not target.startswith("#") and not self._pre:
            self._mark("[")
        self._links.append((target, len(self.parts), label, self.characters))

    def _close_link(self, _name: str, _attributes: str = "") -> None:
        if not self._links:
            return
        target, first, label, before = self._links.pop()
        written = self.characters - before
        if self._open and target:
            self._open[-1].links += 1
            self._open[-1].link_characters += written
        if target.startswith("#"):
            if written <= 4 and (shown := "".join(self.parts[first:])).strip() in _PERMALINKS:
                self._take_permalink_back(first, shown)
        elif target and self._pre:  # within code a target would be taken for code
            shown = "".join(self.parts[first:]).strip()
            if shown.endswith(_CUT_SHORT):
                self.parts.append(f" <{target}>")
                self._glued = False
            elif shown != unquote(target):
                self.targetless = True
        elif target:
            if written == 0 and label:
                self._put(label)
            self.parts.append(f"]({target})")
            self._glued = False

    def _take_permalink_back(self, first: int, shown: str) -> None:
        """Takes a link away that only names its own place; what it stands apart from, or the line ends of the code that it is in, stay."""
        self._take_back(first)
        blank = shown[: len(shown) - len(shown.lstrip())]
        if self._pre:
            if blank := "".join(piece for piece in shown if piece.isspace()):
                self.parts.append(blank)
                self._glued = False
        elif blank.startswith("\n"):
            self._breaks = max(self._breaks, len(blank))
        else:
            self._space = self._space or blank != ""

    def _code_start(self, _name: str, _attributes: str) -> None:
        if not self._pre:
            if not self._code:
                self._mark("`")
            self._code += 1

    def _code_end(self, _name: str, _attributes: str) -> None:
        if self._code and not self._pre:
            self._code -= 1
            if not self._code:
                self._close("`", "`")

    def _marked(self, name: str, _attributes: str) -> None:
        if not self._pre:
            self._marks[name] += 1
            self._mark(_MARKS[name][0])

    def _marked_end(self, name: str, _attributes: str) -> None:
        marked = name[1:]
        if self._marks[marked] and not self._pre:
            self._marks[marked] -= 1
            self._close(*_MARKS[marked])

    def _close(self, opened: str, mark: str) -> None:
        if not (self.parts and self.parts[-1] == opened and self._unmark()):
            self.parts.append(mark)
            self._glued = False

    def _image(self, _name: str, attributes: str) -> None:
        alt = " ".join(unescaped(_get("alt", attributes)).split())
        if alt:
            self._put(f"![{alt}]")

    def _input(self, _name: str, attributes: str) -> None:
        self.forms = True
        kind = _get("type", attributes).lower()
        if kind in ("checkbox", "radio"):
            self._put("[x]" if "checked" in attributes else "[ ]")
        elif kind not in ("hidden", "password"):
            shown = " ".join(unescaped(_get("value", attributes) or _get("placeholder", attributes)).split())
            if shown:
                self._apart("input")
                self._put(f"[{shown}]")
        self._space = True

    def _meta(self, _name: str, attributes: str) -> None:
        if _get("name", attributes).lower() == "description":
            said = " ".join(unescaped(_get("content", attributes)).split())
            if said:
                self._line("meta")
                self._put(f"description: {said}")
                self._line("meta")

    # --- what is no text

    def _region(self, name: str, attributes: str, start: int) -> None:
        """Begins a region at a tag that says navigation, or counts a tag within one."""
        if name[0] == "/":
            return
        navigation = name in _NAVIGATION or _get("role", attributes) == "navigation"
        if navigation and len(self._open) < _REGIONS_DEEP:
            self._line(name)
            self._open.append(Region(name, start, len(self.parts), characters=-self.characters))
        elif self._open and self._open[-1].name == name:
            self._open[-1].depth += 1

    def _close_region(self, name: str, end: int) -> None:
        """Ends the innermost region at its closing tag."""
        if not self._open or name != "/" + self._open[-1].name:
            return
        region = self._open[-1]
        region.depth -= 1
        if region.depth:
            return
        self._open.pop()
        if len(self.parts) > region.first:
            self._unmark()
            self._glued = not self.parts
        region.last, region.end = len(self.parts), end
        region.characters += self.characters
        self.regions.append(region)
        if self._open:
            self._open[-1].links += region.links
            self._open[-1].link_characters += region.link_characters

    def _odd(self, name: str, attributes: str, text: str, start: int, at: int) -> str:
        """What is no tag and no text as it is written; returns what is to be read as text."""
        if name == QUOTED:
            return text
        self._edge = True
        if name == UNSEEN:
            if "json" in attributes or "__NEXT_DATA__" in attributes:
                self.json += at - start
            return ""
        self.unread, self.cut = name == REST, name == CUT
        if text:
            self._write_anchors(at)
            self._anchors.clear()  # ids that stand further on are in the text
            self._line("")
            self._put(text)
        return ""


_Handler = Callable[[Markdown, str, str], None]


def _table(slash: str = "", **handlers: str) -> dict[str, _Handler]:
    return {slash + tag: getattr(Markdown, "_" + method) for method, tags in handlers.items() for tag in tags.split()}


_LINES = """address article aside body center dd details dialog dir div dl dt fieldset figcaption figure footer form frameset header hgroup
    legend main menu nav optgroup option search section select summary caption hr"""
_HANDLERS = _table(
    line=_LINES,
    paragraph="p table",
    heading="h1 h2 h3 h4 h5 h6",
    title="title",
    list="ul ol",
    item="li",
    quote="blockquote",
    row_start="tr",
    cell="td th",
    pre_start="pre listing xmp",
    open_link="a",
    code_start="code tt kbd samp",
    marked="sup sub del s strike q",
    image="img",
    input="input",
    meta="meta",
    apart="button label textarea",
)
_HANDLERS["br"] = Markdown._break  # noqa: SLF001 - the table is part of the class
_HANDLERS |= _table(
    "/",
    line=_LINES + " li tr",
    paragraph="p table title blockquote",
    heading_end="h1 h2 h3 h4 h5 h6",
    list_end="ul ol",
    pre_end="pre listing xmp",
    close_link="a",
    code_end="code tt kbd samp",
    marked_end="sup sub del s strike q",
    apart="button label textarea",
)


def unescaped(text: str) -> str:
    """A text with its character references read, unless one is too long for a character."""
    return text if "&#" in text and _LONG_REFERENCE.search(text) else html.unescape(text)


def _get(name: str, attributes: str) -> str:
    """The value of an attribute as written, ``""`` if it is not there."""
    if len(attributes) <= _ATTRIBUTE_CHARS and attributes.isascii():
        lower = attributes.lower()
        at = lower.find(name)
        if at < 0:
            return ""
        value = at + len(name) + 2
        if lower[value - 2 : value] == '="' and (at == 0 or lower[at - 1].isspace()):  # as nearly all are written: no pattern is needed
            end = attributes.find('"', value)
            if end >= 0:
                return attributes[value:end]
    found = _ATTRIBUTES[name].search(attributes, 0, _ATTRIBUTE_CHARS)
    return "" if found is None else next((g for g in found.groups() if g is not None), "")
