from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest

from headroom.testing import OpenAIProvider, Script, broken, custom_tool, cut, rate_limited, text, thinking

KEY = {"authorization": "Bearer k", "openai-beta": "responses_websockets=2026-02-06"}
EXEC = {"type": "custom", "name": "exec"}
TOOLS = {"type": "additional_tools", "role": "developer", "tools": [{"type": "namespace", "name": "functions", "tools": [EXEC]}]}
QUESTION = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "list"}]}
TURNS = ([thinking("hm"), custom_tool("exec", "text(1)")], [text("Done.")])


def create(*items, **more):
    return {"type": "response.create", "model": "gpt-6.1-sol", "input": list(items), "store": False, "prompt_cache_key": "t1"} | more


def output_of(call, value="a.txt"):
    return {"type": "custom_tool_call_output", "call_id": call["call_id"], "output": [{"type": "input_text", "text": value}]}


@asynccontextmanager
async def connected(provider, path="/s/x/v1/responses", **more):
    async with aiohttp.ClientSession(headers=KEY) as session, session.ws_connect(provider.url + path, **more) as socket:
        yield socket


async def exchange(socket, frame):
    """The events of one response, or the error frame alone."""
    await socket.send_str(json.dumps(frame))
    received = []
    async for message in socket:
        received.append(json.loads(message.data))
        if received[-1]["type"] in {"response.completed", "response.incomplete", "response.failed", "error"}:
            break
    return received


async def test_prewarm_then_only_what_is_new():
    async with OpenAIProvider(Script(*TURNS), count=len, minimum=0) as provider, connected(provider) as socket:
        warm = await exchange(socket, create(generate=False))
        assert [event["type"] for event in warm] == ["response.created", "response.in_progress", "response.completed"]
        assert warm[-1]["response"]["output"] == []
        first = await exchange(socket, create(TOOLS, QUESTION, previous_response_id=warm[-1]["response"]["id"]))
        reasoning, call = first[-1]["response"]["output"]
        assert (reasoning["type"], call["input"]) == ("reasoning", "text(1)")
        second = await exchange(socket, create(output_of(call), previous_response_id=first[-1]["response"]["id"]))
        assert second[-1]["response"]["output"][0]["content"][0]["text"] == "Done."

        handshake, *frames = provider.requests
        assert (handshake.method, handshake.status, handshake.socket, handshake.charge) == ("GET", 101, 1, None)
        assert [(f.method, f.status, f.complete, f.socket, f.aside) for f in frames] == [
            ("WEBSOCKET", 200, True, 1, True),
            ("WEBSOCKET", 200, True, 1, False),
            ("WEBSOCKET", 200, True, 1, False),
        ]
        assert frames[2].body["input"] == [output_of(call)]
        assert frames[2].usage.cache_read == frames[1].usage.prompt, "what stands before is part of the prompt"
        assert provider.turns == frames[1:]


async def test_replay_on_another_socket():
    async with OpenAIProvider(Script(*TURNS), count=len, minimum=0) as provider:
        async with connected(provider) as socket:
            first = await exchange(socket, create(TOOLS, QUESTION))
        reasoning, call = first[-1]["response"]["output"]
        async with connected(provider) as socket:
            frame = create(output_of(call), previous_response_id=first[-1]["response"]["id"])
            (error,) = await exchange(socket, frame)
            assert (error["status"], error["error"]["code"]) == (400, "previous_response_not_found")
            second = await exchange(socket, create(TOOLS, QUESTION, reasoning, call, output_of(call)))
            assert second[-1]["type"] == "response.completed"
        assert provider.requests[-1].usage.cache_read == provider.requests[1].usage.prompt
        assert [request.socket for request in provider.requests] == [1, 1, 2, 2, 2]


async def test_a_failed_request_forgets_what_it_went_on_from():
    async with OpenAIProvider(Script(TURNS[0], rate_limited(2), [text("x")])) as provider, connected(provider) as socket:
        first = await exchange(socket, create(TOOLS, QUESTION))
        frame = create(output_of(first[-1]["response"]["output"][1]), previous_response_id=first[-1]["response"]["id"])
        (error,) = await exchange(socket, frame)
        assert error == {
            "type": "error",
            "status": 429,
            "error": {"message": error["error"]["message"], "type": "requests", "param": None, "code": "rate_limit_exceeded"},
            "headers": {"retry-after": "2"},
        }
        (error,) = await exchange(socket, frame)
        assert error["error"]["code"] == "previous_response_not_found"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", None),
        ([], "invalid_value"),
        ({"type": "session.update"}, "invalid_value"),
        (create({"role": "robot", "content": ""}), "invalid_value"),
        (create(nonsense=1), "unknown_parameter"),
        (create({"type": "custom_tool_call_output", "call_id": "c", "output": ""}), None),
    ],
)
async def test_bad_frames_are_refused_and_the_socket_stays(frame, code):
    async with OpenAIProvider(Script([text("x")])) as provider, connected(provider) as socket:
        await socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))
        error = await socket.receive_json()
        assert (error["type"], error["status"], error["error"]["code"]) == ("error", 400, code)
        assert (await exchange(socket, create(QUESTION)))[-1]["type"] == "response.completed"


@pytest.mark.parametrize("status", [426, 404, 503])
async def test_sockets_can_be_refused(status):
    async with OpenAIProvider(Script(), refuse_sockets=status) as provider:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with connected(provider):
                pass
        assert (caught.value.status, provider.requests[0].status, provider.sockets) == (status, status, [])


async def test_faults():
    async with OpenAIProvider(Script(broken([text("x")], 2), cut([text("x")], 2))) as provider, connected(provider) as socket:
        received = await exchange(socket, create(QUESTION))
        assert [event["type"] for event in received] == ["response.created", "response.in_progress", "response.failed"]
        received = await exchange(socket, create(QUESTION))
        assert [event["type"] for event in received] == ["response.created", "response.in_progress"]
        assert not provider.requests[-1].complete


async def test_the_provider_can_break_a_connection():
    async with OpenAIProvider(Script([text("x")])) as provider, connected(provider) as socket:
        await exchange(socket, create(QUESTION))
        provider.sockets[0].close()
        assert (await asyncio.wait_for(socket.receive(), 60)).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSE}


@pytest.mark.parametrize("window", [0, 15])
async def test_compression_of_frames_is_agreed_on(window):
    async with OpenAIProvider(Script([text("x")]), keep_bodies=False) as provider, connected(provider, compress=window) as socket:
        assert (await exchange(socket, create(QUESTION)))[-1]["type"] == "response.completed"
        assert provider.sockets[0].compressed is bool(window)
        assert provider.requests[-1].body is None
