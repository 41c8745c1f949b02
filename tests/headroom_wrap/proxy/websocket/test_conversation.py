"""Conversations without sockets: whatever way a conversation is sent, the model sees the same."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.proxy.compression import Compression
from headroom_wrap.proxy.keeper import Keeper
from headroom_wrap.proxy.websocket.conversation import Conversation, Onward
from pipeline import markers
from pipeline.dialects.openai_responses import OpenAIResponses
from pipeline.policy import Policy
from tests.headroom_wrap.proxy.harness import InlineWorkers
from tests.headroom_wrap.proxy.websocket.model import Model, create, output, requests, results, session, user
from tests.memory_store import MemoryStore
from tests.pipeline.dialects.test_openai_responses import responses
from tests.transcripts import conversations


class NoBooks:
    def __init__(self):
        self.entries = []

    def enter(self, parser, prepared, session, times):
        self.entries.append((parser, prepared, session, times))


class Wire:
    """A proxy's life on one store, with sockets that are opened and lost at will, in front of a model."""

    def __init__(self, items, store=None, policy=None, shells=None):
        self.model = Model(items)
        self.keeper = Keeper(lambda: store or MemoryStore())
        policy = policy or Policy(floor_tokens=100)
        self.compression = Compression(OpenAIResponses(), policy, self.keeper, InlineWorkers(), lambda _: None, shells=shells)
        self.books = NoBooks()
        self.previous = ""
        self.connect()

    def connect(self):
        self.conversation = Conversation(OpenAIResponses(), self.compression, self.books, lambda _: None, path="/v1/responses", session="")
        self.previous = ""

    async def ask(self, new, whole, **fields):
        """One request over the socket: what is new, or, on a fresh one, everything."""
        frame = create(new, previous_response_id=self.previous, **fields) if self.previous else create(whole, **fields)
        for event in self.model.events(await self.conversation.asked(frame)):
            assert self.conversation.answered(json.dumps(event)) == (Onward.PASS, "")
        self.previous = event["response"]["id"]

    async def post(self, whole):
        """One request over HTTP."""
        body = (await self.compression.prepare(json.dumps({"model": "m", "input": whole}).encode())).body
        self.model.events(body)

    async def close(self):
        await self.compression.close()
        await self.keeper.close()


async def over_one_socket(items, store=None):
    wire = Wire(items, store)
    await wire.ask([], [], generate=False)
    for new, whole in requests(items):
        await wire.ask(new, whole)
    await wire.close()
    return wire.model.prompts


async def over_http(items, store=None):
    wire = Wire(items, store)
    for _, whole in requests(items):
        await wire.post(whole)
    await wire.close()
    return wire.model.prompts


async def however(items, ways, store=None):
    """Over sockets that are lost now and then, with requests over HTTP in between, and proxies that are started anew."""
    wire = Wire(items, store)
    for way, (new, whole) in zip(ways, requests(items)):
        if way == "restart":
            prompts = wire.model.prompts
            await wire.close()
            wire = Wire(items, store)
            wire.model.prompts = prompts
        elif way == "reconnect":
            wire.connect()
        if way == "http":
            await wire.post(whole)
            wire.previous = ""
        else:
            await wire.ask(new, whole)
    await wire.close()
    return wire.model.prompts


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(conversations(), st.data())
def test_the_model_sees_the_same_whatever_way_a_conversation_takes(messages, data):
    items = responses(messages)
    count = len(list(requests(items)))
    ways = data.draw(st.lists(st.sampled_from(["on", "on", "reconnect", "http", "restart"]), min_size=count, max_size=count))
    socket = asyncio.run(over_one_socket(items))
    assert socket == asyncio.run(over_http(items))
    assert socket == asyncio.run(however(items, ways, MemoryStore()))
    for before, after in zip(socket, socket[1:]):
        assert after[: len(before)] == before


@pytest.mark.parametrize("name", ["exec", "wait_only"])
async def test_the_tools_of_its_first_request_are_those_of_a_conversation(name):
    """Codex declares them once a socket, in an item, and the answers to calls of them come in requests that declare nothing."""
    tools = {"type": "additional_tools", "role": "developer", "tools": [{"type": "namespace", "name": "functions", "tools": [{"name": name}]}]}
    items = [tools, *session(3)]
    wire = Wire(items, shells=frozenset({"exec"}))
    await wire.ask([], [], generate=False)
    for new, whole in requests(items):
        await wire.ask(new, whole)
    await wire.close()
    elided = [markers.elides(text) for text in results(wire.model.prompts[-1])]
    assert any(elided) is (name == "exec")


async def test_the_property_is_about_something():
    """What is sent is smaller, and a second read of a text refers to the first, which stands before the frame."""
    items = session(2)
    source = "\n".join(f"def f_{n}(x):\n    return x + {n}" for n in range(300))
    items[3]["output"][1]["text"] = items[6]["output"][1]["text"] = source
    items[2]["input"] = items[5]["input"] = 'text((await tools.exec_command({cmd:"cat src/app.py"})).output)'
    prompts = await over_one_socket(items)
    first, second = results(prompts[-1])[1::2]
    assert len(second) < len(first) / 3
    assert prompts == await over_http(items)


async def test_our_tools_stand_in_a_conversation_from_where_they_were_offered_on():
    items = session(2)
    wire = Wire(items)
    tools = {"tools": [{"type": "function", "name": "mcp__headroom__headroom_retrieve"}]}
    for (new, whole), extra in zip(requests(items), (tools, {}, {})):
        await wire.ask(new, whole, **extra)
    wire.connect()
    await wire.ask(*list(requests(items))[-1])
    assert [prepared.declared > 0 for _, prepared, _, _ in wire.books.entries] == [True, True, True, False]
    await wire.close()


async def test_a_receipt_names_when_what_happened_and_whose_it_is():
    wire = Wire(session(1))
    await wire.ask([], session(1)[:-1], prompt_cache_key="thread-1")
    ((parser, prepared, whose, times),) = wire.books.entries
    assert (parser.message_id, parser.model, whose) == ("resp_0", "gpt-6.1-sol", "thread-1")
    assert times.arrived <= times.sent <= times.answered <= times.relayed
    assert (prepared.original, prepared.body, len(prepared.fresh)) == (b"", b"", 1)
    await wire.close()


async def test_an_answer_that_failed_cannot_be_gone_on_from():
    wire = Wire(session(1))
    await wire.conversation.asked(create([user("Why?")]))
    wire.conversation.answered(json.dumps({"type": "response.created", "response": {"id": "resp_0"}}))
    wire.conversation.answered(json.dumps({"type": "response.failed", "response": {"id": "resp_0", "status": "failed"}}))
    frame = create([output(0)], previous_response_id="resp_0")
    assert await wire.conversation.asked(frame) == frame
    await wire.close()


async def test_an_answer_whose_end_was_not_seen_is_over_when_the_next_begins():
    wire = Wire(session(1))
    for n, items in enumerate(([user("Why?")], [user("How?")])):
        await wire.conversation.asked(create(items))
        wire.conversation.answered(json.dumps({"type": "response.created", "response": {"id": f"resp_{n}"}}))
    wire.conversation.answered(json.dumps({"type": "response.completed", "response": {"id": "resp_1", "usage": {"input_tokens": 3}}}))
    ((_, prepared, _, _),) = wire.books.entries
    assert [item.text for item in prepared.transcript.items] == ["How?"]
    await wire.close()


async def test_requests_that_are_never_answered_are_not_kept_for_ever():
    wire = Wire(session(1))
    for n in range(100):
        await wire.conversation.asked(create([], stream_id=str(n)))
    assert sum(map(len, wire.conversation._waiting.values())) == 64
    await wire.close()


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"response.completed"}',
        '{"type":"response.completed","response":3}',
        '{"type":"response.output_item.done","item":{"type":"x"}}',
        '{"type":"error"}',
        '{"type":"error","error":[]',
        '{"x":{"type":"error"}}',
        "",
    ],
)
async def test_events_of_nothing_pass(frame):
    wire = Wire([])
    assert wire.conversation.answered(frame) == (Onward.PASS, "")
    await wire.conversation.asked(create([user("Why?")]))
    assert wire.conversation.answered(frame) == (Onward.PASS, "")
    await wire.close()
