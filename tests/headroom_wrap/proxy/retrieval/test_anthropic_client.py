"""Plain Anthropic clients behind the proxy: the model fetches what was left out, and they never know."""

from __future__ import annotations

import copy
import json

import pytest

from headroom.testing import AnthropicProvider, Script, cut, overloaded, text, thinking, tool
from headroom_wrap.events import Finished
from pipeline.store.sqlite import SqliteStore
from tests.headroom_wrap.proxy.harness import SECRET, log_text, proxy

sdk = pytest.importorskip("anthropic")

pytestmark = pytest.mark.slow

TOOLS = [{"name": "Bash", "description": "Runs a command.", "input_schema": {"type": "object"}}]
THINK = {"type": "enabled", "budget_tokens": 1024}


def fetch(request):
    """The model asks for the first lines of what was left out last."""
    shown = json.dumps(request["messages"])
    handle = shown.rpartition("[headroom ")[2][:8]
    return tool("headroom_retrieve", handle=handle, lines="1-3")


def client(p):
    return sdk.AsyncAnthropic(base_url=f"http://127.0.0.1:{p.port}/{SECRET}", api_key="k", max_retries=0)


async def ask(claude, messages, *, streamed, **more):
    asked = {"model": "claude-sonnet-5", "max_tokens": 2000, "tools": TOOLS, "messages": messages, "thinking": THINK} | more
    if not streamed:
        return await claude.messages.create(**asked)
    async with claude.messages.stream(**asked) as stream:
        events = [event async for event in stream]
        assert [e.type for e in events].count("message_start") == 1
        assert [e.type for e in events].count("message_stop") == 1
        starts = [e.index for e in events if e.type == "content_block_start"]
        assert starts == list(range(len(starts)))
        return await stream.get_final_message()


def result(call, content=None):
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": content or log_text(lines=600)}]}


def said(message):
    return {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in message.content]}


def upstream(provider, number):
    return provider.turns[number].body


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_conversation_with_a_retrieval_in_it(streamed):
    script = Script(
        [thinking("look"), text("I look."), tool("Bash", command="cat app.log")],
        lambda request: [thinking("more"), text("Let me see. "), fetch(request)],
        [text("It is the pool."), tool("Bash", command="ls")],
        [text("Done.")],
    )
    async with AnthropicProvider(script, minimum=0) as provider, proxy(provider.url, retrieve="proxy", elide=False) as p, client(p) as claude:
        messages = [{"role": "user", "content": "What fails?"}]
        first = await ask(claude, messages, streamed=streamed)
        messages += [said(first), result(first.content[-1])]
        second = await ask(claude, messages, streamed=streamed)
        assert [block.type for block in second.content] == ["thinking", "text", "text", "tool_use"]
        assert [block.text for block in second.content if block.type == "text"] == ["Let me see. ", "It is the pool."]
        assert second.content[-1].name == "Bash"
        assert second.stop_reason == "tool_use"
        messages += [said(second), result(second.content[-1], "a.txt")]
        third = await ask(claude, messages, streamed=streamed)
        assert third.content[-1].text == "Done."
        requests = [turn.body for turn in provider.turns]
        assert len(requests) == 4
        assert [[t["name"] for t in r["tools"]] for r in requests] == [["Bash", "headroom_retrieve"]] * 4
        assert len({json.dumps(r["tools"]) for r in requests}) == 1
        for before, after in zip(requests, requests[1:]):  # what was sent once is sent again
            assert after["messages"][: len(before["messages"])] == before["messages"]
        fetched = requests[2]["messages"][-1]["content"][0]
        assert fetched["type"] == "tool_result"
        assert log_text(lines=600).split("\n")[0] in fetched["content"]
        assert "is_error" not in fetched
        charged = [turn.usage for turn in provider.turns]
        for before, after in zip(charged, charged[1:]):
            assert after.cache_read >= before.cache_read + before.cache_write_5m
        assert second.usage.output_tokens == charged[1].output + charged[2].output
        assert second.usage.input_tokens == charged[1].input + charged[2].input
    receipts = p.store.receipts()
    assert sorted(r.usage.output for r in receipts) == sorted(u.output for u in charged)
    assert len(receipts) == len(p.of(Finished)) == 4
    assert sum(r.overhead for r in receipts) > 0
    assert not p.troubles()


@pytest.mark.parametrize("streamed", [False, True])
async def test_calls_of_ours_and_of_the_clients_together(streamed, tmp_path):
    script = Script(
        [tool("Bash", command="cat app.log")],
        lambda request: [thinking("both"), fetch(request), text("And so."), tool("Bash", command="ls"), fetch(request)],
        [text("Done.")],
        [text("Bye.")],
    )

    def store():
        return SqliteStore.open(tmp_path / "state" / "headroom.db")

    async with AnthropicProvider(script, minimum=0) as provider:
        async with proxy(provider.url, retrieve="proxy", elide=False, store=store) as p, client(p) as claude:
            messages = [{"role": "user", "content": "What fails?"}]
            first = await ask(claude, messages, streamed=streamed)
            messages += [said(first), result(first.content[-1])]
            second = await ask(claude, messages, streamed=streamed)
            assert [block.type for block in second.content] == ["thinking", "text", "tool_use"]
            assert second.stop_reason == "tool_use"
            assert len(provider.turns) == 2
            messages += [said(second), result(second.content[-1], "a.txt")]
        async with proxy(provider.url, retrieve="proxy", elide=False, store=store) as p, client(p) as claude:  # another replica
            third = await ask(claude, messages, streamed=streamed)
            assert third.content[0].text == "Done."
            sent = upstream(provider, 2)["messages"]
            assert [b["type"] for b in sent[-1]["content"]] == ["tool_result"] * 3
            assert [b["tool_use_id"] for b in sent[-1]["content"]][2] == second.content[-1].id
            messages += [said(third), {"role": "user", "content": "Thanks."}]
            await ask(claude, messages, streamed=streamed)
            assert upstream(provider, 3)["messages"][: len(sent)] == sent
            assert not p.troubles()


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_model_that_will_not_stop_fetching(streamed):
    script = Script([tool("Bash", command="cat app.log")], *[lambda request: [fetch(request)]] * 9)
    async with AnthropicProvider(script, minimum=0) as provider, proxy(provider.url, retrieve="proxy", elide=False) as p, client(p) as claude:
        messages = [{"role": "user", "content": "What fails?"}]
        first = await ask(claude, messages, streamed=streamed)
        messages += [said(first), result(first.content[-1])]
        second = await ask(claude, messages, streamed=streamed)
        assert len(provider.turns) == 6
        assert second.stop_reason == "end_turn"
        assert second.content == []


@pytest.mark.parametrize("streamed", [False, True])
async def test_without_tools_nothing_is_added_and_nothing_is_left_out(streamed):
    async with AnthropicProvider(Script([text("hi")])) as provider, proxy(provider.url, retrieve="proxy", elide=False) as p, client(p) as claude:
        await ask(claude, [{"role": "user", "content": "hello"}], streamed=streamed, tools=sdk.NOT_GIVEN)
        assert "tools" not in upstream(provider, 0)


async def test_a_conversation_that_began_elsewhere_is_left_whole():
    async with AnthropicProvider(Script([text("hi")])) as provider, proxy(provider.url, retrieve="proxy", elide=False) as p, client(p) as claude:
        call = {"type": "tool_use", "id": "toolu_9", "name": "Bash", "input": {}}
        answered = {"type": "tool_result", "tool_use_id": "toolu_9", "content": log_text(lines=600)}
        messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": [call]}, {"role": "user", "content": [answered]}]
        await ask(claude, messages, streamed=False, thinking=sdk.NOT_GIVEN)
        assert [t["name"] for t in upstream(provider, 0)["tools"]] == ["Bash"]
        assert "left out" not in json.dumps(upstream(provider, 0)["messages"])


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_follow_up_that_is_refused_is_said_so(streamed):
    script = Script([tool("Bash", command="cat app.log")], lambda request: [text("Hm. "), fetch(request)], overloaded())
    async with AnthropicProvider(script, minimum=0) as provider, proxy(provider.url, retrieve="proxy", elide=False) as p, client(p) as claude:
        messages = [{"role": "user", "content": "What fails?"}]
        first = await ask(claude, messages, streamed=streamed)
        messages += [said(first), result(first.content[-1])]
        with pytest.raises(sdk.APIStatusError) as failed:
            await ask(claude, messages, streamed=streamed)
        assert "Overloaded" in str(failed.value)
        if not streamed:
            assert failed.value.status_code == 529


async def test_a_follow_up_that_the_api_does_not_take_is_replaced_by_the_clients_own_request():
    from headroom.testing import ApiError

    script = Script(
        [tool("Bash", command="cat app.log")],
        lambda request: [text("Hm. "), fetch(request)],
        ApiError(400, "invalid_request_error", "no"),
        [text("Whole.")],
        [text("Later.")],
    )
    async with AnthropicProvider(script, minimum=0) as provider, proxy(provider.url, retrieve="proxy", elide=False) as p, client(p) as claude:
        messages = [{"role": "user", "content": "What fails?"}]
        first = await ask(claude, messages, streamed=True)
        messages += [said(first), result(first.content[-1])]
        second = await ask(claude, messages, streamed=True)
        assert [block.text for block in second.content] == ["Hm. ", "Whole."]
        assert [t["name"] for t in provider.requests[-1].body["tools"]] == ["Bash"]
        assert "left out" not in json.dumps(provider.requests[-1].body["messages"])
        assert p.troubles() == ["refused"]
        messages += [said(second), {"role": "user", "content": "And?"}]
        await ask(claude, messages, streamed=True)
        assert [t["name"] for t in provider.requests[-1].body["tools"]] == ["Bash"]


async def test_a_follow_up_that_breaks_off():
    script = Script([tool("Bash", command="cat app.log")], lambda request: [text("Hm. "), fetch(request)], cut([text("x" * 200)], after=4))
    async with AnthropicProvider(script, minimum=0) as provider, proxy(provider.url, retrieve="proxy", elide=False) as p, client(p) as claude:
        messages = [{"role": "user", "content": "What fails?"}]
        first = await ask(claude, messages, streamed=True)
        messages += [said(first), result(first.content[-1])]
        with pytest.raises(Exception, match="(?i)peer closed|incomplete|disconnected"):
            await ask(claude, messages, streamed=True)


async def test_breakpoints_stay_where_the_client_has_them():
    mark = {"cache_control": {"type": "ephemeral"}}
    script = Script(
        [tool("Bash", command="cat app.log")],
        lambda request: [text("Let me see. "), fetch(request)],
        [text("It is the pool.")],
        [text("Done.")],
    )
    async with AnthropicProvider(script, minimum=0) as provider, proxy(provider.url, retrieve="proxy", elide=False) as p, client(p) as claude:
        tools = [TOOLS[0] | mark]
        messages = [{"role": "user", "content": "What fails?"}]
        first = await ask(claude, messages, streamed=False, tools=tools)
        messages += [said(first), result(first.content[-1])]
        second = await ask(claude, messages, streamed=False, tools=tools)
        marked = copy.deepcopy(said(second))
        marked["content"][-1] |= mark
        messages += [marked, {"role": "user", "content": "And?"}]
        await ask(claude, messages, streamed=False, tools=tools)
        sent = provider.turns[-1].body
        assert [t.get("cache_control") for t in sent["tools"]] == [mark["cache_control"], None]
        assert sent["messages"][-2]["content"][-1].get("cache_control") == mark["cache_control"]
        assert json.dumps(sent["messages"]).count("cache_control") == 1
