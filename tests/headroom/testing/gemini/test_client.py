"""The provider as the official Python library sees it."""

from __future__ import annotations

import pytest

from headroom.testing import GeminiProvider, Script, rate_limited, text, thinking, tool

genai = pytest.importorskip("google.genai")
types = pytest.importorskip("google.genai.types")
errors = pytest.importorskip("google.genai.errors")

pytestmark = pytest.mark.slow

TURNS = ([thinking("hm"), text("I look."), tool("run", command="ls"), tool("run", command="pwd")], [text("Done: " + "y" * 60)])
DECLARED = {"functionDeclarations": [{"name": "run", "parametersJsonSchema": {"type": "object"}}]}


def client(provider):
    return genai.Client(api_key="k", http_options={"base_url": provider.url, "retry_options": {"attempts": 1}})


def config(**more):
    return types.GenerateContentConfig(
        tools=[DECLARED], system_instruction="sys", automatic_function_calling={"disable": True}, thinking_config={"include_thoughts": True}, **more
    )


def results(calls):
    parts = [types.Part(function_response={"id": call.id, "name": call.name, "response": {"output": "a.txt"}}) for call in calls]
    return types.Content(role="user", parts=parts)


def test_whole():
    with GeminiProvider(Script(*TURNS), count=len, minimum=0) as provider, client(provider) as gemini:
        question = types.Content(role="user", parts=[{"text": "list"}])
        first = gemini.models.generate_content(model="gemini-3.1-pro-preview", contents=[question], config=config())
        answer = first.candidates[0].content
        assert [bool(part.thought) for part in answer.parts] == [True, False, False, False]
        assert [call.args for call in first.function_calls] == [{"command": "ls"}, {"command": "pwd"}]
        assert [part.thought_signature is not None for part in answer.parts] == [False, False, True, False]
        contents = [question, answer, results(first.function_calls)]
        second = gemini.models.generate_content(model="gemini-3.1-pro-preview", contents=contents, config=config())
        assert (second.text, second.candidates[0].finish_reason.name) == ("Done: " + "y" * 60, "STOP")
        assert first.usage_metadata.thoughts_token_count > 0
        assert first.usage_metadata.cached_content_token_count is None
        assert second.usage_metadata.cached_content_token_count == first.usage_metadata.prompt_token_count
        assert provider.turns[1].charge.reason == "grew"


# The library subclasses what aiohttp does not want subclassed.
@pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")
async def test_streamed():
    async with GeminiProvider(Script(*TURNS)) as provider:
        gemini = client(provider).aio
        chunks = [chunk async for chunk in await gemini.models.generate_content_stream(model="gemini-2.5-pro", contents="list", config=config())]
        calls = [call for chunk in chunks for call in chunk.function_calls or ()]
        assert [call.args["command"] for call in calls] == ["ls", "pwd"]
        assert [chunk.candidates[0].finish_reason is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        assert chunks[-1].usage_metadata.candidates_token_count > 0
        await gemini.aclose()


def test_a_chat_keeps_the_signatures():
    with GeminiProvider(Script(*TURNS)) as provider, client(provider) as gemini:
        chat = gemini.chats.create(model="gemini-3.8-flash", config=config())
        first = chat.send_message("list")
        second = chat.send_message(results(first.function_calls).parts)
        assert second.text.startswith("Done")
        assert [request.status for request in provider.requests] == [200, 200]


def test_refusals_and_other_endpoints():
    with GeminiProvider(Script(rate_limited(0.5), [text("x")])) as provider, client(provider) as gemini:
        with pytest.raises(errors.ClientError) as caught:
            gemini.models.generate_content(model="m", contents="x")
        assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
        assert gemini.models.count_tokens(model="m", contents="12345678").total_tokens == 2
        assert "gemini-2.5-pro" in [model.display_name for model in gemini.models.list()]
        wanted = types.GenerateContentConfig(
            response_mime_type="application/json", response_json_schema={"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}
        )
        assert gemini.models.generate_content(model="m", contents="x", config=wanted).text == '{"n": 1}'
