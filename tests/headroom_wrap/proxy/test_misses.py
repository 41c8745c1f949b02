from __future__ import annotations

import pytest

from headroom_wrap.proxy.misses import CacheWatch
from pipeline.usage import Usage

FIRST = ("a", "b", "c")
FULL = Usage(input=10, cache_write_5m=5000)


def second(usage: Usage, keys: tuple[str, ...] = (*FIRST, "d", "e"), *, model: str = "m", sent: float = 20.0, first: Usage = FULL) -> str:
    watch = CacheWatch()
    assert watch.miss("s", "m", first, FIRST, sent=0.0, ended=10.0, life=300) == ""
    return watch.miss("s", model, usage, keys, sent=sent, ended=sent + 1, life=300)


def test_what_was_written_and_is_read_is_no_miss() -> None:
    assert second(Usage(cache_read=5000, cache_write_5m=300)) == ""
    assert second(Usage(cache_read=4600)) == ""


@pytest.mark.parametrize(
    ("keys", "model", "sent", "said"),
    [
        ((*FIRST, "d"), "other", 20.0, "the model changed from m to other"),
        ((*FIRST, "d"), "m", 10.0 + 480, "nothing was asked for 8 min, and the cache lives 5 min"),
        (("a", "x", "y", "z"), "m", 20.0, "the agent rewrote earlier parts"),
        (("a", "b"), "m", 20.0, "the agent rewrote earlier parts"),
        ((*FIRST, "d"), "m", 20.0, "its instructions or tools, or the provider"),
    ],
)
def test_a_miss_is_explained(keys: tuple[str, ...], model: str, sent: float, said: str) -> None:
    assert said in second(Usage(cache_read=100, cache_write_5m=5000), keys, model=model, sent=sent)


def test_another_conversation_or_a_short_prompt_is_none() -> None:
    assert second(Usage(cache_write_5m=9000), ("other",)) == ""
    assert second(Usage(input=500), first=Usage(cache_write_5m=500)) == ""
    assert CacheWatch().miss("s", "m", FULL, (), sent=0, ended=0, life=0) == ""


def test_what_is_remembered_is_bounded() -> None:
    watch = CacheWatch()
    for n in range(3000):
        watch.miss("s", "m", FULL, (str(n),), sent=0, ended=0, life=300)
    assert len(watch._last) <= 1000
