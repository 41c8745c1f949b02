"""Which files of a search the question is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.compressors.search.result import HEAD
from pipeline.query import STOP_WORDS, Query

_MOST_OF_THEM = 0.5  # a folder with more of the files than this tells nothing
_FEW = 5  # files; of so few a folder may have all but one
_FOLDERS = 50  # named, that are looked for
_WORD = re.compile(r"[A-Za-z][\w+-]{2,60}")
_TEXT = 8000  # characters of a question
_ELSEWHERE = frozenset("besides except elsewhere outside apart others everywhere".split())


def asked_files(paths: dict[str, None], query: Query) -> dict[str, None]:
    """The paths that the user named: whole, by their last parts, by their base name, or by a folder above them."""
    entities = {e.removeprefix("./").rstrip("/"): None for e in query.entities}
    entities.pop("", None)
    if not entities:
        return {}
    ends = tuple(entities)
    asked = {path: None for path in paths if _normal(path).endswith(ends) and any(suffix in entities for suffix in _suffixes(path))}
    for folder in [e for e in entities if "/" in e][:_FOLDERS]:
        below = [path for path in paths if f"/{folder}/" in f"/{_normal(path)}"]
        if len(below) <= max(_FEW, _MOST_OF_THEM * len(paths)) and len(below) < len(paths):
            asked.update(dict.fromkeys(below))
    return {path: None for path in paths if path in asked}


def mentioned_files(paths: Iterable[str], query: Query) -> dict[str, None]:
    """The paths whose base name is a word of the question and no more than a word: ``Makefile``, ``configure``, ``bin/server``.

    Such a word may mean something else; so nothing is left out because of it.
    """
    words = {w.lower() for w in _WORD.findall(query.text[:_TEXT])} - STOP_WORDS
    return {path: None for path in paths if _normal(path).rpartition("/")[2].lower() in words}


def looks_elsewhere(query: Query) -> bool:
    """Whether the question is about other files than those that it names."""
    return not query.all_words.isdisjoint(_ELSEWHERE)


def _normal(path: str) -> str:
    return path[:HEAD].replace("\\", "/").removeprefix("./")


def _suffixes(path: str) -> Iterator[str]:
    """``a/b/c.py``, ``b/c.py``, ``c.py``."""
    path = _normal(path)
    while True:
        yield path
        slash = path.find("/")
        if slash < 0:
            return
        path = path[slash + 1 :]
