"""Plain clients of OpenAI's two APIs behind the proxy."""

from __future__ import annotations

import json

import pytest

from headroom.testing import OpenAIProvider, Script, overloaded, text, thinking, tool
from headroom_wrap.events import Finished
from tests.headroom_wrap.proxy.harness import SECRET, log_text, proxy
from tests.memory_store import MemoryStore

sdk = pytest.importorskip("openai")

pytestmark = pytest.mark.slow

MODEL = "gpt-5.4-mini"
CHAT_TOOLS = [{"type": "function", "function": {"name": "run", "parameters": {"type": "object"}}}]
TOOLS = [{"type": "function", "name": "run", "parameters": {"type": "object"}, "strict": None}]
LOG = log_text(lines=600)


def fetch(request):
    shown = json.dumps(request.get("messages") or request.get("input"))
    return tool("headroom_retrieve", handle=shown.rpartition("[headroom ")[2][:8], lines="1-3")


def script(*after):
    return Script(
        [thinking("look"), text("I look."), tool("run", command="cat app.log")],
        lambda request: [thinking("more"), text("Let me see. "), fetch(request)],
        *(after or ([text("It is the pool."), tool("run", command="ls")], [text("Done.")])),
    )


def mixed():
    return Script(
        [tool("run", command="cat app.log")],
        lambda request: [thinking("both"), fetch(request), tool("run", command="ls"), fetch(request)],
        [text("Done.")],
        [text("Bye.")],
    )


def client(p):
    return sdk.AsyncOpenAI(base_url=f"http://127.0.0.1:{p.port}/{SECRET}/v1", api_key="k", max_retries=0)


def behind(provider, **settings):
    return proxy(provider.url, retrieve="proxy", elide=False, **settings)


async def chat(openai, messages, *, streamed):
    """The message, why it ended, its usage."""
    asked = {"model": MODEL, "messages": messages, "tools": CHAT_TOOLS}
    if not streamed:
        made = await openai.chat.completions.create(**asked)
        return made.choices[0].message, made.choices[0].finish_reason, made.usage
    names = set()
    async with openai.chat.completions.stream(**asked, stream_options={"include_usage": True}) as stream:
        async for event in stream:
            if event.type == "chunk":
                names.add(event.chunk.id)
        made = await stream.get_final_completion()
    assert len(names) == 1
    return made.choices[0].message, made.choices[0].finish_reason, made.usage


def as_sent(message):
    calls = [
        {"id": c.id, "type": "function", "function": {"name": c.function.name, "arguments": c.function.arguments}} for c in message.tool_calls or ()
    ]
    return {"role": "assistant", "content": message.content, **({"tool_calls": calls} if calls else {})}


def answered(call, content=LOG):
    return {"role": "tool", "tool_call_id": call.id, "content": content}


def assert_prefixes(provider, member, *, thinks=False):
    requests = [turn.body for turn in provider.turns]
    assert len({json.dumps(r["tools"]) for r in requests}) == 1
    assert "headroom_retrieve" in json.dumps(requests[0]["tools"][-1])
    for before, after in zip(requests, requests[1:]):
        assert after[member][: len(before[member])] == before[member]
    charged = [turn.usage for turn in provider.turns]
    if thinks:  # what was thought before the user's last word is no part of the prompt any more
        charged.pop()
    for before, after in zip(charged, charged[1:]):
        assert after.cache_read >= before.prompt // 128 * 128


@pytest.mark.parametrize("streamed", [False, True])
async def test_chat_with_a_retrieval_in_it(streamed):
    async with OpenAIProvider(script(), minimum=0) as provider, behind(provider) as p, client(p) as openai:
        messages = [{"role": "user", "content": "What fails?"}]
        first, *_ = await chat(openai, messages, streamed=streamed)
        messages += [as_sent(first), answered(first.tool_calls[0])]
        second, reason, usage = await chat(openai, messages, streamed=streamed)
        assert second.content == "Let me see. It is the pool."
        assert [call.function.name for call in second.tool_calls] == ["run"]
        assert (second.role, reason) == ("assistant", "tool_calls")
        messages += [as_sent(second), answered(second.tool_calls[0], "a.txt")]
        third, reason, _ = await chat(openai, messages, streamed=streamed)
        assert (third.content, third.tool_calls or None, reason) == ("Done.", None, "stop")
        assert len(provider.turns) == 4
        assert_prefixes(provider, "messages")
        assert LOG.split("\n")[0] in provider.turns[2].body["messages"][-1]["content"]
        charged = [turn.usage for turn in provider.turns]
        assert usage.completion_tokens == charged[1].output + charged[2].output
        assert usage.prompt_tokens == charged[1].prompt + charged[2].prompt
        await p.event(Finished, 4)
        assert not p.troubles()


@pytest.mark.parametrize("streamed", [False, True])
async def test_chat_with_calls_of_ours_and_of_the_clients(streamed):
    store = MemoryStore()
    async with OpenAIProvider(mixed(), minimum=0) as provider:
        async with behind(provider, store=store) as p, client(p) as openai:
            messages = [{"role": "user", "content": "What fails?"}]
            first, *_ = await chat(openai, messages, streamed=streamed)
            messages += [as_sent(first), answered(first.tool_calls[0])]
            second, reason, _ = await chat(openai, messages, streamed=streamed)
            assert [call.function.name for call in second.tool_calls] == ["run"]
            assert (reason, len(provider.turns)) == ("tool_calls", 2)
        async with behind(provider, store=store) as p, client(p) as openai:
            messages += [as_sent(second), answered(second.tool_calls[0], "a.txt")]
            third, *_ = await chat(openai, messages, streamed=streamed)
            assert third.content == "Done."
            messages += [as_sent(third), {"role": "user", "content": "Thanks."}]
            await chat(openai, messages, streamed=streamed)
            assert [m["role"] for m in provider.turns[2].body["messages"][3:]] == ["assistant", "tool", "tool", "tool"]
            assert_prefixes(provider, "messages")
            assert not p.troubles()


@pytest.mark.parametrize("streamed", [False, True])
async def test_chat_with_a_model_that_will_not_stop_fetching(streamed):
    turns = Script([tool("run", command="cat app.log")], *[lambda request: [text("a"), fetch(request)]] * 5, [text("Well.")])
    async with OpenAIProvider(turns, minimum=0) as provider, behind(provider) as p, client(p) as openai:
        messages = [{"role": "user", "content": "What fails?"}]
        first, *_ = await chat(openai, messages, streamed=streamed)
        messages += [as_sent(first), answered(first.tool_calls[0])]
        second, reason, _ = await chat(openai, messages, streamed=streamed)
        assert (second.content, second.tool_calls or None, reason) == ("aaaaa", None, "stop")
        messages += [as_sent(second), {"role": "user", "content": "And?"}]
        third, *_ = await chat(openai, messages, streamed=streamed)
        assert third.content == "Well."
        assert_prefixes(provider, "messages")


@pytest.mark.parametrize("streamed", [False, True])
async def test_chat_whose_follow_up_fails(streamed):
    async with OpenAIProvider(script(overloaded()), minimum=0) as provider, behind(provider) as p, client(p) as openai:
        messages = [{"role": "user", "content": "What fails?"}]
        first, *_ = await chat(openai, messages, streamed=streamed)
        messages += [as_sent(first), answered(first.tool_calls[0])]
        with pytest.raises(sdk.APIError):
            await chat(openai, messages, streamed=streamed)


async def respond(openai, items, *, streamed, **more):
    asked = {"model": MODEL, "input": items, "tools": TOOLS, "store": False, "include": ["reasoning.encrypted_content"]} | more
    if not streamed:
        return await openai.responses.create(**asked)
    async with openai.responses.stream(**asked) as stream:
        events = [event async for event in stream]
    numbers = [event.sequence_number for event in events]
    assert numbers == list(range(len(numbers)))
    added = [event.output_index for event in events if event.type == "response.output_item.added"]
    assert added == list(range(len(added)))
    assert [event.type for event in events].count("response.created") == 1
    assert events[-1].type == "response.completed"
    assert len(events[-1].response.output) == len(added)
    return events[-1].response


def output(call, value=LOG):
    return {"type": "function_call_output", "call_id": call.call_id, "output": value}


def items_of(response):
    return [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in response.output]


@pytest.mark.parametrize("streamed", [False, True])
async def test_responses_with_a_retrieval_in_it(streamed):
    async with OpenAIProvider(script(), minimum=0) as provider, behind(provider) as p, client(p) as openai:
        items = [{"role": "user", "content": "What fails?"}]
        first = await respond(openai, items, streamed=streamed)
        items += [*items_of(first), output(first.output[-1])]
        second = await respond(openai, items, streamed=streamed)
        assert [item.type for item in second.output] == ["reasoning", "message", "message", "function_call"]
        assert second.output_text == "Let me see. It is the pool."
        items += [*items_of(second), output(second.output[-1], "a.txt")]
        third = await respond(openai, items, streamed=streamed)
        assert third.output_text == "Done."
        assert len(provider.turns) == 4
        assert_prefixes(provider, "input")
        charged = [turn.usage for turn in provider.turns]
        assert second.usage.output_tokens == charged[1].output + charged[2].output
        await p.event(Finished, 4)
        assert not p.troubles()


@pytest.mark.parametrize("streamed", [False, True])
async def test_responses_with_calls_of_ours_and_of_the_clients(streamed):
    store = MemoryStore()
    async with OpenAIProvider(mixed(), minimum=0) as provider:
        async with behind(provider, store=store) as p, client(p) as openai:
            items = [{"role": "user", "content": "What fails?"}]
            first = await respond(openai, items, streamed=streamed)
            items += [*items_of(first), output(first.output[-1])]
            second = await respond(openai, items, streamed=streamed)
            assert [item.type for item in second.output] == ["reasoning", "function_call"]
        async with behind(provider, store=store) as p, client(p) as openai:
            items += [*items_of(second), output(second.output[-1], "a.txt")]
            third = await respond(openai, items, streamed=streamed)
            assert third.output_text == "Done."
            items += [*items_of(third), {"role": "user", "content": "Thanks."}]
            await respond(openai, items, streamed=streamed)
            assert_prefixes(provider, "input", thinks=True)
            assert not p.troubles()


@pytest.mark.parametrize("named", ["first", "last"])
@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("streamed", [False, True])
async def test_responses_that_the_api_keeps(streamed, together, named):
    turns = mixed() if together else script()
    store = MemoryStore()
    async with OpenAIProvider(turns, minimum=0) as provider:
        async with behind(provider, store=store) as p, client(p) as openai:
            first = await respond(openai, "What fails?", streamed=streamed, store=True)
            second = await respond(openai, [output(first.output[-1])], streamed=streamed, store=True, previous_response_id=first.id)
            assert second.output[-1].type == "function_call"
            assert second.output[-1].name == "run"
        # Some clients go on from the response that began the answer, others from the one that ended it.
        went_on = provider.turns[1 if together else 2].body
        assert went_on["previous_response_id"] == first.id
        assert [t["name"] for t in went_on["tools"]] == ["run", "headroom_retrieve"]
        names = [key.rpartition(":")[2] for key in store.frozen if key.startswith("retrieve:response:")]
        previous = second.id if named == "last" else names[1]
        async with behind(provider, store=store) as p, client(p) as openai:
            third = await respond(openai, [output(second.output[-1], "a.txt")], streamed=streamed, store=True, previous_response_id=previous)
            assert third.output_text == "Done."
            assert not p.troubles()


async def test_responses_that_began_elsewhere_are_left_alone():
    async with OpenAIProvider(Script([text("a")], [text("b")]), minimum=0) as provider, client_of(provider) as direct:
        first = await direct.responses.create(model=MODEL, input="x", tools=TOOLS)
        async with behind(provider) as p, client(p) as openai:
            await respond(openai, "y", streamed=False, store=True, previous_response_id=first.id)
            assert [t["name"] for t in provider.turns[-1].body["tools"]] == ["run"]


def client_of(provider):
    return sdk.AsyncOpenAI(base_url=provider.url + "/v1", api_key="k", max_retries=0)
