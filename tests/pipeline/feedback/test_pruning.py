from __future__ import annotations

from pipeline.feedback import pruning, records
from pipeline.feedback.evidence import Subject, Tally
from pipeline.feedback.records import Origin
from pipeline.policy import Step
from pipeline.transcript import ToolKind
from tests.memory_store import MemoryStore

NOW = 1_800_000_000.0


def conversations(store: MemoryStore, times: list[float]) -> None:
    origin = Origin("git-1", "claude", "/p")
    evidence = {Subject("search", ToolKind.SEARCH, Step.FULL, "rg"): Tally(sent=1)}
    store.remember([records.row(origin, "s", f"c{n}", evidence, time) for n, time in enumerate(times)])


def test_what_is_beyond_the_newest_goes() -> None:
    store = MemoryStore()
    conversations(store, [NOW - n for n in range(records.MOST + 80)])
    assert pruning.prune(store, "git-1", NOW) == 80
    assert [row.time for row in store.memories(records.shelf("git-1"))] == [NOW - n for n in range(records.MOST)]
    assert pruning.prune(store, "git-1", NOW) == 0


def test_what_is_too_old_goes() -> None:
    store = MemoryStore()
    conversations(store, [NOW, *(NOW - pruning.KEEPS_S - n for n in range(1, 60))])
    assert pruning.prune(store, "git-1", NOW) == 59
    assert [row.time for row in store.memories(records.shelf("git-1"))] == [NOW]


def test_a_few_are_left_in_peace() -> None:
    store = MemoryStore()
    conversations(store, [NOW - pruning.KEEPS_S - n for n in range(1, 40)])
    assert pruning.prune(store, "git-1", NOW) == 0
    assert len(store.memories(records.shelf("git-1"))) == 39
