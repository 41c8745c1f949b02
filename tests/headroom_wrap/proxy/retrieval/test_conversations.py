"""Of which conversations the tool is a part, and what stays so."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading

import pytest

from headroom_wrap.proxy.compression import Compression
from headroom_wrap.proxy.keeper import Keeper
from headroom_wrap.proxy.retrieval import conversations, records
from headroom_wrap.proxy.retrieval.conversations import Retrieval
from headroom_wrap.proxy.retrieval.outline import Reader
from headroom_wrap.proxy.retrieval.wires.anthropic import AnthropicWire
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.policy import Policy
from pipeline.store.api import Decision, StoreError
from tests.headroom_wrap.proxy.harness import DEADLINE, OK, RawUpstream, answer, body_of, conversation, log_text, proxy
from tests.memory_store import MemoryStore

BASH = {"name": "Bash", "input_schema": {"type": "object"}}
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def behind(upstream, **settings):
    return proxy(upstream.url, **{"retrieve": "proxy", "elide": False} | settings)


def names(message):
    return [tool["name"] for tool in json.loads(message.body).get("tools", [])]


def elided(message):
    return b" lines left out" in message.body


async def run(upstream, p, *requests):
    """Sends requests and returns those that arrived."""
    begun = len(upstream.requests)
    for request in requests:
        assert (await p.post(request)).status == 200
    return upstream.requests[begun:]


def session(turns, **more):
    return [body_of(conversation(n), **more) for n in range(turns + 1)]


async def test_it_is_part_of_a_conversation_from_its_first_request_on():
    async with RawUpstream() as upstream, behind(upstream) as p:
        sent = await run(upstream, p, *session(3, tools=[BASH]))
        assert [names(m) for m in sent] == [["Bash", "headroom_retrieve"]] * 4
        assert [elided(m) for m in sent] == [False, True, True, True]
        declared = [json.dumps(json.loads(m.body)["tools"][-1]) for m in sent]
        assert len(set(declared)) == 1
        assert json.loads(declared[0])["input_schema"]["required"] == ["handle"]


async def test_what_is_decided_survives_a_restart_and_an_upgrade(monkeypatch):
    store = MemoryStore()
    requests = session(2, tools=[BASH])
    async with RawUpstream() as upstream:
        async with behind(upstream, store=store) as p:
            (first,) = await run(upstream, p, requests[0])
        monkeypatch.setattr(AnthropicWire, "declaration", lambda self: b'{"name":"another"}')
        async with behind(upstream, store=store) as p:
            later = await run(upstream, p, *requests[1:])
            assert [json.loads(m.body)["tools"] for m in later] == [json.loads(first.body)["tools"]] * 2
            assert all(elided(m) for m in later)


async def test_a_conversation_that_began_without_it_never_has_it():
    store = MemoryStore()
    requests = session(3, tools=[BASH])
    async with RawUpstream() as upstream, behind(upstream, store=store) as p:
        sent = await run(upstream, p, *requests[1:])
        assert [names(m) for m in sent] == [["Bash"]] * 3
        assert not any(elided(m) for m in sent)


async def test_one_without_tools_that_gets_some_later():
    async with RawUpstream() as upstream, behind(upstream) as p:
        sent = await run(upstream, p, body_of(conversation(0)), *session(2, tools=[BASH])[1:])
        assert [names(m) for m in sent] == [[], ["Bash"], ["Bash"]]
        assert not any(elided(m) for m in sent)


async def test_one_with_tools_that_is_asked_for_a_summary_without_them():
    async with RawUpstream() as upstream, behind(upstream) as p:
        sent = await run(upstream, p, *session(1, tools=[BASH]), body_of(conversation(1)))
        assert names(sent[-1]) == ["headroom_retrieve"]
        assert elided(sent[-1])


async def test_requests_beside_a_conversation_that_begin_as_it_does_decide_nothing_for_it():
    """A title is asked for with the same first words, without tools, before or after."""
    async with RawUpstream() as upstream, behind(upstream) as p:
        sent = await run(upstream, p, body_of(conversation(0)), *session(1, tools=[BASH]))
        assert [names(m) for m in sent] == [[], ["Bash", "headroom_retrieve"], ["Bash", "headroom_retrieve"]]


async def test_one_whose_beginning_was_cut_off_keeps_it_as_its_forms_are_in_use():
    messages = conversation(3)
    async with RawUpstream() as upstream, behind(upstream) as p:
        await run(upstream, p, *session(2, tools=[BASH]))
        (sent,) = await run(upstream, p, body_of([{"role": "user", "content": "Earlier, shortened."}, *messages[3:]], tools=[BASH]))
        assert names(sent) == ["Bash", "headroom_retrieve"]
        assert elided(sent)


class Silent(MemoryStore):
    """A store that for a while does not say what is on record."""

    silent = False

    def decisions(self, keys):
        if self.silent:
            raise StoreError("The store is locked.")
        return super().decisions(keys)


FUNCTION = {"type": "function", "function": {"name": "bash"}}


def chat(turns, *, time="10:00"):
    messages = [{"role": "system", "content": f"It is {time}. Be brief."}, {"role": "user", "content": "What fails?"}]
    for n in range(turns):
        call = {"id": f"c{n}", "type": "function", "function": {"name": "bash", "arguments": json.dumps({"command": f"cat app{n}.log"})}}
        messages += [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": f"c{n}", "content": log_text(n)}]
    return json.dumps({"model": "gpt-5.2", "messages": messages, "tools": [FUNCTION]}).encode()


async def test_one_whose_instructions_change_with_every_request():
    async with RawUpstream() as upstream, behind(upstream) as p:
        for n in range(4):
            await p.post(chat(n, time=f"10:0{n}"), path="/v1/chat/completions")
        assert [m.body.count(b"headroom_retrieve") > 0 for m in upstream.requests] == [True] * 4
        assert [elided(m) for m in upstream.requests] == [False, True, True, True]


async def test_one_that_was_recorded_when_instructions_were_part_of_its_name_goes_on_as_it_was():
    def named(body):
        return Reader(OpenAIChat(), {}).read(body).former

    store = Silent()
    hidden = {"id": "ours", "type": "function", "function": {"name": "headroom_retrieve", "arguments": "{}"}}
    call = {"id": "c0", "type": "function", "function": {"name": "bash", "arguments": '{"command": "cat app0.log"}'}}
    fetched = [
        {"role": "assistant", "tool_calls": [hidden]},
        {"role": "tool", "tool_call_id": "ours", "content": "an original"},
        {"role": "assistant", "tool_calls": [call]},
    ]
    turn = records.Woven(tuple(json.dumps(element) for element in fetched))
    declaration = json.dumps({"type": "function", "function": {"name": "headroom_retrieve", "description": "as it was"}})
    root = records.root_keys("openai-chat", named(chat(0)).root, tools=True).own
    store.freeze([Decision(root, declaration, records.OFFERED)])
    store.freeze([Decision(records.turn_record("openai-chat", named(chat(1)).turns[0].key), records.encode(turn), records.WOVEN)])
    async with RawUpstream() as upstream, behind(upstream, store=store) as p:
        for n in range(1, 4):
            await p.post(chat(n), path="/v1/chat/completions")
            store.silent = n == 2
        for message in upstream.requests:
            sent = json.loads(message.body)
            assert sent["tools"] == [FUNCTION, json.loads(declaration)]
            assert sent["messages"][2:5] == fetched


UNLIKE = 'Unlike headroom_retrieve it runs commands. See "headroom_retrieve".'
MENTIONED = [
    {"name": "Bash", "description": UNLIKE, "input_schema": {"type": "object"}},
    {"name": "Bash", "input_schema": {"type": "object", "properties": {"name": {"enum": ["headroom_retrieve"]}, "headroom_retrieve": {}}}},
    {"name": "headroom_retrieve_all", "input_schema": {"type": "object"}},
    {"type": "tool_group", "tools": "headroom_retrieve", "name": "Bash"},
]


@pytest.mark.parametrize("mentions", MENTIONED)
async def test_a_client_whose_tools_only_mention_it_does_not_have_it(mentions):
    async with RawUpstream() as upstream, behind(upstream) as p:
        sent = await run(upstream, p, *session(1, tools=[mentions]))
        assert [names(m) for m in sent] == [[mentions["name"], "headroom_retrieve"]] * 2
        (late,) = await run(upstream, p, body_of([{"role": "user", "content": "And now?"}, *conversation(1, lines=250)[1:]], tools=[mentions]))
        assert names(late) == [mentions["name"]]
        assert not elided(late)


S = {"type": "object"}
SAID = [{"role": "user", "content": "x"}]
HAVE = [
    ("/v1/messages", {"tools": [{"name": "mcp__headroom__headroom_retrieve", "input_schema": S}], "messages": SAID}),
    ("/v1/chat/completions", {"tools": [{"type": "function", "function": {"name": "headroom_headroom_retrieve"}}], "messages": SAID}),
    ("/v1/responses", {"tools": [{"type": "function", "name": "headroom_retrieve", "parameters": S}], "input": SAID}),
    (
        "/v1/responses",
        {"tools": [{"type": "namespace", "name": "mcp__headroom", "tools": [{"type": "function", "name": "headroom_retrieve"}]}], "input": SAID},
    ),
    (
        "/v1beta/models/g:generateContent",
        {
            "tools": [{"functionDeclarations": [{"name": "headroom_retrieve"}]}, {"functionDeclarations": [{"name": "run"}]}],
            "contents": [{"role": "user", "parts": [{"text": "x"}]}],
        },
    ),
]


@pytest.mark.parametrize(("path", "body"), HAVE)
async def test_the_clients_own_tool_is_found_in_every_api(path, body):
    async with RawUpstream() as upstream, behind(upstream) as p:
        await p.post(raw := json.dumps(body).encode(), path=path)
        assert upstream.requests[-1].body == raw


async def test_a_client_that_has_the_tool_itself():
    own = {"name": "mcp__headroom__headroom_retrieve", "input_schema": {"type": "object"}}
    async with RawUpstream() as upstream, behind(upstream) as p:
        sent = await run(upstream, p, *session(2, tools=[own]))
        assert [names(m) for m in sent] == [[own["name"]]] * 3
        assert [elided(m) for m in sent] == [False, True, True]


@pytest.mark.parametrize("settings", [{"retrieve": ""}, {"off": True}])
async def test_where_it_is_not_wanted(settings):
    async with RawUpstream() as upstream, behind(upstream, **settings) as p:
        sent = await run(upstream, p, *session(2, tools=[BASH]))
        assert [names(m) for m in sent] == [["Bash"]] * 3
        assert not any(elided(m) for m in sent)


async def test_a_store_that_fails_leaves_the_conversation_whole_for_ever():
    store = MemoryStore()
    requests = session(3, tools=[BASH])
    async with RawUpstream() as upstream, behind(upstream, store=store) as p:
        store.broken = True
        sent = await run(upstream, p, *requests[:2])
        store.broken = False
        sent += await run(upstream, p, *requests[2:])
        assert [names(m) for m in sent] == [["Bash"]] * 4
        assert not any(elided(m) for m in sent)
        assert "store" in p.troubles()


async def test_a_store_that_fails_for_one_request_takes_no_tool_out_of_it():
    store = Silent()
    requests = session(4, tools=[BASH])
    async with RawUpstream() as upstream, behind(upstream, store=store) as p:
        sent = await run(upstream, p, *requests[:3])
        store.silent = True
        sent += await run(upstream, p, requests[3])
        store.silent = False
        sent += await run(upstream, p, requests[4])
        assert [names(m) for m in sent] == [["Bash", "headroom_retrieve"]] * 5
        messages = [json.loads(m.body)["messages"] for m in sent]
        assert all(later[: len(before)] == before for before, later in zip(messages, messages[1:], strict=False))
        assert "store" in p.troubles()


@pytest.mark.parametrize("status", [400, 404, 413, 422])
async def test_a_refused_tool_is_not_offered_again_in_this_conversation(status):
    refused = b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\nno" % status
    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answers(refused, OK)
        requests = session(2, tools=[BASH])
        sent = await run(upstream, p, *requests)
        assert [names(m) for m in sent] == [["Bash", "headroom_retrieve"], ["Bash"], ["Bash"], ["Bash"]]
        assert sent[1].body == requests[0]
        other = body_of([{"role": "user", "content": "Another one."}], tools=[BASH])
        assert [names(m) for m in await run(upstream, p, other)] == [["Bash", "headroom_retrieve"]]


class Noticing(MemoryStore):
    """A store that says when a refusal is on record."""

    def __init__(self):
        super().__init__()
        self.refused = threading.Event()

    def freeze(self, decisions):
        in_force = super().freeze(decisions)
        if any(key.endswith(":refused") for key in in_force):
            self.refused.set()
        return in_force


async def test_a_refused_tool_is_not_offered_again_after_a_restart():
    """Nor is the conversation sent whole after requests in which it was smaller."""
    store = Noticing()
    requests = session(3, tools=[BASH])
    async with RawUpstream() as upstream:
        async with behind(upstream, store=store) as p:
            upstream.answers(b"HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno", OK)
            before = (await run(upstream, p, *requests[:3]))[-1]
            assert await asyncio.to_thread(store.refused.wait, DEADLINE)
        async with behind(upstream, store=store) as p:
            bare = body_of(conversation(2))
            sent = await run(upstream, p, requests[3], requests[2], bare)
        assert [names(m) for m in sent] == [["Bash"], ["Bash"], []]
        assert len(before.body) < len(requests[2])
        assert sent[1].body == before.body
        sent_before = json.loads(before.body)["messages"]
        assert json.loads(sent[0].body)["messages"][: len(sent_before)] == sent_before


@pytest.mark.parametrize(("status", "times"), [(404, 2), (401, 1), (429, 1), (500, 1)])
async def test_what_is_said_of_the_clients_own_request_reaches_the_client(status, times):
    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answers(b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\nno" % status)
        body = session(0, tools=[BASH])[0]
        got = await p.post(body)
        assert (got.status, got.body) == (status, b"no")
        assert len(upstream.requests) == times
        upstream.answers(OK)
        assert names((await run(upstream, p, body))[0]) == ["Bash", "headroom_retrieve"], "it was not refused"


async def test_clients_without_tools_are_served_where_no_model_takes_ours():
    async def without_tools(message, writer):
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno" if names(message) else OK)

    async with RawUpstream() as upstream, behind(upstream, standing=True) as p:
        upstream.answer = without_tools
        body = body_of([{"role": "user", "content": f"Look at this log:\n{log_text(0, 300)}"}])
        sent = await run(upstream, p, body, body)
        assert [names(m) for m in sent] == [["headroom_retrieve"], [], []]
        assert sent[1].body == body


async def test_a_session_that_is_named_in_the_headers_is_known_by_that(monkeypatch):
    told = []
    prepare = Compression.prepare

    async def noting(self, *args, session="", **options):
        told.append(session)
        return await prepare(self, *args, session=session, **options)

    monkeypatch.setattr(Compression, "prepare", noting)
    asked = {"messages": [{"role": "user", "content": "x"}]}
    tools = [[{"type": "function", "function": {"name": name}}] for name in ("f", "headroom_retrieve")]
    async with RawUpstream() as upstream, behind(upstream) as p:
        for raw in (b"?", *(json.dumps(asked | {"tools": one}).encode() for one in tools)):
            await p.post(raw, path="/v1/chat/completions", headers={"session-id": "s1"})
        assert [m.body.count(b"headroom_retrieve") for m in upstream.requests] == [0, 1, 1]
    assert told == ["s1"] * 3


async def test_what_was_refused_long_ago_is_given_up(monkeypatch):
    monkeypatch.setattr(conversations, "_MOST_REFUSED", 2)
    refused = b"HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno"
    async with RawUpstream() as upstream, behind(upstream) as p:
        asked = [body_of([{"role": "user", "content": f"Question {n}."}], tools=[BASH]) for n in range(3)]
        for body in asked:
            upstream.answers(refused, OK)
            await p.post(body)
        sent = await run(upstream, p, *asked)
        assert [names(m) for m in sent] == [["Bash", "headroom_retrieve"], ["Bash"], ["Bash"]]


async def test_coded_bodies_and_answers():
    async with RawUpstream() as upstream, behind(upstream) as p:
        packed = gzip.compress(body_of(conversation(0), tools=[BASH]))
        upstream.answers(answer())
        got = await p.post(packed, headers={"Content-Encoding": "gzip", "Accept-Encoding": "gzip, br"})
        (sent,) = upstream.requests
        assert names(sent) == ["Bash", "headroom_retrieve"]
        assert sent.field(b"content-encoding") is None
        assert sent.field(b"accept-encoding") == b"identity"
        assert got.body.count(b"message_stop") == 2


async def test_an_answer_without_a_call_goes_on_as_it_came():
    async with RawUpstream() as upstream, behind(upstream) as p:
        for raw in (answer(), JSON):
            upstream.answers(raw)
            direct = raw.partition(b"\r\n\r\n")[2]
            got = await p.post(body_of(conversation(0), tools=[BASH]))
            assert got.body in direct
            assert got.body


@pytest.mark.parametrize(
    ("path", "body", "offered"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}}]}, True),
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}}], "n": 2},
            False,
        ),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "functions": [{"name": "f"}]}, False),
        ("/v1/responses", {"input": "x", "tools": [{"type": "web_search"}]}, True),
        ("/v1/responses", {"input": "x", "tools": [{"type": "web_search"}], "conversation": "conv_1"}, False),
        ("/v1/responses", {"input": "x", "tools": [{"type": "web_search"}], "background": True}, False),
        ("/v1/responses", {"input": "x", "tools": []}, False),
        ("/v1beta/models/m:generateContent", {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"functionDeclarations": [{"name": "f"}]}]}, True),
        (
            "/v1beta/models/m:streamGenerateContent?alt=sse",
            {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"function_declarations": [{"name": "f"}]}]},
            True,
        ),
        (
            "/v1beta/models/m:streamGenerateContent",
            {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"functionDeclarations": [{"name": "f"}]}]},
            True,
        ),
        (
            "/v1beta/models/m:streamGenerateContent?%24alt=json%3Benum-encoding%3Dint",
            {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"functionDeclarations": [{"name": "f"}]}]},
            False,
        ),
        ("/v1beta/models/m:generateContent", {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"googleSearch": {}}]}, False),
        (
            "/v1internal:generateContent",
            {"model": "m", "request": {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"functionDeclarations": [{"name": "f"}]}]}},
            True,
        ),
        ("/v1/messages", {"messages": [{"role": "user", "content": "x"}], "tools": [BASH]}, True),
        ("/v1/messages", {"messages": [{"role": "user", "content": "x"}], "tools": None}, False),
        ("/model/m/invoke-with-response-stream", {"messages": [{"role": "user", "content": "x"}], "tools": [BASH]}, False),
    ],
)
async def test_where_it_is_offered(path, body, offered):
    async with RawUpstream() as upstream, behind(upstream) as p:
        raw = json.dumps(body).encode()
        assert (await p.post(raw, path=path)).status == 200
        (sent,) = upstream.requests
        assert (b"headroom_retrieve" in sent.body) == offered
        if not offered:
            assert sent.body == raw
        else:
            json.loads(sent.body)


async def test_bulk_without_tools():
    """As when an application gives a whole run for its first question."""
    messages = [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": log_text()}]}]
    async with RawUpstream() as upstream, behind(upstream) as p:
        (sent,) = await run(upstream, p, body_of(messages))
        assert names(sent) == ["headroom_retrieve"]
        assert elided(sent)


class SlowReader(Reader):
    """Takes its time with what is read in a thread, and notices who reads beside it."""

    def __init__(self):
        super().__init__(Anthropic(), {})
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.at_work = False
        self.disturbed = False

    def read(self, body):
        self.disturbed |= self.at_work
        if threading.current_thread() is threading.main_thread():
            return super().read(body)
        self.at_work = True
        self.begun.set()
        self.go_on.wait(DEADLINE)
        self.at_work = False
        return super().read(body)


async def test_a_thread_reads_alone_although_its_client_has_left():
    keeper = Keeper(MemoryStore)
    reader = SlowReader()
    compression = Compression(Anthropic(), Policy(), keeper, None, lambda _: None)
    retrieval = Retrieval(AnthropicWire(), reader, compression, keeper, lambda _: None, fetched=lambda: None)
    large = body_of([{"role": "user", "content": "x" * (2 << 20)}], tools=[BASH])
    left = asyncio.create_task(retrieval.prepare(large, "", "/v1/messages"))
    assert await asyncio.to_thread(reader.begun.wait, DEADLINE)
    left.cancel()
    await asyncio.wait([left])
    another = asyncio.create_task(retrieval.prepare(session(0, tools=[BASH])[0], "", "/v1/messages"))
    for _ in range(100):
        await asyncio.sleep(0)  # as far as it gets
    reader.go_on.set()
    _, conversation = await asyncio.wait_for(another, DEADLINE)
    assert left.cancelled()
    assert conversation is not None
    assert not reader.disturbed
    await keeper.close()


class Watched(AnthropicWire):
    """Remembers whether it was the event loop's thread that looked through a body."""

    def __init__(self):
        self.on_loop = []

    def asked(self, body, target):
        self.on_loop.append(threading.current_thread() is threading.main_thread())
        return super().asked(body, target)

    def with_tool(self, body, declaration):
        self.on_loop.append(threading.current_thread() is threading.main_thread())
        return super().with_tool(body, declaration)


@pytest.mark.parametrize(("size", "on_loop"), [(1000, True), (2 << 20, False)])
async def test_a_large_body_keeps_no_other_request_waiting(size, on_loop):
    keeper = Keeper(MemoryStore)
    wire = Watched()
    compression = Compression(Anthropic(), Policy(), keeper, None, lambda _: None)
    retrieval = Retrieval(wire, Reader(Anthropic(), {}), compression, keeper, lambda _: None, fetched=lambda: None)
    body = body_of([{"role": "user", "content": "x" * size}], tools=[BASH])
    prepared, conversation = await retrieval.prepare(body, "", "/v1/messages")
    assert conversation is not None
    assert prepared.body.endswith(body[-size:])
    assert wire.on_loop == [on_loop] * 2
    await keeper.close()
