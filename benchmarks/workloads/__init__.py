"""The four headline workloads, made from a seed in the shape of real tools' answers, with the facts that must survive decided by the maker."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.workloads.case import Case
from benchmarks.workloads.code_search import code_search
from benchmarks.workloads.exploration import exploration
from benchmarks.workloads.sre import sre
from benchmarks.workloads.triage import triage

WORKLOADS: dict[str, Callable[[int], Case]] = {
    "code search": code_search,
    "SRE debugging": sre,
    "issue triage": triage,
    "exploration": exploration,
}
