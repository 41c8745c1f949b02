"""Sums over receipts, and the plain text that is printed when a session ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.store.api import Receipt
from pipeline.usage import Usage

_COMPRESSED = "compressed"  # pipeline.router.Reason.COMPRESSED: the one outcome that needs no excuse
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over some receipts. Dollars are over those whose price is known.

    Args:
        name: of the group: a model, an agent, a project; ``""`` for all.
        responses: how many.
        unpriced: how many of them have no price.
        usage: what was charged for.
        cost, cost_without: dollars with and without us.
        overhead: dollars that our own presence cost, already taken off the saving.
        removed: tokens less in all prompts together than without us (estimated).
    """

    name: str = ""
    responses: int = 0
    unpriced: int = 0
    usage: Usage = field(default_factory=Usage)
    cost: float = 0.0
    cost_without: float = 0.0
    overhead: float = 0.0
    removed: int = 0

    @property
    def saved(self) -> float:
        """Dollars saved (estimated); negative where we cost more than we saved."""
        return self.cost_without - self.cost

    @property
    def saved_share(self) -> float:
        """The saving as a share of the whole bill without us; 0 where there is no bill."""
        return self.saved / self.cost_without if self.cost_without > 0 else 0.0

    @property
    def cache_hit(self) -> float:
        """The share of all prompt tokens that was read from the provider's cache."""
        return self.usage.cache_read / self.usage.prompt if self.usage.prompt else 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals of all receipts and by group, the costliest group first.

    Args:
        total: of all.
        models, agents, projects: by what the receipts name.
        compressors: tokens left out by compressor, most first.
        reasons: blocks by reason, most frequent first.
        unpriced_models: models of which no price is known, by name.
    """

    total: Total
    models: tuple[Total, ...] = ()
    agents: tuple[Total, ...] = ()
    projects: tuple[Total, ...] = ()
    compressors: tuple[tuple[str, int], ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    unpriced_models: tuple[str, ...] = ()


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
    )


def _total(name: str, receipts: Iterable[Receipt]) -> Total:
    responses = unpriced = removed = 0
    usage = Usage()
    cost = without = overhead = 0.0
    for r in receipts:
        responses += 1
        usage += r.usage
        removed += r.removed_new + r.removed_old
        if r.cost is None or r.cost_without is None:
            unpriced += 1
            continue
        cost += r.cost
        without += r.cost_without
        overhead += r.overhead
    return Total(name, responses, unpriced, usage, cost, without, overhead, removed)


def _groups(receipts: Iterable[Receipt], name: Callable[[Receipt], str]) -> tuple[Total, ...]:
    members: dict[str, list[Receipt]] = {}
    for r in receipts:
        members.setdefault(name(r), []).append(r)
    totals = [_total(group, found) for group, found in members.items()]
    return tuple(sorted(totals, key=lambda t: (-t.cost, -t.responses, t.name)))


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
    left = [(reason, count) for reason, count in summary.reasons if reason != _COMPRESSED and count]
    if left:
        lines.append(f"Left as they were: {_named(f'{reason} ({count})' for reason, count in left)}.")
    elif not total.removed:
        lines.append("No tool result was large enough to be looked at.")
    if total.usage.cache_read:
        lines.append(f"{total.cache_hit:.0%} of the prompt tokens came from the provider's cache; that discount is not counted as a saving.")
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
