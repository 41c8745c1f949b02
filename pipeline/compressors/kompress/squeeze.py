"""The units of a text without the blanks and line breaks that say nothing: wrapped lines, justification, hyphens at the ends of lines.

No word is lost and no order changed; code stays as it is, and of tables the cells of Markdown's alone lose the blanks that fill them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.segment import Unit

_LINE_END = re.compile(r"[ \t\r\f\v]{0,200}\n[ \t]{0,200}")
_HYPHEN = re.compile(r"(?<=[^\s‐-])([-‐\xad])\r?\n[ \t]{0,200}(?=[^\s‐-])")
_HYPHENS = ("-\n", "‐\n", "\xad\n", "-\r\n", "‐\r\n", "\xad\r\n")
_AROUND = 60  # characters of a word before and behind its hyphen
_ADDRESS = re.compile(r"[/\\@_=]\S{0,60}$")
_WORD = re.compile(r"[^\W\d_]+(?:[-‐][^\W\d_]+)*")
_LETTERS_BEFORE = re.compile(r"[^\W\d_]+$")
_LETTERS = re.compile(r"[^\W\d_]+")
_PADDING = re.compile(r"(?<=\|) {2,200}(?=\S)|(?<=[^\s|]) {2,200}(?=\|)")
_RULED = re.compile(r"[|\s:-]+")
_DASHES = re.compile(r"-{4,}")
_INDENTED = frozenset({Kind.SENTENCE, Kind.ITEM})
_DEEPEST = 40  # columns
_MARKED = re.compile(r"\s*(?:[-*+•‣◦·—]|\(?\w{1,3}[.)]|\[\d{1,3}\])\s")


def squeeze(text: str, units: Sequence[Unit]) -> list[str]:
    """Each unit in its shortest form that reads the same, without the blanks behind it; empty lines become ``""``."""
    hyphens = Hyphens(text)
    margin = _margin(text, units)
    said = [_squeezed(text[unit.start : unit.end], unit.kind, hyphens) for unit in units]
    if not margin:
        return said
    return [_outdented(s, margin) if u.kind in _INDENTED and s.startswith(margin) else s for u, s in zip(units, said, strict=True)]


def _margin(text: str, units: Sequence[Unit]) -> str:
    """The least indentation of prose that stands further in than its headings; ``""`` where items that are not indented may hold it."""
    found: dict[str, None] = {}
    for unit in units:
        if unit.kind in _INDENTED:
            if text[unit.start] > " ":
                if unit.kind is Kind.ITEM and _MARKED.match(text, unit.start, unit.end):
                    return ""
                continue
            raw = text[unit.start : unit.start + _DEEPEST]
            found[raw[: len(raw) - len(raw.lstrip(" \t"))]] = None
    return min(found, key=lambda indent: (len(indent.expandtabs(8)), indent), default="")


def _outdented(said: str, margin: str) -> str:
    """A unit at the margin with a single blank in its place, which costs no token of its own."""
    return " " + said[len(margin) :] if said[len(margin)] > " " else said


def separator(text: str, unit: Unit, following: Unit | None) -> str:
    """What stands between a squeezed unit and the next: a blank within a paragraph, a line break behind it, two where the text has more."""
    if following is None:
        return "\n" if text.endswith("\n") else ""
    if unit.paragraph == following.paragraph and unit.kind is not Kind.BLANK and following.kind is not Kind.BLANK:
        return " " if text[unit.end - 1].isspace() else ""
    return "\n"


class Hyphens:
    """Hyphens at the ends of lines: whether one belongs to the word is seen from the rest of the text.

    Formatters of manual pages write U+2010 where they divide a word and ``-`` where the author wrote one, so in a text that has U+2010 at
    the ends of lines only, it was put there by the formatter. Otherwise a hyphen goes where the text has the word without one elsewhere.
    """

    def __init__(self, text: str) -> None:
        self.present = any(hyphen in text for hyphen in _HYPHENS)
        self._text = text if self.present else ""
        self._words: frozenset[str] | None = None
        self._divides = self.present and "‐" in text and all(text[m.end() : m.end() + 1] in ("\n", "\r", "") for m in re.finditer("‐", text))

    def joined(self, raw: str) -> str:
        """A unit with its divided words made whole."""
        return _HYPHEN.sub(self._join, raw) if any(hyphen in raw for hyphen in _HYPHENS) else raw

    def _join(self, match: re.Match[str]) -> str:
        head = match.string[max(0, match.start() - _AROUND) : match.start()]
        tail = match.string[match.end() : match.end() + _AROUND]
        return "" if self._goes(head, match[1], tail) else match[1]

    def _goes(self, head: str, hyphen: str, tail: str) -> bool:
        before, after = _LETTERS_BEFORE.search(head), _LETTERS.match(tail)
        if before is None or after is None:
            return False
        if hyphen == "\xad" or (hyphen == "‐" and self._divides):
            return True
        if _ADDRESS.search(head):
            return False  # in a path or an address a hyphen is a character like any other
        if self._words is None:
            self._words = frozenset(_WORD.findall(self._text.lower()))
        first, second = before[0].lower(), after[0].lower()
        return first + second in self._words and f"{first}-{second}" not in self._words


def _squeezed(raw: str, kind: Kind, hyphens: Hyphens) -> str:
    if kind is Kind.BLANK:
        return ""
    if kind is Kind.TABLE and raw.lstrip()[:1] == "|":
        return "\n".join(map(_unpadded, raw.rstrip().split("\n")))
    if kind is Kind.CODE or kind is Kind.TABLE or kind is Kind.HEADING:
        return raw.rstrip()
    content = raw.strip()
    if not content:
        return ""
    indent = raw[: len(raw) - len(raw.lstrip())] if raw[0].isspace() else ""
    if "\n" not in content:
        # Blanks within one line of code or of an option with its description are there on purpose.
        return indent + (content if kind is Kind.ITEM or "`" in content or "  " not in content else " ".join(content.split()))
    if hyphens.present:
        content = hyphens.joined(content)
    if kind is Kind.ITEM and not _MARKED.match(content):
        term, _, described = content.partition("\n")
        return f"{indent}{term.rstrip()}\n{described[: len(described) - len(described.lstrip())]}{_unwrapped(described.strip())}"
    return indent + _unwrapped(content)


def _unpadded(row: str) -> str:
    """A row of a Markdown table without what makes its columns stand below each other."""
    if _RULED.fullmatch(row):
        return _DASHES.sub("---", row)
    return row if "`" in row and "\\|" in row else _PADDING.sub(" ", row)


def _unwrapped(content: str) -> str:
    return _LINE_END.sub(" ", content) if "`" in content and "  " in content else " ".join(content.split())
