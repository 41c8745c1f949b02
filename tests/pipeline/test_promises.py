"""The promises of ARCHITECTURE §1 that the pipeline keeps by itself, over generated conversations: 2, 3, 4, 5, 6, 7, 8."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import cache_aligner, ccr, markers, tokens
from pipeline.dialects.anthropic import Anthropic
from pipeline.policy import Policy, Profile
from pipeline.router import Outcome, Reason
from pipeline.store.api import StoreError
from tests.memory_store import MemoryStore
from tests.transcripts import body, conversations

PROFILES = st.sampled_from(list(Profile))


def lookup(store: MemoryStore, transcript: Any, keys: Any) -> dict[str, Any]:
    found = store.decisions(keys)
    return found | store.decisions(cache_aligner.strays(transcript, keys, found))


def send(store: MemoryStore, messages: list[dict[str, Any]], policy: Policy, *, dialect: Anthropic | None = None, worker: Any = None) -> bytes:
    """One request through the pipeline as the proxy sends it: decisions on record are replayed, new ones recorded."""
    dialect = dialect or Anthropic()
    raw = body(messages)
    transcript = dialect.read(raw, policy)
    keys = cache_aligner.lineage(transcript.items)
    alignment = cache_aligner.align(transcript, keys, lookup(store, transcript, keys), policy)
    outcomes = list((worker or cache_aligner.run)(alignment.job)) if alignment.job else []
    decided = cache_aligner.settle(store, alignment, outcomes)
    return dialect.write(raw, transcript, {i: d.text for i, d in decided.items() if d.text is not None})


def requests(messages: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The requests that an agent makes of a conversation: one after every user message."""
    return [messages[: n + 1] for n, m in enumerate(messages) if m["role"] == "user"]


def texts(message: dict[str, Any]) -> list[str]:
    found = []
    for block in message["content"] if isinstance(message["content"], list) else []:
        if block["type"] == "tool_result":
            content = block["content"]
            found += [content] if isinstance(content, str) else [c["text"] for c in content]
    return found


@settings(max_examples=60)
@given(conversations(), PROFILES)
def test_a_prefix_once_sent_is_a_prefix_for_ever(messages: list[dict[str, Any]], profile: Profile) -> None:
    store, policy = MemoryStore(), Policy(profile=profile, floor_tokens=100)
    before: list[Any] = []
    for request in requests(messages):
        sent = json.loads(send(store, request, policy))["messages"]
        assert sent[: len(before)] == before
        before = sent
    # a restart, another policy, a newer version: what is on record is sent as it was
    assert json.loads(send(store, messages, Policy(profile=Profile.LOSSLESS, floor_tokens=1)))["messages"] == before


@settings(max_examples=30)
@given(conversations(), PROFILES, st.data())
def test_compression_of_a_prefix_is_the_prefix_of_the_compression(messages: list[dict[str, Any]], profile: Profile, data: st.DataObject) -> None:
    policy = Policy(profile=profile, floor_tokens=100)
    cut = data.draw(st.sampled_from(requests(messages)))
    whole = pure(messages, policy)
    assert pure(cut, policy) == whole[: len(cut)]


def blank(message: dict[str, Any]) -> str:
    """A message without what its blocks hold."""
    content = message["content"]
    if message["role"] == "user" and isinstance(content, list):
        content = [{**b, "content": 0} for b in content]
    return json.dumps([message["role"], content])


def pure(messages: list[dict[str, Any]], policy: Policy) -> list[Any]:
    """The function without a record: every block is new."""
    from dataclasses import replace

    dialect, store = Anthropic(), MemoryStore()
    raw = body(messages)
    transcript = replace(dialect.read(raw, policy), turn=0)
    alignment = cache_aligner.align(transcript, cache_aligner.lineage(transcript.items), {}, policy)
    outcomes = list(cache_aligner.run(alignment.job)) if alignment.job else []
    decided = cache_aligner.settle(store, alignment, outcomes)
    written = dialect.write(raw, transcript, {i: d.text for i, d in decided.items() if d.text is not None})
    return list(json.loads(written)["messages"])


@settings(max_examples=40)
@given(conversations(), PROFILES)
def test_never_larger_and_nothing_lost(messages: list[dict[str, Any]], profile: Profile) -> None:
    store = MemoryStore()
    for request in requests(messages):
        sent = json.loads(send(store, request, Policy(profile=profile, floor_tokens=100)))["messages"]
        for original, new in zip(texts(request[-1]), texts(sent[-1]), strict=True):
            if original == new:
                continue
            assert tokens.count(new) < tokens.count(original)
            handle = markers.handles(new)[-1]
            assert ccr.retrieve(store, handle).text == original


@settings(max_examples=40)
@given(conversations())
def test_what_is_not_compressed_goes_on_as_it_came(messages: list[dict[str, Any]]) -> None:
    raw = body(messages)
    transcript = Anthropic().read(raw, Policy())
    assert Anthropic().write(raw, transcript, {}) is raw
    assert send(MemoryStore(), messages, Policy(exclude_tools=frozenset({"Bash"}))) == raw
    sent = json.loads(send(MemoryStore(), messages, Policy(floor_tokens=100)))
    for new, old in zip(sent["messages"], messages, strict=True):
        assert blank(new) == blank(old)


@settings(max_examples=25)
@given(conversations(), st.integers(0, 2))
def test_a_worker_that_dies_changes_nothing_that_was_sent(messages: list[dict[str, Any]], survives: int) -> None:
    def dying(job: cache_aligner.Job) -> Any:
        yield from list(cache_aligner.run(job))[:survives]

    store, policy = MemoryStore(), Policy(floor_tokens=100)
    before: list[Any] = []
    for n, request in enumerate(requests(messages)):
        sent = json.loads(send(store, request, policy, worker=dying if n % 2 else None))["messages"]
        assert sent[: len(before)] == before
        before = sent
    assert json.loads(send(store, messages, policy))["messages"] == before


def test_blocks_that_were_there_before_us_stay() -> None:
    log = "\n".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO svc request {n} ok in {n} ms" for n in range(400))
    call = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "Bash", "input": {"command": "cat app.log"}}]}
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": log}]}
    answer = {"role": "assistant", "content": "I see."}
    history = [{"role": "user", "content": "go"}, call, result, answer, {"role": "user", "content": "on"}]
    store = MemoryStore()
    assert send(store, history, Policy()) == body(history)
    assert {d.reason for d in store.frozen.values()} == {Reason.HISTORY.value}
    fresh = MemoryStore()
    assert len(send(fresh, history[:3], Policy())) < len(body(history[:3])) / 2


def test_a_conversation_whose_beginning_changed_keeps_its_forms_but_no_reference_dangles() -> None:
    log = "\n".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO svc request {n} ok in {n} ms" for n in range(400))
    source = "\n".join(f"{n}\tdef function_number_{n}(x): return x + {n}" for n in range(1, 90))
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Today is Monday. go"}]
    for n, (command, output) in enumerate([("cat app.log", log), ("cat a.py", source), ("cat a.py", source)]):
        messages.append({"role": "assistant", "content": [{"type": "tool_use", "id": f"t{n}", "name": "Bash", "input": {"command": command}}]})
        messages.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{n}", "content": output}]})
    store = MemoryStore()
    for request in requests(messages):
        sent = json.loads(send(store, request, Policy()))["messages"]
    assert [len(texts(m)[0]) < 3000 for m in sent[2::2]] == [True, False, True]
    messages += [{"role": "assistant", "content": "I see."}, {"role": "user", "content": "on"}]
    again = json.loads(send(store, [{"role": "user", "content": "Today is Tuesday. go"}, *messages[1:]], Policy()))["messages"]
    assert again[2] == sent[2]
    assert texts(again[6])[0] == source, "a reference is made anew or not at all"
    twice = json.loads(send(store, [{"role": "user", "content": "Today is Tuesday. go"}, *messages[1:]], Policy()))["messages"]
    assert twice == again


def test_a_store_that_fails_raises_before_anything_is_changed() -> None:
    store = MemoryStore()
    store.broken = True
    log = "\n".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO svc request {n} ok in {n} ms" for n in range(400))
    call = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "Bash", "input": {"command": "cat app.log"}}]}
    with pytest.raises(StoreError):
        send(
            store,
            [{"role": "user", "content": "go"}, call, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": log}]}],
            Policy(),
        )


def test_late_blocks_keep_their_original_for_ever() -> None:
    log = "\n".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO svc request {n} ok in {n} ms" for n in range(400))
    call = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "Bash", "input": {"command": "cat app.log"}}]}
    messages = [{"role": "user", "content": "go"}, call, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": log}]}]
    store = MemoryStore()
    assert send(store, messages, Policy(), worker=lambda job: []) == body(messages)
    assert [d.reason for d in store.frozen.values()] == [Reason.TIMEOUT.value]
    assert send(store, messages, Policy()) == body(messages)
    assert Outcome(Reason.TIMEOUT).text is None


def test_the_numbers_in_a_marker_lead_to_its_units_though_the_text_was_counted_otherwise_before() -> None:
    log = "\n".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO svc request {n} ok in {n} ms" for n in range(400))
    call = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "Bash", "input": {"command": "cat app.log"}}]}
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": log}]}
    store = MemoryStore()
    store.put_original(log, unit="record", spans=((0, 5), (6, 9)))
    sent = texts(json.loads(send(store, [{"role": "user", "content": "go"}, call, result], Policy()))["messages"][2])[0]
    handle = markers.handles(sent)[0]
    first = next(int(m[1]) for m in markers.IN_PLACE.finditer(sent))
    assert ccr.retrieve(store, handle, str(first)).text == f"{first}\t{log.splitlines()[first - 1]}"


@pytest.mark.slow
def test_the_same_bytes_under_every_hash_seed() -> None:
    code = (
        "import hashlib, json; from hypothesis import seed, settings, given, HealthCheck; from tests.transcripts import conversations; "
        "from tests.pipeline.test_promises import pure; from pipeline.policy import Policy; out=[]\n"
        "@seed(5)\n@settings(max_examples=15, database=None, deadline=None, suppress_health_check=list(HealthCheck))\n@given(conversations())\n"
        "def f(m): out.append(json.dumps([m, pure(m, Policy(floor_tokens=100))]))\n"
        "f(); print(hashlib.sha256(''.join(out).encode()).hexdigest())"
    )
    digests = set()
    for hash_seed in ("0", "1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
        assert done.returncode == 0, done.stderr
        digests.add(done.stdout)
    assert len(digests) == 1
