from __future__ import annotations

import time

import pytest

from headroom.version import VERSION
from headroom_wrap.events import Finished
from pipeline.store.api import Receipt
from pipeline.usage import Usage
from tests.headroom_wrap.proxy.endpoints.client import Client, client
from tests.headroom_wrap.proxy.harness import RawUpstream, answer, body_of, conversation, proxy
from tests.memory_store import MemoryStore


def receipt(name, at, **more):
    return Receipt(name, "s", at, "claude", "claude-opus-4-8", "/p", Usage(input=100, cache_read=900, output=10), 0.5, 0.75, **more)


async def test_a_session_in_figures():
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(answer({"input_tokens": 3, "cache_creation_input_tokens": 5000, "output_tokens": 1}))
        await p.post(body_of(conversation(1)))
        await p.event(Finished)
        found = (await Client(p).get("/stats")).json
    run = found["run"]
    assert found["version"] == VERSION
    assert (run["requests"], run["unread"], run["responses"], run["unpriced"]) == (1, 0, 1, 0)
    assert run["usage"] == {"input": 3, "cache_write_5m": 5000, "cache_write_1h": 0, "cache_read": 0, "output": 7}
    assert run["reasons"] == {"compressed": 1}
    assert run["models"] == found["requests"]["by_model"] == {"claude-opus-4-8": 1}
    assert run["tokens_removed"] == sum(run["compressors"].values()) == found["tokens"]["saved"] > 1000
    assert run["saved"] == pytest.approx(run["cost_without"] - run["cost"])
    assert found["tokens"]["total_before_compression"] == 5003 + run["tokens_removed"]
    assert 0 < found["tokens"]["savings_percent"] < 100
    assert found["overhead"]["min_ms"] <= found["overhead"]["average_ms"] <= found["overhead"]["max_ms"] <= found["latency"]["max_ms"]
    assert found["requests"]["total"] == 1
    assert abs(time.time() - run["started"] - run["uptime_s"]) < 5


async def test_the_ledger_reaches_as_far_back_as_asked():
    store = MemoryStore()
    day = 86_400
    for age in (1, 10, 100):
        store.add_receipt(receipt(f"m{age}", time.time() - age * day, compressors=(("log", age),), reasons=(("compressed", 1), ("too small", 2))))
    async with client(store=store) as c:
        found = {days: (await c.get(f"/stats?days={days}")).json["ledger"] for days in (5, 30, 365)}
        assert (await c.get("/stats")).json["ledger"] == found[30]
    assert [found[d]["responses"] for d in found] == [1, 2, 3]
    assert found[365]["compressors"] == {"log": 111}
    assert found[365]["reasons"] == {"too small": 6, "compressed": 3}
    assert (found[365]["cost"], found[365]["saved"], found[365]["saved_share"], found[365]["cache_hit"]) == (1.5, 0.75, pytest.approx(1 / 3), 0.9)
    assert found[365]["projects"] == [{"name": "/p", "responses": 3, "cost": 1.5, "cost_without": 2.25, "tokens_removed": 0}]


async def test_asking_often_adds_up_once():
    class Counted(MemoryStore):
        asked = 0

        def counts(self, column, **more):
            self.asked += column == "reasons"
            return super().counts(column, **more)

    store = Counted()
    async with client(store=store) as c:
        for _ in range(5):
            await c.get("/stats")
    assert store.asked == 1


@pytest.mark.parametrize("days", ["0", "3651", "x", "-1", "", "1&days=2", "%D9%A1", "99999999999", "1.5"])
async def test_days_that_are_none(days):
    async with client() as c:
        reply = await c.get(f"/stats?days={days}")
    assert (reply.status, reply.kind) == (400, "invalid_request")


async def test_what_was_compressed_on_request_counts():
    async with client() as c:
        found = (await c.post("/v1/compress", {"messages": conversation(1)})).json
        told = (await c.get("/stats")).json
    run = told["run"]
    assert run["compress_requests"] == told["requests"]["total"] == 1
    assert told["tokens"]["saved"] == found["tokens_saved"]
    assert told["tokens"]["savings_percent"] == pytest.approx(100 * found["savings_ratio"])
    assert (run["compress_tokens_before"], run["compress_tokens_saved"]) == (found["tokens_before"], found["tokens_saved"])
