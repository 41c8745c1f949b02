"""Output in the Test Anything Protocol (https://testanything.org): tests that passed are counted, everything else is kept."""

from __future__ import annotations

import re

from pipeline import markers
from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.policy import Policy
from pipeline.query import entity_pattern

_PLAN = re.compile(r"^1\.\.\d+", re.MULTILINE)
_PASSED = re.compile(r"ok \d+(?! .*# (?:TODO|SKIP))")
_LEAST = 3  # a shorter run costs less than its marker


class TapCompressor:
    """Keeps the plan, failures, diagnostics and what was asked for; runs of passed tests become a marker."""

    name = "tap"

    def recognise(self, content: Content) -> float:
        """Certain where a plan and results stand."""
        head = content.text[:20_000]
        return 0.95 if _PLAN.search(head) and re.search(r"^(?:not )?ok \d+", head, re.MULTILINE) else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The rewrite, or None if nothing was elided."""
        if not policy.lossy:
            return None
        asked = entity_pattern(content.query.entities)
        elided = [bool(_PASSED.match(line)) and not (asked and asked.search(line)) for line in content.lines]
        lines: list[str] = []
        gaps: list[Gap] = []
        start = 0
        for n in range(len(elided) + 1):
            if n < len(elided) and elided[n]:
                continue
            if n - start >= _LEAST:
                gaps.append(Gap(start + 1, n))
                lines.append(markers.gap(start + 1, n, f"{n - start} passed"))
            else:
                lines += content.lines[start:n]
            lines += content.lines[n : n + 1]
            start = n + 1
        if not gaps:
            return None
        return Rewrite("\n".join(lines), len(content.lines), tuple(gaps), "all of them passed tests")
