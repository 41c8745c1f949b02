from __future__ import annotations

import json

import aiohttp
import pytest

from headroom.testing import GeminiProvider, Script, broken, cut, overloaded, rate_limited, text, thinking, tool

MODEL = "/v1beta/models/gemini-3.1-pro-preview"
TURNS = ([thinking("hm"), tool("run", command="ls"), tool("run", command="pwd")], [text("Done: " + "y" * 60)])
TOOLS = [{"functionDeclarations": [{"name": "run", "parameters": {"type": "OBJECT"}}]}]
QUESTION = {"role": "user", "parts": [{"text": "list"}]}


def ask(*contents, **more):
    return {"contents": list(contents) or [QUESTION], "tools": TOOLS} | more


async def post(provider, body, path=MODEL + ":generateContent", **headers):
    received = b""
    async with aiohttp.ClientSession(headers={"x-goog-api-key": "k"} | headers) as session:
        async with session.post(provider.url + path, data=json.dumps(body).encode()) as response:
            try:
                async for chunk in response.content.iter_any():
                    received += chunk
            except aiohttp.ClientPayloadError:
                received += b"<broken>"
            return response.status, response.headers, received


def events(data):
    return [json.loads(line[6:]) for line in data.decode().splitlines() if line.startswith("data: {")]


def results(parts):
    calls = [part["functionCall"] for part in parts]
    return {"role": "user", "parts": [{"functionResponse": {"id": c["id"], "name": c["name"], "response": {"output": "x"}}} for c in calls]}


async def test_a_session_of_code_assist_is_wrapped():
    async with GeminiProvider(lambda name: Script(*TURNS, final=name), count=len, minimum=0) as provider:
        outer = {"model": "gemini-3.1-pro-preview", "project": "p", "user_prompt_id": "u"}
        path = "/v1internal:streamGenerateContent?alt=sse"
        _, headers, data = await post(provider, outer | {"request": ask(session_id="s1")}, path)
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        chunks = [event["response"] for event in events(data)]
        made = [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]
        assert ["thoughtSignature" in part for part in made] == [True, False]
        again = ask(QUESTION, {"role": "model", "parts": made}, results(made), session_id="s1")
        _, _, data = await post(provider, outer | {"request": again}, "/v1internal:generateContent")
        usage = json.loads(data)["response"]["usageMetadata"]
        assert usage["cachedContentTokenCount"] == chunks[-1]["usageMetadata"]["promptTokenCount"]
        assert [request.conversation for request in provider.requests] == ["s1", "s1"]
        status, _, _ = await post(provider, outer, path)
        assert status == 400
        counting = {"request": {"model": "models/m", "contents": [QUESTION]}}
        assert json.loads((await post(provider, counting, "/v1internal:countTokens"))[2]) == {"totalTokens": 4}
        _, _, data = await post(provider, {}, "/v1internal:loadCodeAssist")
        assert json.loads(data)["cloudaicompanionProject"]


async def test_a_stream_without_events_is_an_array():
    async with GeminiProvider(Script(TURNS[1], broken(TURNS[1], 1))) as provider:
        _, headers, data = await post(provider, ask(), MODEL + ":streamGenerateContent")
        assert headers["content-type"].startswith("application/json")
        chunks = json.loads(data)
        assert "".join(chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in chunks) == "Done: " + "y" * 60
        _, _, data = await post(provider, ask(), MODEL + ":streamGenerateContent")
        assert b'"status":"UNAVAILABLE"' in data


async def test_faults():
    script = Script(rate_limited(1.5), overloaded(), cut([text("x" * 60)], 1), broken([text("x" * 60)], 1))
    async with GeminiProvider(script) as provider:
        status, headers, data = await post(provider, ask())
        error = json.loads(data)["error"]
        assert (status, headers["retry-after"], error["status"], error["details"][0]["retryDelay"]) == (429, "1.5", "RESOURCE_EXHAUSTED", "1.5s")
        status, _, data = await post(provider, ask())
        assert (status, json.loads(data)["error"]["status"]) == (503, "UNAVAILABLE")
        path = MODEL + ":streamGenerateContent?alt=sse"
        assert (await post(provider, ask(), path))[2].endswith(b"<broken>")
        assert events((await post(provider, ask(), path))[2])[-1]["error"]["code"] == 503


async def test_other_paths_and_keys():
    async with GeminiProvider(Script([text("x")], [text("x")])) as provider:
        assert (await post(provider, ask(), "/v1beta/models/m:embedContent"))[0] == 404
        assert (await post(provider, ask(), **{"x-goog-api-key": ""}))[0] == 403
        assert (await post(provider, ask(), MODEL + ":generateContent?key=k", **{"x-goog-api-key": ""}))[0] == 200
        assert (await post(provider, ask(), "/any/prefix/v1/projects/p/locations/l/publishers/google/models/m:generateContent"))[0] == 200


@pytest.mark.parametrize("wanted", ["responseJsonSchema", "responseSchema", "response_schema"])
async def test_a_request_for_a_schema_is_beside_the_script(wanted):
    schema = {"type": "OBJECT", "properties": {"score": {"type": "INTEGER"}}}
    async with GeminiProvider(Script([tool("run")])) as provider:
        _, _, data = await post(provider, ask(generationConfig={wanted: schema}))
        assert json.loads(json.loads(data)["candidates"][0]["content"]["parts"][0]["text"]) == {"score": 1}
        assert (provider.requests[0].aside, provider.turns) == (True, [])
