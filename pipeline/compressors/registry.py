"""Which compressors there are: ours by name, third parties' by entry point ``headroom.compressors``."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import entry_points

from pipeline.compressors.api import Compressor, Content

log = logging.getLogger(__name__)

_SURE = 0.95

BUILT_IN: tuple[tuple[str, str], ...] = (
    ("pipeline.compressors.schemas", "SchemaCompressor"),
    ("pipeline.compressors.smart_crusher", "SmartCrusher"),
    ("pipeline.compressors.html", "HtmlCompressor"),
    ("pipeline.compressors.diff", "DiffCompressor"),
    ("pipeline.compressors.git_log", "GitLogCompressor"),
    ("pipeline.compressors.blame", "BlameCompressor"),
    ("pipeline.compressors.build", "BuildCompressor"),
    ("pipeline.compressors.search", "SearchCompressor"),
    ("pipeline.compressors.code", "CodeCompressor"),
    ("pipeline.compressors.log", "LogCompressor"),
    ("pipeline.compressors.config", "ConfigCompressor"),
    ("pipeline.compressors.table", "TableCompressor"),
    ("pipeline.compressors.listing", "ListingCompressor"),
    ("pipeline.compressors.repeats", "RepeatsCompressor"),
    ("pipeline.compressors.padding", "PaddingCompressor"),
    ("pipeline.compressors.kompress", "KompressCompressor"),
)


@lru_cache(maxsize=1)
def compressors() -> tuple[Compressor, ...]:
    """All compressors, ours first, each once; a plug-in that cannot be loaded is logged and left out."""
    found: list[Compressor] = [getattr(importlib.import_module(module), name)() for module, name in BUILT_IN]
    for entry in sorted(entry_points(group="headroom.compressors"), key=lambda e: e.name):
        try:
            plugin = entry.load()()
        except Exception:  # a plug-in may raise anything; a session must not end because of it
            log.exception("compressor plug-in %s cannot be loaded and is left out", entry.name)
            continue
        if isinstance(plugin, Compressor):
            found.append(plugin)
        else:
            log.error("compressor plug-in %s has no name, recognise and compress, and is left out", entry.name)
    return tuple(found)


def ranking(content: Content, among: tuple[Compressor, ...]) -> Iterator[tuple[float, Compressor]]:
    """The compressors that recognise the content, surest first; among equals the earlier in the list.

    They are asked in the order of the list, and once one is sure nobody is asked any more: the looks of those that know plain text by its lines
    cost more than the compression of what has a form of its own. One that says of itself that it is never surer than another already is
    (``surest``, at most what its ``recognise`` returns) is asked only by who wants more than the first.
    """
    answers: dict[int, float] = {}
    put_off: list[int] = []
    best = 0.0
    for place, compressor in enumerate(among):
        if _surest(compressor) <= best:
            put_off.append(place)
            continue
        answers[place] = _ask(compressor, content)
        best = max(best, answers[place])
        if best >= _SURE:
            break
    if best <= 0:
        return
    first = next(place for place, confidence in answers.items() if confidence == best)
    yield best, among[first]
    del answers[first]
    answers.update((place, _ask(among[place], content)) for place in put_off)
    for place, confidence in sorted(answers.items(), key=lambda answer: (-answer[1], answer[0])):
        if confidence > 0:
            yield confidence, among[place]


def _ask(compressor: Compressor, content: Content) -> float:
    """How sure a compressor is, from 0 to 1; it fails open: what cannot be asked, or answers anything else, does not recognise."""
    try:
        sure = float(compressor.recognise(content))
    except Exception:
        log.exception("compressor %s failed to recognise", compressor.name)
        return 0.0
    if 0.0 <= sure <= 1.0:
        return sure
    log.error("compressor %s failed to recognise: %s is not between 0 and 1", compressor.name, sure)  # NaN would spoil the order
    return 0.0


def _surest(compressor: Compressor) -> float:
    """The most that a compressor returns; one that does not say it as a number may return anything."""
    surest = getattr(compressor, "surest", 1.0)
    return surest if isinstance(surest, (int, float)) else 1.0
