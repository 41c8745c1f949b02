"""What the proxy tells the supervisor: one JSON object a line, over a pipe."""

from __future__ import annotations

import msgspec

from pipeline.usage import Usage


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The proxy serves."""


class Block(msgspec.Struct, frozen=True):
    """What became of one block when it was first sent.

    Args:
        label: what it is, e.g. ``Bash: make test``.
        reason: what became of it; one of ``pipeline.outcome.Reason``.
        compressor: which one, ``""`` if none.
        handle: the original's in the store, ``""`` where the original was sent.
        key: of the decision in the store, which holds what was sent.
        before, after: tokens of the original and of what was sent (estimated); 0 where they were not counted.
    """

    label: str
    reason: str
    compressor: str = ""
    handle: str = ""
    key: str = ""
    before: int = 0
    after: int = 0


class Began(msgspec.Struct, frozen=True, tag="began"):
    """A request arrived.

    Args:
        model: which model, ``""`` where the request names none.
        path: its path, the secret left off.
        understood: the body was read by a dialect; else it is passed through.
        blocks: tool results in it.
        compressed: how many of them go on smaller.
        new_reasons: outcome -> count, of the blocks decided on just now.
        last: the newest outcome in a few words, e.g. ``Bash: make test 12.4k → 1.1k (log)``, ``""`` if there was none.
        decided: those blocks, in order; the last ones where there are many.
    """

    model: str
    path: str
    understood: bool
    blocks: int = 0
    compressed: int = 0
    new_reasons: dict[str, int] = {}
    last: str = ""
    decided: tuple[Block, ...] = ()


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """A response ended and was charged for; the figures are those of its receipt.

    Args:
        session, model: whose.
        usage: what was charged for.
        cost, cost_without, overhead: dollars; None where the model's price is unknown.
        removed: tokens less in this request's prompt than without us (estimated).
        ttl_s: life of the cache entry that this response wrote or read, in seconds; 0 if it did neither.
        miss: why less was read from the provider's cache than it should hold, as a sentence; ``""`` where all was.
        cause: of the miss or of what was written; one of ``pipeline.cache_misses.Cause``, ``""`` where there was neither.
        again: tokens that the cache had held and that were charged for as new once more.
        again_cost: dollars that these cost more than if they had been read from it.
    """

    session: str
    model: str
    usage: Usage
    cost: float | None
    cost_without: float | None
    overhead: float = 0.0
    removed: int = 0
    ttl_s: int = 0
    miss: str = ""
    cause: str = ""
    again: int = 0
    again_cost: float = 0.0


class Trouble(msgspec.Struct, frozen=True, tag="trouble"):
    """Something that the user should know, as one sentence with what to do.

    Args:
        kind: ``upstream`` (cannot be reached), ``store``, ``worker``, ``refused`` (a changed body was refused; the original was sent again),
            ``cache`` (we broke the provider's), ``signed`` (bodies that their clients signed are relayed as they are), ``proxy`` (it died; told
            by the supervisor).
        message: the sentence.
        lasting: it holds until the session ends.
    """

    kind: str
    message: str
    lasting: bool = False


Event = Ready | Began | Finished | Trouble
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """One line."""
    return _encoder.encode(event) + b"\n"


def decode(line: bytes) -> Event | None:
    """The event in a line; None if it is none that this version knows."""
    try:
        event: Event = _decoder.decode(line)
    except msgspec.DecodeError:
        return None
    return event
