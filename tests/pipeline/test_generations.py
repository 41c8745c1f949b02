from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import cache_aligner, generations
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.api import Transcript
from pipeline.outcome import Outcome, Reason
from pipeline.policy import Policy
from pipeline.store.api import Decision
from tests.memory_store import MemoryStore
from tests.transcripts import body, conversations

POLICY = Policy(floor_tokens=100)
LOG = "\n".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO svc request {n} ok in {n} ms" for n in range(400))
SOURCE = "\n".join(f"{n}\tdef function_number_{n}(x): return x + {n}" for n in range(1, 90))


def called(number: int, command: str, output: str) -> list[dict[str, Any]]:
    return [
        {"role": "assistant", "content": [{"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {"command": command}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{number}", "content": output}]},
    ]


def ended(*calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "go"}, *(m for call in calls for m in call)]
    return [*messages, {"role": "assistant", "content": "So."}, {"role": "user", "content": "And?"}]


def read(messages: list[dict[str, Any]]) -> Transcript:
    return Anthropic().read(body(messages), POLICY)


def send(store: MemoryStore, transcript: Transcript, keys: tuple[str, ...]) -> dict[int, str]:
    """A request's forms, decided on and recorded under these keys."""
    found = store.decisions(keys)
    found |= store.decisions(cache_aligner.strays(transcript, keys, found))
    alignment = cache_aligner.align(transcript, keys, found, POLICY)
    decided = cache_aligner.settle(store, alignment, list(cache_aligner.run(alignment.job)) if alignment.job else [])
    return {i: d.text for i, d in decided.items() if d.text is not None}


def opened(store: MemoryStore, transcript: Transcript, keys: tuple[str, ...], session: str = "s") -> str:
    """The beginning of a new generation, ``""`` if none is opened."""
    tried = generations.attempt(transcript, keys, store.decisions(keys), POLICY, session, all_again=True)
    if tried is None or tried.alignment.job is None:
        return ""
    outcomes = list(cache_aligner.run(tried.alignment.job))
    if generations.gain(tried, outcomes) < generations.LEAST_GAIN:
        return ""
    cache_aligner.settle(store, tried.alignment, outcomes)
    return store.freeze(list(tried.opened))[tried.opened[0].key].text or ""


def test_a_reference_is_made_anew_where_what_it_refers_to_has_changed() -> None:
    store = MemoryStore()
    transcript = read(ended(called(0, "cat app.log", LOG), called(1, "cat a.py", SOURCE), called(2, "cat app.log", LOG + "\nmore")))
    keys = cache_aligner.lineage(transcript.items)
    first, _, last = cache_aligner.blocks(transcript)
    store.freeze([Decision(keys[i], None, Reason.HISTORY.value) for i in cache_aligner.blocks(transcript)[:2]])
    store.freeze([Decision(keys[last], "[the log of above once more]", Reason.COMPRESSED.value, "references", "12345678", 900, 9)])
    forms = send(store, transcript, cache_aligner.lineage(transcript.items, opened(store, transcript, keys)))
    assert "[headroom " in forms[first]
    assert forms[last] != "[the log of above once more]"
    assert send(store, transcript, keys)[last] == "[the log of above once more]", "the generation before stands as it is"


def test_forms_that_are_no_references_stay() -> None:
    store = MemoryStore()
    transcript = read(ended(called(0, "cat app.log", LOG), called(1, "cat b.log", LOG.replace("ok", "late"))))
    keys = cache_aligner.lineage(transcript.items)
    one, other = cache_aligner.blocks(transcript)
    store.freeze(
        [Decision(keys[one], None, Reason.TIMEOUT.value), Decision(keys[other], "[short]", "what an older version said", "gone", "12345678")]
    )
    forms = send(store, transcript, cache_aligner.lineage(transcript.items, opened(store, transcript, keys)))
    assert forms[other] == "[short]"
    assert one in forms


def test_what_others_sent_or_what_has_its_form_is_no_reason() -> None:
    transcript = read(ended(called(0, "cat app.log", LOG), called(1, "cat a.py", SOURCE)))
    keys = cache_aligner.lineage(transcript.items)
    one, other = cache_aligner.blocks(transcript)
    history, no_gain = Decision(keys[one], None, Reason.HISTORY.value), Decision(keys[one], None, Reason.NO_GAIN.value)
    form = Decision(keys[other], "[short]", Reason.COMPRESSED.value, "log", "12345678")

    def tried(*on_record: Decision, all_again: bool = False) -> bool:
        return generations.attempt(transcript, keys, {d.key: d for d in on_record}, POLICY, "s", all_again=all_again) is not None

    assert tried(history, form)
    assert not tried(history), "the other one was sent by somebody else"
    assert not tried(no_gain, form)
    assert tried(no_gain, form, all_again=True)
    assert not tried(replace(form, key=keys[one]), form, all_again=True)


def test_a_late_outcome_leaves_everything_as_it_is() -> None:
    transcript = read(ended(called(0, "cat app.log", LOG)))
    keys = cache_aligner.lineage(transcript.items)
    on_record = {keys[i]: Decision(keys[i], None, Reason.HISTORY.value) for i in cache_aligner.blocks(transcript)}
    tried = generations.attempt(transcript, keys, on_record, POLICY, "s")
    assert tried is not None
    assert generations.gain(tried, []) == 0
    assert generations.gain(tried, [Outcome(Reason.COMPRESSED, "short")]) == len(LOG) - 5
    assert generations.gain(tried, [Outcome(Reason.NO_GAIN)]) == 0


def test_sessions_that_begin_alike_have_generations_of_their_own() -> None:
    keys = cache_aligner.lineage(read(ended()).items)
    assert generations.name("s1", keys) != generations.name("s2", keys)


def test_a_fork_joins_what_it_goes_on_from_and_what_went_on_before_does_not() -> None:
    store = MemoryStore()
    messages = ended(called(0, "cat app.log", LOG))
    transcript = read(messages)
    keys = cache_aligner.lineage(transcript.items)
    send(store, transcript, keys)
    start = opened(store, transcript, keys)

    def joined(more: list[dict[str, Any]], on_record: bool) -> str:
        later = read([*messages, *more])
        its = cache_aligner.lineage(later.items)
        if on_record:
            send(store, later, its)
        return generations.joined(later, its, store.decisions(generations.marks(later, its)))

    later = [{"role": "assistant", "content": "Well."}, {"role": "user", "content": "?"}]
    own = [*called(7, "cat c.log", LOG.replace("svc", "other")), *later]
    assert start
    assert joined(later, on_record=False) == start
    assert joined(own, on_record=False) == start
    assert joined(own, on_record=True) == "", "it was sent in the old forms meanwhile"
    assert generations.joined(read(ended()), cache_aligner.lineage(read(ended()).items), {}) == ""


@settings(max_examples=25, deadline=None)
@given(conversations(), st.data())
def test_within_a_generation_a_prefix_once_sent_is_a_prefix_for_ever(messages: list[dict[str, Any]], data: st.DataObject) -> None:
    store = MemoryStore()
    start = ""
    before: list[Any] = []
    for n in [n for n, m in enumerate(messages, 1) if m["role"] == "user"]:
        raw, transcript = body(messages[:n]), read(messages[:n])
        cold = transcript.turn > 0 and data.draw(st.booleans())
        if cold and (new := opened(store, transcript, cache_aligner.lineage(transcript.items, start))):
            start, before = new, []
        forms = send(store, transcript, cache_aligner.lineage(transcript.items, start))
        sent = json.loads(Anthropic().write(raw, transcript, forms))["messages"]
        assert sent[: len(before)] == before
        assert len(json.dumps(sent)) <= len(json.dumps(messages[:n]))
        before = sent
