"""Text from transcripts between backticks, in one line, so that whatever it says it is read as a name and not as an instruction.

A value that would not fit is not mended: half a command is a wrong one. Then there is no quotation, and no rule.
"""

from __future__ import annotations

import re

LONGEST = 120  # characters
_COMMENT = re.compile(r"<!--|-->|<!|\?>|<\?|\]\]>")
_TAG = re.compile(r"</?[A-Za-z][^>]{0,200}>")  # a tag of ours or of the agent's: agents mark what they insert by them


def quoted(value: str) -> str | None:
    """The value as a code span of Markdown; None if it holds what could end the span, the line or a comment, or is too long.

    No control character, no invisible one and none that turns the direction of text is printable in Python's sense, nor is a line's end.
    """
    if not value or value != value.strip() or len(value) > LONGEST or "`" in value or not value.isprintable():
        return None
    if _COMMENT.search(value) or _TAG.search(value):
        return None
    return f"`{value}`"
