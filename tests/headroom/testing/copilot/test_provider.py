from __future__ import annotations

import json

import aiohttp
import pytest

from headroom.testing import CopilotProvider, Script, text, tool

HEADERS = {"authorization": "Bearer gho_x", "copilot-integration-id": "copilot-developer-cli", "anthropic-version": "2023-06-01"}
SAY = {"role": "user", "content": "hello"}
BODIES = {
    "/chat/completions": {"model": "gpt-5.4-mini", "messages": [SAY], "snippy": {"enabled": False}},
    "/responses": {"model": "gpt-5.5", "input": [SAY]},
    "/v1/messages": {"model": "claude-opus-4-8", "messages": [SAY], "max_tokens": 10},
}


async def post(provider, path, body, headers=HEADERS):
    async with aiohttp.ClientSession(headers=headers) as session, session.post(provider.url + path, json=body) as response:
        return response.status, await response.json()


async def test_three_forms_of_one_script():
    turns = [[text(path)] for path in BODIES]
    async with CopilotProvider(Script(*turns)) as provider:
        for path, body in BODIES.items():
            status, answer = await post(provider, path, body)
            assert (status, path in json.dumps(answer)) == (200, True)
        assert [request.charge is not None for request in provider.requests] == [True] * 3
        assert provider.total_usage().prompt > 0


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/responses", {"model": "o9", "input": "x"}, "model_not_supported"),
        ("/responses", {"model": "gpt-5.4-mini", "input": "x"}, "unsupported_api_for_model"),
        ("/responses", {"model": "gpt-5.5", "input": "x", "nonsense": 1}, "unknown_parameter"),
    ],
)
async def test_refused(path, body, code):
    async with CopilotProvider(Script([text("x")])) as provider:
        status, answer = await post(provider, path, body)
        assert (status, answer["error"]["code"]) == (400, code)


@pytest.mark.parametrize(("left_out", "status"), [("copilot-integration-id", 400), ("authorization", 401)])
async def test_headers_that_must_arrive(left_out, status):
    async with CopilotProvider(Script([text("x")])) as provider:
        headers = {name: value for name, value in HEADERS.items() if name != left_out}
        for path, body in BODIES.items():
            assert (await post(provider, path, body, headers))[0] == status


async def test_the_catalogue_and_what_is_not_there():
    async with CopilotProvider(Script(), endpoints={"m": ("/responses",)}) as provider, aiohttp.ClientSession(headers=HEADERS) as session:
        async with session.get(provider.url + "/models") as response:
            (model,) = (await response.json())["data"]
        assert (model["id"], model["supported_endpoints"], model["policy"]["state"]) == ("m", ["/responses"], "enabled")
        async with session.get(provider.url + "/agents/swe/internal/memory/v0/enabled") as response:
            assert await response.json() == {"enabled": False}
        assert (await post(provider, "/mcp/readonly", {}))[0] == 404


async def test_frames_with_copilots_own_members():
    async with CopilotProvider(Script([tool("bash", command="ls")])) as provider, aiohttp.ClientSession(headers=HEADERS) as session:
        async with session.ws_connect(provider.url + "/responses") as socket:
            frame = {"type": "response.create", "model": "gpt-5.5", "input": [SAY], "initiator": "user", "agent_task_id": "t"}
            frame["headers"] = {"X-Client-Session-Id": "s1"}
            await socket.send_json(frame | {"tools": [{"type": "function", "name": "bash"}]})
            kinds = []
            while not kinds or kinds[-1] != "response.completed":
                kinds.append((await socket.receive_json())["type"])
        assert "response.function_call_arguments.done" in kinds
        assert provider.turns[0].conversation == "s1"
