from __future__ import annotations

import asyncio
import gzip
import json
import sys

import aiohttp
import pytest

from headroom.testing import (
    Gate,
    OpenAIProvider,
    Script,
    broken,
    custom_tool,
    cut,
    held,
    shell,
    text,
    thinking,
    tool,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KEY = {"authorization": "Bearer k"}
FUNCTION = {"type": "function", "name": "run", "parameters": {"type": "object"}, "strict": None}
EXEC = {"type": "custom", "name": "exec"}
CHAT_TOOLS = [{"type": "function", "function": {"name": "run", "parameters": {"type": "object"}}}]
TURNS = ([thinking("hm"), text("I look."), tool("run", command="ls " + "x" * 60)], [text("Done: " + "y" * 60)])


def ask(*items, **more):
    return {"model": "gpt-6.1-sol", "input": list(items) or "hello", "tools": [FUNCTION, EXEC], "store": False} | more


def output_of(call, value="a.txt"):
    kind = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output", "local_shell_call": "local_shell_call_output"}
    return {"type": kind[call["type"]], "call_id": call["call_id"], "output": value}


async def post(provider, body, path="/v1/responses", **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    received = b""
    async with aiohttp.ClientSession(headers=KEY | headers) as session, session.post(provider.url + path, data=data) as response:
        try:
            async for chunk in response.content.iter_any():
                received += chunk
        except aiohttp.ClientPayloadError:
            received += b"<broken>"
        return response.status, response.headers, received


def events(data):
    return [json.loads(line[6:]) for line in data.decode().splitlines() if line.startswith("data: {")]


async def test_numbers_and_names_of_events():
    script = Script([thinking("hm"), custom_tool("exec", "text(1)"), shell("ls", "-l")])
    async with OpenAIProvider(script) as provider:
        _, headers, data = await post(provider, ask(stream=True))
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        found = events(data)
        assert [event["sequence_number"] for event in found] == list(range(len(found)))
        assert [line[7:] for line in data.decode().splitlines() if line.startswith("event: ")] == [event["type"] for event in found]
        items = found[-1]["response"]["output"]
        assert [item["type"] for item in items] == ["reasoning", "custom_tool_call", "local_shell_call"]
        assert items[1]["input"] == "".join(e["delta"] for e in found if e["type"] == "response.custom_tool_call_input.delta") == "text(1)"
        assert items[2]["action"] == {"type": "exec", "env": {}, "command": ["ls", "-l"]}
        assert found[-1]["response"]["usage"]["output_tokens_details"]["reasoning_tokens"] > 0


async def test_chat_streams_its_usage_only_where_that_is_asked_for():
    async with OpenAIProvider(Script([text("x")])) as provider:
        chat = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}
        _, _, data = await post(provider, chat, "/chat/completions")
        assert data.endswith(b"data: [DONE]\n\n")
        assert not any("usage" in chunk for chunk in events(data))
        _, _, data = await post(provider, chat | {"stream_options": {"include_usage": True}}, "/chat/completions")
        *before, last = events(data)
        assert (last["choices"], last["usage"]["prompt_tokens"] > 0) == ([], True)
        assert all(chunk["usage"] is None for chunk in before)


async def test_what_came_back_changed_is_refused():
    async with OpenAIProvider(Script(*TURNS)) as provider:
        _, _, data = await post(provider, ask())
        reasoning, _, call = json.loads(data)["output"]
        question, output = {"role": "user", "content": "hello"}, output_of(call)
        bad = [
            (reasoning | {"encrypted_content": reasoning["encrypted_content"].swapcase()}, call, "could not be verified"),
            (reasoning | {"summary": []}, call, "not the one that was issued"),
            (reasoning | {"id": "rs_2"}, call, "not the one that was issued"),
            (reasoning, call | {"arguments": "{}"}, "not the one that was issued"),
            (reasoning, call | {"name": "walk"}, "not the one that was issued"),
        ]
        for thought, called, message in bad:
            status, _, data = await post(provider, ask(question, thought, called, output))
            assert (status, message in json.loads(data)["error"]["message"]) == (400, True)
        without_ids = [{name: value for name, value in item.items() if name != "id"} for item in (reasoning, call)]
        assert (await post(provider, ask(question, *without_ids, output)))[0] == 200


async def test_faults_in_streams():
    blocks = [text("Hello")]
    async with OpenAIProvider(Script(cut(blocks, 3), broken(blocks, 3), cut(blocks, 1), broken(blocks, 1))) as provider:
        _, _, data = await post(provider, ask(stream=True))
        assert data.endswith(b"<broken>")
        assert len(events(data.removesuffix(b"<broken>"))) == 3
        assert not provider.requests[0].complete
        _, _, data = await post(provider, ask(stream=True))
        assert (events(data)[-1]["type"], events(data)[-1]["response"]["error"]["code"]) == ("response.failed", "server_is_overloaded")
        chat = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}
        _, _, data = await post(provider, chat, "/chat/completions")
        assert data.endswith(b"<broken>")
        _, _, data = await post(provider, chat, "/chat/completions")
        assert events(data)[-1]["error"]["code"] == "server_is_overloaded"


def test_held_before_the_first_byte():
    gate = Gate()
    with OpenAIProvider(Script(held([text("x")], gate), held([text("y")], gate))) as provider:

        async def both():
            chat = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
            waiting = asyncio.gather(post(provider, ask()), post(provider, chat, "/chat/completions"))
            await asyncio.to_thread(provider.wait_for_requests, 2)
            await asyncio.to_thread(gate.reached.wait, 10)
            assert not waiting.done()
            gate.release()
            return [status for status, _, _ in await waiting]

        assert asyncio.run(both()) == [200, 200]


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
async def test_compressed_requests(encoding, pack, monkeypatch):
    data = pack(json.dumps(ask()).encode())
    async with OpenAIProvider(Script([text("x")])) as provider:
        headers = {"content-encoding": encoding}
        assert (await post(provider, data, **headers))[0] == 200
        assert (provider.requests[0].raw, provider.requests[0].body) == (data, ask())
        assert (await post(provider, data[:-5], **headers))[0] == 400
        monkeypatch.setattr("headroom.testing.server.MAX_BODY", 200)
        assert (await post(provider, pack(json.dumps(ask(instructions="x" * 400)).encode()), **headers))[0] == 413


async def test_other_endpoints():
    async with OpenAIProvider(Script(), count=len) as provider:
        status, _, data = await post(provider, {"model": "m", "input": "12345"}, "/v1/responses/input_tokens")
        assert (status, json.loads(data)["input_tokens"]) == (200, len("user 12345"))
        async with aiohttp.ClientSession() as session:
            async with session.get(provider.url + "/v1/models") as response:
                assert (await response.json())["data"][0]["id"] == "gpt-6.1-sol"
            async with session.get(provider.url + "/backend-api/codex/models?client_version=0.1") as response:
                assert await response.json() == {"models": []}
            for path in ("/", "/v1/responses", "/v1/nothing"):
                async with session.get(provider.url + path) as response:
                    assert (response.status, "error" in await response.json()) == (404, True)
        status, _, data = await post(provider, ask(), authorization="")
        assert (status, json.loads(data)["error"]["code"]) == (401, "missing_api_key")


async def test_a_request_for_a_schema_and_one_that_compacts_are_beside_the_script():
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    async with OpenAIProvider(Script([tool("run")])) as provider:
        _, _, data = await post(provider, ask(text={"format": {"type": "json_schema", "name": "t", "schema": schema}}))
        assert json.loads(json.loads(data)["output"][0]["content"][0]["text"]) == {"title": "Scripted session"}
        chat = {
            "model": "m",
            "messages": [{"role": "user", "content": "x"}],
            "response_format": {"type": "json_schema", "json_schema": {"schema": schema}},
        }
        _, _, data = await post(provider, chat, "/chat/completions")
        assert json.loads(json.loads(data)["choices"][0]["message"]["content"]) == {"title": "Scripted session"}
        _, _, data = await post(provider, ask({"role": "user", "content": "x"}, {"type": "compaction_trigger"}))
        (item,) = json.loads(data)["output"]
        assert item["type"] == "compaction"
        status, _, data = await post(provider, ask(item, {"role": "user", "content": "go on"}))
        assert (status, json.loads(data)["output"][0]["type"]) == (200, "function_call")
        assert [request.aside for request in provider.requests] == [True, True, True, False]
        assert len(provider.turns) == 1


async def test_conversations_have_scripts_of_their_own():
    scripts = {"t-named": Script([text("named")]), "explore": Script([text("explorer")])}
    async with OpenAIProvider(lambda name: Script([text(f"made for {name}")]), scripts=scripts) as provider:

        async def said(words, **headers):
            surroundings = {"role": "user", "content": [{"type": "input_text", "text": "cwd"}]}
            key = headers.pop("key", None)
            _, _, data = await post(provider, ask(surroundings, {"role": "user", "content": words}, prompt_cache_key=key), **headers)
            return json.loads(data)["output"][0]["content"][0]["text"]

        assert await said("x", **{"thread-id": "t-named", "session-id": "s"}) == "named"
        assert await said("please explore", **{"session-id": "s"}) == "explorer"
        assert await said("x", **{"session-id": "s"}) == "made for s"
        assert await said("x", key="k1") == "made for k1"
        assert await said("x") == "made for cwd\nx"


async def test_a_call_of_a_tool_in_a_namespace():
    call = {**tool("look_up", name="x"), "namespace": "mcp__shop"}
    async with OpenAIProvider(Script([call])) as provider:
        _, _, data = await post(provider, ask())
    made = json.loads(data)["output"][0]
    assert (made["namespace"], made["name"], made["arguments"]) == ("mcp__shop", "look_up", '{"name":"x"}')
