"""The provider as the official Python library sees it."""

from __future__ import annotations

import json

import pytest

from headroom.testing import OpenAIProvider, Script, overloaded, rate_limited, server_error, text, thinking, tool

sdk = pytest.importorskip("openai")

pytestmark = pytest.mark.slow

FUNCTION = {"type": "function", "name": "run", "parameters": {"type": "object"}, "strict": None}
EXEC = {"type": "custom", "name": "exec"}
CHAT_TOOLS = [{"type": "function", "function": {"name": "run", "parameters": {"type": "object"}}}]
TURNS = ([thinking("hm"), text("I look."), tool("run", command="ls " + "x" * 60)], [text("Done: " + "y" * 60)])


def ask(*items, **more):
    return {"model": "gpt-6.1-sol", "input": list(items) or "hello", "tools": [FUNCTION, EXEC], "store": False} | more


def output_of(call, value="a.txt"):
    kind = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output", "local_shell_call": "local_shell_call_output"}
    return {"type": kind[call["type"]], "call_id": call["call_id"], "output": value}


def client(provider):
    return sdk.AsyncOpenAI(base_url=provider.url + "/s/abc/v1", api_key="k", max_retries=0)


async def test_responses_with_the_official_client():
    async with OpenAIProvider(Script(*TURNS), count=len, minimum=0) as provider, client(provider) as openai:
        question = {"role": "user", "content": "list"}
        first = await openai.responses.create(**ask(question))
        assert [item.type for item in first.output] == ["reasoning", "message", "function_call"]
        assert json.loads(first.output[2].arguments) == {"command": "ls " + "x" * 60}
        assert first.output_text == "I look."
        history = [question, *[item.model_dump(exclude_none=True) for item in first.output]]
        second = await openai.responses.create(**ask(*history, output_of(history[-1])))
        assert (second.output_text, second.status) == ("Done: " + "y" * 60, "completed")
        usage = second.usage
        assert usage.input_tokens_details.cached_tokens == first.usage.input_tokens
        assert usage.input_tokens_details.cache_write_tokens == usage.input_tokens - first.usage.input_tokens
        one, two = provider.requests
        assert (one.path, one.method, one.status, one.complete) == ("/s/abc/v1/responses", "POST", 200, True)
        assert (one.charge.reason, two.charge.reason) == ("new", "grew")
        assert provider.total_usage().cache_read == usage.input_tokens_details.cached_tokens


async def test_responses_streamed_to_the_official_client():
    async with OpenAIProvider(Script(*TURNS)) as provider, client(provider) as openai:
        async with openai.responses.stream(**ask()) as stream:
            kinds = [event.type async for event in stream]
            final = await stream.get_final_response()
        plain = OpenAIProvider(Script(*TURNS))
        async with plain, client(plain) as other:
            whole = await other.responses.create(**ask())
        assert [item.to_dict() for item in final.output] == [{**item.to_dict(), **extra(item)} for item in whole.output]
        assert kinds[0] == "response.created"
        assert kinds[-1] == "response.completed"
        assert kinds.count("response.output_item.added") == kinds.count("response.output_item.done") == 3
        assert kinds.count("response.function_call_arguments.delta") == 4
        assert kinds.count("response.reasoning_summary_text.done") == 1


def extra(item):
    """What the client's stream adds to an item."""
    if item.type == "function_call":
        return {"parsed_arguments": None}
    if item.type == "message":
        return {"content": [{**part.to_dict(), "parsed": None} for part in item.content]}
    return {}


async def test_chat_with_the_official_client():
    turns = ([text("I look."), tool("run", command="ls"), tool("run", command="pwd")], [text("Done.")])
    async with OpenAIProvider(Script(*turns), count=len, minimum=0, step=1) as provider, client(provider) as openai:
        messages = [{"role": "system", "content": "sys"}, {"role": "user", "content": "list"}]
        given = {"model": "gpt-4.1", "tools": CHAT_TOOLS}
        first = await openai.chat.completions.create(messages=messages, **given)
        assert first.choices[0].finish_reason == "tool_calls"
        calls = first.choices[0].message.tool_calls
        messages += [first.choices[0].message.model_dump(exclude_none=True, exclude={"annotations"})]
        messages += [{"role": "tool", "tool_call_id": call.id, "content": "out"} for call in calls]
        second = await openai.chat.completions.create(messages=messages, **given)
        assert (second.choices[0].message.content, second.choices[0].finish_reason) == ("Done.", "stop")
        assert second.usage.prompt_tokens_details.cached_tokens == first.usage.prompt_tokens


async def test_chat_streamed_to_the_official_client():
    turns = ([text("I look."), tool("run", command="x" * 60), tool("run", command="pwd")], [text("Done.")])
    async with OpenAIProvider(Script(*turns)) as provider, client(provider) as openai:
        given = {"model": "m", "tools": CHAT_TOOLS, "messages": [{"role": "user", "content": "list"}]}
        async with openai.chat.completions.stream(stream_options={"include_usage": True}, **given) as stream:
            pieces = [event.type async for event in stream]
            final = await stream.get_final_completion()
        assert final.usage.prompt_tokens > 0
        assert final.choices[0].message.content == "I look."
        arguments = [json.loads(call.function.arguments) for call in final.choices[0].message.tool_calls]
        assert arguments == [{"command": "x" * 60}, {"command": "pwd"}]
        assert pieces.count("tool_calls.function.arguments.delta") == 7


async def test_the_official_client_sees_refusals_as_its_own_errors():
    script = Script(rate_limited(0.01), overloaded(), server_error(), [text("x")])
    async with OpenAIProvider(script) as provider, client(provider) as openai:
        with pytest.raises(sdk.RateLimitError) as caught:
            await openai.responses.create(**ask())
        assert (caught.value.code, caught.value.response.headers["retry-after"]) == ("rate_limit_exceeded", "0.01")
        for code in ("server_is_overloaded", "server_error"):
            with pytest.raises(sdk.APIError) as caught:
                await openai.responses.create(**ask())
            assert caught.value.code == code
        with pytest.raises(sdk.BadRequestError) as caught:
            await openai.responses.create(**ask({"role": "robot", "content": "x"}))
        assert (caught.value.param, caught.value.code) == ("input[0].role", "invalid_value")
        assert (await openai.responses.create(**ask())).output_text == "x", "a refused request takes no turn"


async def test_stored_responses_can_be_gone_on_from():
    async with OpenAIProvider(Script(*TURNS)) as provider, client(provider) as openai:
        first = await openai.responses.create(**ask(store=True))
        second = await openai.responses.create(**ask(output_of(first.output[2].to_dict()), previous_response_id=first.id, store=True))
        assert second.output_text.startswith("Done")
        assert provider.requests[1].usage.prompt > provider.requests[0].usage.prompt
        third = await openai.responses.create(**ask({"role": "user", "content": "and?"}, previous_response_id=second.id))
        for name in ("resp_unknown", third.id):  # the last one was not stored
            with pytest.raises(sdk.BadRequestError) as caught:
                await openai.responses.create(**ask({"role": "user", "content": "and?"}, previous_response_id=name))
            assert caught.value.code == "previous_response_not_found"


async def test_a_socket_of_the_official_client():
    async with OpenAIProvider(Script(*TURNS)) as provider, sdk.AsyncOpenAI(base_url=provider.url + "/v1", api_key="k") as openai:
        async with openai.responses.connect() as connection:
            await connection.response.create(model="gpt-6.1-sol", input="hello", tools=[EXEC], store=False)
            async for event in connection:
                if event.type == "response.completed":
                    break
        assert [item.type for item in event.response.output] == ["reasoning", "message", "function_call"]


async def test_models_and_token_counts_by_the_official_client():
    async with OpenAIProvider(Script()) as provider, client(provider) as openai:
        assert "gpt-5.5" in [model.id async for model in openai.models.list()]
        assert (await openai.responses.input_tokens.count(model="m", input="12345678")).input_tokens == 3
