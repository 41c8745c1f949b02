from __future__ import annotations

from headroom_wrap.proxy.websocket.standing import Memory, Standing
from pipeline.transcript import Item, ItemKind


def standing(size):
    return Standing((Item(ItemKind.USER_TEXT, b"d" * 32, "x" * size),))


def test_what_was_used_least_lately_is_given_up():
    memory = Memory(limit=4000)
    for name in "abc":
        memory.put(name, standing(1000))
    assert memory.get("a") == standing(1000)
    memory.put("d", standing(1000))
    assert [memory.get(n) is not None for n in "abcd"] == [True, False, True, True]
    memory.put("e", standing(5000))
    assert len(memory) == 0


def test_what_is_put_again_or_forgotten_counts_once():
    memory = Memory(limit=3000)
    for _ in range(9):
        memory.put("a", standing(1000))
    memory.put("b", standing(1000))
    memory.forget("a")
    memory.forget("a")
    memory.put("c", standing(1000))
    assert [memory.get(n) is not None for n in "abc"] == [False, True, True]
