from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline import cache_aligner, ccr
from pipeline.cache_aligner import Alignment
from pipeline.dialects.anthropic import Anthropic
from pipeline.policy import Policy
from pipeline.router import Reason
from pipeline.store.api import Decision
from tests.memory_store import MemoryStore

LOG = "\n".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO svc request {n} served in {n % 90} ms" for n in range(300))
LOG_HANDLE = ccr.handle_of(LOG)


def called(number: int, output: str, name: str = "Bash", **arguments: Any) -> list[dict[str, Any]]:
    """A tool call and its result."""
    return [
        {"role": "assistant", "content": [{"type": "tool_use", "id": f"t{number}", "name": name, "input": arguments}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{number}", "content": output}]},
    ]


def aligned(messages: list[dict[str, Any]], on_record: dict[str, Decision] | None = None, turn: int | None = None) -> Alignment:
    transcript = Anthropic().read(json.dumps({"messages": messages}).encode(), Policy())
    if turn is not None:
        from dataclasses import replace

        transcript = replace(transcript, turn=turn)
    return cache_aligner.align(transcript, cache_aligner.lineage(transcript.items), on_record or {}, Policy())


def retrievals(messages: list[dict[str, Any]], on_record: dict[str, Decision] | None = None) -> int:
    """What is counted for the last block."""
    job = aligned(messages, on_record, None if on_record is not None else 0).job
    assert job is not None
    return job.tasks[-1].retrievals


@pytest.mark.parametrize(
    ("name", "arguments", "counted"),
    [
        ("mcp__headroom__headroom_retrieve", {"handle": LOG_HANDLE}, 1),
        ("mcp__headroom__headroom_retrieve", {"handle": f" [headroom {LOG_HANDLE}: "}, 1),
        ("mcp__headroom__headroom_retrieve", {"handle": LOG_HANDLE + "00ff"}, 1),
        ("mcp__headroom__headroom_retrieve", {"handle": 5}, 0),
        ("mcp__headroom__headroom_retrieve", {"handle": "0" * 8}, 0),
        ("Bash", {"command": f"headroom show {LOG_HANDLE} --lines 3"}, 1),
        ("Bash", {"command": f"headroom show '{LOG_HANDLE}'; headroom show {LOG_HANDLE}"}, 2),
        ("Bash", {"command": "headroom show "}, 0),
        ("Bash", {"command": "grep -rn 'headroom show ' ."}, 0),
    ],
)
def test_what_counts_as_a_retrieval(name: str, arguments: dict[str, Any], counted: int) -> None:
    messages = [{"role": "user", "content": "go"}, *called(1, LOG, command="cat a.log"), *called(2, "short", name, **arguments)]
    assert retrievals([*messages, *called(3, LOG + "\nmore", command="cat b.log")]) == counted


def test_a_handle_of_what_went_on_whole_counts_for_nothing() -> None:
    asked = called(2, "short", "mcp__headroom__headroom_retrieve", handle=LOG_HANDLE)
    messages = [{"role": "user", "content": "go"}, *called(1, LOG, command="cat a.log"), *asked, *called(3, LOG + "\nmore", command="cat b.log")]
    key = aligned(messages).keys[2]
    whole = Decision(key, None, Reason.NO_GAIN.value)
    shorter = Decision(key, "[…]", Reason.COMPRESSED.value, "log", LOG_HANDLE, 900, 9)
    assert [retrievals(messages, {key: d}) for d in (whole, shorter)] == [0, 1]
    assert retrievals(messages, {}) == 0, "it stood there before us"


def test_texts_are_hashed_once_however_many_blocks_are_new(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    def handle_of(text: str) -> str:
        hashed.append(text)
        return "0" * 8

    monkeypatch.setattr(ccr, "handle_of", handle_of)
    messages = [{"role": "user", "content": "go"}, *called(0, "short", "headroom_retrieve", handle="12345678")]
    for n in range(1, 20):
        messages += called(n, f"{n}\n{LOG}", command="cat a.log")
    assert aligned(messages, turn=0).job is not None
    assert len(hashed) == len(set(hashed))


def test_a_stray_that_another_process_froze_otherwise_is_sent_as_it_was_frozen() -> None:
    messages = [{"role": "user", "content": "go"}, *called(1, LOG, command="cat a.log"), {"role": "assistant", "content": "so"}]
    transcript = Anthropic().read(json.dumps({"messages": messages}).encode(), Policy())
    keys, block = cache_aligner.lineage(transcript.items), cache_aligner.block_key(transcript.items[2])
    store = MemoryStore()
    alignment = cache_aligner.align(transcript, keys, {block: Decision(block, "short", Reason.COMPRESSED.value, "log", LOG_HANDLE)}, Policy())
    store.freeze([Decision(keys[2], None, Reason.HISTORY.value)])  # meanwhile
    assert cache_aligner.settle(store, alignment, [])[2].text is None


def test_arguments_nested_deeper_than_the_stack() -> None:
    deep: Any = "needle"
    for _ in range(450):
        deep = [deep]
    job = aligned([{"role": "user", "content": "go"}, *called(1, LOG, command="cat a.log", more=deep)]).job
    assert job is not None
    assert "needle" in job.tasks[0].content.query.call
