"""Sums over receipts, for stores whose database does not add up, or not by this machine's clock."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from pipeline.store.api import Group, Receipt, Total
from pipeline.usage import Usage


def day(at: float) -> str:
    """The day of a Unix time on this machine's clock, as 2026-11-02."""
    return time.strftime("%Y-%m-%d", time.localtime(at))


def week(at: float) -> str:
    """Its week's Monday."""
    that = date.fromisoformat(day(at))
    return (that - timedelta(days=that.weekday())).isoformat()


def name(receipt: Receipt, group: Group) -> str:
    """The group that a receipt belongs to."""
    if group is Group.ALL:
        return ""
    if group is Group.DAY:
        return day(receipt.time)
    if group is Group.WEEK:
        return week(receipt.time)
    found: str = getattr(receipt, group.value)
    return found


def of(receipt: Receipt) -> Total:
    """One receipt as a sum."""
    if receipt.cost is None or receipt.cost_without is None:
        priced = (0.0, 0.0, 0.0)
        again_cost = 0.0
    else:
        priced = (receipt.cost, receipt.cost_without, receipt.overhead)
        again_cost = receipt.again_cost
    unpriced = int(receipt.cost is None or receipt.cost_without is None)
    return Total("", 1, unpriced, receipt.usage, *priced, receipt.removed_new + receipt.removed_old, receipt.again, again_cost)


def merged(parts: Iterable[tuple[str, Total]]) -> list[Total]:
    """Sums of sums with the same name, in order of their names."""
    sums: dict[str, Total] = {}
    for group, part in parts:
        sums[group] = _added(group, sums.get(group, Total(usage=Usage())), part)
    return sorted(sums.values(), key=lambda total: total.name)


def most_first(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Pairs of a name and a number, added up by name."""
    counts: Counter[str] = Counter()
    for label, number in pairs:
        counts[label] += number
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _added(group: str, a: Total, b: Total) -> Total:
    return Total(
        name=group,
        responses=a.responses + b.responses,
        unpriced=a.unpriced + b.unpriced,
        usage=a.usage + b.usage,
        cost=a.cost + b.cost,
        cost_without=a.cost_without + b.cost_without,
        overhead=a.overhead + b.overhead,
        removed=a.removed + b.removed,
        again=a.again + b.again,
        again_cost=a.again_cost + b.again_cost,
    )
