"""What a conversation shows, of transcripts that are written out here and of generated ones."""

from __future__ import annotations

import hashlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import prices
from pipeline.feedback.evidence import Rates, Subject, Tally, joined, observe
from pipeline.policy import Policy, Profile, Step
from pipeline.store.api import Decision
from pipeline.transcript import Item, ItemKind, ToolCall, ToolKind

RATES = Rates(new=1.0, again=0.1, output=5.0)
CALL = 80 * RATES.output
HIDES = "[headroom {}: 3 of 9 lines left out; full text: headroom_retrieve {}]"
REGROUPS = "[headroom {}: nothing left out, only regrouped; as it was: headroom_retrieve {}]"
SUBJECT = Subject("log", ToolKind.SHELL, Step.FULL, "make")


class Talk:
    """A conversation that is written down turn by turn."""

    def __init__(self) -> None:
        self.items: list[Item] = [Item(ItemKind.USER_TEXT, b"u", "What fails?")]
        self.decisions: dict[int, Decision] = {}

    def answer(self, *results: Item) -> Talk:
        self.items.append(Item(ItemKind.ASSISTANT_TEXT, b"a", "Let me see."))
        self.items += [Item(ItemKind.TOOL_CALL, b"c", call=r.call) for r in results]
        self.items += results
        return self

    def form(self, handle: str, before: int = 1000, after: int = 200, *, compressor: str = "log", marker: str = HIDES, command: str = "make") -> Talk:
        """A result that was made smaller."""
        self.answer(result("Bash", command, text="x" * 4 * before))
        self.decisions[len(self.items) - 1] = decision(handle, before, after, compressor, marker)
        return self

    def asks(self, handle: str, *, text: str = "", **part: str) -> Talk:
        return self.answer(retrieved(handle, text=text, **part))

    def seen(self, policy: Policy | None = None, rates: Rates = RATES, charged: int = 0) -> dict[Subject, Tally]:
        return observe(self.items, self.decisions, policy or Policy(), rates, charged)


def result(name: str, command: str = "", kind: ToolKind = ToolKind.SHELL, text: str = "", **arguments: str) -> Item:
    return Item(ItemKind.TOOL_RESULT, b"r", text, call=ToolCall("t", name, kind, arguments, command))


def retrieved(handle: str, *, text: str = "", **part: str) -> Item:
    return result("mcp__headroom__headroom_retrieve", kind=ToolKind.MCP, text=text, handle=handle, **part)


def decision(handle: str, before: int, after: int, compressor: str = "log", marker: str = HIDES) -> Decision:
    return Decision("k", marker.format(handle, handle), "compressed", compressor, handle, before, after)


def test_what_is_never_asked_for_again_saves_in_every_request_that_it_is_part_of() -> None:
    talk = Talk().form("0" * 8)
    assert talk.seen() == {SUBJECT: Tally(sent=1, hidden=800, saved=800)}
    talk.answer(result("Bash", "true", text="ok")).answer(result("Bash", "true", text="ok"))
    assert talk.seen()[SUBJECT].saved == pytest.approx(800 * 1.2)


def test_what_is_asked_for_costs_its_call_its_text_and_the_turn_that_there_was_for_that_alone() -> None:
    talk = Talk().form("0" * 8)
    before = talk.seen()[SUBJECT]
    shown = sum(len(i.text) for i in talk.items if i.kind is not ItemKind.TOOL_RESULT) + len(talk.decisions[3].text or "")
    talk.asks("0" * 8)
    alone = talk.seen()[SUBJECT]
    assert (alone.sent, alone.asked, alone.whole, alone.fetched) == (1, 1, 1, 0)
    assert alone.cost == pytest.approx(CALL + RATES.again * shown / 4)
    assert alone.saved == pytest.approx(before.saved + 80)
    within = talk.seen(charged=10_000)[SUBJECT]
    size = (shown + len("Let me see.")) / 4
    assert within.cost == pytest.approx(alone.cost + RATES.again * (10_000 - size)), "instructions and tools are read again, too"


def test_beside_another_call_there_is_no_turn_to_pay_for() -> None:
    talk = Talk().form("0" * 8)
    talk.answer(retrieved("0" * 8), result("Bash", "true", text="ok"))
    assert talk.seen(charged=10_000)[SUBJECT].cost == CALL


def test_two_parts_of_one_form_are_one_form_that_was_asked_for() -> None:
    talk = Talk().form("0" * 8).asks("0" * 8, lines="1-5", text="word " * 100).asks("0" * 8, pattern="x", text="word " * 100)
    found = talk.seen()[SUBJECT]
    assert (found.sent, found.asked, found.whole) == (1, 1, 0)
    assert found.fetched == pytest.approx(200, rel=0.1)


def test_a_call_for_two_originals_is_shared_between_them() -> None:
    talk = Talk().form("0" * 8).form("1" * 8, command="pytest -q")
    talk.answer(result("Bash", f"headroom show {'0' * 8}; headroom show {'1' * 8} --lines 3", text="word " * 100))
    found = talk.seen()
    other = SUBJECT._replace(tool="pytest")
    assert found[SUBJECT].cost == found[other].cost > CALL / 2
    assert (found[SUBJECT].whole, found[other].whole) == (1, 0)


def test_a_call_that_is_answered_in_two_pieces_is_one_call() -> None:
    once = Talk().form("0" * 8).asks("0" * 8, text="word " * 200).seen()[SUBJECT]
    pieces = [retrieved("0" * 8, text="word " * 100) for _ in range(2)]
    twice = Talk().form("0" * 8).answer(*pieces).seen()[SUBJECT]
    assert (twice.asked, twice.whole) == (once.asked, once.whole) == (1, 1)
    assert twice.fetched == pytest.approx(once.fetched, rel=0.01)
    assert twice.cost == pytest.approx(once.cost, rel=0.01)


def test_the_same_content_again_is_another_form() -> None:
    talk = Talk().form("0" * 8).asks("0" * 8).form("0" * 8).asks("0" * 8)
    assert (talk.seen()[SUBJECT].sent, talk.seen()[SUBJECT].asked) == (2, 2)


@pytest.mark.parametrize("handle", ["1" * 8, "", "nonsense"])
def test_what_names_nothing_that_was_left_out_counts_for_nothing(handle: str) -> None:
    assert Talk().form("0" * 8).asks(handle).seen()[SUBJECT].asked == 0


def test_what_hides_nothing_counts_for_nothing() -> None:
    talk = Talk().form("0" * 8, compressor="references").form("1" * 8, after=1000)
    talk.answer(result("Bash", "true", text="x" * 4000))
    talk.decisions[len(talk.items) - 1] = Decision("k", None, "no gain")
    talk.items.append(Item(ItemKind.TOOL_RESULT, b"r", "a result without its call"))
    talk.decisions[len(talk.items) - 1] = decision("2" * 8, 900, 100)
    assert talk.asks("0" * 8).seen() == {}


@pytest.mark.parametrize(
    ("compressor", "own"),
    [("log", "log"), ("log+kompress", "log"), ("references+log", "log"), ("references+log+kompress", "log"), ("segments", "segments")],
)
def test_whose_form_it_is(compressor: str, own: str) -> None:
    ((subject, _),) = Talk().form("0" * 8, compressor=compressor).seen().items()
    assert subject.compressor == own


@pytest.mark.parametrize(
    ("marker", "before", "policy", "stays"),
    [
        (HIDES, 1000, Policy(), Step.FULL),
        (HIDES, 1600, Policy(), Step.LARGE),
        (HIDES, 1000, Policy(floor_tokens=250), Step.LARGE),
        (HIDES, 1600, Policy(profile=Profile.AGGRESSIVE), Step.FULL),
        (HIDES, 1600, Policy(profile=Profile.AGGRESSIVE, gentler={("log", ToolKind.SHELL): Step.LARGE}), Step.LARGE),
        (REGROUPS, 9000, Policy(), Step.LOSSLESS),
        (REGROUPS, 300, Policy(profile=Profile.AGGRESSIVE), Step.LOSSLESS),
    ],
)
def test_the_last_step_at_which_it_would_still_be_sent(marker: str, before: int, policy: Policy, stays: Step) -> None:
    ((subject, _),) = Talk().form("0" * 8, before, marker=marker).seen(policy).items()
    assert subject.stays is stays


def test_after_a_retrieval_aggressive_was_balanced_already() -> None:
    talk = Talk().form("0" * 8, 1600).asks("0" * 8).form("1" * 8, 1600)
    assert [s.stays for s in talk.seen(Policy(profile=Profile.AGGRESSIVE))] == [Step.FULL, Step.LARGE]


def test_what_tokens_cost_is_told_by_the_models_price() -> None:
    price = prices.Price(input=2.0, output=8.0, cache_read=0.5, cache_write_5m=2.0, cache_write_1h=2.0)
    assert Rates.of(price) == Rates(1.0, 0.25, 4.0)
    assert Rates.of(None) == Rates.of(prices.Price(0.0, 0.0, 0.0, 0.0, 0.0)) == Rates(1.25, 0.1, 5.0)


TURNS = st.lists(
    st.tuples(st.sampled_from(["form", "asks", "both"]), st.sampled_from(["0" * 8, "1" * 8, "2" * 8]), st.integers(0, 3000)), max_size=12
)


def talk_of(turns: list[tuple[str, str, int]]) -> Talk:
    talk = Talk()
    for what, handle, size in turns:
        if what == "form":
            talk.form(handle, size)
        elif what == "asks":
            talk.asks(handle, text="word " * (size // 10))
        else:
            talk.answer(retrieved(handle), result("Bash", "true", text="x" * size))
    return talk


@settings(max_examples=60)
@given(TURNS, st.integers(0, 12))
def test_a_transcript_that_has_grown_shows_more_and_nothing_less(turns: list[tuple[str, str, int]], cut: int) -> None:
    early, late = talk_of(turns[:cut]).seen(), talk_of(turns).seen()
    for subject, tally in early.items():
        assert tally.joined(late[subject]) == late[subject]
    assert joined(early, late) == joined(late, early) == joined(joined(early, late), early) == dict(sorted(late.items()))


@settings(max_examples=60)
@given(TURNS)
def test_sums_are_bounded_by_what_was_sent(turns: list[tuple[str, str, int]]) -> None:
    talk = talk_of(turns)
    found = talk.seen()
    assert sum(t.sent for t in found.values()) <= len(talk.decisions)
    assert all(0 <= t.asked <= t.sent and t.saved >= t.hidden * RATES.new - 1e-6 for t in found.values())


def test_a_long_conversation_is_no_slower_for_each_of_its_turns() -> None:
    talk = Talk()
    asked = [retrieved(hashlib.sha256(b"%d" % n).hexdigest()[:8], text="x") for n in range(20_000)]
    talk.items += itertools.chain.from_iterable((Item(ItemKind.TOOL_CALL, b"c", call=one.call), one) for one in asked[:5_000])
    talk.answer(*asked)
    assert talk.seen() == {}
