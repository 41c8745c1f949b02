"""Data pasted into a prompt, through the proxy: where the model can fetch what is left out, and where it cannot."""

from __future__ import annotations

import json

import pytest

from pipeline import ccr, markers
from tests.headroom_wrap.proxy.harness import RawUpstream, body_of, log_text, proxy
from tests.memory_store import MemoryStore

BASH = {"name": "Bash", "input_schema": {"type": "object"}}
SAID = "Which of these requests took longest, and why was that?"
WORDS = "\n\n".join(f"In week {n} we looked at the replicas and at the cache, but neither was the cause of what our users see." for n in range(90))


def pasted() -> str:
    return f"{SAID}\n\n{log_text()}"


def prompt(text: str, **more) -> bytes:
    return body_of([{"role": "user", "content": [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]}], **more)


async def sent(body: bytes, **settings) -> dict:
    async with RawUpstream() as upstream, proxy(upstream.url, **settings) as p:
        assert (await p.post(body)).status == 200
        (request,) = upstream.requests
        return json.loads(request.body)


async def test_it_is_sent_smaller_and_comes_back():
    store = MemoryStore()
    body = prompt(pasted(), tools=[BASH])
    now = await sent(body, store=store)
    was = json.loads(body)
    (block,) = now["messages"][0]["content"]
    assert block["text"].startswith(SAID + "\n\n")
    assert len(block["text"]) < len(pasted()) / 2
    assert ccr.retrieve(store, markers.handles(block["text"])[0]).text == pasted()
    block["text"] = was["messages"][0]["content"][0]["text"]
    assert now == was
    assert [original.label for original in store.originals.values()] == ["pasted by the user"]


@pytest.mark.parametrize("tools", [{}, {"tools": []}])
async def test_nothing_is_left_out_where_no_tool_is_offered(tools):
    """As when an agent asks for a title of the conversation."""
    now = await sent(prompt(pasted(), **tools))
    assert not markers.elides(now["messages"][0]["content"][0]["text"])


async def test_a_plain_client_s_first_request_gets_the_tool_where_data_was_pasted():
    now = await sent(prompt(pasted()), retrieve="proxy", elide=False)
    assert [tool["name"] for tool in now["tools"]] == ["headroom_retrieve"]
    assert markers.elides(now["messages"][0]["content"][0]["text"])
    words = prompt(WORDS)
    assert await sent(words, retrieve="proxy", elide=False) == json.loads(words)


async def test_what_was_pasted_is_told_as_such():
    async with RawUpstream() as upstream, proxy(upstream.url) as p:
        assert (await p.post(prompt(pasted(), tools=[BASH]))).status == 200
        begun = [event for event in p.events if type(event).__name__ == "Began"]
    (block,) = begun[0].decided
    assert block.label == "pasted by the user"
    assert block.compressor == "pasted+log"
    assert block.before > block.after > 0
