"""Text between tags: what agents say in the user's name, and what users fence in that way. Only a tag that names data is no border."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

_OPEN = re.compile(r"<([A-Za-z][\w-]{0,60})(?:\s[^<>\n]{0,500})?>")
_CLOSE = re.compile(r"</([A-Za-z][\w-]{0,60})>")
# What names data wraps data.
_TRANSPARENT = frozenset("log logs data json jsonl csv tsv table output stdout stderr document documents".split())
# A missing end is the end of the text: these are never anything else.
_HARNESS = re.compile(r"<(?:system-reminder|environment_context|user_instructions|session_context|INSTRUCTIONS|persisted-output)>")


def tagged(text: str, lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The lines ``[first, end)`` that tags enclose, theirs included, ascending; two may share a line.

    A tag counts where it begins a line, or where its name is of several words, as agents' are. One without an end is no tag but an agent's.
    Pages of HTML are passed over.
    """
    if "<" not in text:
        return
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    ends: dict[str, list[int]] = {}
    for found in _CLOSE.finditer(text):
        ends.setdefault(found[1], []).append(found.end())
    at, known, begins = 0, -1, -1
    while (opened := _OPEN.search(text, at)) is not None:
        at = opened.end()
        name, line = opened[1], bisect_right(starts, opened.start()) - 1
        if line != known:  # a line may hold very many tags
            known, begins = line, starts[line] + len(lines[line]) - len(lines[line].lstrip())
        several = "-" in name or "_" in name or name.isupper()
        places = ends.get(name, [])
        after = bisect_right(places, at)
        if name.lower() == "html":
            at = places[after] if after < len(places) else at
            continue
        if name.lower() in _TRANSPARENT or not (several or opened.start() == begins):
            continue
        if after < len(places):
            at = places[after]
        elif _HARNESS.match(text, opened.start()):
            at = len(text)
        else:
            continue
        yield line, bisect_right(starts, max(at - 1, 0))
        at = max(at, opened.end())
