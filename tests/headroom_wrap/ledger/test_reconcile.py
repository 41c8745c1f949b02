from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headroom_wrap.learn.model import Response
from headroom_wrap.ledger.reconcile import lines, reconcile
from pipeline.store.api import Receipt
from pipeline.usage import Usage

USAGES = st.builds(Usage, *[st.integers(0, 3)] * 5)


def booked(message_id: str, usage: Usage) -> Receipt:
    return Receipt(message_id, "s", 1.0, "claude", "claude-opus-4-8", "/p", usage, None, None)


def test_what_agrees_to_the_token_is_said_in_a_line() -> None:
    usages = {f"m{n}": Usage(n, 10 * n, 0, 100 * n, n) for n in range(5)}
    receipts = [booked(name, usage) for name, usage in usages.items()]
    found = reconcile(receipts, [Response(name, "", usage) for name, usage in usages.items()])
    assert lines(found) == ["Reconciles with the agent's transcript: 5 of 5 responses, difference 0 tokens."]


def test_what_differs_is_named() -> None:
    receipts = [booked("m1", Usage(input=5, output=7)), booked("title", Usage(input=2)), booked("m3", Usage(cache_read=9))]
    told = [Response("m1", "", Usage(input=5, output=1)), Response("m2", "", Usage(cache_write_1h=40)), Response("m3", "", Usage(cache_read=9))]
    assert lines(reconcile(receipts, told)) == [
        "Does not reconcile with the agent's transcript: 1 of 3 responses, difference -34 tokens.",
        "m1: booked 5 new, 0 written, 0 read, 7 output; the agent tells 5 new, 0 written, 0 read, 1 output.",
        "1 response of the transcript (40 tokens) did not come through Headroom.",
        "In the ledger alone, beside the conversation: 1 response (2 tokens).",
    ]


def test_responses_without_the_providers_ids_meet_by_what_they_were_charged() -> None:
    usages = [Usage(input=1), Usage(input=1), Usage(input=2)]
    receipts = [booked(f"resp_{n}", usage) for n, usage in enumerate(usages)]
    found = reconcile(receipts, [Response(f"tokens-{n}", "", usage) for n, usage in enumerate(usages)])
    assert (found.agreed, found.exact, found.untold) == (3, True, ())


def test_a_response_that_two_transcripts_tell_counts_once() -> None:
    told = [Response("m", "", Usage(input=1))] * 2
    assert reconcile([booked("m", Usage(input=1))], told).told == 1


def test_without_a_transcript_that_is_said() -> None:
    assert lines(reconcile([booked("m", Usage(input=1))], []))[0] == "There is no transcript of the agent's to reconcile with."


@given(st.dictionaries(st.text(max_size=2), USAGES, max_size=6), st.dictionaries(st.text(max_size=2), USAGES, max_size=6))
def test_every_response_is_counted_once_and_the_difference_is_that_of_the_sums(ours: dict[str, Usage], theirs: dict[str, Usage]) -> None:
    found = reconcile([booked(*pair) for pair in ours.items()], [Response(name, "", usage) for name, usage in theirs.items()])
    assert found.told == len(theirs)
    assert found.agreed + len(found.differing) + len(found.untold) == len(ours)
    all_ours, all_theirs = (sum(u.prompt + u.output for u in usages.values()) for usages in (ours, theirs))
    assert found.tokens + sum(found.untold) == all_ours - all_theirs
