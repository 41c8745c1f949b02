"""Where the header of a line ends, and what the line says after it."""

from __future__ import annotations

import re

_STAMP = re.compile(  # a time of day, or seconds or milliseconds since the epoch; that it begins with a digit makes it fast
    r"\d(?:\d?[:.][0-5]\d[:.][0-6]\d(?:[.,:]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?|(?<![\w.]1)[0-7]\d{8}(?:\.\d{1,9}|\d{3})?)(?![\w.:])[\])>|]?"
)
_WITHIN = 100  # characters from the start of a line
_PROCESS = re.compile(r"\[\d{1,10}\](?=:)")  # syslog's ``sshd[812]:``


def header_end(line: str) -> int:
    """Where the header of a line ends: after the last time near its start; 0 without one."""
    end = 0
    for match in _STAMP.finditer(line, 0, _WITHIN):
        end = match.end()
    return end


def message(line: str) -> str:
    """What a line says: the text after its header, without the number of the process that says it."""
    return _PROCESS.sub("", line[header_end(line) :], count=1)
