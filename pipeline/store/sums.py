"""Sums over receipts, for stores whose database does not add up, or not by this machine's clock."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from pipeline.store.api import Group, Receipt, Total
from pipeline.usage import Usage

QUARTER_S = 900  # every zone's clock is set in quarters of an hour: what falls in one is of the same day everywhere

Numbers = Sequence[float]
"""A sum over receipts as databases give it: responses, those without a price, the five of ``Usage``, cost, cost_without, overhead, removed, again,
again_cost, each as in ``Total``."""


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


def of(receipt: Receipt) -> Numbers:
    """One receipt as a sum."""
    if receipt.cost is None or receipt.cost_without is None:
        priced = (0.0, 0.0, 0.0)
        again_cost = 0.0
    else:
        priced = (receipt.cost, receipt.cost_without, receipt.overhead)
        again_cost = receipt.again_cost
    unpriced = int(receipt.cost is None or receipt.cost_without is None)
    u = receipt.usage
    charged = (u.input, u.cache_write_5m, u.cache_write_1h, u.cache_read, u.output)
    return (1, unpriced, *charged, *priced, receipt.removed_new + receipt.removed_old, receipt.again, again_cost)


def merged(parts: Iterable[tuple[str, Numbers]]) -> list[Total]:
    """Sums of sums with the same name, in order of their names."""
    sums: dict[str, Numbers] = {}
    for group, numbers in parts:
        before = sums.get(group)
        sums[group] = numbers if before is None else added(before, numbers)
    return [total(group, sums[group]) for group in sorted(sums)]


def added(a: Numbers, b: Numbers) -> Numbers:
    """Two sums as one."""
    return [x + y for x, y in zip(a, b, strict=True)]


def total(group: str, numbers: Numbers) -> Total:
    """A sum with its name."""
    responses, unpriced, *more = numbers
    charged = Usage(*map(int, more[:5]))
    cost, cost_without, overhead, removed, again, again_cost = more[5:]
    return Total(group, int(responses), int(unpriced), charged, cost, cost_without, overhead, int(removed), int(again), again_cost)


def most_first(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Pairs of a name and a number, added up by name."""
    counts: Counter[str] = Counter()
    for label, number in pairs:
        counts[label] += number
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
