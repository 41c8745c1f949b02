"""python -m benchmarks.bill.unmarked [--turns 120] [--seed 0]: what the cache aid of the standing proxy saves a client that sets no breakpoints.

The sessions are those of the other runs, their breakpoints and cache keys taken off, in the time of the session and not of the clock on the wall.
Nothing is compressed, so that all there is to see is the aid's. Each request is checked as the API would.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.bill.figures import Bill, ratio
from benchmarks.bill.generate import generated, plans
from benchmarks.bill.replay import count
from benchmarks.bill.session import Session
from benchmarks.bill.wires import WIRES
from headroom.testing import OpenAICache, PromptCache, check
from headroom_wrap.proxy.cache_aid.aid import CacheAid
from headroom_wrap.proxy.prepared import Prepared
from pipeline.dialects.api import Transcript
from pipeline.prices import cost, price_of
from pipeline.usage import Usage

_DIALECTS = {"anthropic": "anthropic", "openai": "openai-responses"}


@dataclass
class _Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def unmarked(value: Any) -> Any:
    """A request without breakpoints and without a cache key."""
    if isinstance(value, Mapping):
        return {key: unmarked(inner) for key, inner in value.items() if key not in ("cache_control", "prompt_cache_key")}
    return [unmarked(inner) for inner in value] if isinstance(value, list) else value


def billed(session: Session, *, aided: bool) -> Bill:
    """What a session costs.

    Args:
        session: of a client that sets no breakpoints.
        aided: through the cache aid.

    Raises:
        ApiError: a request was made that the API would refuse.
    """
    cache: PromptCache | OpenAICache = PromptCache(count) if session.wire == "anthropic" else OpenAICache(count)
    clock = _Clock()
    aid = CacheAid(lambda _: None, Counter(), clock)
    price = price_of(session.model)
    if price is None:
        raise ValueError(f"{session.model} has no price")
    total, dollars, largest, first, number = Usage(), 0.0, 0, 0, 0
    for body, clock.now, answer in _requests(session):
        prepared = Prepared(body, body, transcript=Transcript((), (), 0, session.model), dialect=_DIALECTS[session.wire])
        help_ = aid.aided(prepared, "https://api") if aided else None
        request = json.loads(help_.body if help_ is not None else body)
        if session.wire == "anthropic":
            check(request, WIRES["anthropic"].headers, signatures=False)
        usage = cache.charge(request, clock.now, answer).usage
        if help_ is not None:
            aid.settle(help_, usage)
        total += usage
        dollars += cost(usage, price)
        largest, first, number = max(largest, usage.prompt), first or usage.prompt, number + 1
    return Bill(
        session=session.name,
        kind=session.kind,
        wire=session.wire,
        target="aid" if aided else "direct",
        tool_heavy=session.tool_heavy,
        largest=largest,
        usage=total,
        first=first,
        dollars=dollars,
        broken=0,
        requests=number,
        extra=0,
        seconds=0.0,
    )


def _requests(session: Session) -> Iterator[tuple[bytes, float, int]]:
    for step in session.steps():
        yield json.dumps(unmarked(step.body)).encode(), step.at, count(json.dumps(step.answer))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bill.unmarked", description="The cache aid, for clients that set no breakpoints.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--turns", type=int, default=120, help="leave out longer sessions")
    parser.add_argument("--wire", nargs="*", choices=tuple(_DIALECTS), default=tuple(_DIALECTS))
    arguments = parser.parse_args()
    table = Table("session", "requests", "largest", "direct $", "with aid $", "ratio", "read", "written")
    console = Console(width=150, highlight=False)
    pairs: dict[str, list[tuple[Bill, Bill]]] = {}
    for plan in plans(arguments.seed, arguments.turns):
        if plan.wire not in arguments.wire:
            continue
        session = generated(plan)
        direct, ours = billed(session, aided=False), billed(session, aided=True)
        pairs.setdefault(plan.wire, []).append((direct, ours))
        classes = f"{ours.usage.cache_read:,}", f"{ours.usage.cache_write_5m:,}"
        dollars = f"{direct.dollars:.3f}", f"{ours.dollars:.3f}", f"{ours.dollars / direct.dollars:.4f}"
        table.add_row(session.name, str(ours.requests), f"{direct.largest:,}", *dollars, *classes)
    console.print(table)
    for wire, own in pairs.items():
        r = ratio(own)
        interval, worst = f"{r.low:.3f}-{r.high:.3f}", f"{r.worst[0]:.4f} ({r.worst[1]})"
        console.print(f"{wire}: {r.sessions} sessions, geometric mean {r.mean:.4f} ({interval}), worst {worst}, dearer {r.dearer}")


if __name__ == "__main__":
    main()
