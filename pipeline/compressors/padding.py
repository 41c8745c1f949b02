"""Numbered lines as ``cat -n`` prints them: the blanks before the numbers are left out, which are a token or two a line. Nothing else is touched."""

from __future__ import annotations

import re

from pipeline.compressors.api import Content, Rewrite
from pipeline.policy import Policy

_NUMBERED = re.compile(r" {1,8}(?=\d{1,9}\t)")
_PADDED = re.compile(r"^ {1,8}\d{1,9}\t", re.MULTILINE)
_SAMPLE = 20_000  # characters
_SHARE = 0.6  # of the lines; those from the one with the most digits on have no blanks
_LEAST = 10


class PaddingCompressor:
    """Loss-free, so it serves files that the agent will edit too: an edit is matched against what stands behind the numbers."""

    name = "padding"
    surest = 0.3

    def recognise(self, content: Content) -> float:
        """0.3 where most lines are numbered and padded: whoever knows the content itself goes first."""
        sample = content.text[:_SAMPLE]
        padded = len(_PADDED.findall(sample))
        return 0.3 if padded >= max(_LEAST, _SHARE * (sample.count("\n") + 1)) else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The same lines without the blanks before their numbers."""
        lines = [_NUMBERED.sub("", line, count=1) if _NUMBERED.match(line) else line for line in content.lines]
        if lines == content.lines:
            return None
        return Rewrite("\n".join(lines), len(lines), summary="blanks before line numbers left out, nothing else")
