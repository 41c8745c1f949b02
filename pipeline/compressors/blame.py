"""git blame: the commit of a line stands where it changes, its other columns where they are new or others than before. Nothing is left out."""

from __future__ import annotations

import re

from pipeline.compressors.api import Content, Rewrite
from pipeline.markers import carries_marker
from pipeline.policy import Policy

_LINE = re.compile(r"(\^?[0-9a-f]{7,64}) (?:[^(\n]{1,300} )?\(.{0,200}?(?<= )\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}(?= {1,12}\d{1,9}\))")
_SHORT = re.compile(r"(?:\^?[0-9a-f]{7,64})? {1,12}\d{1,9}\)")
_SAMPLE = 60
_LEAST_LINES = 8
_LEAST_SHARE = 0.9
_WORTH = 0.95  # of the characters
_SUMMARY = (
    "nothing left out; a line without a commit has that of the line above, a commit without author and date those that stand with it nearest above"
)


class BlameCompressor:
    """Shows what repeats from line to line once."""

    name = "blame"

    def recognise(self, content: Content) -> float:
        """0.95 where at least 9 of 10 lines begin with commit, author, date and number, else 0."""
        if len(content.lines) < _LEAST_LINES or carries_marker(content.text):
            return 0.0
        sample = [line for line in content.lines[:: max(1, len(content.lines) // _SAMPLE)] if line]
        return 0.95 if sum(_LINE.match(line) is not None for line in sample) >= _LEAST_SHARE * max(1, len(sample)) else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The same lines without the columns that repeat; None where too few do."""
        if carries_marker(content.text):
            return None
        out: list[str] = []
        known: dict[str, str] = {}
        above = ""
        for line in content.lines:
            match = _LINE.match(line)
            columns = match[0] if match else ""
            if match is None and _SHORT.match(line):
                return None  # it would read as one of ours
            if match is None:
                out.append(line)
            elif columns == above:
                out.append(line[len(columns) :])
            elif known.get(match[1]) == columns:
                out.append(match[1] + line[len(columns) :])
            else:
                known[match[1]] = columns
                out.append(line)
            above = columns
        text = "\n".join(out)
        if len(text) > len(content.text) * _WORTH:
            return None
        return Rewrite(text, len(content.lines), summary=_SUMMARY)
