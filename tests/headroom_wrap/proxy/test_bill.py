"""The same session direct and through the proxy, billed by the scripted provider with its prompt cache."""

from __future__ import annotations

import copy
import json

import aiohttp

from headroom.testing import AnthropicProvider, Script, text
from tests.headroom_wrap.proxy.harness import SECRET, body_of, conversation, proxy

HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01", "X-Claude-Code-Session-Id": "s1"}
MARK = {"cache_control": {"type": "ephemeral"}}
SYSTEM = [{"type": "text", "text": "You are an agent. " * 400} | MARK]
TOOLS = [{"name": "Bash", "description": "Runs a command.", "input_schema": {"type": "object"}}]
TURNS = 6


def request(turns):
    """As Claude Code sends it: one moving cache mark, on the last block of the last user message."""
    messages = copy.deepcopy(conversation(turns))
    if turns:
        messages[-1]["content"][-1] |= MARK
    return body_of(messages, system=SYSTEM, tools=TOOLS)


async def session(provider, base):
    async with aiohttp.ClientSession(headers=HEADERS) as client:
        for turns in range(TURNS + 1):
            async with client.post(f"{base}/v1/messages?beta=true", data=request(turns)) as response:
                assert response.status == 200, await response.read()
                await response.read()
    return [r.usage for r in provider.requests]


async def test_no_class_of_the_bill_rises_and_every_prefix_is_read_again():
    async with AnthropicProvider(Script(*[[text("ok")]] * (TURNS + 1)), minimum=0) as provider:
        direct = await session(provider, provider.url)
    async with AnthropicProvider(Script(*[[text("ok")]] * (TURNS + 1)), minimum=0) as provider, proxy(provider.url) as p:
        ours = await session(provider, f"http://127.0.0.1:{p.port}/{SECRET}")
        sent = [json.loads(r.raw)["messages"] for r in provider.requests]
    for n, (without, with_us) in enumerate(zip(direct, ours, strict=True)):
        assert with_us.cache_write_5m <= without.cache_write_5m
        assert with_us.cache_read <= without.cache_read
        assert with_us.input <= without.input
        if n:  # what was written in one request is read in the next, to the last token
            assert with_us.cache_read == ours[n - 1].cache_read + ours[n - 1].cache_write_5m
    assert sum(u.cache_write_5m for u in ours[1:]) < sum(u.cache_write_5m for u in direct[1:]) / 3
    assert not p.troubles()
    assert [len(m) for m in sent] == [1 + 2 * n for n in range(TURNS + 1)]
