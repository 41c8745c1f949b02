"""A history of one line a commit (``git log --oneline``, with a graph, or in a format of one's own that begins with the hash)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.compressors import elision
from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.asked import names_of, naming
from pipeline.compressors.asked_commits import NUMBER, asks_for_all, asks_for_range, sharing_words
from pipeline.policy import Policy
from pipeline.transcript import ToolCall

_COMMIT = re.compile(r"[*|\\/_. ]{0,200}(?P<hash>[0-9a-f]{7,40})(?: ?[|,;:\u2013-] ?| |\t)(?=\S)(?!refs/)(?P<rest>.{0,2000})")
_EDGES = frozenset("*|\\/_. -")  # of a graph
_GIT = re.compile(r"\bgit\b")
_COMMAND = 4000  # characters
_SAMPLE = 80  # lines
_LEAST = 20  # commits
_SHARE = 0.9  # of the lines
_WORTH = 0.9  # of the characters


def is_one_line(lines: Sequence[str], call: ToolCall | None) -> bool:
    """Whether git printed the lines, and nearly all are commits, each another one, but for the edges of a graph.

    Without git such lines may be requests of a log or rows of a table.
    """
    if len(lines) < _LEAST or call is None or not _GIT.search(call.command[:_COMMAND]):
        return False
    sample = [line for line in lines[:: max(1, len(lines) // _SAMPLE)] if not _EDGES.issuperset(line[:200])]
    hashes = [m["hash"] for line in sample if (m := _COMMIT.match(line))]
    mixed = sum(not h.isdecimal() and not h.isalpha() for h in hashes)
    return len(hashes) >= max(2, _SHARE * len(sample)) and len(set(hashes)) == len(hashes) and mixed >= _SHARE * len(hashes) - 1


def compress_one_line(content: Content, policy: Policy) -> Rewrite | None:
    """The commits whose lines share something with the question, and how many others there are; None where the question names none."""
    query = content.query
    if not policy.lossy or asks_for_all(query) or asks_for_range(query):
        return None
    lines = elision.units(content.lines)
    plain = elision.plain(lines, content.text)
    found = [_COMMIT.match(line) for line in plain]
    commits = [i for i, match in enumerate(found) if match]
    rest = [match["rest"] for match in found if match]
    asked = {*naming(plain, [*names_of(query), *NUMBER.findall(query.text)]), *(commits[n] for n in sharing_words(rest, query))}
    if len(commits) < _LEAST or not asked:
        return None
    kept = bytearray(match is None and not _EDGES.issuperset(line[:200]) for match, line in zip(found, plain, strict=True))
    for i in asked:
        kept[i] = 1
    kept[0] = kept[-1] = 1
    gaps = elision.gaps_of(lines, kept, lambda start, end: _note(sum(m is not None for m in found[start:end]), end - start))
    text = elision.render(lines, gaps) + "\n" * (len(lines) < len(content.lines))
    if not gaps or len(text) > len(content.text) * _WORTH:
        return None
    hidden = sum(match is not None for gap, _ in gaps for match in found[gap.first - 1 : gap.last])
    return Rewrite(text, len(lines), tuple(gap for gap, _ in gaps), f"{hidden} commits that share no word or name with the question")


def _note(commits: int, lines: int) -> str:
    return f"{commits} commits" if lines >= elision.NOTED else ""
