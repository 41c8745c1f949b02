from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pipeline import cache_aligner, ccr, markers
from pipeline.cache_aligner import Alignment
from pipeline.dialects.anthropic import Anthropic
from pipeline.policy import Policy, Step
from pipeline.router import Reason
from pipeline.store.api import Decision
from pipeline.transcript import ToolKind
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


@pytest.mark.parametrize("by_command", [False, True])
def test_where_the_store_names_an_original_otherwise_only_the_handle_is_exchanged(by_command: bool) -> None:
    alignment = aligned([{"role": "user", "content": "go"}, *called(1, LOG, command="cat a.log")])
    assert alignment.job is not None
    (outcome,) = cache_aligner.run(alignment.job)
    assert outcome.text is not None
    assert outcome.rewrite is not None
    words = markers.footer(LOG_HANDLE, outcome.rewrite, by_command=by_command)
    told = replace(outcome, text=outcome.text.rpartition("\n")[0] + "\n" + words)
    store = MemoryStore()
    store.put_original(LOG, unit="record", spans=[(0, 9)])
    decision = cache_aligner.settle(store, alignment, [told])[2]
    assert decision.handle != LOG_HANDLE
    assert decision.text == told.text.replace(LOG_HANDLE, decision.handle)


@pytest.mark.parametrize(("levels", "read"), [(150, True), (450, False)])
def test_arguments_that_are_nested_deep(levels: int, read: bool) -> None:
    deep: Any = "needle"
    for _ in range(levels):
        deep = [deep]
    job = aligned([{"role": "user", "content": "go"}, *called(1, LOG, command="cat a.log", more=deep)]).job
    assert job is not None
    assert ("needle" in job.tasks[0].content.query.call) is read


def made(text: str, gentler: dict[tuple[str, ToolKind], Step], command: str = "kubectl logs web") -> tuple[str, str]:
    """What becomes of a result, and by whom."""
    messages = [{"role": "user", "content": "go"}, *called(1, text, command=command)]
    policy = Policy(gentler=gentler)
    transcript = Anthropic().read(json.dumps({"messages": messages}).encode(), policy)
    job = cache_aligner.align(transcript, cache_aligner.lineage(transcript.items), {}, policy).job
    assert job is not None
    (outcome,) = cache_aligner.run(job)
    return outcome.text or "", outcome.compressor


@pytest.mark.parametrize(
    ("gentler", "hides"),
    [
        ({}, True),
        ({("log", ToolKind.SHELL): Step.LARGE}, True),
        ({("log", ToolKind.SHELL): Step.LOSSLESS}, False),
        ({("log", ToolKind.SHELL): Step.OFF}, False),
        ({("log", ToolKind.READ): Step.OFF, ("build", ToolKind.SHELL): Step.OFF}, True),
    ],
)
def test_a_compressor_is_gentler_with_the_kind_that_it_is_to_be_gentler_with(gentler: dict[tuple[str, ToolKind], Step], hides: bool) -> None:
    text, compressor = made(LOG, gentler)
    assert markers.elides(text) is hides
    assert compressor.startswith("log") is (gentler.get(("log", ToolKind.SHELL)) is not Step.OFF)


def test_a_small_block_is_spared_before_a_large_one_is() -> None:
    small, large = "\n".join(LOG.split("\n")[:40]), LOG
    gentler = {("log", ToolKind.SHELL): Step.LARGE}
    assert [markers.elides(made(text, {})[0]) for text in (small, large)] == [True, True]
    assert [markers.elides(made(text, gentler)[0]) for text in (small, large)] == [False, True]


def test_forms_are_those_of_the_same_steps() -> None:
    job = aligned([{"role": "user", "content": "go"}, *called(1, LOG, command="kubectl logs web")]).job
    assert job is not None

    def keys(gentler: dict[tuple[str, ToolKind], Step]) -> dict[int, str]:
        return cache_aligner.form_keys(replace(job, policy=replace(job.policy, gentler=gentler)))

    one = {("log", ToolKind.SHELL): Step.LOSSLESS}
    assert keys({}) == keys({("log", ToolKind.READ): Step.OFF}) != keys(one)
    assert keys(one) != keys({("log", ToolKind.SHELL): Step.OFF})
    both = {**one, ("build", ToolKind.SHELL): Step.LARGE}
    assert keys(both) == keys(dict(reversed(both.items())))


def test_an_original_that_was_asked_for_goes_on_as_it_was() -> None:
    asked = called(1, LOG, "mcp__headroom__headroom_retrieve", handle=LOG_HANDLE)
    job = aligned([{"role": "user", "content": "go"}, *asked]).job
    assert job is not None
    (outcome,) = cache_aligner.run(job)
    assert (outcome.text, outcome.reason) == (None, Reason.MARKED)


@pytest.mark.parametrize(("edit", "refers"), [("clear_thinking_20251015", True), ("clear_tool_uses_20250919", False)])
def test_nothing_refers_to_what_the_api_may_have_cleared(edit: str, refers: bool) -> None:
    source = "\n".join(f"def rule_{n}(amount):\n    return amount * {n * n}" for n in range(80))
    messages = [*called(1, source, "Read", file_path="a.py"), *called(2, source, "Read", file_path="a.py")]
    body = {"messages": messages, "context_management": {"edits": [{"type": edit}]}}
    transcript = replace(Anthropic().read(json.dumps(body).encode(), Policy()), turn=0)
    job = cache_aligner.align(transcript, cache_aligner.lineage(transcript.items), {}, Policy()).job
    assert job is not None
    again = list(cache_aligner.run(job))[-1]
    assert (again.text is not None and "above]" in again.text) == refers
