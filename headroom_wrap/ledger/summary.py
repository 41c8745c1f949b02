"""Sums over receipts, and the plain text that is printed when a session ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from headroom_wrap.ledger.shares import hit
from pipeline.outcome import REWRITTEN
from pipeline.store.api import Group, Receipt, Store, Total
from pipeline.usage import Usage

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals of all receipts and by group, the costliest group first.

    Args:
        total: of all.
        models, agents, projects: by what the receipts name.
        compressors: tokens left out by compressor, most first.
        reasons: blocks by reason, most frequent first.
        unpriced_models: models of which no price is known, by name.
        causes: by why they wrote to the provider's cache, the costliest for what was paid again first.
    """

    total: Total
    models: tuple[Total, ...] = ()
    agents: tuple[Total, ...] = ()
    projects: tuple[Total, ...] = ()
    compressors: tuple[tuple[str, int], ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    unpriced_models: tuple[str, ...] = ()
    causes: tuple[Total, ...] = ()


def summarise(receipts: Sequence[Receipt]) -> Summary:
    """The sums over receipts."""
    return Summary(
        total=_total("", receipts),
        models=_groups(receipts, lambda r: r.model),
        agents=_groups(receipts, lambda r: r.agent),
        projects=_groups(receipts, lambda r: r.project),
        compressors=_counts(pair for r in receipts for pair in r.compressors),
        reasons=_counts(pair for r in receipts for pair in r.reasons),
        unpriced_models=tuple(sorted({r.model for r in receipts if r.cost is None})),
        causes=_dearest_again(_groups(receipts, lambda r: r.cause)),
    )


def summary_of(store: Store, *, session: str = "", since: float = 0.0, project: str = "") -> Summary:
    """The sums over the receipts in a store, which adds them up itself.

    Raises:
        StoreError: it could not.
    """
    totals = partial(store.totals, session=session, since=since, project=project)
    counts = partial(store.counts, session=session, since=since, project=project)
    models = _costliest(totals(Group.MODEL))
    return Summary(
        total=next(iter(totals(Group.ALL)), Total()),
        models=models,
        agents=_costliest(totals(Group.AGENT)),
        projects=_costliest(totals(Group.PROJECT)),
        compressors=tuple(counts("compressors")),
        reasons=tuple(counts("reasons")),
        unpriced_models=tuple(sorted(total.name for total in models if total.unpriced)),
        causes=_dearest_again(totals(Group.CAUSE)),
    )


def _total(name: str, receipts: Iterable[Receipt]) -> Total:
    responses = unpriced = removed = again = 0
    usage = Usage()
    cost = without = overhead = again_cost = 0.0
    for r in receipts:
        responses += 1
        usage += r.usage
        removed += r.removed_new + r.removed_old
        again += r.again
        if r.cost is None or r.cost_without is None:
            unpriced += 1
            continue
        cost += r.cost
        without += r.cost_without
        overhead += r.overhead
        again_cost += r.again_cost
    return Total(name, responses, unpriced, usage, cost, without, overhead, removed, again, again_cost)


def _groups(receipts: Iterable[Receipt], name: Callable[[Receipt], str]) -> tuple[Total, ...]:
    members: dict[str, list[Receipt]] = {}
    for r in receipts:
        members.setdefault(name(r), []).append(r)
    return _costliest(_total(group, found) for group, found in members.items())


def _costliest(totals: Iterable[Total]) -> tuple[Total, ...]:
    return tuple(sorted(totals, key=lambda t: (-t.cost, -t.responses, t.name)))


def _dearest_again(totals: Iterable[Total]) -> tuple[Total, ...]:
    """By cause; responses that neither wrote nor missed have none."""
    return tuple(sorted((t for t in totals if t.name), key=lambda t: (-t.again_cost, -t.again, -t.responses, t.name)))


def _counts(pairs: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for name, count in pairs:
        counts[name] = counts.get(name, 0) + count
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


# ----- as text -------------------------------------------------------------------------------------------------------------------------


def text_receipt(summary: Summary, *, title: str = "Headroom, this session") -> str:
    """The receipt as plain text: what it cost, what it would have cost, and why where nothing was saved. Estimates carry a ``~``.

    Args:
        summary: of the session's receipts.
        title: its first line.
    """
    total = summary.total
    if not total.responses:
        return f"{title}: no response of a model came through Headroom, so there is nothing to account for.\n"
    lines = [f"{title}: {_plural(total.responses, 'response')}, {_named(t.name or 'an unnamed model' for t in summary.models)}"]
    if total.responses > total.unpriced:
        lines += _money_lines(total)
    if total.unpriced:
        lines.append(
            f"{_plural(total.unpriced, 'response')} of {_named(summary.unpriced_models)} not in these sums: the price is not known."
            if total.responses > total.unpriced
            else f"The price of {_named(summary.unpriced_models)} is not known, so no dollars can be given."
        )
    if total.removed:
        by = _named(f"{name} ~{tokens(count)}" for name, count in summary.compressors if count)
        lines.append(f"Prompts were ~{tokens(total.removed)} tokens shorter, all requests together{': ' + by if by else ''}.")
    left = [(reason, count) for reason, count in summary.reasons if reason not in REWRITTEN and count]
    if left:
        lines.append(f"Left as they were: {_named(f'{reason} ({count})' for reason, count in left)}.")
    elif not total.removed:
        lines.append("No tool result was large enough to be looked at.")
    if total.usage.cache_read:
        lines.append(f"{hit(total.cache_hit)} of the prompt tokens came from the provider's cache; that discount is not counted as a saving.")
    return "\n  ".join(lines) + "\n"


def _money_lines(total: Total) -> list[str]:
    lines = [f"Cost {dollars(total.cost)} at list price; without Headroom ~{dollars(total.cost_without)}."]
    # What rounds to nothing is called nothing.
    if abs(total.saved_share) < 0.0005 or abs(total.saved) < 0.00005:
        lines.append("Nothing was saved." if not total.removed else "What was left out made no difference to the bill.")
    elif total.saved > 0:
        lines.append(f"Saved ~{total.saved_share:.1%} of the bill: ~{dollars(total.saved)}.")
    else:
        lines.append(f"Headroom cost more than it saved: ~{-total.saved_share:.1%} of the bill, ~{dollars(-total.saved)}.")
    if total.overhead >= 0.00005:
        lines.append(f"Its own part of the bill, ~{dollars(total.overhead)} (tools, retrievals), is taken off already.")
    return lines


def dollars(amount: float) -> str:
    """Money to the precision at which it still says something: ``$12.34``, ``$0.021``, ``$0.0004``."""
    digits = 2 if abs(amount) >= 0.1 or amount == 0 else 3 if abs(amount) >= 0.01 else 4
    return f"{'-' if amount < 0 else ''}${abs(amount):,.{digits}f}"


def tokens(count: int) -> str:
    """A number of tokens in short: ``950``, ``12.4k``, ``1.2M``."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        # 999,950 is 1.0M, not 1000.0k
        if abs(count) >= size * 0.99995 and abs(count) >= 1000:
            return f"{count / size:.1f}{letter}"
    return str(count)


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _named(names: Iterable[str]) -> str:
    found = list(names)
    more = len(found) - _SHOWN
    return ", ".join(found[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
