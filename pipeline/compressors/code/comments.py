"""What long comments say, sentence by sentence: the first of each stays, and with a question those that it asks for.

Rows are the units of a file, so a sentence is the rows that it stands in, whole; what else stands in these rows stays with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.compressors.api import Content
from pipeline.compressors.code.languages import Language
from pipeline.compressors.code.outline import Comment, Style
from pipeline.compressors.kompress.compressor import asked_for
from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.segment import segment
from pipeline.policy import Policy

LEAST_COMMENT = 4  # rows
_LONGEST_FIRST = 6  # rows; what is longer is no sentence
_SHARE = 0.25  # of the rows of long comments, at most, for what the question asks for
_TEXT = re.compile(r"[^\W_]{2}")
_OPENS_TEXT = re.compile(r"\s{0,200}(?:[rRuUbBfF]{0,2}(?:\"\"\"|'''|[\"'])|/\*{1,9}!?<?)")
_CLOSES_TEXT = re.compile(r"(?:\"\"\"|'''|\*{1,9}/|[\"'])\s{0,200}$")
_STARRED = re.compile(r"^[^\S\n]{0,200}\*{1,9}(?!/) ?", re.MULTILINE)
_LINE_SIGNS = {
    "#": re.compile(r"^[^\S\n]{0,200}#{1,200}[!:]? ?", re.MULTILINE),
    "//": re.compile(r"^[^\S\n]{0,200}/{2,200}[!<]{0,2} ?", re.MULTILINE),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """A long comment.

    Args:
        comment: where it stands.
        text: what it says, without the signs that make it a comment: as many rows as the comment has.
    """

    comment: Comment
    text: str

    def rows(self, start: int, end: int) -> tuple[int, int]:
        """The rows of the file, first and last, in which characters ``[start, end)`` of the text stand."""
        first = self.comment.first + self.text.count("\n", 0, start)
        return first, first + self.text.count("\n", start, end)


def remarks(comments: Sequence[Comment], lines: Sequence[str], language: Language) -> list[Remark]:
    """The comments that are long enough for something to be left out."""
    long = (comment for comment in comments if comment.last - comment.first + 1 >= LEAST_COMMENT)
    return [Remark(comment, _bare(lines[comment.first : comment.last + 1], comment.style, language)) for comment in long]


def opening(remark: Remark) -> tuple[int, int]:
    """The rows of the first sentence of a comment, of a title above it too; where it has no end in sight the first row with text."""
    rows = remark.text.split("\n")
    begin = next((n for n, row in enumerate(rows) if _TEXT.search(row)), 0)
    said = "\n".join(rows[begin : begin + _LONGEST_FIRST + 1])
    first = last = remark.comment.first + begin
    for unit in segment(said):
        if unit.kind is Kind.BLANK:
            continue
        if unit.kind in (Kind.CODE, Kind.TABLE):
            break
        end = begin + said.count("\n", 0, unit.start + len(said[unit.start : unit.end].rstrip()))
        if end - begin < _LONGEST_FIRST:
            last = remark.comment.first + end
        if unit.kind is not Kind.HEADING:
            break
    return first, last


def wanted(found: Sequence[Remark], content: Content, policy: Policy) -> list[tuple[int, int]]:
    """The rows of the sentences that the question asks for, the most probable first, as long as they are a quarter of all these rows."""
    left = _SHARE * sum(remark.comment.last - remark.comment.first + 1 for remark in found)
    rows = []
    for number, start, end in asked_for([remark.text for remark in found], content, policy):
        first, last = found[number].rows(start, end)
        left -= last - first + 1
        if left < 0:
            break
        rows.append((first, last))
    return rows


def _bare(lines: Sequence[str], style: Style, language: Language) -> str:
    """The rows of a comment without the signs that make them one. The signs of all rows go at once: row by row costs three times that."""
    if style is Style.LINE_COMMENT:
        return _LINE_SIGNS[language.line_comment].sub("", "\n".join(lines))
    opens = _OPENS_TEXT.match(lines[0])
    head = lines[0][opens.end() :].lstrip() if opens is not None else lines[0]
    rows = lines[1:]
    margin = min((len(line) - len(line.lstrip()) for line in rows if line.strip()), default=0)
    if opens is not None and "/*" in opens[0]:
        text, starred = _STARRED.subn("", "\n".join(rows[:-1]))
        rows = [*(text.split("\n") if starred == len(rows) - 1 else [_starless(row, margin) for row in rows[:-1]]), _starless(rows[-1], margin)]
    else:
        rows = [row[margin:] for row in rows]
    rows = [head, *rows]
    rows[-1] = _CLOSES_TEXT.sub("", rows[-1])
    return "\n".join(rows)


def _starless(row: str, margin: int) -> str:
    stars = _STARRED.match(row)
    return row[stars.end() :] if stars is not None else row[margin:]
