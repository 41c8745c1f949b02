from __future__ import annotations

import gc
import tracemalloc

import pytest

from pipeline.store.api import Decision
from pipeline.store.recent import RecentDecisions
from tests.forking import said


def decision(key, text=None):
    return Decision(key, text, "compressed")


def test_the_first_decision_stands():
    recent = RecentDecisions()
    recent.put([decision("a", "one"), decision("a", "two"), decision("b")])
    assert {k: d.text for k, d in recent.get(["a", "b", "c"]).items()} == {"a": "one", "b": None}


def test_the_least_lately_used_is_given_up():
    recent = RecentDecisions(limit=3 * 1600)
    recent.put(decision(key, "x" * 1000) for key in "abc")
    recent.get(["a"])
    recent.put([decision("d", "x" * 1000)])
    assert sorted(recent.get("abcd")) == ["a", "c", "d"]
    recent.put([decision("e", "x" * 100_000)])
    assert len(recent) == 0
    recent.put([decision("f")])
    assert list(recent.get("f")) == ["f"]


@pytest.mark.parametrize("form", [None, "a", "é", "→", "😀"])
def test_what_is_held_is_counted_as_what_it_takes(form):
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        recent = RecentDecisions(limit=1 << 40)
        recent.put(Decision(f"{n:032}", form and f"{n:05}" * 300 + form, f"no {n}", f"log {n}", f"{n:08}", 900 + n, 300 + n) for n in range(200))
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert held / 1.5 < (1 << 40) - recent._left < held * 1.5


@pytest.mark.slow
def test_a_process_that_is_forked_while_a_thread_looks_something_up_has_it_too():
    program = """
from pipeline.store.api import Decision
from pipeline.store.recent import RecentDecisions

recent = RecentDecisions()
recent.put([Decision("a", "one", "compressed")])

def keys():
    yield "a"
    middle()

def in_child():
    recent.put([Decision("b", "two", "compressed")])
    print(*recent.get(["a", "b"]))

fork_meanwhile(lambda: recent.get(keys()), in_child)
print(*recent.get(["a", "b"]))
"""
    assert said(program) == ["a b", "a"]
