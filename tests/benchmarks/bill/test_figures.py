"""Ratios of costs: the mean, how sure it is, the worst session, and what counts as dearer."""

from __future__ import annotations

import math

import pytest

from benchmarks.bill.figures import Bill, against_direct, groups, ratio
from pipeline.usage import Usage


def bill(session, target, dollars, kind="coding", largest=1000):
    return Bill(session, kind, "anthropic", target, kind != "talk", largest, Usage(input=10), 10, dollars, 0, 1, 0, 0.1)


def pairs(*ratios):
    return [(bill(f"s{n}", "direct", 2.0), bill(f"s{n}", "ours", 2.0 * r)) for n, r in enumerate(ratios)]


def test_the_mean_is_geometric():
    r = ratio(pairs(0.5, 2.0))
    assert r.mean == pytest.approx(1.0)
    assert (r.worst[1], r.dearer, r.sessions) == ("s1", 1, 2)
    assert r.worst[0] == pytest.approx(2.0)


def test_the_interval_holds_the_mean_and_narrows_with_agreement():
    wide, narrow = ratio(pairs(0.2, 0.9, 0.4, 1.3)), ratio(pairs(0.5, 0.5, 0.5, 0.5))
    assert wide.low < wide.mean < wide.high
    assert narrow.low == pytest.approx(narrow.high)
    assert ratio(pairs(0.2, 0.9, 0.4, 1.3)) == wide


def test_a_thousandth_is_not_dearer():
    assert ratio(pairs(1.0005)).dearer == 0
    assert ratio(pairs(1.002)).dearer == 1


def test_sessions_are_matched_by_name_and_grouped():
    bills = [bill("a", "direct", 1), bill("b", "direct", 2, "talk", 60_000), bill("b", "ours", 1, "talk"), bill("c", "ours", 1)]
    assert [(d.session, o.dollars) for d, o in against_direct(bills, "ours")] == [("b", 1)]
    chosen = {name: [b.session for b in bills[:2] if wanted(b)] for name, wanted in groups(bills)}
    assert chosen == {
        "all": ["a", "b"],
        "tool-heavy": ["a"],
        "short (under 50k)": ["a"],
        "long": ["b"],
        "coding": ["a"],
        "talk": ["b"],
        "anthropic": ["a", "b"],
    }
    assert math.isfinite(ratio(against_direct(bills, "ours")).mean)
