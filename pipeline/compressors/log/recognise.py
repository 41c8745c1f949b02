"""Whether a text is a log: by its content first; the call only breaks ties."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.compressors.api import Content
from pipeline.compressors.log.records import record_starts
from pipeline.transcript import ToolCall

_SAMPLE_HEAD, _SAMPLE_SPREAD = 20, 50
_GOLDEN = 0.6180339887498949
_LINE = 400
_LEAST = 6

_TIME = r"[0-2]?\d:[0-5]\d:[0-6]\d"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_STAMP = re.compile(
    rf"(?:\d{{4}}[-/.]?\d\d[-/.]?\d\d[T :_-]{{1,2}}{_TIME}"  # 2025-06-20T10:38:18, 20171223-22:17:21
    rf"|\d{{1,2}}[-/.]\d\d(?:[-/.]\d{{2,4}})?,? {_TIME}"  # 10.30 16:49:11, 17/06/09 20:10:40
    rf"|{_MONTH} {{1,2}}\d{{1,2}},?(?: \d{{4}},?)? {_TIME}"  # Dec 10 09:18:58
    rf"|\d\d/{_MONTH}/\d{{4}}:{_TIME}"  # 10/Oct/2024:13:55:36
    rf"|\d{{4}}[-.]\d\d[-.]\d\d-\d\d\.\d\d\.\d\d"  # 2005-06-11-22.06.51
    rf"|\d{{6}} \d{{6}} "  # 081109 203615
    rf"|[EWIF]\d{{4}} {_TIME}"  # glog
    r"|(?<![\w.])1[0-7]\d{8}(?:\.\d{1,9}|\d{3})?(?![\w.])"  # seconds or milliseconds since the epoch
    rf"|^\W{{0,2}}{_TIME}(?![\d:])"  # 12:00:01.123 at the start
    r"|^\[ {0,6}\d{1,7}\.\d{6}\] )"  # kernel ring buffer
)
_JSON_SHARE = 0.4  # of the lines are objects: what stands between them is what the program printed besides
_STAMP_END = 90  # a timestamp of a log begins in the first fields
_RECORDS_LOOK = 200  # lines
_STAMP_REACH = _STAMP_END + 30
_FIELDS = 6
_PYTHON_LEVEL = re.compile(r"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):[\w.]{1,100}:")
_JSON_LOG = re.compile(r"\"(?:time|timestamp|ts|@timestamp|asctime|t)\"\s?:", re.IGNORECASE)
_JSON_MESSAGE = re.compile(r"\"(?:level|severity|lvl|msg|message|log|event|logger)\"\s?:", re.IGNORECASE)
_CONTINUED = re.compile(r"[ \t]|Caused by|\.\.\. |$")
_ACCESS = re.compile(r"[-dlbcps][rwxsStT-]{9}[.+@]? ")  # ls -l
_HIT = re.compile(r"[\w./+@-]{1,300}[./][\w./+@-]{0,300}[:-]\d{1,6}[:-](?!\d\d[:.])")  # grep -n
_FOREIGN_START = ("diff --git ", "--- a/", "commit ", "<!doctype", "<html", "<?xml", "{\n", "[\n", "index ")

_LOG_COMMAND = re.compile(
    r"/var/log/|\.log(?:\.\d+)?(?![\w/])|\bjournalctl\b|\bdmesg\b"
    r"|\b(?:kubectl|docker|podman|oc|nerdctl|compose|heroku|fly|pm2|vercel)\b[^|;&]{0,80}\blogs?\b"
)
_LOG_TOOL = re.compile(r"(?:^|[_\W])logs?(?:$|[_\W])|Logs?$", re.IGNORECASE)
_DATA_FILE = re.compile(r"\.(?:json|csv|tsv|py|[jt]sx?|go|rs|java|c|cc|cpp|h|hpp|md|html?|xml|ya?ml|toml|sql|sh|rb|php)(?![\w])")
_SEARCHES = re.compile(r"^\s*(?:rg|ag|grep|git grep)\b")


def confidence(content: Content) -> float:
    """How sure it is that the content is a log.

    0.92 for JSON lines with a time and a message, other lines between them or not; 0.9 most lines carry a timestamp in their first fields; 0.85
    records of several lines do; 0.6 the call says so.
    """
    lines = content.lines
    if len(lines) < _LEAST:
        return 0.0
    start = content.text[:200].lstrip().lower()
    if start.startswith(_FOREIGN_START):
        return 0.0
    sample = _sample(lines)
    if len(sample) < _LEAST:
        return 0.0
    objects = _objects(sample)
    if len(objects) >= _JSON_SHARE * len(sample):
        logs = sum(_JSON_LOG.search(line) is not None and _JSON_MESSAGE.search(line) is not None for line in objects)
        if logs > 0.8 * len(objects):
            return 0.92
    if len(objects) > 0.8 * len(sample):
        return 0.0
    if _share(_ACCESS, sample) > 0.3 or _is_table(lines, sample, content.call):
        return 0.0
    heads = [line for line in sample if not _CONTINUED.match(line)]
    stamped = _stamped(heads)
    continued = len(sample) - len(heads)
    if stamped >= 0.5 * len(sample) or (stamped >= 0.8 * len(heads) and stamped >= 3 and continued <= 0.9 * len(sample)):
        return 0.9 if stamped > 0.9 * len(sample) or _share(_HIT, sample) <= 0.5 else 0.0
    if record_starts(lines[:_RECORDS_LOOK]):
        return 0.85
    if _share(_PYTHON_LEVEL, heads) > 0.5:
        return 0.7
    return 0.6 if _called(content.call) and _plausible(sample) else 0.0


def json_lines(lines: Sequence[str]) -> bool:
    """Whether nearly every line is an object, so that the text is to be parsed line by line."""
    sample = _sample(lines)
    return len(_objects(sample)) > 0.8 * len(sample)


def _objects(sample: Sequence[str]) -> list[str]:
    return [line for line in sample if line.startswith('{"')]


def _stamped(lines: Sequence[str]) -> int:
    """How many lines have a time in their first fields."""
    found = at = 0
    for line in lines:
        # Mostly where the line before has it: to look there first takes half as long.
        if _STAMP.match(line, at, _STAMP_REACH) and line.count(" ", 0, at) <= _FIELDS:
            found += 1
            continue
        match = _STAMP.search(line, 0, _STAMP_REACH)
        if match is not None and match.start() <= _STAMP_END and line.count(" ", 0, match.start()) <= _FIELDS:
            found += 1
            at = match.start()
    return found


def _sample(lines: Sequence[str]) -> list[str]:
    """The first lines and some of all others, scattered: at even steps a log that repeats itself every few lines would show one kind only."""
    rest = lines[_SAMPLE_HEAD:]
    if len(rest) > _SAMPLE_SPREAD:
        rest = [rest[int(k * _GOLDEN % 1 * len(rest))] for k in range(_SAMPLE_SPREAD)]
    return [line[:_LINE] for line in (*lines[:_SAMPLE_HEAD], *rest) if line.strip()]


def _share(pattern: re.Pattern[str], lines: Sequence[str]) -> float:
    return sum(pattern.match(line) is not None for line in lines) / len(lines) if lines else 0.0


def _is_table(lines: Sequence[str], sample: Sequence[str], call: ToolCall | None) -> bool:
    """Delimited values: the same number of commas, tabs or semicolons in all lines, under a first line without a digit."""
    if call is not None and (call.path or call.command) and _LOG_COMMAND.search(f"{call.path} {call.command}"):
        return False
    head = lines[0]
    for delimiter in "\t,;|":
        count = head.count(delimiter)
        if count >= 2 and sum(line.count(delimiter) == count for line in sample) > 0.9 * len(sample):
            return not any(c.isdigit() for c in head)
    return False


def _called(call: ToolCall | None) -> bool:
    """Whether the call names a log and no file of source or data."""
    if call is None:
        return False
    text = f"{call.path} {call.command}"
    if _DATA_FILE.search(text) or _SEARCHES.match(call.command):
        return False
    return _LOG_COMMAND.search(text) is not None or _LOG_TOOL.search(call.name) is not None


def _plausible(sample: Sequence[str]) -> bool:
    """Not what a log command prints when it prints no log: a diff, a listing, a table, markup, search hits."""
    if _share(_HIT, sample) > 0.3 or sum(line.lstrip().startswith("<") for line in sample) > 0.3 * len(sample):
        return False
    return sum(line.startswith(("@@", "+++ ", "--- ", "{", "}", "|")) for line in sample) <= 0.2 * len(sample)
