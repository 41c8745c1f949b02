"""Receipts held against what the agent's own transcript says that the provider charged for, response by response, to the token. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.store.api import Receipt
from pipeline.usage import Usage

_SHOWN = 3


class Told(Protocol):
    """A response as a transcript tells of it: its id, the provider's own where the agent writes it down, and what it was charged for."""

    @property
    def id(self) -> str:
        """The provider's id of the response, or one of the agent's."""
        ...

    @property
    def usage(self) -> Usage:
        """What it was charged for."""
        ...


@dataclass(frozen=True, slots=True)
class Difference:
    """A response on which the two do not agree: ``booked`` by us, ``told`` by the agent."""

    message_id: str
    booked: Usage
    told: Usage

    @property
    def tokens(self) -> int:
        """Tokens that we have booked more than the agent tells; negative for less."""
        return _all(self.booked) - _all(self.told)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of it.

    Args:
        agreed: responses that both have with the same tokens in every class.
        differing: those that both have with other tokens.
        unbooked: tokens of each response that only the transcript has: its requests did not come through Headroom, or it was copied.
        untold: tokens of each response that only the ledger has: agents do not write down what they ask beside the conversation.
    """

    agreed: int = 0
    differing: tuple[Difference, ...] = ()
    unbooked: tuple[int, ...] = ()
    untold: tuple[int, ...] = ()

    @property
    def told(self) -> int:
        """Responses in the transcript."""
        return self.agreed + len(self.differing) + len(self.unbooked)

    @property
    def exact(self) -> bool:
        """Whether every response of the transcript is booked to the token."""
        return not self.differing and not self.unbooked

    @property
    def tokens(self) -> int:
        """Tokens booked less tokens told, over the responses of the transcript."""
        return sum(d.tokens for d in self.differing) - sum(self.unbooked)


def reconcile(receipts: Iterable[Receipt], responses: Sequence[Told]) -> Reconciled:
    """Hold receipts against the responses of the same sessions.

    Responses meet by their ids. Where the agent does not write down the provider's, they meet by what they were charged for.
    """
    booked = {receipt.message_id: receipt.usage for receipt in receipts}
    agreed = 0
    differing = []
    nameless = []
    for response in {r.id: r for r in responses}.values():
        usage = booked.pop(response.id, None)
        if usage is None:
            nameless.append(response.usage)
        elif usage == response.usage:
            agreed += 1
        else:
            differing.append(Difference(response.id, usage, response.usage))
    left: defaultdict[Usage, int] = defaultdict(int)
    for usage in booked.values():
        left[usage] += 1
    unbooked = []
    for usage in nameless:
        if left[usage]:
            left[usage] -= 1
            agreed += 1
        else:
            unbooked.append(_all(usage))
    untold = [_all(usage) for usage, count in left.items() for _ in range(count)]
    return Reconciled(agreed, tuple(differing), tuple(unbooked), tuple(untold))


def lines(found: Reconciled) -> list[str]:
    """What there is to say, a sentence each."""
    said = [_agreement(found)]
    for one in found.differing[:_SHOWN]:
        said.append(f"{one.message_id}: booked {_classes(one.booked)}; the agent tells {_classes(one.told)}.")
    if len(found.differing) > _SHOWN:
        said.append(f"{len(found.differing) - _SHOWN:,} more differ.")
    if found.unbooked:
        said.append(f"{_responses(len(found.unbooked))} of the transcript ({sum(found.unbooked):,} tokens) did not come through Headroom.")
    if found.untold:
        said.append(f"In the ledger alone, beside the conversation: {_responses(len(found.untold))} ({sum(found.untold):,} tokens).")
    return said


def _agreement(found: Reconciled) -> str:
    if not found.told:
        return "There is no transcript of the agent's to reconcile with."
    verb = "Reconciles" if found.exact else "Does not reconcile"
    return f"{verb} with the agent's transcript: {found.agreed:,} of {_responses(found.told)}, difference {found.tokens:+,} tokens.".replace(
        "+0 ", "0 "
    )


def _responses(count: int) -> str:
    return f"{count:,} response{'' if count == 1 else 's'}"


def _classes(usage: Usage) -> str:
    written = usage.cache_write_5m + usage.cache_write_1h
    return f"{usage.input:,} new, {written:,} written, {usage.cache_read:,} read, {usage.output:,} output"


def _all(usage: Usage) -> int:
    return usage.prompt + usage.output
