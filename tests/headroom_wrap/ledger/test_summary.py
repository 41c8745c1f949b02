from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.ledger.summary import Summary, dollars, summarise, summary_of, text_receipt, tokens
from pipeline.router import Reason
from pipeline.store.api import Receipt, Total
from pipeline.store.sqlite import SqliteStore
from pipeline.usage import Usage


def one(cost=1.0, without=1.5, model="claude-opus-4-8", **changes):
    values = {"message_id": "m", "session": "s", "time": 1.0, "agent": "claude", "project": "/p", "usage": Usage(100, 200, 0, 700, 50)}
    return Receipt(**{**values, "model": model, "cost": cost, "cost_without": without, **changes})


def test_sums():
    summary = summarise([
        one(1.0, 1.5, removed_new=10, removed_old=5, compressors=(("log", 12), ("json", 3)), reasons=(("too small", 1),)),
        one(3.0, 2.75, "claude-sonnet-5", agent="codex", overhead=0.5, compressors=(("json", 20),), reasons=(("compressed", 4), ("too small", 1))),
        one(None, None, "x", project="/q"),
    ])  # fmt: skip
    total = summary.total
    assert (total.responses, total.unpriced, total.removed, total.usage) == (3, 1, 15, Usage(300, 600, 0, 2100, 150))
    assert (total.cost, total.cost_without, total.overhead) == (4.0, 4.25, 0.5)
    assert total.saved == pytest.approx(0.25)
    assert total.saved_share == pytest.approx(0.25 / 4.25)
    assert total.cache_hit == pytest.approx(0.7)
    assert [(t.name, t.cost) for t in summary.models] == [("claude-sonnet-5", 3.0), ("claude-opus-4-8", 1.0), ("x", 0.0)]
    assert [(t.name, t.responses) for t in summary.agents] == [("codex", 1), ("claude", 2)]
    assert [t.name for t in summary.projects] == ["/p", "/q"]
    assert summary.compressors == (("json", 23), ("log", 12))
    assert summary.reasons == (("compressed", 4), ("too small", 2))
    assert summary.unpriced_models == ("x",)


def test_a_loss_is_negative():
    assert summarise([one(2.0, 1.0)]).total.saved == -1.0
    assert summarise([one(2.0, 1.0)]).total.saved_share == -1.0


def test_no_receipts():
    summary = summarise([])
    assert summary == Summary(Total())
    assert summary.total.saved_share == summary.total.cache_hit == 0
    assert text_receipt(summary) == "Headroom, this session: no response of a model came through Headroom, so there is nothing to account for.\n"


def test_text():
    summary = summarise([
        one(1.0, 1.5, removed_new=12_345, compressors=(("log", 12_000), ("json", 345)), overhead=0.02, reasons=(("too small", 3), ("compressed", 9))),
        one(0.84, 0.84, message_id="n", reasons=(("no gain", 1),)),
    ])  # fmt: skip
    assert text_receipt(summary, title="Headroom") == (
        "Headroom: 2 responses, claude-opus-4-8\n"
        "  Cost $1.84 at list price; without Headroom ~$2.34.\n"
        "  Saved ~21.4% of the bill: ~$0.50.\n"
        "  Its own part of the bill, ~$0.020 (tools, retrievals), is taken off already.\n"
        "  Prompts were ~12.3k tokens shorter, all requests together: log ~12.0k, json ~345.\n"
        "  Left as they were: too small (3), no gain (1).\n"
        "  70% of the prompt tokens came from the provider's cache; that discount is not counted as a saving.\n"
    )


def test_a_hit_of_the_cache_is_not_rounded_up():
    assert "  99% of the prompt tokens came" in text_receipt(summarise([one(usage=Usage(0, 4, cache_read=9996))]))


def test_text_says_why_nothing_was_saved():
    text = text_receipt(summarise([one(1.0, 1.0, reasons=(("a file the agent may edit", 4),))]))
    assert "Nothing was saved." in text
    assert "a file the agent may edit (4)" in text
    assert "tokens shorter" not in text
    assert "No tool result was large enough" in text_receipt(summarise([one(1.0, 1.0)]))


def test_text_of_a_loss():
    assert "Headroom cost more than it saved: ~10.0% of the bill, ~$0.10." in text_receipt(summarise([one(1.1, 1.0)]))


def test_text_without_prices():
    text = text_receipt(summarise([one(None, None, "x"), one(None, None, "y")]))
    assert "The price of x, y is not known, so no dollars can be given." in text
    assert "$" not in text
    text = text_receipt(summarise([one(None, None, "x"), one()]))
    assert "1 response of x not in these sums: the price is not known." in text
    assert "Cost $1.00" in text


def test_success_needs_no_excuse():
    assert "Left as" not in text_receipt(summarise([one(reasons=((Reason.COMPRESSED.value, 2),), removed_new=1)]))


def test_many_names_are_cut():
    text = text_receipt(summarise([one(model=f"model-{i}") for i in range(7)]))
    assert "model-0, model-1, model-2 and 4 more" in text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0.00"), (1234.5, "$1,234.50"), (0.1, "$0.10"), (0.0214, "$0.021"), (0.00042, "$0.0004"), (-0.5, "-$0.50")],
)
def test_dollars(amount, text):
    assert dollars(amount) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1000, "1.0k"), (12_345, "12.3k"), (999_949, "999.9k"), (999_960, "1.0M"), (2_500_000, "2.5M")]
)
def test_tokens(count, text):
    assert tokens(count) == text


money = st.none() | st.floats(0, 100)
receipts = st.lists(
    st.tuples(money, st.floats(0, 100), st.sampled_from(["a", "b", ""]), st.integers(0, 10**6)).map(
        lambda v: one(v[0], None if v[0] is None else v[1], v[2], removed_old=v[3])
    ),
    max_size=8,
)


@settings(max_examples=50, deadline=None)
@given(receipts)
def test_groups_add_up_and_text_is_never_without_a_tilde(made):
    summary = summarise(made)
    for groups in (summary.models, summary.agents, summary.projects):
        assert sum(t.responses for t in groups) == summary.total.responses == len(made)
        assert sum(t.cost for t in groups) == pytest.approx(summary.total.cost)
        assert sum(t.removed for t in groups) == summary.total.removed
    text = text_receipt(summary)
    for line in text.splitlines():
        # every figure that was not billed is marked
        if "Saved" in line or "cost more" in line or "shorter" in line or "Its own" in line:
            assert "~" in line


NAMES = st.sampled_from(["", "a", "b", "\udce9"])
QUARTERS = st.integers(-40, 40).map(lambda n: n / 4)  # sums of them are exact in any order
PAIRS = st.lists(st.tuples(st.sampled_from(["log", "json", "ü"]), st.integers(0, 99)), max_size=3).map(tuple)
RECEIPTS = st.lists(
    st.builds(
        Receipt,
        message_id=st.uuids().map(str),
        session=NAMES,
        time=st.integers(0, 9).map(float),
        agent=NAMES,
        model=NAMES,
        project=NAMES,
        usage=st.builds(Usage, *[st.integers(0, 99)] * 5),
        cost=st.none() | QUARTERS,
        cost_without=QUARTERS,
        removed_new=st.integers(-9, 99),
        overhead=QUARTERS,
        compressors=PAIRS,
        reasons=PAIRS,
        cause=st.sampled_from(["", "growth", "ours"]),
        again=st.integers(0, 9),
        again_cost=QUARTERS,
    ),
    max_size=8,
    unique_by=lambda r: r.message_id,
)


@settings(max_examples=40, deadline=None)
@given(RECEIPTS, st.sampled_from(["", "a"]), st.sampled_from(["", "a", "\udce9"]), st.sampled_from([0.0, 5.0]))
def test_the_store_adds_up_as_we_do(tmp_path_factory, receipts, session, project, since):
    store = SqliteStore.open(tmp_path_factory.mktemp("sums") / "headroom.db")
    for r in receipts:
        store.add_receipt(r)
    chosen = [r for r in receipts if r.time >= since and session in ("", r.session) and project in ("", r.project)]
    assert summary_of(store, session=session, project=project, since=since) == summarise(chosen)
    store.close()
