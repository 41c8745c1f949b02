"""Runs cases: tokens, facts and time by kind and profile, or what is recognised as what.

``reduction`` is in o200k tokens of all text in the messages. ``facts`` are those still there word for word; ``retrievable`` counts those too
that an original behind a marker holds. ``MB/s`` is megabytes of tool results per CPU second in the compressors alone, ``in all`` those of the
whole call: reading the messages, counting tokens, keeping originals. Originals are kept in a folder that is removed at the end.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.case import Case, load, text_of, views
from headroom import compress, retrieve
from pipeline.compressors.api import Content
from pipeline.compressors.registry import compressors, ranking
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.store.api import Store
from pipeline.store.sqlite import SqliteStore
from pipeline.transcript import Item, ItemKind

PROFILES = ("lossless", "balanced", "aggressive")
NOTHING = "–"


@dataclass(frozen=True)
class Measure:
    """One case under one profile.

    Args:
        before, after: tokens.
        facts: how many facts it has, and how many are ``kept`` or at least ``retrievable``.
        size: bytes of text, and CPU seconds for all of it.
        results: bytes of tool results, and ``alone`` the CPU seconds of the compressors on them.
        by: tool results by compressor.
    """

    before: int
    after: int
    facts: int
    kept: int
    retrievable: int
    size: int
    cpu: float
    results: int
    alone: float
    by: Counter[str]


def measure(case: Case, profile: str, store: Store) -> Measure:
    """Compress a case that the process has not seen, and look for its facts."""
    began = time.process_time()
    result = compress(case.messages, model="claude-sonnet-4-5", profile=profile, store=store)
    cpu = time.process_time() - began
    seen = views(text_of(result.messages))
    missing = [needle for needle in case.needles if not needle.found(seen)]
    behind = seen + [view for handle in result.handles for view in views(retrieve(handle, store=store))] if missing else seen
    lost = sum(not needle.found(behind) for needle in missing)
    size = len(text_of(case.messages).encode("utf-8", "surrogatepass"))
    facts = len(case.needles)
    by = Counter(block.compressor or NOTHING for block in result.blocks)
    results = sum(len(item.text.encode("utf-8", "surrogatepass")) for item in blocks(case))
    kept = facts - len(missing)
    return Measure(result.tokens_before, result.tokens_after, facts, kept, facts - lost, size, cpu, results, _alone(case, profile), by)


def _alone(case: Case, profile: str) -> float:
    """CPU seconds of recognising the tool results and of the surest compressor's work on each."""
    policy = Policy(profile=Profile(profile))
    contents = [Content(item.text, Query.of(case.query, item.call), item.call, item.is_error) for item in blocks(case)]
    began = time.process_time()
    for content in contents:
        surest = next(ranking(content, compressors()), None)  # as the router asks: no more looks than that takes
        if surest is not None:
            surest[1].compress(content, policy)
    return time.process_time() - began


def table(measured: dict[str, list[tuple[str, Measure]]], profiles: Sequence[str]) -> Table:
    """A row for each kind and profile."""
    made = Table("workload", "profile", "cases", "tokens", "reduction", "facts", "retrievable", "MB/s", "in all", "by")
    rows = dict(measured)
    if len(rows) > 1:
        rows["all"] = [one for several in measured.values() for one in several]
    for kind, several in rows.items():
        for profile in profiles:
            of = [m for p, m in several if p == profile]
            before, after = sum(m.before for m in of), sum(m.after for m in of)
            facts = sum(m.facts for m in of) or 1
            by = sum((m.by for m in of), Counter())
            made.add_row(
                kind,
                profile,
                str(len(of)),
                f"{before:,}",
                f"{1 - after / before:.1%}" if before else NOTHING,
                f"{sum(m.kept for m in of) / facts:.1%}",
                f"{sum(m.retrievable for m in of) / facts:.1%}",
                f"{sum(m.results for m in of) / 1e6 / (sum(m.alone for m in of) or 1e-9):.1f}",
                f"{sum(m.size for m in of) / 1e6 / (sum(m.cpu for m in of) or 1e-9):.1f}",
                ", ".join(f"{name} {count}" for name, count in by.most_common(4)),
            )
    return made


# --- what is recognised as what


def blocks(case: Case) -> list[Item]:
    """The tool results of a case."""
    openai = any(m.get("role") == "tool" or "tool_calls" in m for m in case.messages)
    dialect = OpenAIChat() if openai else Anthropic()
    body = json.dumps({"model": "", "messages": case.messages}).encode("ascii")
    return [item for item in dialect.read(body, Policy()).items if item.kind is ItemKind.TOOL_RESULT and item.text]


def confusion(cases: Iterable[Case], least: int) -> Table:
    """How many tool results of each kind of case each compressor is surest of, with the call they answer and without."""
    counts: dict[tuple[str, bool], Counter[str]] = defaultdict(Counter)
    for case in cases:
        for item in blocks(case):
            if len(item.text) >= least:
                for with_call in (True, False):
                    ranked = list(ranking(Content(item.text, call=item.call if with_call else None, is_error=item.is_error), compressors()))
                    counts[case.kind, with_call][ranked[0][1].name if ranked else NOTHING] += 1
    names = [c.name for c in compressors()] + [NOTHING]
    made = Table("kind of case", "call", *names)
    for (kind, with_call), row in sorted(counts.items(), key=lambda entry: (entry[0][0], not entry[0][1])):
        made.add_row(kind, "yes" if with_call else "no", *(str(row[name] or "") for name in names))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(
        description="What compression saves and what survives it.", epilog=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="cases of each workload")
    parser.add_argument("--cases", type=Path, help="run these instead: a JSON object a line")
    parser.add_argument("--kind", nargs="*", default=[], help="only cases of these kinds")
    parser.add_argument("--profile", nargs="*", default=list(PROFILES), choices=PROFILES)
    parser.add_argument("--confusion", action="store_true", help="what is recognised as what, instead")
    parser.add_argument("--least", type=int, default=1000, help="characters of a block from which on --confusion counts it")
    options = parser.parse_args()
    cases = list(load(options.cases)) if options.cases else [make(seed) for make in WORKLOADS.values() for seed in range(options.seeds)]
    cases = [case for case in cases if not options.kind or case.kind in options.kind]
    console = Console(width=160)
    if options.confusion:
        console.print(confusion(cases, options.least))
        return
    compress([{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}])  # vocabulary and modules are loaded before the clock starts
    measured: dict[str, list[tuple[str, Measure]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore.open(Path(folder) / "originals.db")
        for case in cases:
            for profile in options.profile:
                measured.setdefault(case.kind, []).append((profile, measure(case, profile, store)))
    console.print(table(measured, options.profile))
