from __future__ import annotations

from headroom_wrap.proxy.memory import Memory
from pipeline.store.api import Decision


def decision(key, text=None):
    return Decision(key, text, "compressed")


def test_the_first_decision_stands():
    memory = Memory()
    memory.put([decision("a", "one"), decision("a", "two"), decision("b")])
    assert {k: d.text for k, d in memory.get(["a", "b", "c"]).items()} == {"a": "one", "b": None}


def test_the_least_lately_used_is_given_up():
    memory = Memory(limit=3 * 2400)
    memory.put(decision(key, "x" * 1000) for key in "abc")
    memory.get(["a"])
    memory.put([decision("d", "x" * 1000)])
    assert sorted(memory.get("abcd")) == ["a", "c", "d"]
    memory.put([decision("e", "x" * 100_000)])
    assert len(memory) == 0
    memory.put([decision("f")])
    assert list(memory.get("f")) == ["f"]
