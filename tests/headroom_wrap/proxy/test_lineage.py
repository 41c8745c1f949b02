"""What is the same conversation, through the real proxy: what was sent once is found again however the agent writes it, and by whom it is sent."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest

from pipeline import cache_aligner
from pipeline.dialects.anthropic import Anthropic
from pipeline.policy import Policy
from pipeline.store.api import Decision
from pipeline.store.sqlite import SqliteStore
from tests.headroom_wrap.proxy.harness import RawUpstream, body_of, conversation, log_text, proxy
from tests.memory_store import MemoryStore

MARK = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
Messages = list[dict[str, Any]]


async def sent(up, p, messages, session="s1"):
    """A request's messages as they reached the upstream, without breakpoints and with lone texts as blocks."""
    await p.post(body_of(messages), headers={"X-Claude-Code-Session-Id": session})
    return [_plain(message) for message in json.loads(up.requests[-1].body)["messages"]]


def _plain(message):
    content = message["content"] if isinstance(message["content"], list) else [{"type": "text", "text": message["content"]}]
    return {**message, "content": [{k: v for k, v in block.items() if k != "cache_control"} for block in content]}


def marked(messages: Messages, *places: int) -> Messages:
    made = copy.deepcopy(messages)
    for place in places:
        made[place]["content"][-1] |= MARK
    return made


def as_blocks(messages: Messages) -> Messages:
    return [{**m, "content": [{"type": "text", "text": m["content"]}] if isinstance(m["content"], str) else m["content"]} for m in messages]


def keys_in_another_order(messages: Messages) -> Messages:
    made = copy.deepcopy(messages)
    for message in made:
        if isinstance(message["content"], list):
            message["content"] = [dict(reversed(block.items())) for block in message["content"]]
    return made


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda m: marked(m, 2), id="a breakpoint on an old result"),
        pytest.param(lambda m: marked(m, 2, 4, 6), id="breakpoints everywhere"),
        pytest.param(as_blocks, id="a string as a text block"),
        pytest.param(lambda m: marked(as_blocks(m), 0), id="that with a breakpoint"),
        pytest.param(keys_in_another_order, id="keys in another order"),
    ],
)
async def test_the_same_content_is_the_same_conversation_however_it_is_written(written):
    async with RawUpstream() as up, proxy(up.url) as p:
        first = await sent(up, p, conversation(3))
        jobs = len(p.workers.jobs)
        again = await sent(up, p, written(conversation(3)))
        assert len(p.workers.jobs) == jobs, "nothing is new"
        later = await sent(up, p, written(conversation(4))[:7] + conversation(4)[7:])
    assert again == first
    assert later[:7] == first


async def test_forks_subagents_and_the_main_conversation_do_not_disturb_each_other():
    """One session, several conversations, in turn: each request begins with all that the same conversation has sent."""
    subagent = [{"role": "user", "content": "Look around."}, *copy.deepcopy(conversation(4)[1:])]
    fork = [
        *conversation(2),
        {"role": "assistant", "content": "No."},
        {"role": "user", "content": "Another way."},
        *copy.deepcopy(conversation(4)[5:]),
    ]
    talks = {"main": conversation(4), "subagent": subagent, "fork": fork}
    before: dict[str, Messages] = {}
    async with RawUpstream() as up, proxy(up.url) as p:
        for turn in range(1, 12, 2):
            for name, messages in talks.items():
                if turn <= len(messages):
                    now = await sent(up, p, messages[:turn])
                    assert now[: len(before.get(name, []))] == before.get(name, [])
                    before[name] = now
    assert before["fork"][:5] == before["main"][:5]
    assert json.dumps(before).count("[headroom ") == 12


async def test_edited_history_and_a_compaction_send_no_form_that_is_not_of_their_content():
    messages = conversation(3)
    cleared = copy.deepcopy(messages)
    cleared[2]["content"][0]["content"] = "[Old tool result content cleared]"
    summary = [{"role": "user", "content": "Summary: app0 fails."}, *messages[5:]]
    async with RawUpstream() as up, proxy(up.url) as p:
        first = await sent(up, p, messages)
        edited = await sent(up, p, cleared)
        compacted = await sent(up, p, summary)
        again = await sent(up, p, messages)
    assert edited[2]["content"][0]["content"] == "[Old tool result content cleared]"
    assert edited[3:6] == first[3:6]
    for handled, original in ((edited[-1], log_text(2)), (compacted[-1], log_text(2))):
        handle = handled["content"][0]["content"].split("[headroom ")[1][:8]
        assert p.store.original(handle).text == original
    assert again == first


async def test_a_resumed_session_finds_its_forms_under_any_name_and_in_any_process():
    store = MemoryStore()
    async with RawUpstream() as up:
        async with proxy(up.url, store=store) as p:
            first = await sent(up, p, conversation(3))
        for session in ("s1", "resumed", ""):
            async with proxy(up.url, store=store) as p:
                assert (await sent(up, p, conversation(4), session))[:7] == first


async def test_decisions_of_another_version_are_replayed_whatever_they_say():
    transcript = Anthropic().read(body_of(conversation(2)), Policy())
    keys = cache_aligner.lineage(transcript.items)
    one, other = cache_aligner.blocks(transcript)
    store = MemoryStore()
    store.freeze(
        [
            Decision(keys[one], "as version 0 wrote it", "a reason of version 0", "a compressor that is gone", "12345678", 900, 9),
            Decision(keys[other], None, "left alone by version 9"),
        ]
    )
    async with RawUpstream() as up, proxy(up.url, store=store) as p:
        now = await sent(up, p, conversation(2))
        assert p.workers.jobs == []
    assert [now[2]["content"][0]["content"], now[4]["content"][0]["content"]] == ["as version 0 wrote it", log_text(1)]


async def test_proxies_at_once_on_one_store_send_the_same_forms(tmp_path):
    """They decide at the same time, and one's worker is always too late: whoever is first, both send that."""
    path = tmp_path / "headroom.db"
    async with RawUpstream() as up:
        async with proxy(up.url, store=lambda: SqliteStore.open(path)) as one, proxy(up.url, store=lambda: SqliteStore.open(path)) as other:
            other.workers.most = 0
            before: Messages = []
            for turns in range(1, 5):
                up.requests.clear()
                await asyncio.gather(*(p.post(body_of(conversation(turns))) for p in (one, other)))
                first, second = (json.loads(r.body)["messages"] for r in up.requests)
                assert first == second
                assert first[: len(before)] == before
                before = first
