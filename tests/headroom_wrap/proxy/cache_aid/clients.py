"""Clients that set no breakpoints, for tests: conversations of one application, and what the simulated provider bills for them."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

from headroom.testing import PromptCache, check
from headroom_wrap.proxy.cache_aid import breakpoints
from headroom_wrap.proxy.cache_aid.bets import Bets

MODEL = "claude-opus-4-8"
HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
_WORDS = "the proxy reads what an agent sends and keeps it small so that a cache of prompts stays warm over many turns".split()


def words(rng, tokens):
    return " ".join(rng.choice(_WORDS) for _ in range(max(1, tokens * 4 // 5)))


@dataclass
class Request:
    at: float
    body: bytes


def conversation(seed, pauses, *, start=0.0, head=3000, grows=1500, head_seed=0, tools=True, text_content=False):
    """Requests of one conversation, one more than there are pauses."""
    rng, shared = random.Random(seed), random.Random(head_seed)
    body = {"model": MODEL, "max_tokens": 100, "system": words(shared, head // 2)}
    if tools:
        schema = {"type": "object", "properties": {"command": {"type": "string"}}}
        body["tools"] = [{"name": "Bash", "description": words(shared, head // 2), "input_schema": schema}]
    messages = [{"role": "user", "content": f"{seed} " + words(rng, 60)}]
    made, at = [], start
    for number, pause in enumerate((*pauses, None)):
        made.append(Request(at, json.dumps({**body, "messages": messages}).encode()))
        if pause is None:
            break
        at += pause
        if tools and not text_content:
            call = {"type": "tool_use", "id": f"toolu_{seed}_{number}", "name": "Bash", "input": {"command": words(rng, 8)}}
            result = {"type": "tool_result", "tool_use_id": call["id"], "content": words(rng, grows)}
            messages = [*messages, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
        else:
            messages = [*messages, {"role": "assistant", "content": words(rng, 40)}, {"role": "user", "content": words(rng, grows)}]
    return made


def units(usage):
    """What input costs, in uncached input tokens."""
    return usage.input + 1.25 * usage.cache_write_5m + 2 * usage.cache_write_1h + 0.1 * usage.cache_read


def billed(requests, *, aided):
    """The cost of requests in the order of their times, and the most by which those so far had been dearer than without aid."""
    cache, bets = PromptCache(), Bets()
    paid = worst = 0.0
    plain = 0
    for request in sorted(requests, key=lambda r: r.at):
        body = request.body
        if aided:
            seen = breakpoints.outline(body)
            bet = bets.made(seen, request.at)
            body = breakpoints.written(body, bet.places, seen)
        parsed = json.loads(body)
        check(parsed, HEADERS)
        usage = cache.charge(parsed, request.at).usage
        if aided:
            bets.settle(bet, usage)
        paid += units(usage)
        plain += usage.prompt
        worst = max(worst, paid - plain)
    return paid, worst
