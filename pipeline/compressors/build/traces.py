"""Stack traces: the frames of the program's own code stay, of library frames in a long trace the first and the last."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LONG = 8  # lines; shorter traces stay whole
_FIRST, _LAST = 2, 3  # frames that stay, whoever's they are
_OWN = 16  # frames of own code that stay, the first and last of them
_LINE = 600

_PYTHON = re.compile(r"\s{1,40}File \"[^\"\n]{1,400}\", line \d")
_AT = re.compile(r"\s{1,40}at \S")  # Java, JavaScript; in Rust the second line of a frame
_NUMBERED = re.compile(r"\s{0,8}\d{1,4}: \S")  # Rust
_GO = re.compile(r"\t\S{1,400}\.\w{1,4}:\d{1,7}(?: \+0x[0-9a-f]+)?$")
_ANY = re.compile(r"[ \t]at \S|File \"|\.\w{1,4}:\d{1,7} \+0x")
_SIGNS = (" at ", "\tat ", 'File "', " +0x")  # what stands in all that _ANY finds: looking for that costs a tenth
# What names a library's code: an installed package, a standard library, a runtime.
LIBRARY = re.compile(
    r"/rustc/|/\.cargo/registry/|site-packages/|dist-packages/|/lib/python\d|node_modules/|node:|internal/|<frozen |<anonymous>"
    r"|/usr/(?:lib|local/lib|local/go)/|\b(?:java|javax|jdk|sun|junit|scala|kotlin)\.[a-z]|\borg\.(?:junit|apache\.maven|gradle|testng)\.|\b(?:core|std|alloc|test)::|runtime[./]|testing\."
)


@dataclass(frozen=True, slots=True)
class Frame:
    """Lines ``[start, end)`` of one frame, and whether it is of the program's own code."""

    start: int
    end: int
    own: bool


def folded(lines: Sequence[str]) -> Iterator[tuple[range, bool]]:
    """The frames of all long traces, as lines and whether they stay."""
    text = "\n".join(lines)
    if not any(sign in text for sign in _SIGNS) or not _ANY.search(text):
        return
    trace: list[Frame] = []
    for frame in _frames(lines):
        if trace and frame.start != trace[-1].end:
            yield from _fold(trace)
            trace = []
        trace.append(frame)
    yield from _fold(trace)


def _fold(trace: Sequence[Frame]) -> Iterator[tuple[range, bool]]:
    if not trace or trace[-1].end - trace[0].start <= _LONG:
        return
    own = [i for i, frame in enumerate(trace) if frame.own]
    if len(own) > _OWN:
        own = own[: _OWN // 2] + own[-_OWN // 2 :]
    stays = {*own, *range(min(_FIRST, len(trace))), *range(max(0, len(trace) - _LAST), len(trace))}
    for i, frame in enumerate(trace):
        yield range(frame.start, frame.end), i in stays


def _frames(lines: Sequence[str]) -> Iterator[Frame]:
    at = 0
    while at < len(lines):
        end = _end(lines, at)
        if end == at:
            at += 1
            continue
        text = "\n".join(line[:_LINE] for line in lines[at : min(end, at + 3)])
        yield Frame(at, end, LIBRARY.search(text) is None)
        at = end


def _end(lines: Sequence[str], at: int) -> int:
    """After the last line of the frame that starts here; ``at`` if none does."""
    line = lines[at][:_LINE]
    if not line:
        return at
    if line[0] not in " \t0123456789":  # in Go the function stands above its file
        below = lines[at + 1] if at + 1 < len(lines) else ""
        return at + 2 if below[:1] == "\t" and _GO.match(below[:_LINE]) else at
    if _PYTHON.match(line):
        margin = _margin(line)
        end = at + 1
        while end < len(lines) and lines[end].strip() and _margin(lines[end]) > margin:
            end += 1
        return end
    if _AT.match(line) or _GO.match(line):
        return at + 1
    if _NUMBERED.match(line) and at + 1 < len(lines) and (_AT.match(lines[at + 1][:_LINE]) or _NUMBERED.match(lines[at + 1][:_LINE])):
        return at + 2 if _AT.match(lines[at + 1][:_LINE]) else at + 1
    return at


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())
