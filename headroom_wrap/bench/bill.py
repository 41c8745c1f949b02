"""What a conversation was billed, and what it would have been with Headroom. Pure, but for the store that originals are put into.

What becomes of a tool result depends on what stands before it alone. So each conversation is compressed once, and what is left out of a result
is left out of every request after it: at the rate of what is new in the first of them, at the rate of what is cached in the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from headroom import compress
from headroom_wrap.bench.transcripts import Conversation
from headroom_wrap.ledger.receipts import Effect, without_ours
from pipeline import tokens
from pipeline.prices import cost, price_of
from pipeline.store.api import Store
from pipeline.usage import Usage

OUR_TOOLS = 330
"""Tokens of the retrieval tools and of what is said about them, in every request, where their schemas are sent always."""

_CALL = 80  # tokens of output that a retrieval takes


@dataclass(frozen=True, slots=True)
class Bill:
    """Sums over responses.

    Args:
        responses: how many have a price; ``unpriced`` those that have none, which are in no other figure.
        usage, without: tokens and dollars as billed.
        with_us: dollars with what would have been left out, our tools and retrievals included.
        removed: tokens left out, once for each request that they would have been in.
        unread: conversations that could not be read.
    """

    responses: int = 0
    unpriced: int = 0
    usage: Usage = field(default_factory=Usage)
    without: float = 0.0
    with_us: float = 0.0
    removed: int = 0
    unread: int = 0

    def __add__(self, other: Bill) -> Bill:
        return Bill(
            self.responses + other.responses,
            self.unpriced + other.unpriced,
            self.usage + other.usage,
            self.without + other.without,
            self.with_us + other.with_us,
            self.removed + other.removed,
            self.unread + other.unread,
        )

    @property
    def saved_share(self) -> float:
        """The share of the bill that would have been saved; negative if it would have risen."""
        return 1 - self.with_us / self.without if self.without else 0.0


@dataclass(frozen=True, slots=True)
class _Cut:
    """Tokens left out of the message with this index."""

    place: int
    tokens: int


def bill(conversation: Conversation, store: Store, *, profile: str = "balanced", retrievals: float = 0.05) -> Bill:
    """The two bills of a conversation.

    Args:
        conversation: what was said, and what it was billed.
        store: takes the originals; to be thrown away.
        profile: how far compression may go.
        retrievals: the share of shortened results that the model fetches back, which takes a turn each.
    """
    try:
        cuts = _cuts(conversation, store, profile)
    except ValueError:
        return Bill(unread=1)
    total = Bill()
    seen = 0
    for response in conversation.responses:
        price = price_of(response.model, response.time)
        if price is None:
            total += Bill(unpriced=1)
            continue
        scale = tokens.ratio(response.model)
        kept = 1 - retrievals  # of what is left out, so much is never fetched
        old = sum(cut.tokens for cut in cuts if cut.place < seen)
        fresh = [cut.tokens for cut in cuts if seen <= cut.place < response.before]
        seen = max(seen, response.before)
        effect = Effect(retrieved_new=round(kept * sum(fresh)), retrieved_old=round(kept * old))
        smaller = without_ours(response.usage, effect, scale) + Usage(cache_read=round(OUR_TOOLS * scale))
        turns = retrievals * len(fresh) * cost(Usage(cache_read=smaller.prompt, output=_CALL), price)
        removed = round(kept * (old + sum(fresh)) * scale)
        total += Bill(1, 0, response.usage, cost(response.usage, price), cost(smaller, price) + turns, removed)
    return total


def _cuts(conversation: Conversation, store: Store, profile: str) -> list[_Cut]:
    """What is left out, by message.

    Raises:
        ValueError: the messages cannot be read.
    """
    result = compress(conversation.messages, profile=profile, store=store, schemas_in_prompts=False)
    blocks = [block for block in result.blocks if block.source == "tool"]
    places = _result_places(conversation)
    # A block is one tool result, in order; where the two disagree, a result has parts of its own and nothing is claimed for it.
    if len(places) != len(blocks):
        raise ValueError("tool results and blocks differ in number")
    return [_Cut(place, b.tokens_before - b.tokens_after) for place, b in zip(places, blocks, strict=True) if b.handle]


def _result_places(conversation: Conversation) -> list[int]:
    places = []
    for place, message in enumerate(conversation.messages):
        if conversation.agent == "codex":
            places += [place] * str(message.get("type")).endswith("_output")
        else:
            places += [place for block in message["content"] if block.get("type") == "tool_result"]
    return places


def total(bills: Iterable[Bill]) -> Bill:
    """The sum."""
    return sum(bills, Bill())
