"""Whether a line may be a sentence that a person wrote. A machine writes sentences too, so a yes is no proof; a no is nearly one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_LOOK = 400  # characters: who writes a longer paragraph says so at once
_TIME = re.compile(r".{0,60}?(?<!\d)[0-2]?\d:[0-5]\d:[0-6]\d(?!\d)")
_CLOCK = re.compile(r"\[ {0,6}\d{1,7}\.\d{3,6}\]|\W{0,3}1[0-7]\d{8}(?:\.\d|\d{3}|\b)")  # of a kernel, or seconds since 1970
_BULLET = re.compile(r"\s{0,40}(?:[#>*+•-]{1,6}|\d{1,3}[.)]|[a-z][.)])\s{1,20}")
_WORD = re.compile(r"(?<!\S)[(\"'“‘«*_`]{0,3}[^\W\d_]{1,30}(?:['’-][^\W\d_]{1,20}){0,3}[.,;:!?…)\"'”’»*_`]{0,4}(?!\S)")
# Scripts that put no blanks between words.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_LEAST_UNSPACED = 6
_SHARE = 0.6  # of a line's words: then it may be a sentence
_SURE_SHARE = 0.75  # then it is made of words
_LEAST_WORDS = 4
_NARRATED = 0.4  # of the lines
_SAMPLE = 400  # lines
_NUMBER = re.compile(r"\d{1,40}")
_LONG = 60  # characters
_LEAST_AGAIN = 4
_MADE = 0.6  # of the lines
_ALIKE = 0.8  # of the characters
# What search and compilers put in front.
_PLACE = re.compile(r"(?:[\w@+~-]{0,100}[./\\]){1,40}[\w@+~-]{0,100}(?:[:-]\d{1,7}[:-](?:\d{1,6}:)?|\(\d{1,7},\d{1,7}\):)")
_VARIES = re.compile(r"[0-9a-f]{6,64}|\d{1,40}|\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'|`[^`\n]{0,200}`")
_COLUMNS = re.compile(r"[^\s.!?:;]( {2,80}|\t{1,20})(?=\S)")
_MEMBER = re.compile(r"\s{0,200}\"[^\"\n]{1,80}\"\s?:")
_QUESTION = re.compile(r"[?？]\s{0,20}$")


def sentence(line: str) -> bool:
    """Whether a line may be prose.

    One with a time or a place in front is a machine's, whatever it goes on to say (but see ``narrated``), and so is one that is set in columns.
    """
    return bool(line) and _stamp(line) is None and _plain_words(line, _SHARE) and _PLACE.match(line) is None


def worded(line: str, share: float = _SURE_SHARE) -> bool:
    """Whether a line is made of words."""
    head = line[:_LOOK]
    if (bullet := _BULLET.match(head)) is not None:
        head = head[bullet.end() :]
    if head.startswith("|"):
        head = head.replace("|", " ")  # what stands in its cells
    tokens = len(head.split())
    if not head.isascii() and len(_UNSPACED.findall(head)) >= _LEAST_UNSPACED:
        return True
    if tokens < 2:
        return False
    words = len(_WORD.findall(head))
    if words == tokens or (tokens >= _LEAST_WORDS and words >= share * tokens):
        return True
    return words >= 2 and len(line) <= _LOOK and _QUESTION.search(head) is not None and "://" not in head


def narrated(lines: Sequence[str]) -> bool:
    """Whether lines that look like a machine's are a person's all the same: minutes, a chat, a review, a list of changes. Most are unlike others."""
    step = max(1, len(lines) // _SAMPLE)
    told = [line[_front(line) : _LOOK] for line in lines[::step] if line.strip()]
    if sum(map(_plain_words, told)) <= _NARRATED * len(told):
        return False
    return len({_VARIES.sub("0", line) for line in told}) > _NARRATED * len(told)


def _stamp(line: str) -> re.Match[str] | None:
    """The time in front of a line."""
    if line.count(":", 0, 80) > 1 and (time := _TIME.match(line)) is not None:
        return time
    return _CLOCK.match(line)


def _front(line: str) -> int:
    """Where what is said begins, behind a time or a place."""
    found = _stamp(line) or _PLACE.match(line)
    return found.end() if found is not None else 0


def _plain_words(line: str, share: float = _SURE_SHARE) -> bool:
    return worded(line, share) and not (_MEMBER.match(line) or len(_COLUMNS.findall(line[:_LOOK])) > 1)


def alike(lines: Sequence[str]) -> bool:
    """Whether most of a text is long lines that differ in their numbers alone: nobody writes so."""
    counted = Counter(_NUMBER.sub("0", line[:_LOOK]) for line in lines if len(line) >= _LONG)
    again = sum(len(line) * count for line, count in counted.items() if count >= _LEAST_AGAIN)
    return again >= _ALIKE * sum(len(line[:_LOOK]) for line in lines)


def machine_made(lines: Sequence[str]) -> str:
    """A guess without a compressor, as a kind of data: most lines have a time or a place in front, or are set in columns. ``""`` if not."""
    step = max(1, len(lines) // _SAMPLE)
    sample = [line[:_LOOK] for line in lines[::step] if line.strip()]
    made = sum(_front(line) > 0 or len(_COLUMNS.findall(line)) > 1 for line in sample)
    return "lines" if made >= _MADE * len(sample) else ""
