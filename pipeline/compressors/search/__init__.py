"""Search results (grep, ripgrep, ag, git grep): each path once, hits ranked by the question, the rest counted by file.

Regrouping loses nothing: ``path:12:text`` becomes the path on a line of its own and ``12:text`` below it. Where hits are left out, a marker
says how many, in which files and on which of their lines, so that no hit vanishes without its file.
"""

from __future__ import annotations

from pipeline.compressors import elision
from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.compressors.search.asked import asked_files
from pipeline.compressors.search.choice import choose
from pipeline.compressors.search.counts import compress_counts, is_counted
from pipeline.compressors.search.render import render, runs_of, summary
from pipeline.compressors.search.result import Kind, is_search, of_a_log, parse, sample, shape_of
from pipeline.markers import carries_marker
from pipeline.policy import Policy

_SAVES = 0.95  # of the characters at most, or the result stays as it was


class SearchCompressor:
    """Groups the hits of a search by file, and leaves out those that the question ranks last."""

    name = "search"

    def recognise(self, content: Content) -> float:
        """See ``Compressor.recognise``. What was found in logs is better left to one who knows logs, if there is one."""
        if carries_marker(content.text):
            return 0.0
        if is_counted(content.lines, content.call):
            return 0.9
        searching = is_search(content.call)
        looked_at = sample(content.lines)
        shape, share = shape_of(looked_at, searching)
        if shape is None:
            return 0.0
        return (0.7 if searching else 0.6) + share / 4 if not of_a_log(looked_at) else 0.4

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """See ``Compressor.compress``."""
        if carries_marker(content.text):
            return None
        if is_counted(content.lines, content.call):
            return compress_counts(content, policy)
        lines = elision.units(content.lines)
        shape, _ = shape_of(sample(lines), is_search(content.call))
        if shape is None:
            return None
        result = parse(lines, shape)
        strange = sum(kind is Kind.OTHER and bool(text) for kind, text in zip(result.kinds, lines, strict=True))
        if strange * 5 > len(lines):
            return None
        paths = dict.fromkeys(result.paths)
        paths.pop("", None)
        asked = asked_files(paths, content.query)
        shown = choose(content, result, asked, policy) if policy.lossy else bytearray(b"\1") * len(lines)
        runs = runs_of(result, shown)
        text = "\n".join(render(result, runs, shape, asked)) + "\n" * (len(lines) < len(content.lines))
        if len(text) > len(content.text) * _SAVES:
            return None
        gaps = tuple(Gap(run.start + 1, run.end) for run in runs)
        return Rewrite(text, len(lines), gaps, summary(result, runs, asked))
