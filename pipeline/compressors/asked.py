"""What a question or a call names, found in a text: lines, and files by their paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pipeline.command import pipelines
from pipeline.query import Query, entity_pattern
from pipeline.transcript import ToolCall

_NAMES = 200  # so many things named are looked for
_LINES, _SHARE = 60, 0.3  # what names more lines than this, and more than this share of them, names everything
_PLAIN_NAME = re.compile(r"[A-Za-z][\w+-]{3,60}")
_PATH = 500


def naming(lines: Sequence[str], names: Iterable[str]) -> set[int]:
    """Indices of the lines in which one of the names stands as a whole; a name that stands nearly everywhere tells nothing."""
    most = max(_LINES, int(_SHARE * len(lines)))
    found: set[int] = set()
    for hits in hits_of(lines, names, most):
        found.update(hits)
    return found


def hits_of(lines: Sequence[str], names: Iterable[str], most: int, *, within_words: bool = False) -> list[list[int]]:
    """Of each name that stands in no more than ``most`` lines: the indices of these lines, ascending.

    Args:
        lines: without line breaks.
        names: what is looked for; case counts only in names with an upper-case letter.
        most: what more lines have tells nothing.
        within_words: a name may be a part of a longer one.
    """
    names = [n for n in dict.fromkeys(names) if n][:_NAMES]
    if not names:
        return []
    text = "\n".join(lines)
    lower = text.lower()
    found = (_lines_with(lower if name == name.lower() else text, name, most, within_words=within_words) for name in names)
    return [hits for hits in found if 0 < len(hits) <= most]


def _lines_with(text: str, name: str, most: int, *, within_words: bool) -> list[int]:
    """The lines in which a name stands, one more than ``most`` at the most.

    Plain search finds where it may stand, which costs a tenth of the pattern; the pattern checks its borders.
    """
    pattern = None if within_words else entity_pattern((name,))
    hits: list[int] = []
    line = counted = 0
    at = text.find(name)
    while at >= 0 and len(hits) <= most:
        after = at + 1
        if pattern is None or pattern.match(text, at):
            line += text.count("\n", counted, at)
            counted = at
            hits.append(line)
            after = text.find("\n", at)
        at = text.find(name, after) if after >= 0 else -1
    return hits


def names_of(query: Query) -> list[str]:
    """What the user named: entities, and phrases in quotes."""
    return [*query.entities, *query.quoted]


def call_paths(call: ToolCall | None) -> list[str]:
    """What the call itself names that may be a path: the words of its command line, or its arguments."""
    if call is None:
        return []
    if call.command:
        words = [w for stages in pipelines(call.command) for command in stages for w in command[1:]]
        return [w.removeprefix("./") for w in words if not w.startswith("-")]
    values = [v for v in call.arguments.values() if isinstance(v, str)]
    values += [v for vs in call.arguments.values() if isinstance(vs, (list, tuple)) for v in vs if isinstance(v, str)]
    return [v.removeprefix("./") for v in values if v]


def asked_paths(paths: Iterable[str], query: Query, call: ToolCall | None) -> set[str]:
    """The paths that the user named (whole, by their last parts, by a folder above them), or the call (whole)."""
    named = {e.removeprefix("./").rstrip("/") for e in query.entities}
    named |= {w for w in _PLAIN_NAME.findall(query.text[:20_000]) if w[:1].isupper() and w.lower() in _BARE}
    called = set(call_paths(call))
    return {p for p in paths if p in called or not named.isdisjoint(_parts(p))}


_BARE = frozenset("makefile dockerfile readme license changelog gemfile rakefile procfile vagrantfile jenkinsfile justfile".split())


def _parts(path: str) -> Iterator[str]:
    """``a/b/c.py``, ``b/c.py``, ``c.py``, and the folders ``a/b`` and ``a``."""
    path = path[:_PATH]
    pieces = path.split("/")
    for n in range(len(pieces)):
        yield "/".join(pieces[n:])
    for n in range(1, len(pieces)):
        yield "/".join(pieces[:n])
