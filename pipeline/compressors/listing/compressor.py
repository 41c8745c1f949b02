"""The listing compressor: files, paths, packages, processes, pods."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.compressors import elision
from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.listing import stanzas
from pipeline.compressors.listing.calls import prints_rows, tabulates
from pipeline.compressors.listing.choice import FLOOR, choose
from pipeline.compressors.listing.columns import fold
from pipeline.compressors.listing.entries import Listing, Shape, parse, shape_of
from pipeline.compressors.listing.render import Run, by_suffix, gaps_of, may_group, render, runs_of
from pipeline.compressors.table.aligned import aligned
from pipeline.compressors.table.compressor import share_in, shorten
from pipeline.compressors.table.grid import Grid
from pipeline.compressors.table.headless import headless
from pipeline.markers import carries_marker
from pipeline.policy import Policy
from pipeline.transcript import ToolCall

_LOOK = 400
_LINE = 2000
_LEAST = 0.3
_WORTH = 0.95


class ListingCompressor:
    """Listings: ``ls``, ``find``, ``tree``, lists of paths, ``apt show``; tables of ``kubectl``, ``docker``, ``ps``, with their header or without."""

    name = "listing"
    surest = 0.9

    def recognise(self, content: Content) -> float:
        """0.86-0.9 for ``ls -l``, ``tree`` and tables of a program that lists, 0.8 for paths and stanzas, 0.7 for bare names."""
        if carries_marker(content.text):
            return 0.0
        sample = [line[:_LINE] for line in content.lines[:_LOOK]]
        shape, share = shape_of([line.rstrip("\r") for line in sample if line.strip()], content.call)
        if shape is not None:
            return {Shape.LONG: 0.9, Shape.TREE: 0.9, Shape.PATHS: 0.8, Shape.NAMES: 0.7}[shape] * share
        inside = share_in(sample, _tables(sample, content.call))
        if inside >= _LEAST:
            return 0.65 + inside / 4
        return 0.8 if stanzas.stanzas(sample) else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The listing with entries left out; paths below their folders, usual columns named once, in ``lossless`` too; None without a gain."""
        if carries_marker(content.text):
            return None
        sample = [line[:_LINE].rstrip("\r") for line in content.lines[:_LOOK] if line.strip()]
        shape, _ = shape_of(sample, content.call)
        if shape is not None:
            return _shorten(content, parse(content.lines, shape), policy)
        if not policy.lossy:
            return None
        if grids := _tables(content.lines, content.call):
            return shorten(content.lines, grids, content.query, policy)
        found = stanzas.stanzas(content.lines)
        return _shorten_stanzas(content, found) if found else None


def _tables(lines: Sequence[str], call: ToolCall | None) -> list[Grid]:
    """The tables that a call which prints such has printed: under their titles, or else without any."""
    grids = list(aligned(lines)) if tabulates(call) else []
    if share_in(lines, grids) >= _LEAST or not prints_rows(call):
        return grids
    untitled = headless(lines)
    return grids if untitled is None else [untitled]


def _shorten(content: Content, listing: Listing, policy: Policy) -> Rewrite | None:
    lines = content.lines
    runs: list[Run] = []
    if policy.lossy and listing.count > FLOOR:
        runs = runs_of(lines, listing.entries, choose(listing, lines, content.query, policy))
    text = "\n".join(render(lines, listing.entries, runs, grouped=False))
    if listing.shape is Shape.PATHS and may_group(lines, listing.entries):
        below = "\n".join(render(lines, listing.entries, runs, grouped=True))
        text = below if len(below) <= _WORTH * len(text) else text
    elif listing.shape is Shape.LONG:
        folded = fold(text.split("\n"))
        text = text if folded is None else "\n".join(folded)
    if len(text) > _WORTH * len(content.text):
        return None
    return Rewrite(text, len(lines), gaps_of(runs), _summary(listing, runs))


def _summary(listing: Listing, runs: Sequence[Run]) -> str:
    if not runs:
        return "nothing left out, " + ("paths stand below their folder" if listing.shape is Shape.PATHS else "columns named once")
    named = [e for e in listing.entries if e.name]
    left = sum(1 for run in runs for e in listing.entries[run.start : run.end] if e.name)
    return f"{left} of {len(named)} entries; in all {by_suffix(named)}"


def _shorten_stanzas(content: Content, found: Sequence[stanzas.Stanza]) -> Rewrite | None:
    lines = content.lines
    runs = stanzas.runs_of(found, lines, stanzas.choose(found, lines, content.query))
    if not runs:
        return None
    text = elision.render(lines, runs)
    if len(text) > _WORTH * len(content.text):
        return None
    return Rewrite(text, len(lines), tuple(gap for gap, _ in runs), f"every one of the {len(found)} entries is named")
