from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
import threading
import zlib

import aiohttp
import pytest

import headroom.testing
from headroom.testing import AnthropicProvider, Gate, Script, broken, cut, held, overloaded, rate_limited, slow, text, thinking, tool
from headroom.testing.script import Answer
from pipeline.usage import Usage

HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
TOOLS = [{"name": "Bash", "input_schema": {"type": "object"}}]


def ask(*messages, **more):
    content = list(messages) or [{"role": "user", "content": "hello"}]
    return {"model": "claude-opus-4-8", "max_tokens": 100, "messages": content, "tools": TOOLS, "stream": True} | more


async def post(provider, body, path="/v1/messages", **more):
    """Status, headers and bytes of the answer; a broken connection gives what had come until then."""
    headers = HEADERS | more.pop("headers", {})
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    received = b""
    async with aiohttp.ClientSession(headers=headers, **more) as client, client.post(provider.url + path, data=data) as response:
        try:
            async for chunk in response.content.iter_any():
                received += chunk
        except aiohttp.ClientPayloadError:
            received += b"<broken>"
        return response.status, response.headers, received


def events(data):
    return [json.loads(line[6:]) for line in data.decode().splitlines() if line.startswith("data: ")]


def blocks_of(data):
    return [e["content_block"]["type"] for e in events(data) if e["type"] == "content_block_start"]


async def test_a_session_streams_is_billed_and_recorded():
    mark = {"cache_control": {"type": "ephemeral"}}
    script = Script([thinking("hm"), tool("Bash", command="ls")], [text("Done.")])
    async with AnthropicProvider(script, count=len, minimum=0, clock=lambda: 5.0) as provider:
        first = [{"role": "user", "content": [text("list") | mark]}]
        status, headers, data = await post(provider, ask(*first, thinking={"type": "adaptive"}), "/v1/messages?beta=true")
        assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert headers["request-id"].startswith("req_01")
        assert blocks_of(data) == ["thinking", "tool_use"]
        call = next(e["content_block"]["id"] for e in events(data) if e["type"] == "content_block_start" and e["index"] == 1)
        reply = {"role": "assistant", "content": [thinking("hm"), tool("Bash", command="ls") | {"id": call}]}
        result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call, "content": "a.txt"} | mark]}
        second = ask({"role": "user", "content": "list"}, reply, result, thinking={"type": "adaptive"})
        status, _, data = await post(provider, second)
        assert blocks_of(data) == ["text"]

        one, two = provider.requests
        assert (one.path, one.status, one.complete, one.time, one.conversation) == ("/v1/messages?beta=true", 200, True, 5.0, "list")
        assert one.body == json.loads(one.raw)
        assert one.headers["x-api-key"] == "k"
        assert two.usage.cache_read == one.usage.cache_write_5m > 0
        assert two.charge.reason == "grew"
        assert provider.total_usage() == one.usage + two.usage
        start = next(e for e in events(data) if e["type"] == "message_start")["message"]["usage"]
        assert start["cache_read_input_tokens"] == two.usage.cache_read
        assert start["cache_creation"]["ephemeral_5m_input_tokens"] == two.usage.cache_write_5m


async def test_thinking_that_was_changed_is_refused():
    async with AnthropicProvider(Script([thinking("hm"), tool("Bash")])) as provider:
        question = {"role": "user", "content": "q"}
        _, _, data = await post(provider, ask(question, thinking={"type": "adaptive"}))
        call = events(data)[6]["content_block"]["id"]
        history = [question, {"role": "assistant", "content": [tool("Bash") | {"id": call}]}]
        history.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call}]})
        status, _, data = await post(provider, ask(*history, thinking={"type": "adaptive"}))
        assert status == 400
        assert "cannot be modified" in json.loads(data)["error"]["message"]


async def test_one_body_where_no_stream_is_asked_for():
    async with AnthropicProvider(Script([text("Hé")])) as provider:
        status, headers, data = await post(provider, ask(stream=False))
        body = json.loads(data)
        assert (status, headers["content-type"]) == (200, "application/json")
        assert (body["content"], body["stop_reason"], body["model"]) == ([text("Hé")], "end_turn", "claude-opus-4-8")
        assert body["id"].startswith("msg_01")
        assert provider.requests[0].complete


async def test_answers_are_the_same_in_every_run():
    async def run():
        async with AnthropicProvider(Script([tool("Bash", a=1), tool("Bash", a=2)])) as provider:
            return (await post(provider, ask()))[2]

    assert await run() == await run()


async def test_bad_requests_are_refused_and_recorded():
    async with AnthropicProvider(Script([text("x")])) as provider:
        for body, message in ((ask(max_tokens="x"), "max_tokens"), (b"{", "not valid JSON"), (b"[" * 100_000, "not valid JSON")):
            status, headers, data = await post(provider, body)
            error = json.loads(data)
            assert (status, error["type"], error["error"]["type"]) == (400, "error", "invalid_request_error")
            assert message in error["error"]["message"]
            assert error["request_id"] == headers["request-id"]
        assert [(r.status, r.usage, r.complete) for r in provider.requests] == [(400, Usage(), False)] * 3
        assert (await post(provider, ask()))[0] == 200, "a refused request takes no turn"


async def test_other_endpoints():
    async with AnthropicProvider(Script(), count=len) as provider:
        body = {"model": "m", "messages": [{"role": "user", "content": "12345"}], "tools": []}
        status, _, data = await post(provider, body, "/v1/messages/count_tokens?beta=true")
        assert (status, json.loads(data)) == (200, {"input_tokens": 5})
        assert (await post(provider, {"model": "m"}, "/v1/messages/count_tokens"))[0] == 400
        async with aiohttp.ClientSession() as client:
            async with client.get(provider.url + "/v1/models?limit=1000") as response:
                models = await response.json()
            assert models["last_id"] == models["data"][-1]["id"]
            for path in ("/", "/v1/nothing", "/v1/messages"):
                async with client.get(provider.url + path) as response:
                    assert response.status == 404
                    assert (await response.json())["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
async def test_compressed_requests(pack):
    data = pack(json.dumps(ask()).encode())
    encoding = "gzip" if pack is gzip.compress else "deflate"
    async with AnthropicProvider(Script([text("x")])) as provider:
        assert (await post(provider, data, headers={"content-encoding": encoding}))[0] == 200
        assert provider.requests[0].raw == data
        assert provider.requests[0].body == ask()
        assert (await post(provider, data[:-9], headers={"content-encoding": encoding}))[0] == 400
        status, _, answer = await post(provider, data, headers={"content-encoding": "zz"})
        assert (status, b"content-encoding zz is not supported" in answer) == (400, True)


async def test_a_small_body_that_unpacks_to_a_huge_one(monkeypatch):
    monkeypatch.setattr("headroom.testing.server.MAX_BODY", 1000)
    async with AnthropicProvider(Script([text("x")])) as provider:
        data = gzip.compress(json.dumps(ask(system="x" * 1000)).encode())
        assert (await post(provider, data, headers={"content-encoding": "gzip"}))[0] == 413


async def test_a_body_that_is_too_large(monkeypatch):
    monkeypatch.setattr("headroom.testing.server.MAX_BODY", 1000)
    async with AnthropicProvider(Script([text("x")])) as provider:
        status, _, data = await post(provider, ask(system="x" * 1000))
        assert (status, json.loads(data)["error"]["type"]) == (413, "request_too_large")
        assert [(r.status, r.raw) for r in provider.requests] == [(413, b"")]


async def test_compressed_answers():
    async with AnthropicProvider(Script([text("x"), text("y")], [text("z")]), compress=True) as provider:
        _, headers, data = await post(provider, ask(), headers={"accept-encoding": "gzip"}, auto_decompress=False)
        assert headers["content-encoding"] == "gzip"
        assert blocks_of(gzip.decompress(data)) == ["text", "text"]
        _, headers, data = await post(provider, ask(), headers={"accept-encoding": "identity"})
        assert "content-encoding" not in headers


async def test_refusals_tell_when_to_come_back():
    async with AnthropicProvider(Script(rate_limited(1.5), overloaded(), [text("x")])) as provider:
        status, headers, _ = await post(provider, ask())
        assert (status, headers["retry-after"]) == (429, "1.5")
        status, headers, data = await post(provider, ask())
        assert (status, headers["x-should-retry"]) == (529, "true")
        assert json.loads(data)["error"] == {"type": "overloaded_error", "message": "Overloaded"}
        assert (await post(provider, ask()))[0] == 200
        assert provider.requests[1].charge is None


async def test_a_connection_cut_in_the_middle():
    async with AnthropicProvider(Script(cut([text("Hello")], after=3))) as provider:
        status, _, data = await post(provider, ask())
        assert (status, data.endswith(b"<broken>")) == (200, True)
        assert [e["type"] for e in events(data.removesuffix(b"<broken>"))] == ["message_start", "content_block_start", "ping"]
        assert not provider.requests[0].complete
        assert provider.total_usage().prompt > 0


async def test_an_error_in_the_middle():
    async with AnthropicProvider(Script(broken([text("Hello")], after=2))) as provider:
        _, _, data = await post(provider, ask())
        assert [e["type"] for e in events(data)] == ["message_start", "content_block_start", "error"]
        assert events(data)[-1]["error"]["type"] == "overloaded_error"


async def test_small_pieces_and_pauses_change_nothing():
    turns = [[text("a€b")], Answer([text("a€b")], piece=3), slow([text("a€b")], 0.001)]
    answers = []
    for turn in turns:
        async with AnthropicProvider(Script(turn)) as provider:
            answers.append((await post(provider, ask()))[2])
    assert answers[0] == answers[1] == answers[2]


def test_held_before_the_first_byte_and_in_the_middle():
    first, second = Gate(), Gate()
    with AnthropicProvider(Script(held([text("x")], first), held([text("y")], second, at=2))) as provider:
        for gate in (first, second):
            answers = []
            client = threading.Thread(target=lambda a=answers: a.append(asyncio.run(post(provider, ask()))))
            client.start()
            assert gate.reached.wait(60)
            assert answers == []
            assert (provider.requests[-1].charge is None) is (gate is first), "billed when the response begins"
            gate.release()
            client.join(60)
            assert answers[0][0] == 200


def test_stopping_does_not_wait_for_what_is_held():
    gate = Gate()
    with AnthropicProvider(Script(held([text("x")], gate))) as provider:

        def call():
            with pytest.raises(aiohttp.ClientError):
                asyncio.run(post(provider, ask()))

        client = threading.Thread(target=call)
        client.start()
        assert gate.reached.wait(60)
    client.join(60)
    assert not client.is_alive()
    gate.release()


async def test_a_client_that_leaves_is_charged():
    gate = Gate()
    async with AnthropicProvider(Script(held([text("x" * 100)], gate, at=2), [text("y")])) as provider:
        async with aiohttp.ClientSession(headers=HEADERS) as client:
            response = await client.post(provider.url + "/v1/messages", data=json.dumps(ask()))
            await response.content.readany()
            response.close()
        gate.release()
        assert (await post(provider, ask()))[0] == 200
        assert provider.requests[0].usage.prompt > 0
        assert not provider.requests[0].complete


async def test_conversations_have_scripts_of_their_own():
    def session(name, words="hello", agent=None):
        headers = {"x-claude-code-session-id": name} | ({"x-claude-code-agent-id": agent} if agent else {})
        return ask({"role": "user", "content": words}), headers

    scripts = {"s-named": Script([text("named")]), "explore the": Script([text("explorer")])}
    made = []

    def make(conversation):
        made.append(conversation)
        return Script([text(f"1 {conversation}")], [text(f"2 {conversation}")])

    async with AnthropicProvider(make, scripts=scripts) as provider:

        async def said(name, *more):
            body, headers = session(name, *more)
            _, _, data = await post(provider, body | {"stream": False}, headers=headers)
            return json.loads(data)["content"][0]["text"]

        both = await asyncio.gather(said("s1"), said("s2"))
        assert both == ["1 s1", "1 s2"]
        assert await said("s1") == "2 s1"
        assert await said("s-named") == "named"
        assert await said("s1", "Now explore the code", "f00") == "explorer"
        assert await said("", "anonymous") == "1 anonymous"
        assert made == ["s1", "s2", "anonymous"]


async def test_the_title_is_answered_beside_the_script():
    async with AnthropicProvider(Script([tool("Bash")])) as provider:
        schema = {"type": "object", "properties": {"title": {"type": "string"}}}
        title = ask(tools=[], stream=False, output_config={"format": {"type": "json_schema", "schema": schema}})
        _, _, data = await post(provider, title)
        assert json.loads(json.loads(data)["content"][0]["text"]) == {"title": "Scripted session"}
        _, _, data = await post(provider, ask())
        assert blocks_of(data) == ["tool_use"]
        assert [r.aside for r in provider.requests] == [True, False]


def test_waiting_for_requests():
    with AnthropicProvider(Script(), keep_bodies=False) as provider:
        with pytest.raises(TimeoutError, match="0 of 1 requests arrived"):
            provider.wait_for_requests(1, timeout=0.01)
        client = threading.Thread(target=lambda: asyncio.run(post(provider, ask())))
        client.start()
        provider.wait_for_requests(1)
        client.join(60)
    # A streamed answer's end reaches the client before the provider is done with the request.
    assert (provider.requests[0].body, provider.requests[0].raw) == (None, b"")


def test_a_provider_that_cannot_start_says_so(monkeypatch):
    async def refuse(_):
        raise OSError("no port")

    monkeypatch.setattr("aiohttp.web.TCPSite.start", refuse)
    with pytest.raises(OSError, match="no port"), AnthropicProvider(Script()):
        pass


def test_the_package_names_what_it_exports():
    public = {name for name in vars(headroom.testing) if not name.startswith("_") and isinstance(getattr(headroom.testing, name), type)}
    assert public <= set(headroom.testing.__all__)
    for name in headroom.testing.__all__:
        assert getattr(headroom.testing, name) is not None
    with pytest.raises(AttributeError):
        _ = headroom.testing.nothing


@pytest.mark.slow
def test_the_simulator_does_not_load_an_http_server():
    code = "import sys, headroom.testing; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
