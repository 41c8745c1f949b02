from __future__ import annotations

import asyncio
import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headroom
from headroom_wrap.proxy.endpoints import compress as endpoint
from headroom_wrap.proxy.endpoints import conversation
from pipeline.policy import Policy, Profile
from pipeline.store.sqlite import SqliteStore
from tests.headroom_wrap.proxy.endpoints.client import client
from tests.headroom_wrap.proxy.harness import DEADLINE, InlineWorkers, log_text
from tests.headroom_wrap.proxy.harness import conversation as anthropic
from tests.memory_store import MemoryStore

LOG = log_text()
OPENAI = [
    {"role": "system", "content": "You help."},
    {"role": "user", "content": "What fails?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "shell", "arguments": '{"command": "cat app.log"}'}}],
    },
    {"role": "tool", "tool_call_id": "c1", "content": LOG},
]
RESPONSES = [
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "What fails?"}]},
    {"type": "function_call", "call_id": "c1", "name": "shell", "arguments": '{"command": "cat app.log"}'},
    {"type": "function_call_output", "call_id": "c1", "output": LOG},
]
GEMINI = [
    {"role": "user", "parts": [{"text": "What fails?"}]},
    {"role": "model", "parts": [{"functionCall": {"name": "shell", "args": {"command": "cat app.log"}}}]},
    {"role": "user", "parts": [{"functionResponse": {"name": "shell", "response": {"output": LOG}}}]},
]
CONVERSE = [
    {"role": "user", "content": [{"text": "What fails?"}]},
    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "shell", "input": {"command": "cat app.log"}}}]},
    {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"text": LOG}]}}]},
]
SHAPES = {"anthropic": anthropic(1), "converse": CONVERSE, "openai": OPENAI, "responses": RESPONSES, "gemini": GEMINI}


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
async def test_every_shape_becomes_what_the_library_makes_of_it(shape):
    messages = SHAPES[shape]
    wanted = headroom.compress(messages, store=MemoryStore())
    async with client() as c:
        reply = await c.post("/v1/compress", {"messages": messages, "model": "claude-opus-4-8"})
        assert reply.status == 200
        found = reply.json
        original = (await c.get(f"/v1/retrieve/{found['handles'][0]}")).json
    assert found["messages"] == wanted.messages
    assert found["tokens_saved"] == wanted.tokens_saved > 1000
    assert found["tokens_before"] == pytest.approx(wanted.tokens_before, rel=0.05)
    assert found["tokens_after"] == found["tokens_before"] - found["tokens_saved"]
    assert found["savings_ratio"] == pytest.approx(1 - found["compression_ratio"])
    assert [b["reason"] for b in found["blocks"]] == ["compressed"]
    assert tuple(found["handles"]) == tuple(found["ccr_hashes"]) == wanted.handles
    assert found["transforms_applied"] == [b.compressor for b in wanted.blocks]
    assert found["ignored"] == []
    assert original["text"] == LOG
    assert json.dumps(original["text"]) in json.dumps(messages)


async def test_what_is_not_compressed_is_byte_identical():
    raw = b'[ {"role":"user", "content": "caf\\u00e9 \\ud800", "x": 1e400, "y":1.0} , {"role": "user","content":[ ],"role2":{ }} ]'
    async with client() as c:
        reply = await c.post("/v1/compress", b'{"messages" : ' + raw + b' , "model": null}')
    assert reply.status == 200
    assert b'"messages":' + raw in reply.message.body
    assert reply.json["tokens_saved"] == 0


async def test_a_growing_conversation_keeps_its_beginning():
    workers = InlineWorkers()
    before = b""
    async with client(workers=workers) as c:
        for turns in range(1, 5):
            reply = await c.post("/v1/compress", {"messages": anthropic(turns)})
            written = json.dumps(reply.json["messages"]).encode().removesuffix(b"]")
            assert written.startswith(before)
            before = written
    sizes = [len(job.tasks) for job in workers.jobs if job.tasks[0].key]
    assert sizes == [1, 1, 1, 1]  # what was decided is not worked out again


async def test_it_keeps_it_over_a_restart_and_a_worker_that_was_late(tmp_path):
    class Late(InlineWorkers):
        async def run(self, job):
            return [] if job.tasks[0].key else await super().run(job)

    def store():
        return SqliteStore.open(tmp_path / "s" / "headroom.db")

    async with client(store=store, workers=Late()) as c:
        first = (await c.post("/v1/compress", {"messages": anthropic(1)})).json
    async with client(store=store) as c:
        second = (await c.post("/v1/compress", {"messages": anthropic(2)})).json
    assert first["messages"] == anthropic(1)
    assert [b["reason"] for b in second["blocks"]] == ["took too long", "compressed"]
    assert second["messages"][:3] == first["messages"]


async def test_other_options_are_decided_on_anew():
    async with client() as c:
        asked = [{}, {"profile": "lossless"}, {"options": {"exclude_tools": ["Bash"]}}, {"query": "request 3400"}, {"frozen_message_count": 3}, {}]
        found = [(await c.post("/v1/compress", {"messages": anthropic(1), **more})).json for more in asked]
    reasons = [f["blocks"][0]["reason"] for f in found]
    assert (reasons[0], reasons[2], reasons[3]) == ("compressed", "tool excluded", "compressed")
    assert found[1]["tokens_saved"] < found[0]["tokens_saved"]
    assert found[3]["messages"] != found[0]["messages"]
    assert found[4]["messages"] == anthropic(1)
    assert found[5] == found[0]


async def test_it_decides_nothing_for_agents():
    """What is on record for a block wherever it stands is for resumed sessions; a client's options have no place there."""
    store = MemoryStore()
    async with client(store=store) as c:
        await c.post("/v1/compress", {"messages": anthropic(2)})
    assert len(store.frozen) == 2
    assert not [key for key in store.frozen if key.startswith("block:")]


async def test_what_has_no_effect_is_named():
    async with client() as c:
        found = (await c.post("/v1/compress", {"messages": [], "token_budget": 1000, "config": {"smart_crusher": {}}, "model": "m"})).json
    assert found["ignored"] == ["token_budget", "config"]
    assert (found["messages"], found["tokens_before"], found["compression_ratio"]) == ([], 0, 1.0)


async def test_off_is_off():
    class None_(InlineWorkers):
        async def run(self, job):
            raise AssertionError

    async with client(off=True, workers=None_()) as c:
        found = (await c.post("/v1/compress", {"messages": anthropic(1)})).json
        assert (await c.get("/readyz")).json == {"status": "ready", "checks": {"store": "up", "worker": "off"}}
    assert found["messages"] == anthropic(1)
    assert [b["reason"] for b in found["blocks"]] == ["off"]


async def test_null_says_nothing():
    names = ["model", "profile", "query", "frozen_message_count", "options", "token_budget", "config"]
    async with client() as c:
        silent = (await c.post("/v1/compress", {"messages": anthropic(1)})).json
        assert (await c.post("/v1/compress", {"messages": anthropic(1)} | dict.fromkeys(names))).json == silent
    assert conversation.read(b'{"messages": [], "frozen_message_count": null}', Policy()).keys == ()


NINES = b"9" * 5000
HUGE = [
    b'{"messages": [{"role": "user", "content": "x", "n": %b}]}',
    b'{"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "x", "n": -%b}]}]}',
    b'{"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"n": %b}}]}]}',
    b'{"messages": [{"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"n": %b}}}]}]}',
    b'{"messages": [], "config": {"n": %b}}',
    b'{"messages": [], "token_budget": %b}',
]


@pytest.mark.parametrize("body", HUGE)
async def test_a_number_may_have_any_number_of_digits(body):
    async with client() as c:
        reply = await c.post("/v1/compress", body % NINES)
        assert reply.status == 200
        assert body.startswith(b'{"messages": []') or NINES in reply.message.body
        refused = await c.post("/v1/compress", b'{"messages": [], "frozen_message_count": %b}' % NINES)
        assert (refused.status, "frozen_message_count" in refused.json["error"]["message"]) == (400, True)


# ----- what is refused


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"messages": 7}',
        b'{"messages": [7]}',
        b'{"messages": [{}], "messages": []}',
        b'{"messages": [NaN]}',
        b'{"messages": [{"content": -Infinity}]}',
        b'{"model": "m"}',
        b'{"messages": [], "model": 7}',
        b'{"messages": [], "profile": "fast"}',
        b'{"messages": [], "frozen_message_count": -1}',
        b'{"messages": [], "mesages": []}',
        b'{"messages": [], "options": {"floor": 1}}',
        b'{"messages": [], "options": {"tool_kinds": {"x": "y"}}}',
        b'{"messages": [' + b"[" * 100_000,
        b'{"messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"messages": [{"role": "user", "content": "\xff"}]}',
        b'\xef\xbb\xbf{"messages": []}',
    ],
)
async def test_what_cannot_be_read_is_refused_with_a_reason(body):
    async with client() as c:
        reply = await c.post("/v1/compress", body)
    assert (reply.status, reply.kind) == (400, "invalid_request")
    assert len(reply.json["error"]["message"]) > 10


async def test_media_types_and_codings():
    body = json.dumps({"messages": anthropic(1)}).encode()
    async with client() as c:
        assert (await c.post("/v1/compress", gzip.compress(body), Content_Encoding="gzip")).json["tokens_saved"] > 0
        assert (await c.post("/v1/compress", body, Content_Type="application/json; charset=utf-8")).status == 200
        assert (await c.post("/v1/compress", body, Content_Type=None)).status == 200
        reply = await c.post("/v1/compress", body, Content_Type="text/plain")
        assert (reply.status, reply.kind, reply.header("Accept-Post")) == (415, "unsupported_media_type", "application/json")
        assert (await c.post("/v1/compress", body, Content_Encoding="rot13")).status == 415
        assert (await c.post("/v1/compress", body, Content_Encoding="gzip")).status == 400
        assert (await c.post("/v1/compress", gzip.compress(b"") * 1500, Content_Encoding="gzip")).status == 400


async def test_bodies_are_bounded_before_and_after_their_coding(monkeypatch):
    monkeypatch.setattr("headroom_wrap.proxy.endpoints.parts.BODY_LIMIT", 1000)
    async with client() as c:
        reply = await c.post("/v1/compress", b" " * 1001)
        assert (reply.status, reply.kind, reply.header("Connection")) == (413, "request_too_large", "close")
        assert (await c.post("/v1/compress", gzip.compress(b" " * 100_000), Content_Encoding="gzip")).status == 400
        assert (await c.post("/v1/compress", b'{"messages": []}')).status == 200


# ----- when it cannot be done


class Absent(InlineWorkers):
    async def run(self, job):
        return []


class Starting(InlineWorkers):
    def __init__(self):
        super().__init__()
        self.go = asyncio.Event()

    async def run(self, job):
        await self.go.wait()
        return await super().run(job)


async def test_while_the_worker_is_starting_or_gone_it_is_not_now(monkeypatch):
    monkeypatch.setattr(endpoint, "_WARM_S", 0.01)
    async with client(workers=Absent()) as c:
        reply = await c.post("/v1/compress", {"messages": anthropic(1)})
        assert (reply.status, reply.kind, reply.header("Retry-After")) == (503, "unavailable", "1")
        assert (await c.post("/v1/compress", {"messages": []})).status == 200  # nothing to do needs nobody
    workers = Starting()
    async with client(workers=workers) as c:
        assert (await c.post("/v1/compress", {"messages": anthropic(1)})).status == 503
        workers.go.set()
        assert (await c.post("/v1/compress", {"messages": anthropic(1)})).json["tokens_saved"] > 0


async def test_a_full_line_is_told_to_come_again(monkeypatch):
    class Slow(Starting):
        async def run(self, job):
            return await (InlineWorkers.run(self, job) if not job.tasks[0].key else super().run(job))

    monkeypatch.setattr(endpoint, "_LINE_S", 0.01)
    workers = Slow()
    async with client(workers=workers) as c:
        first = asyncio.create_task(c.post("/v1/compress", {"messages": anthropic(1)}))
        while not workers.jobs:  # the probe
            await asyncio.sleep(0)
        reply = await c.post("/v1/compress", {"messages": anthropic(2)})
        assert (reply.status, reply.kind, reply.header("Retry-After")) == (503, "busy", "1")
        workers.go.set()
        assert (await asyncio.wait_for(first, DEADLINE)).status == 200


async def test_originals_that_cannot_be_kept_change_nothing():
    store = MemoryStore()
    store.broken = True
    async with client(store=store) as c:
        reply = await c.post("/v1/compress", {"messages": anthropic(1)})
    assert (reply.status, reply.kind, reply.header("Retry-After")) == (503, "storage_error", "10")
    assert "disk is full" in reply.json["error"]["message"]


async def test_a_client_that_is_gone_costs_no_worker_and_loses_no_work():
    class Held(Starting):
        def __init__(self):
            super().__init__()
            self.began = asyncio.Event()
            self.cancelled = False

        async def run(self, job):
            if not job.tasks[0].key:
                return await InlineWorkers.run(self, job)
            self.began.set()
            try:
                return await super().run(job)
            except asyncio.CancelledError:
                self.cancelled = True
                raise

    workers, store = Held(), MemoryStore()
    async with client(workers=workers, store=store) as c:
        task = asyncio.create_task(c.post("/v1/compress", {"messages": anthropic(1)}))
        await asyncio.wait_for(workers.began.wait(), DEADLINE)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        workers.go.set()
    assert not workers.cancelled
    assert len(store.frozen) == 1


# ----- properties of the core

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "parts", "text", "tool_calls", "tool_use_id", "output", "x"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@pytest.mark.slow
@settings(max_examples=80)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["role", "content", "type", "parts", "tool_calls", "tool_call_id", "output"]), json_values, max_size=4),
        max_size=4,
    )
)
def test_any_messages_are_read_or_refused(messages):
    body = json.dumps({"messages": messages}).encode()
    try:
        read = conversation.read(body, Policy())
    except ValueError:
        return
    assert json.loads(bytes(read.answer({}).messages)) == messages


def test_keys_depend_on_what_is_asked_for():
    def keys(**more):
        return conversation.read(json.dumps({"messages": anthropic(1), **more}).encode(), Policy()).keys

    assert keys() == keys(model="other", profile="balanced", options={"exclude_tools": []})
    assert len({keys(), keys(profile="lossless"), keys(query="x"), keys(options={"elide": False}), keys(frozen_message_count=1)}) == 5
    both = [keys(options={"disabled": names}) for names in (["a", "b"], ["b", "a"])]
    assert both[0] == both[1]
    read = conversation.read(b'{"messages": [], "options": {"workspace": "/w"}}', Policy(profile=Profile.LOSSLESS))
    assert (read.policy.profile, read.policy.workspace) == (Profile.LOSSLESS, "/w")
