from __future__ import annotations

import asyncio

import pytest

from headroom_wrap.events import Began, Ready, Trouble
from headroom_wrap.proxy.endpoints.tally import OTHERS, CountingKeeper, Durations, Names, Tally
from pipeline.store.api import Receipt, StoreError
from pipeline.usage import Usage


def receipt(model="m", cost=1.0, **more):
    return Receipt("id", "s", 0.0, "a", model, "/p", Usage(input=1), cost, None if cost is None else 2 * cost, **more)


def test_events_are_counted_and_handed_on():
    tally, told = Tally(), []
    tell = tally.hearing(told.append)
    events = [Began("m", "/", True, new_reasons={"compressed": 2}), Began("", "/", False), Trouble("store", "x"), Ready()]
    for event in events:
        tell(event)
    assert told == events
    assert (tally.requests, tally.unread, tally.reasons, tally.troubles) == (2, 1, {"compressed": 2}, {"store": 1})


def test_dollars_are_of_those_whose_price_is_known():
    tally = Tally()
    tally.enter(receipt())
    tally.enter(receipt(cost=None))
    assert (tally.responses, tally.unpriced, tally.cost, tally.cost_without) == (2, 1, 1.0, 2.0)


def test_names_are_bounded():
    names = Names()
    for n in range(1000):
        names.add(f"model-{n}")
    names.add("model-1")
    assert len(names) == 101
    assert names[OTHERS] == 900
    assert names["model-1"] == 2


def test_durations():
    times = Durations()
    assert times.average == 0.0
    for seconds in (0.003, 0.1, 100.0):
        times.add(seconds)
    assert (times.least, times.most, times.number) == (0.003, 100.0, 3)
    assert times.average == pytest.approx(100.103 / 3)
    assert times.counts == sorted(times.counts)
    assert times.counts[2] == 1
    assert times.counts[-1] == 2


def test_receipts_count_whether_or_not_the_store_takes_them():
    def broken():
        raise StoreError("no disk")

    async def main():
        tally = Tally()
        keeper = CountingKeeper(broken, tally)
        with pytest.raises(StoreError):
            await keeper.add_receipt(receipt(compressors=(("log", 5),), removed_new=3, removed_old=2))
        await keeper.close()
        assert (tally.removed, tally.compressors) == (5, {"log": 5})

    asyncio.run(main())
