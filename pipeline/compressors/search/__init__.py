"""Search results (grep, ripgrep, ag, git grep): each path once, hits ranked by the question, the rest counted by file.

Regrouping loses nothing: ``path:12:text`` becomes the path on a line of its own and ``12:text`` below it. Where hits are left out, a marker
says how many, in which files and on which of their lines, so that no hit vanishes without its file.
"""

from __future__ import annotations

from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.compressors.search.choice import asked_files, choose
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
        shape, _ = shape_of(sample(content.lines), is_search(content.call))
        if shape is None:
            return None
        lines = parse(content.lines, shape)
        strange = sum(line.kind is Kind.OTHER and bool(text) for line, text in zip(lines, content.lines, strict=True))
        if strange * 5 > len(lines):
            return None
        asked = asked_files({line.path: None for line in lines if line.path}, content.query)
        shown = choose(content, lines, asked, policy) if policy.lossy else [True] * len(lines)
        runs = runs_of(content.lines, lines, shown)
        text = "\n".join(render(content.lines, lines, runs, shape))
        if len(text) > len(content.text) * _SAVES:
            return None
        gaps = tuple(Gap(run.start + 1, run.end) for run in runs)
        return Rewrite(text, len(lines), gaps, summary(lines, runs, asked))
