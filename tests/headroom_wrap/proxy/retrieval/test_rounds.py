"""One answer of several responses, where something goes wrong in the middle, and where nothing does."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from headroom.testing import GeminiProvider, Script, text, tool
from headroom_wrap.proxy.retrieval.outline import Reader
from tests.headroom_wrap.proxy.harness import DEADLINE, RawUpstream, body_of, chunked, conversation, proxy, read_message, request, sse
from tests.memory_store import MemoryStore

BASH = {"name": "Bash", "input_schema": {"type": "object"}}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
USAGE = {"input_tokens": 10, "output_tokens": 3, "cache_read_input_tokens": 100}
ASK = body_of(conversation(0), tools=[BASH])


def started(name="msg_1"):
    return {"type": "message_start", "message": {"id": name, "model": "claude-opus-4-8", "usage": USAGE}}


def block(index, opening, *deltas):
    yield {"type": "content_block_start", "index": index, "content_block": opening}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def said(index, words):
    return block(index, {"type": "text", "text": ""}, {"type": "text_delta", "text": words})


def ours(index, name="toolu_1", given='{"handle": "3f9a2c7b"}'):
    opening = {"type": "tool_use", "id": name, "name": "headroom_retrieve", "input": {}}
    return block(index, opening, *({"type": "input_json_delta", "partial_json": piece} for piece in (given[:9], given[9:])))


def ended(stop="tool_use"):
    return [{"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 7}}, {"type": "message_stop"}]


def stream(*events):
    return HEAD + chunked(sse(*events))


def document(value):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def behind(upstream, **settings):
    return proxy(upstream.url, retrieve="proxy", elide=False, **settings)


def texts(message):
    return [v["delta"]["text"] for v in events(message) if v.get("delta", {}).get("type") == "text_delta"]


def events(message):
    return [json.loads(line[6:]) for line in message.body.split(b"\n") if line.startswith(b"data: ")]


async def test_a_handle_that_leads_nowhere_is_explained_to_the_model():
    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answers(stream(started(), *ours(0), *ended()), stream(started("msg_2"), *said(0, "So."), *ended("end_turn")))
        got = await p.post(ASK)
        assert texts(got) == ["So."]
        told = json.loads(upstream.requests[1].body)["messages"][-1]["content"][0]
        assert told["is_error"] is True
        assert "No original with handle 3f9a2c7b" in told["content"]
    assert sorted(p.store.rows) == ["msg_1", "msg_2"]
    assert p.store.rows["msg_2"].overhead > p.store.rows["msg_1"].overhead  # the whole prompt of a turn that is there because of us


async def test_an_original_that_a_model_fetched_is_counted_and_breaks_no_cache_of_ours():
    store = MemoryStore()
    given = json.dumps({"handle": store.put_original("one\ntwo\n" * 400), "lines": "1-2"})
    begun = started("msg_1")
    begun["message"]["usage"] = {**USAGE, "cache_read_input_tokens": 9000}
    async with RawUpstream() as upstream, behind(upstream, store=store) as p:
        upstream.answers(
            stream(started("msg_0"), *said(0, "Well."), *ended("end_turn")),
            stream(begun, *ours(0, given=given), *ended()),
            stream(started("msg_2"), *said(0, "So."), *ended("end_turn")),
        )
        await p.post(ASK)
        await p.post(body_of(conversation(1), tools=[BASH]))
        assert b" lines left out" in upstream.requests[2].body
        stats = await p.raw(request(p.port, b"", "/stats", method="GET"))
        assert json.loads(stats.body)["run"]["retrievals"] == 1
    assert [r.cause for r in store.rows.values()] == ["", "", "not explained"]
    assert all(r.overhead > 0 for r in store.rows.values())


async def test_a_response_that_cannot_be_put_together_again_is_asked_for_without_the_tool():
    odd = block(0, {"type": "text", "text": ""}, {"type": "a_new_delta", "x": 1})
    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answers(stream(started(), *odd, *ours(1), *ended()), stream(started("msg_2"), *said(0, "So."), *ended("end_turn")))
        got = await p.post(ASK)
        assert upstream.requests[1].body == ASK
        kinds = [v["type"] for v in events(got)]
        assert (kinds.count("message_start"), kinds.count("message_stop")) == (1, 1)
        assert [v["index"] for v in events(got) if v["type"] == "content_block_start"] == [0, 1]
        assert texts(got) == ["So."]


async def test_a_later_response_that_cannot_be_read_is_not_asked_for_again():
    odd = {"type": "content_block_delta", "index": 0, "delta": {"type": "a_new_delta", "x": 1}}
    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answers(stream(started(), *said(0, "Hm."), *ours(1), *ended()), stream(started("msg_2"), *said(0, "So."), odd, *ended("end_turn")))
        got = await p.post(ASK)
        assert len(upstream.requests) == 2
        assert texts(got) == ["Hm.", "So."]
        assert events(got)[-2:] == ended("end_turn")
        assert not [key for key in p.store.frozen if ":turn:" in key]


async def test_a_kept_conversation_goes_on_behind_a_response_that_cannot_be_read():
    call = {"type": "function_call", "call_id": "c1", "name": "headroom_retrieve", "arguments": '{"handle": "3f9a2c7b"}'}
    ask = {"model": "m", "tools": [{"type": "function", "name": "run"}]}
    odd = b'{"id": "resp_2", "status": "completed"}'
    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answers(document({"id": "resp_1", "status": "completed", "output": [call]}), document(odd))
        got = await p.post(json.dumps(ask | {"input": "What fails?"}).encode(), path="/v1/responses")
        assert (len(upstream.requests), got.body) == (2, odd)
        said = {"role": "user", "content": "Go on."}
        await p.post(json.dumps(ask | {"input": [said], "previous_response_id": "resp_1"}).encode(), path="/v1/responses")
        sent = json.loads(upstream.requests[2].body)
        assert [item.get("call_id") for item in sent["input"]] == ["c1", None]
        assert sent["input"][1] == said


@pytest.mark.parametrize("given", ["[]", '{"handle": '])
async def test_a_call_whose_arguments_are_none(given):
    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answers(stream(started(), *ours(0, given=given), *ended()), stream(started("msg_2"), *said(0, "So."), *ended("end_turn")))
        got = await p.post(ASK)
        assert upstream.requests[1].body == ASK
        assert texts(got) == ["So."]


async def test_an_answer_that_is_cut_off_within_a_call():
    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answers(stream(started(), *said(0, "Hm."), *ours(1, given='{"hand'), *ended("max_tokens")))
        got = await p.post(ASK)
        assert len(upstream.requests) == 1
        assert texts(got) == ["Hm."]
        assert events(got)[-2]["delta"]["stop_reason"] == "max_tokens"
        assert b"toolu_1" not in got.body


async def test_an_error_in_the_middle_of_the_second_response():
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answers(stream(started(), *ours(0), *ended()), stream(started("msg_2"), error))
        got = await p.post(ASK)
        assert events(got)[-1] == error
        assert "message_stop" not in [v["type"] for v in events(got)]
        assert not [key for key in p.store.frozen if ":turn:" in key]


async def test_an_upstream_that_is_gone_for_the_second_response():
    async with RawUpstream() as upstream, behind(upstream) as p:

        async def answer(message, writer):
            if len(upstream.requests) == 1:
                writer.write(stream(started(), *ours(0), *ended()))
            else:
                writer.close()

        upstream.answer = answer
        got = await p.post(ASK)
        assert events(got)[-1]["type"] == "error"
        assert "closed the connection" in events(got)[-1]["error"]["message"]


async def test_events_are_out_before_the_upstream_goes_on():
    """Nothing waits for the end of a response, in whichever round."""
    async with RawUpstream() as upstream, behind(upstream) as p:
        proceed = asyncio.Event()

        async def answer(message, writer):
            if len(upstream.requests) == 1:
                writer.write(stream(started(), *ours(0), *ended()))
                return
            part = sse(started("msg_2"), *list(said(0, "Half."))[:2])
            writer.write(HEAD + f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await writer.drain()
            await proceed.wait()
            writer.write(chunked(sse({"type": "content_block_stop", "index": 0}, *ended("end_turn"))))

        upstream.answer = answer
        reader, writer = await p.connect()
        writer.write(request(p.port, ASK))
        await asyncio.wait_for(reader.readuntil(b"Half."), DEADLINE)
        assert not proceed.is_set()
        proceed.set()
        await asyncio.wait_for(reader.readuntil(b"message_stop"), DEADLINE)
        writer.close()


async def test_a_stream_that_is_labelled_as_a_document_is_one_all_the_same():
    mislabelled = HEAD.replace(b"text/event-stream", b"application/json")
    calls = mislabelled + chunked(sse(started(), *ours(0), *ended()))
    proceed = asyncio.Event()

    async def answer(message, writer):
        if len(upstream.requests) == 1:
            writer.write(calls)
            return
        part = sse(started("msg_2"), *list(said(0, "Half."))[:2])
        writer.write(mislabelled + f"{len(part):x}\r\n".encode() + part + b"\r\n")
        await writer.drain()
        await proceed.wait()
        writer.write(chunked(sse({"type": "content_block_stop", "index": 0}, *ended("end_turn"))))

    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answer = answer
        reader, writer = await p.connect()
        writer.write(request(p.port, ASK))
        begun = await asyncio.wait_for(reader.readuntil(b"Half."), DEADLINE)
        assert b"headroom_retrieve" not in begun
        proceed.set()
        await asyncio.wait_for(reader.readuntil(b"message_stop"), DEADLINE)
        writer.close()


@pytest.mark.parametrize("in_chunks", [True, False])
async def test_a_document_is_one_though_a_stream_was_asked_for(in_chunks):
    given = {"id": "c", "type": "function", "function": {"name": "headroom_retrieve", "arguments": "{}"}}
    calls = {"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": None, "tool_calls": [given]}}
    says = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Half."}}

    async def answer(message, writer):
        choice = calls if len(upstream.requests) == 1 else says
        raw = json.dumps({"id": "x", "choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 5}}).encode()
        head, body = (b"Transfer-Encoding: chunked", chunked(raw)) if in_chunks else (b"Content-Length: %d" % len(raw), raw)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + head + b"\r\n\r\n" + body)

    asked = {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}}], "stream": True}
    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answer = answer
        got = await p.post(json.dumps(asked).encode(), path="/v1/chat/completions")
    assert len(upstream.requests) == 2
    assert json.loads(got.body)["choices"][0]["message"]["content"] == "Half."
    assert b"headroom_retrieve" not in got.body


async def test_an_upstream_that_is_gone_is_told_of_as_the_clients_api_does():
    given = {"id": "c", "type": "function", "function": {"name": "headroom_retrieve", "arguments": "{}"}}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": None, "tool_calls": [given]}}
    raw = json.dumps({"id": "x", "choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 5}}).encode()

    async def answer(message, writer):
        if len(upstream.requests) == 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(raw) + raw)
        else:
            writer.close()

    asked = {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}}]}
    async with RawUpstream() as upstream, behind(upstream) as p:
        upstream.answer = answer
        got = await p.post(json.dumps(asked).encode(), path="/v1/chat/completions")
        assert got.status == 502
        error = json.loads(got.body)["error"]
        assert (error["type"], error["code"]) == ("server_error", None)
        assert p.troubles() == ["upstream"]


async def test_a_client_that_leaves_in_the_second_response_ends_it_upstream():
    async with RawUpstream() as upstream, behind(upstream) as p:
        begun = asyncio.Event()
        gone = asyncio.Event()

        async def answer(message, writer):
            if len(upstream.requests) == 1:
                writer.write(stream(started(), *ours(0), *ended()))
                return
            writer.write(HEAD)
            await writer.drain()
            begun.set()
            await writer.wait_closed()
            gone.set()

        async def raw(reader, writer):
            """Notices the end of the connection while an answer is under way."""
            while (message := await read_message(reader)) is not None:
                upstream.requests.append(message)
                asyncio.ensure_future(answer(message, writer))  # noqa: RUF006
            gone.set()

        upstream.raw = raw
        _, writer = await p.connect()
        writer.write(request(p.port, ASK))
        await asyncio.wait_for(begun.wait(), DEADLINE)
        writer.close()
        await asyncio.wait_for(gone.wait(), DEADLINE)


def prompt(message):
    """What stands in a request's messages."""
    return [(m["role"], m["content"]) for m in json.loads(message.body)["messages"]]


def goes_on(*words):
    """Requests of a conversation in which the model says ``Done.`` each time."""
    messages = [{"role": "user", "content": "hello"}]
    for word in words:
        messages += [{"role": "assistant", "content": [{"type": "text", "text": "Done."}]}, {"role": "user", "content": word}]
    return body_of(messages, tools=[BASH])


DONE = stream(started("msg_2"), *said(0, "Done."), *ended("end_turn"))


async def test_what_a_fork_fetched_changes_no_prompt_that_was_sent_before_not_even_after_a_restart():
    store = MemoryStore()
    async with RawUpstream() as upstream:
        async with behind(upstream, store=store) as p:
            upstream.answers(DONE)
            await p.post(goes_on())
            await p.post(goes_on("more"))
            before = prompt(upstream.requests[-1])
            upstream.answers(stream(started(), *ours(0), *ended()), DONE)
            await p.post(goes_on())  # begins as the other one did, fetches something, and says the same
            await p.post(goes_on("more", "even more"))
            assert prompt(upstream.requests[-1])[: len(before)] == before
        async with behind(upstream, store=store) as p:
            await p.post(goes_on("more", "even more"))
            assert prompt(upstream.requests[-1])[: len(before)] == before


async def test_what_was_fetched_stays_in_the_prompt_where_it_could_not_be_put_on_record():
    store = MemoryStore()
    async with RawUpstream() as upstream, behind(upstream, store=store) as p:
        upstream.answers(DONE)
        await p.post(body_of([{"role": "user", "content": "hello"}], tools=[BASH]))
        store.broken = True
        upstream.answers(stream(started(), *ours(0), *ended()), DONE)
        await p.post(goes_on())
        before = prompt(upstream.requests[-1])
        assert len(before) == 3
        store.broken = False
        await p.post(goes_on("more"))
        assert prompt(upstream.requests[-1])[: len(before)] == before


@pytest.mark.slow
async def test_code_assists_wrapper():
    def fetch(asked):
        return tool("headroom_retrieve", handle="3f9a2c7b")

    declared = [{"functionDeclarations": [{"name": "run", "parameters": {"type": "OBJECT"}}]}]
    script = Script(lambda asked: [text("Hm. "), fetch(asked)], [text("Done.")])
    async with GeminiProvider(script, count=len, minimum=0) as provider, behind(provider) as p:
        asked = {"model": "gemini-3.1-pro-preview", "request": {"contents": [{"role": "user", "parts": [{"text": "x"}]}], "tools": declared}}
        raw = json.dumps(asked).encode()
        got = await p.post(raw, path="/v1internal:streamGenerateContent?alt=sse", headers={"Authorization": "Bearer k"})
        parts = [part for v in events(got) for part in v["response"]["candidates"][0]["content"]["parts"]]
        assert "".join(part["text"] for part in parts) == "Hm. Done."
        assert len(provider.turns) == 2
        assert not p.troubles()


@pytest.mark.slow
async def test_a_body_of_tiny_parts_holds_nobody_up(monkeypatch):
    on_the_loop = []
    read = Reader.read

    def noted(self, body):
        on_the_loop.append(threading.current_thread() is threading.main_thread())
        return read(self, body)

    monkeypatch.setattr(Reader, "read", noted)
    tiny = b'{"messages":[{"role":"user","content":[' + b",".join([b"[]"] * 60_000) + b"]}]}"
    async with RawUpstream() as upstream, behind(upstream) as p:
        await p.post(tiny)
        await p.post(ASK)
    assert upstream.requests[0].body == tiny
    assert on_the_loop == [False, True]
