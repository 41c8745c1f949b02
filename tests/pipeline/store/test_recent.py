from __future__ import annotations

from pipeline.store.api import Decision
from pipeline.store.recent import RecentDecisions


def decision(key, text=None):
    return Decision(key, text, "compressed")


def test_the_first_decision_stands():
    recent = RecentDecisions()
    recent.put([decision("a", "one"), decision("a", "two"), decision("b")])
    assert {k: d.text for k, d in recent.get(["a", "b", "c"]).items()} == {"a": "one", "b": None}


def test_the_least_lately_used_is_given_up():
    recent = RecentDecisions(limit=3 * 2400)
    recent.put(decision(key, "x" * 1000) for key in "abc")
    recent.get(["a"])
    recent.put([decision("d", "x" * 1000)])
    assert sorted(recent.get("abcd")) == ["a", "c", "d"]
    recent.put([decision("e", "x" * 100_000)])
    assert len(recent) == 0
    recent.put([decision("f")])
    assert list(recent.get("f")) == ["f"]
