from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from headroom_wrap.proxy.endpoints import mcp
from pipeline import markers
from tests.headroom_wrap.proxy.endpoints.client import client
from tests.headroom_wrap.proxy.harness import DEADLINE, SECRET, InlineWorkers, log_text
from tests.memory_store import MemoryStore

LOG = log_text()


def call(method, **params):
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def text(reply):
    return reply.json["result"]["content"][0]["text"]


async def test_the_tools():
    store = MemoryStore()
    async with client(store=store) as c:
        short = text(await c.post("/mcp", call("tools/call", name="headroom_compress", arguments={"text": LOG, "query": "errors"})))
        handle = markers.handles(short)[0]
        assert len(short) < len(LOG) / 2
        assert text(await c.post("/mcp", call("tools/call", name="headroom_retrieve", arguments={"handle": handle}))) == LOG
        assert "no response" in text(await c.post("/mcp", call("tools/call", name="headroom_stats")))
        assert text(await c.post("/mcp", call("tools/call", name="headroom_compress", arguments={"text": "short"}))) == "short"
        failed = await c.post("/mcp", call("tools/call", name="headroom_retrieve", arguments={"handle": "00000000"}))
        assert failed.json["result"]["isError"]


async def test_calls_that_come_together_take_no_thread_from_what_they_wait_for():
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    store = MemoryStore()
    async with client(store=store) as c:
        texts = [log_text(n) for n in range(mcp._THREADS + 2)]
        asked = [c.post("/mcp", call("tools/call", name="headroom_compress", arguments={"text": one})) for one in texts]
        replies = await asyncio.wait_for(asyncio.gather(*asked), DEADLINE)
        handles = [markers.handles(text(reply))[0] for reply in replies]
    assert [store.originals[handle].text for handle in handles] == texts


async def test_a_call_whose_client_is_gone_ends_before_the_proxy_does(monkeypatch):
    begun, go_on = asyncio.Event(), asyncio.Event()
    close = mcp.Mcp.close

    async def closing(self):
        go_on.set()
        await close(self)

    class Slow(InlineWorkers):
        async def run(self, job):
            begun.set()
            await go_on.wait()
            return await super().run(job)

    monkeypatch.setattr(mcp.Mcp, "close", closing)
    store = MemoryStore()
    async with client(workers=Slow(), store=store) as c:
        left = asyncio.create_task(c.post("/mcp", call("tools/call", name="headroom_compress", arguments={"text": LOG})))
        await asyncio.wait_for(begun.wait(), DEADLINE)
        left.cancel()
        await asyncio.wait([left])
    assert [original.text for original in store.originals.values()] == [LOG]


async def test_a_handle_that_is_taken_stands_in_the_text():
    store = MemoryStore()
    store.put_original(LOG, unit="record", spans=((0, 5),))  # the same text was kept in other units before
    async with client(store=store) as c:
        short = text(await c.post("/mcp", call("tools/call", name="headroom_compress", arguments={"text": LOG})))
        handle = markers.handles(short)[0]
        assert store.originals[handle].unit == "line"


async def test_what_cannot_be_done_now_is_said_to_the_model():
    class Absent(InlineWorkers):
        async def run(self, job):
            return []

    async with client(workers=Absent()) as c:
        reply = await c.post("/mcp", call("tools/call", name="headroom_compress", arguments={"text": LOG}))
    assert reply.json["result"]["isError"]
    assert "starting" in text(reply)


async def test_off_gives_the_text_back():
    async with client(off=True) as c:
        assert text(await c.post("/mcp", call("tools/call", name="headroom_compress", arguments={"text": LOG}))) == LOG


@pytest.mark.parametrize(
    ("accept", "events"),
    [
        (None, False),
        ("application/json, text/event-stream", False),
        ("*/*", False),
        ("text/event-stream", True),
        ("text/event-stream;q=1, text/html", True),
    ],
)
async def test_the_form_is_the_clients_choice(accept, events):
    async with client() as c:
        reply = await c.post("/mcp", call("ping"), Accept=accept)
    assert reply.status == 200
    wanted = b'{"jsonrpc":"2.0","id":1,"result":{}}'
    assert reply.message.body == (b"event: message\ndata: " + wanted + b"\n\n" if events else wanted)
    assert reply.header("Content-Type") == ("text/event-stream" if events else "application/json")


async def test_notifications_have_no_answer():
    async with client() as c:
        reply = await c.post("/mcp", {"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert (reply.status, reply.message.body) == (202, b"")
        assert (await c.post("/mcp", b"{")).status == 400
        assert (await c.post("/mcp", call("ping"), Content_Type="text/plain")).status == 415
        for method in ("GET", "DELETE"):
            assert (await c.send(method, "/mcp", Accept="text/event-stream")).status == 405


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_the_official_client(mode):
    sdk = pytest.importorskip("mcp.client")
    store = MemoryStore()
    handle = store.put_original("one\ntwo\nthree")
    async with client(store=store) as c:
        url = f"http://127.0.0.1:{c.proxy.port}/{SECRET}/mcp"

        async def session():
            async with sdk.Client(url, mode=mode) as agent:
                tools = (await agent.list_tools()).tools
                assert [t.name for t in tools] == ["headroom_retrieve", "headroom_compress", "headroom_stats"]
                result = await agent.call_tool("headroom_retrieve", {"handle": handle, "lines": "2"})
                assert result.content[0].text.startswith("2\ttwo\n")
                assert (await agent.call_tool("headroom_retrieve", {"handle": "00000000"})).is_error
                return agent.protocol_version

        version = await asyncio.wait_for(session(), DEADLINE)
    assert version == ("2025-11-25" if mode == "legacy" else "2026-07-28")
