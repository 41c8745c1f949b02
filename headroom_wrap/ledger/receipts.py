"""The arithmetic of one response: what it cost, what the untouched request would have cost.

The cost is what the provider charged for, at list price. The untouched request is the same with the tokens put back that were left out,
each in the class in which it would have been billed, and with the tokens taken away that are there because of us. Output is left as it
was. A discount that the provider gives (its prompt cache) stands on both sides and so is never claimed. A saving may be negative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline import tokens
from pipeline.cache_misses import Cause, Verdict
from pipeline.prices import Price, cost
from pipeline.store.api import Receipt
from pipeline.usage import Usage


@dataclass(frozen=True, slots=True)
class Effect:
    """What we did to one request, in o200k tokens.

    Args:
        removed_new: tokens left out of blocks that were sent for the first time (markers and footers taken off).
        removed_old: tokens left out of blocks that were sent before, so that they stand in the part that the provider's cache holds.
        schema: tokens of our tools' schemas and instructions in the request.
        retrieved_new, retrieved_old: tokens of originals that the agent fetched back, first sent now or before.
        extra_turn: this request answers nothing but retrievals: without us there would have been none.
        compressors: tokens left out by compressor.
    """

    removed_new: int = 0
    removed_old: int = 0
    schema: int = 0
    retrieved_new: int = 0
    retrieved_old: int = 0
    extra_turn: bool = False
    compressors: tuple[tuple[str, int], ...] = ()


def receipt(
    usage: Usage,
    effect: Effect,
    price: Price | None,
    *,
    message_id: str,
    session: str,
    time: float,
    agent: str,
    model: str,
    project: str,
    ratio: float | None = None,
    ttfb_ms: float = 0.0,
    added_ms: float = 0.0,
    reasons: tuple[tuple[str, int], ...] = (),
    verdict: Verdict | None = None,
) -> Receipt:
    """The receipt of a response: ``usage`` is what the provider charged for, ``effect`` what we did to the request.

    ``price`` is the model's, from ``pipeline.prices.price_of(model, time)``; None where it is not known, then no dollars are. ``ratio``
    is the model's tokens for each o200k token, by default ``pipeline.tokens.ratio(model)``. ``verdict`` says how the provider's cache served:
    what we broke of it the untouched request would have read. The others are those of `Receipt`.
    """
    cached = verdict if verdict is not None else Verdict()
    unbroken = as_read(usage, cached.again)
    scale = tokens.ratio(model) if ratio is None else ratio
    removed_new, removed_old = round(effect.removed_new * scale), round(effect.removed_old * scale)
    ours = without_ours(unbroken if cached.cause is Cause.OURS else usage, effect, scale)
    removed = _in_new_class(usage, removed_new) + _in_old_class(usage, removed_old)
    # In a turn that is there because of us, what was left out of it saved nothing.
    without = ours if effect.extra_turn else ours + removed
    return Receipt(
        message_id=message_id,
        session=session,
        time=time,
        agent=agent,
        model=model,
        project=project,
        usage=usage,
        cost=None if price is None else cost(usage, price),
        cost_without=None if price is None else cost(without, price),
        removed_new=removed_new,
        removed_old=removed_old,
        overhead=0.0 if price is None else cost(usage, price) - cost(ours, price),
        ttfb_ms=ttfb_ms,
        added_ms=added_ms,
        compressors=tuple((name, round(count * scale)) for name, count in effect.compressors),
        reasons=reasons,
        cause="" if cached.cause is None else cached.cause.value,
        again=cached.again,
        again_cost=0.0 if price is None else cost(usage, price) - cost(unbroken, price),
    )


def as_read(usage: Usage, count: int) -> Usage:
    """The usage if so many of its new tokens had been read from the cache."""
    new = usage.input + usage.cache_write_5m + usage.cache_write_1h
    moved = _in_new_class(usage, min(count, new)) if new else Usage()
    left = Usage(
        max(usage.input - moved.input, 0), max(usage.cache_write_5m - moved.cache_write_5m, 0), max(usage.cache_write_1h - moved.cache_write_1h, 0)
    )
    return replace(left, cache_read=usage.prompt - left.prompt, output=usage.output)


def without_ours(usage: Usage, effect: Effect, scale: float) -> Usage:
    """The usage less what is in it because of us: schemas, retrieved originals, or the whole prompt of a turn that we caused.

    ``scale`` is the model's tokens for each o200k token.
    """
    if effect.extra_turn:
        return Usage(output=usage.output)  # the answer would have come a turn earlier
    new = _in_new_class(usage, round(effect.retrieved_new * scale))
    old = _in_old_class(usage, round((effect.schema + effect.retrieved_old) * scale))
    ours = new + old
    return Usage(
        max(usage.input - ours.input, 0),
        max(usage.cache_write_5m - ours.cache_write_5m, 0),
        max(usage.cache_write_1h - ours.cache_write_1h, 0),
        max(usage.cache_read - ours.cache_read, 0),
        usage.output,
    )


def _in_old_class(usage: Usage, count: int) -> Usage:
    """Tokens of the part that was sent before: read from the cache if this request read from it, else billed like the new ones."""
    return Usage(cache_read=count) if usage.cache_read else _in_new_class(usage, count)


def _in_new_class(usage: Usage, count: int) -> Usage:
    """Tokens of the part that is new: split over the classes of this request's new tokens as these were."""
    new = usage.input + usage.cache_write_5m + usage.cache_write_1h
    if not new:
        # The same request once more: all of it was read.
        return Usage(cache_read=count) if usage.cache_read else Usage(input=count)
    write_5m = count * usage.cache_write_5m // new
    write_1h = count * usage.cache_write_1h // new
    rest = count - write_5m - write_1h
    if usage.input:
        return Usage(input=rest, cache_write_5m=write_5m, cache_write_1h=write_1h)
    if usage.cache_write_5m:
        return Usage(cache_write_5m=write_5m + rest, cache_write_1h=write_1h)
    return Usage(cache_write_1h=write_1h + rest)
