"""What other conversations show changes nothing that was sent: the promises of ARCHITECTURE §1 under policies with steps."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import cache_aligner
from pipeline.dialects.anthropic import Anthropic
from pipeline.policy import Policy, Profile, Step
from pipeline.transcript import ToolKind
from tests.memory_store import MemoryStore
from tests.pipeline.test_promises import pure, requests, send
from tests.transcripts import body, conversations

PARTS = st.tuples(st.sampled_from(["log", "search", "smart_crusher", "build", "segments", "listing"]), st.sampled_from([*ToolKind][:5]))
GENTLER = st.dictionaries(PARTS, st.sampled_from([Step.LARGE, Step.LOSSLESS, Step.OFF]), max_size=8)
PROFILES = st.sampled_from([Profile.BALANCED, Profile.AGGRESSIVE])


@settings(max_examples=30)
@given(conversations(), PROFILES, st.lists(GENTLER, min_size=5, max_size=5))
def test_a_prefix_once_sent_is_a_prefix_for_ever_whatever_the_steps_are(messages: list[dict[str, Any]], profile: Profile, steps: list[Any]) -> None:
    store, policy = MemoryStore(), Policy(profile=profile, floor_tokens=100)
    before: list[Any] = []
    for number, request in enumerate(requests(messages)):
        sent = json.loads(send(store, request, replace(policy, gentler=steps[number % len(steps)])))["messages"]
        assert sent[: len(before)] == before
        before = sent


@settings(max_examples=20)
@given(conversations(), PROFILES, GENTLER, st.data())
def test_compression_of_a_prefix_is_the_prefix_of_the_compression(
    messages: list[dict[str, Any]], profile: Profile, gentler: Any, data: st.DataObject
) -> None:
    policy = Policy(profile=profile, floor_tokens=100, gentler=gentler)
    cut = data.draw(st.sampled_from(requests(messages)))
    assert pure(cut, policy) == pure(messages, policy)[: len(cut)]


def made(store: MemoryStore, messages: list[dict[str, Any]], policy: Policy) -> list[str | None]:
    """The forms of all blocks, as of a conversation that is seen for the first time where others have been."""
    transcript = replace(Anthropic().read(body(messages), policy), turn=0)
    alignment = cache_aligner.align(transcript, cache_aligner.lineage(transcript.items), {}, policy)
    if alignment.job is None:
        return []
    keys = cache_aligner.form_keys(alignment.job)
    found = store.decisions(list(keys.values()))
    outcomes = list(cache_aligner.run(cache_aligner.with_forms(alignment.job, keys, found)))
    cache_aligner.settle(store, alignment, outcomes)
    store.freeze(cache_aligner.new_forms(alignment.job, outcomes, {index: key for index, key in keys.items() if key not in found}))
    return [outcome.text for outcome in outcomes]


@settings(max_examples=30)
@given(conversations(), PROFILES, GENTLER)
def test_a_conversation_is_given_the_forms_of_its_own_steps(messages: list[dict[str, Any]], profile: Profile, gentler: Any) -> None:
    policy, store = Policy(profile=profile, floor_tokens=100), MemoryStore()
    gentle = replace(policy, gentler=gentler)
    expected = {False: made(MemoryStore(), messages, policy), True: made(MemoryStore(), messages, gentle)}
    for turn in (False, True, False, True):
        assert made(store, messages, gentle if turn else policy) == expected[turn]
