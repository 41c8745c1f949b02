"""How a text is laid out: headings, paragraphs, list items, tables and code, by the look of its lines.

Reads plain text, Markdown, reStructuredText and formatted manual pages. Where it is not sure, lines are a paragraph.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from pipeline.compressors.kompress.english import FUNCTION_WORDS


class Kind(str, enum.Enum):
    """What a piece of a text is."""

    SENTENCE = "sentence"
    HEADING = "heading"
    CODE = "code"
    TABLE = "table"
    ITEM = "list item"
    BLANK = "blank"


class Block(NamedTuple):
    """Lines ``[first, last)``: a heading, a paragraph (SENTENCE), a list item or described term (ITEM), a table, code, or blank lines."""

    kind: Kind
    first: int
    last: int


_LONGEST = 400  # characters of a line that are looked at
_FENCE = re.compile(r"(`{3,20}|~{3,20})[^`]{0,200}$")
_FENCES = "`~"
_RULE = re.compile(r"([=\-~^\"'`#*+:._<>])\1{2,}$")
_ATX = re.compile(r"#{1,6} +\S|\*{3,4} \S")
_NUMBERED_HEADING = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,5}\.? {1,4}[A-Z][^.;]{2,70}$")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9 ,/&()'-]{2,60}$")
_TITLE = re.compile(r"[A-Z0-9\"'(*_`].{1,78}[^\s.!?;:,]$")
_TWO_SENTENCES = re.compile(r"[a-z][.!?] ")
_BULLET = re.compile(r"[-*+•‣◦·—]\s+\S")
_MARK = re.compile(r"(?:o|\(?\d{1,3}[.)]|\(?[a-z]\)|\[\d{1,3}\]|\.\. (?:\[[^\]]{1,40}\]|_[^:]{1,80}:)|:\w[\w ]{0,40}:)\s+\S")
_MARKS = "-*+•‣◦·—([.:o0123456789"  # what begins one of these
_OPTION = re.compile(r"-{1,2}[A-Za-z0-9?][\w-]{0,40}(?:[ =,\[<]|$)")
_NO_TERM = "{}[](),;\\|&+"  # no term of a description begins or ends with these
_LITERAL_DIRECTIVE = re.compile(r"\.\. (?:code|code-block|sourcecode|parsed-literal|productionlist|doctest|math|literalinclude)::")
_DIRECTIVE = re.compile(r"\.\. [\w-]{1,40}::")
_BARE_DIRECTIVE = re.compile(r"\.\. [\w-]{1,40}::(?: \S{1,60})?$")
_PROMPT = re.compile(r">>> ?|[$%#] [a-z./~]|\.\.\. {1,12}\S")
_GRID = re.compile(r"\+[-=+]{3,}$|={2,}(?: +={2,})+$|-{2,}(?: +-{2,})+$|\|.{0,400}\|$")
_COLUMNS = re.compile(r"(?<=\S)(?: {3}|\t)[ \t]*(?=\S)")
_TRACEBACK = "Traceback (most recent call last)"
_SYMBOLS = re.compile(r"[{}\[\]();=<>_$&|\\/:\"]")
_SIGNED = re.compile(r"[^<>{}=;]{2,120} <[^\s<>@]{1,64}@[^\s<>@]{1,100}>(?:  [^<>]{1,40})?$")  # a person in a change's record
_CODE_ENDS = (";", "{", "}", "):", "\\")
_WORD_ENDS = ".,;:!?()\"'`*"
_FULL = 0.85  # of the width that a wrapped line has with the next word, at least
_WIDTH = 60  # columns: text is wrapped to no less
_LEAST_TABLE = 2  # rows
_LEAST_TERM = 2  # columns that a description stands further in than its term
_LONGEST_TERM = 60
_LONGEST_HEADING = 120
_LEAST_UNDERLINE = 4  # tildes; three open code
_LONGEST_TITLE = 80
_MUCH_CODE, _SOME_CODE = 0.12, 0.05  # symbols among the characters
_LITTLE_PROSE, _SOME_PROSE = 0.1, 0.22  # function words among the words


class Layout:
    """The lines of a text with what is asked of every one of them.

    Args:
        lines: as they are.

    Attributes:
        stripped: without blanks around them.
        indents: columns before the first character that is no blank; a tab counts to the next multiple of eight.
        width: what the text is wrapped to: nine lines in ten are no longer.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.stripped = [line.strip() for line in lines]
        self.indents = [0 if line[:1] > " " else _indentation(line) for line in lines]
        lengths = sorted(len(line) for line in lines if line)
        self.width = max(_WIDTH, lengths[len(lengths) * 9 // 10]) if lengths else _WIDTH

    def wrapped(self, index: int, width: int) -> bool:
        """Whether a line goes on with the one above it: that ends where it does because the next word did not fit, or in mid-sentence."""
        following = self.stripped[index]
        if not following:
            return False
        return following[0].islower() or len(self.lines[index - 1]) + 1 + len(following[:_LONGEST].split(None, 1)[0]) >= _FULL * width

    def blocks(self) -> Iterator[Block]:
        """The blocks of the text, in order; together they are all of its lines."""
        at = 0
        literal = -1  # indentation of the line that announced a literal block, -1 if none did
        stripped = self.stripped
        while at < len(stripped):
            line = stripped[at]
            if not line:
                end = self._while(at, lambda s: not s)
                yield Block(Kind.BLANK, at, end)
                at = end
                continue
            if literal >= 0 and self.indents[at] > literal:
                end = self._indented(at, literal)
                yield Block(Kind.CODE, at, end)
            elif line[0] in _FENCES and self._fence(at):
                end = self._fenced(at)
                yield Block(Kind.CODE, at, end)
            elif line.startswith(_TRACEBACK):
                end = at + 1
                while end < len(stripped) and self.indents[end] > self.indents[at]:
                    end += 1
                end = min(end + 1, len(stripped))
                yield Block(Kind.CODE, at, end)
            else:
                end = at + 1
                while end < len(stripped) and (below := stripped[end]):
                    if (below[0] in _FENCES and self._fence(end)) or below.startswith(_TRACEBACK):
                        break
                    end += 1
                yield from self._parts(at, end)
            literal = self._announces(at, end)
            at = end

    def _while(self, at: int, holds: Callable[[str], bool]) -> int:
        """The first line from ``at`` on for which it does not hold."""
        while at < len(self.stripped) and holds(self.stripped[at]):
            at += 1
        return at

    def _fence(self, at: int) -> bool:
        """Whether a line opens fenced code; below a title a row of tildes underlines it."""
        line = self.stripped[at]
        if not _opens_fence(line):
            return False
        bare = line[0] == "~" and len(line) >= _LEAST_UNDERLINE and not line.strip("~")
        return not (bare and at > 0 and self.stripped[at - 1] and len(self.stripped[at - 1]) <= 2 * len(line))

    def _fenced(self, at: int) -> int:
        """The end of fenced code: behind the line that closes it, or the end of the text."""
        mark = self.stripped[at][0]
        fence = mark * (len(self.stripped[at]) - len(self.stripped[at].lstrip(mark)))
        end = self._while(at + 1, lambda s: not (s.startswith(fence) and not s.strip(mark)))
        return min(end + 1, len(self.stripped))

    def _indented(self, at: int, base: int) -> int:
        """The end of lines indented more than ``base``, blank ones between them included."""
        end = at
        for index in range(at, len(self.stripped)):
            if not self.stripped[index]:
                continue
            if self.indents[index] <= base:
                break
            end = index + 1
        return end

    def _announces(self, at: int, end: int) -> int:
        """The indentation of the line that announces a literal block (``::``, ``.. code-block::``), else -1."""
        first, last = self.stripped[at], self.stripped[end - 1]
        if first.startswith(".. ") and _LITERAL_DIRECTIVE.match(first):
            return self.indents[at]
        if last.endswith("::") and not _DIRECTIVE.match(last):
            return self.indents[end - 1]
        return -1

    # ----- parts of a run of lines without a blank line ------------------------------------------------------------------------------------

    def _parts(self, first: int, last: int) -> Iterator[Block]:
        """Headings, tables and items among lines ``[first, last)``, and the paragraphs between them."""
        at = start = first
        kind = Kind.SENTENCE
        while at < last:
            end, found = self._structure(at, first, last)
            if found is not None or (at > start and self._outdented(start, at, kind)):
                if at > start:
                    yield self._prose_or_code(start, at, kind)
                start, kind = at, Kind.SENTENCE
                if found is Kind.ITEM:
                    kind = Kind.ITEM
                elif found is not None:
                    yield Block(found, at, end)
                    start = end
            at = end
        if start < last:
            yield self._prose_or_code(start, last, kind)

    def _structure(self, at: int, first: int, last: int) -> tuple[int, Kind | None]:
        """What begins at a line and its end: a heading, a table, or one line of an item; None for a line of a paragraph."""
        line = self.stripped[at]
        plain = line[0].isalpha()
        end = at
        while end < last and _is_row(self.stripped[end]):
            end += 1
        if end - at >= _LEAST_TABLE or (end > at and line[0] in "|+"):
            return end, Kind.TABLE
        if not plain and _RULE.match(line):
            overlined = at + 2 < last and self.stripped[at + 2] == line
            return (at + 3 if overlined else at + 1), Kind.HEADING
        if at + 1 < last and self._underlined(at):
            return at + 2, Kind.HEADING
        if self._is_heading(at, first, last):
            return at + 1, Kind.HEADING
        if self._begins_item(at, first, last):
            return at + 1, Kind.ITEM
        return at + 1, None

    def _underlined(self, at: int) -> bool:
        line, below = self.stripped[at], self.stripped[at + 1]
        if below[0].isalnum() or len(line) > _LONGEST_HEADING or not _RULE.match(below):
            return False
        return len(below) * 2 >= len(line)

    def _is_heading(self, at: int, first: int, last: int) -> bool:
        line = self.stripped[at]
        if line[0] in "#*" and self.indents[at] == 0 and _ATX.match(line):
            return True
        if len(line) > _LONGEST_TITLE:
            return False
        alone = at == first and at + 1 == last
        if self.indents[at] == 0 and (alone or self._deeper(at, last)) and _CAPITALS.match(line):
            return True
        if not alone or self.indents[at] > 3:
            return False
        if line[0] in _MARKS and (_BULLET.match(line) or (_MARK.match(line) and not _NUMBERED_HEADING.match(line))):
            return False
        return _TITLE.match(line) is not None and not _PROMPT.match(line) and not _TWO_SENTENCES.search(line)

    def _deeper(self, at: int, last: int) -> bool:
        return at + 1 < last and self.indents[at + 1] > self.indents[at]

    def _begins_item(self, at: int, first: int, last: int) -> bool:
        """Whether a list item, an option, or a term with its description below and further in begins at a line."""
        line = self.stripped[at]
        # A line that goes on with the one above may begin with a number or an option by chance; with a bullet it hardly does.
        goes_on = at > first and self.indents[at] == self.indents[at - 1] and (self.wrapped(at, self.width) or self.stripped[at - 1][-1] == "\\")
        if line[0] in _MARKS or line[1:2] == ")":
            if _BULLET.match(line):
                return True
            if not goes_on and _MARK.match(line) and (line[0] != "o" or self.indents[at] > 0):
                return True
            if not goes_on and line[0] == "-" and _OPTION.match(line) and (self.indents[at] > 0 or len(line) < _LONGEST_TERM):
                return at == first or self.stripped[at - 1][-1] != "\\"
        if len(line) >= _LONGEST_TERM or not self._deeper(at, last) or line[0] in _NO_TERM or line[-1] in _NO_TERM:
            return False
        return self.indents[at + 1] - self.indents[at] >= _LEAST_TERM and not _PROMPT.match(line)

    def _outdented(self, start: int, at: int, kind: Kind) -> bool:
        """Whether a paragraph begins at a line that nothing marks: it stands further out than the lines above it."""
        return self.indents[at - 1] - self.indents[at] >= _LEAST_TERM and (at - start > 1 or kind is Kind.ITEM)

    def _prose_or_code(self, start: int, end: int, kind: Kind) -> Block:
        if kind is Kind.ITEM and self.stripped[start][0] in _MARKS:
            return Block(kind, start, end)
        code = _is_code([s[:_LONGEST] for s in self.stripped[start:end]], indented=self.indents[start] > 0, announced=self._announced(start))
        return Block(Kind.CODE if code else kind, start, end)

    def _announced(self, start: int) -> bool:
        """Whether the line above ends with a colon and what follows stands further in, as commands do in documents."""
        above = start - 1
        while above >= 0 and not self.stripped[above]:
            above -= 1
        return above >= 0 and self.stripped[above][-1] == ":" and self.indents[start] - self.indents[above] >= _LEAST_TERM


def _indentation(line: str) -> int:
    head = line[: len(line) - len(line.lstrip())]
    return len(head.expandtabs(8)) if "\t" in head else len(head)


def _opens_fence(stripped: str) -> bool:
    return stripped[0] in _FENCES and len(stripped) <= _LONGEST and _FENCE.match(stripped) is not None


def _is_row(stripped: str) -> bool:
    """Whether a line has the look of a row: between bars, a grid, or three columns with wide gaps."""
    if stripped[0] in "|+=-" and _GRID.match(stripped):
        return True
    if "   " not in stripped and "\t" not in stripped and " | " not in stripped:
        return False
    stripped = stripped[:_LONGEST]
    return stripped.count(" | ") >= 2 or len(_COLUMNS.findall(stripped)) >= 2


def _is_code(lines: Sequence[str], *, indented: bool, announced: bool) -> bool:
    """Whether stripped lines are code, a command, a configuration or a trace rather than sentences."""
    text = "\n".join(lines)
    if _PROMPT.match(text) or (len(lines) == 1 and _BARE_DIRECTIVE.match(text)):
        return True
    if "@" in text and sum(_SIGNED.match(line) is not None for line in lines) * 2 >= len(lines):
        return False
    symbols = len(_SYMBOLS.findall(text)) / len(text)
    if symbols < _SOME_CODE and not announced:
        return False
    if symbols >= _SOME_CODE and sum(line.endswith(_CODE_ENDS) for line in lines) * 2 >= len(lines):
        return True
    if not announced and not indented and symbols < _MUCH_CODE:
        return False  # as the last line would say, without a look at the words: paragraphs with links have so many signs
    words = text.split()
    prose = sum([word.strip(_WORD_ENDS).lower() in FUNCTION_WORDS for word in words]) / len(words)
    if announced and prose < _LITTLE_PROSE and not text[0].isupper():
        return True
    return symbols >= (_SOME_CODE if indented and prose < _LITTLE_PROSE and len(words) >= 3 else _MUCH_CODE) and prose < _SOME_PROSE
