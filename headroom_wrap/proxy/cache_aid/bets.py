"""Whether a cache breakpoint pays: every one is a bet that the prompt's beginning comes again in time, and is made on evidence alone. Pure.

In units of one uncached input token, to write a token to the cache costs a quarter more, and to read it saves nine tenths. So a write pays from a
chance of 22 % on that the next request comes within the entry's life. Bets are limited three times over by what earlier ones have earned, as the
provider's own usage tells: in the conversation, among those with the same head, and in all. A first bet may be lost; a second is not made on credit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from headroom_wrap.proxy.cache_aid.breakpoints import Outline, Place, minimum_tokens
from pipeline.usage import Usage

LIFE_S = 300.0
SURCHARGE = 0.25  # of what is written, on top of the price of input
DISCOUNT = 0.9  # of what is read
STAKE = 50_000.0  # uncached input tokens' worth that may be lost in all before anything was earned
_SURE_S = 285.0  # an entry nearer to its end may be gone when the request arrives
_LIKELY = 0.5
_LOST_BEFORE = 1.0  # bets of a head's conversations that may be lost before one is won
_MOST_KEPT = 5_000  # a request each: an hour of them, where there are a dozen conversations at a time

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that was sent, known by where it ended.

    Args:
        at: when, in seconds of any one clock.
        quick, slow: pauses of its conversation so far that an entry outlives, and longer ones.
        earned: by breakpoints in its conversation so far.
    """

    at: float
    quick: int = 0
    slow: int = 0
    earned: float = 0.0

    def followed(self, now: float) -> Turn:
        """The turn that follows on it."""
        within = now - self.at <= LIFE_S
        return replace(self, at=now, quick=self.quick + within, slow=self.slow + (not within))

    @property
    def likely(self) -> bool:
        """Whether another request of the conversation is likely to come in time."""
        return (self.quick + 1) / (self.quick + self.slow + 2) >= _LIKELY


@dataclass(slots=True)
class Bet:
    """The breakpoints of one request.

    Args:
        places: where they stand; the last is as far as anything is written.
        at: when it was made.
        price: what it will cost at most, in uncached input tokens.
        head: stands for what its conversation shares with others.
        turn: the request's end.
    """

    places: tuple[Place, ...]
    at: float
    price: float
    head: bytes
    turn: bytes
    settled: bool = False


@dataclass(slots=True)
class Purse:
    """What bets have earned, and what those cost that are not settled."""

    earned: float = 0.0
    open: float = 0.0

    def affords(self, price: float, credit: float) -> bool:
        """Whether a bet may be made. ``credit``: how far below nothing the purse may be after it is lost."""
        return self.earned - self.open - price >= -credit


@dataclass(slots=True)
class Bets:
    """Remembers what was sent and what the provider's cache holds of it.

    Args:
        stake: see ``STAKE``.
    """

    stake: float = STAKE
    purse: Purse = field(default_factory=Purse)
    _turns: OrderedDict[bytes, Turn] = field(default_factory=OrderedDict)
    _heads: OrderedDict[bytes, float] = field(default_factory=OrderedDict)
    _held: OrderedDict[bytes, float] = field(default_factory=OrderedDict)
    _purses: OrderedDict[bytes, Purse] = field(default_factory=OrderedDict)

    def made(self, seen: Outline, now: float) -> Bet:
        """The bet on a request, which has no places where none pays. The request counts as sent.

        Args:
            seen: the request.
            now: when, in seconds of any one clock.
        """
        end = seen.ends[seen.last]
        before = next((turn for place in reversed(seen.ends[: seen.last]) if (turn := self._turns.get(place.link)) is not None), None)
        turn = before.followed(now) if before is not None else Turn(now)
        head = seen.heads[-1].link if seen.heads else b""
        held = [place for place in (*seen.heads, *self._deepest(seen, now)) if self._holds(place, now)]
        target = end if before is not None and turn.likely else self._shared(seen, now)
        places, price = self._places(seen, held, target, self._purse(head), turn)
        for place in seen.heads:
            _keep(self._heads, place.link, now)
        _keep(self._turns, end.link, turn)
        self.purse.open += price
        self._purse(head).open += price
        return Bet(places, now, price, head, end.link)

    def settle(self, bet: Bet, usage: Usage | None) -> float:
        """Enter what came of a bet, or None: the provider did not answer. Returns what it earned; it may be told of several responses."""
        purses = (self.purse, self._purse(bet.head))
        if not bet.settled:
            bet.settled = True
            for purse in purses:
                purse.open -= bet.price
        if usage is None or not bet.places:
            return 0.0
        earned = DISCOUNT * usage.cache_read - SURCHARGE * usage.cache_write_5m
        for purse in purses:
            purse.earned = min(purse.earned + earned, self.stake)  # what went well once pays for no more than this later
        if (turn := self._turns.get(bet.turn)) is not None:
            self._turns[bet.turn] = replace(turn, earned=turn.earned + earned)
        if usage.cache_read or usage.cache_write_5m:
            for place in bet.places:
                _keep(self._held, place.link, max(bet.at, self._held.get(place.link, 0.0)))
        return earned

    def renewed(self, bet: Bet, now: float) -> None:
        """What a bet left in the cache was read again by other means."""
        for place in bet.places:
            if place.link in self._held:
                _keep(self._held, place.link, now)

    def _places(self, seen: Outline, held: list[Place], target: Place | None, purse: Purse, turn: Turn) -> tuple[tuple[Place, ...], float]:
        """Where breakpoints stand, and what they cost at most."""
        read = max((place.tokens for place in held), default=0)
        if target is not None and target.tokens >= minimum_tokens(seen.model):
            price = SURCHARGE * max(target.tokens - read, 0)
            due = DISCOUNT * read  # as good as earned: it is read by this very request
            if (
                purse.affords(price - due, (1 + _LOST_BEFORE) * price)
                and self.purse.affords(price - due, self.stake)
                and Purse(turn.earned).affords(price - due, price)
            ):
                ahead = [place for place in seen.heads if place.tokens <= target.tokens]
                return _ordered([*ahead, *held, target]), price
        return _ordered(held), 0.0

    def _deepest(self, seen: Outline, now: float) -> Iterable[Place]:
        """The end of the longest beginning of the conversation that the cache holds."""
        return next(([place] for place in reversed(seen.ends[: seen.last]) if self._holds(place, now)), [])

    def _shared(self, seen: Outline, now: float) -> Place | None:
        """The longest head that another request had not long ago."""
        return next((place for place in reversed(seen.heads) if now - self._heads.get(place.link, -LIFE_S) < LIFE_S), None)

    def _holds(self, place: Place, now: float) -> bool:
        at = self._held.get(place.link)
        return at is not None and now - at <= _SURE_S

    def _purse(self, head: bytes) -> Purse:
        purse = self._purses.get(head)
        if purse is None:
            purse = Purse()
        _keep(self._purses, head, purse)
        return purse


def _ordered(places: Iterable[Place]) -> tuple[Place, ...]:
    """In the order of the prompt, each once."""
    return tuple(sorted({place.link: place for place in places}.values(), key=lambda place: place.tokens))


def _keep(where: OrderedDict[bytes, _T], key: bytes, value: _T) -> None:
    where[key] = value
    where.move_to_end(key)
    if len(where) > _MOST_KEPT:
        where.popitem(last=False)
