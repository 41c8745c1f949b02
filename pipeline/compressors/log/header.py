"""Where the header of a line ends, and what the line says after it."""

from __future__ import annotations

import re
from itertools import chain

# Both begin with a plain character and look back from there, so that the search skips to where they may be.
_TIME = re.compile(r"[:.](?<=\d[:.])[0-5]\d[:.][0-6]\d(?:[.,:]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?![\w.:])[\])>|]?")  # of a time of day all but the hour
_EPOCH = re.compile(r"1(?<![\w.]1)[0-7]\d{8}(?:\.\d{1,9}|\d{3})?(?![\w.:])[\])>|]?")  # seconds or milliseconds since the epoch
_WITHIN = 100  # characters from the start of a line
_PROCESS = re.compile(r"\[\d{1,10}\](?=:)")  # syslog's ``sshd[812]:``


def header_end(line: str) -> int:
    """Where the header of a line ends: after the last time near its start; 0 without one."""
    end = 0
    for match in chain(_TIME.finditer(line, 0, _WITHIN), _EPOCH.finditer(line, 0, _WITHIN)):
        end = max(end, match.end())
    return end


def message(line: str) -> str:
    """What a line says: the text after its header, without the number of the process that says it."""
    return _PROCESS.sub("", line[header_end(line) :], count=1)
