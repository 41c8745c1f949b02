"""Where the milliseconds go that a request with a new tool result waits for: each stage of its way, timed where it runs.

    python -m benchmarks.proxy_stages [--requests 200] [--tokens 1000]

Indented stages are part of the one above. The worker is a process of its own, as in the proxy; what a job costs in a process that is warm and does
nothing else is the last line: the rest of the worker's stage is pipes, pickles and waking up.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import inspect
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.proxy_overhead import body, quantile
from headroom_wrap.proxy import frames
from headroom_wrap.proxy.compression import Compression
from headroom_wrap.proxy.keeper import Keeper
from headroom_wrap.proxy.worker_pool import WorkerPool
from pipeline import cache_aligner
from pipeline.dialects.anthropic import Anthropic
from pipeline.policy import Policy
from pipeline.store.sqlite import SqliteStore

_WARM_UP = 20
_PAUSE_S = 0.01  # between two requests: caches are as cold as they are between an agent's

Times = dict[str, list[float]]


def watch(times: Times, name: str, owner: Any, attribute: str) -> None:
    """Time a function wherever it is called from now on."""
    function: Callable[..., Any] = getattr(owner, attribute)
    taken = times.setdefault(name, [])

    @functools.wraps(function)
    def timed(*arguments: Any, **more: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments, **more)
        finally:
            taken.append(1000 * (time.perf_counter() - began))

    @functools.wraps(function)
    async def timed_async(*arguments: Any, **more: Any) -> Any:
        began = time.perf_counter()
        try:
            return await function(*arguments, **more)
        finally:
            taken.append(1000 * (time.perf_counter() - began))

    setattr(owner, attribute, timed_async if inspect.iscoroutinefunction(function) else timed)


async def measure(requests: int, tokens: int) -> None:
    times: Times = {}
    with tempfile.TemporaryDirectory() as state:
        workers = WorkerPool(1)
        keeper = Keeper(lambda: SqliteStore.open(Path(state) / "headroom.db"))
        compression = Compression(Anthropic(), Policy(), keeper, workers, print)
        for n in range(_WARM_UP):
            await compression.prepare(body(1_000_000 + n, tokens))
        watch(times, "all", compression, "prepare")
        watch(times, "  read", compression.dialect, "read")
        watch(times, "  look up", keeper, "decisions")
        watch(times, "  worker", workers, "run")
        watch(times, "    pack", frames, "pack")
        watch(times, "  settle", keeper, "settle")
        watch(times, "    put original", SqliteStore, "put_original")
        watch(times, "    freeze; forms, beside it", SqliteStore, "freeze")
        watch(times, "  write", compression.dialect, "write")
        for n in range(requests):
            await compression.prepare(body(n, tokens))
            await asyncio.sleep(_PAUSE_S)
        await keeper.close()
        await workers.close()
    times["a job in a warm process"] = _jobs(requests, tokens)
    for name, taken in times.items():
        print(f"{name:28} p10 {quantile(taken, 0.1):6.2f} ms   p50 {quantile(taken, 0.5):6.2f} ms   p99 {quantile(taken, 0.99):6.2f} ms")
    print(f"{requests} requests of 10k tokens with {tokens} new; this machine's load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _jobs(requests: int, tokens: int) -> list[float]:
    taken = []
    for n in range(_WARM_UP + requests):
        transcript = Anthropic().read(body(n, tokens), Policy())
        job = cache_aligner.align(transcript, cache_aligner.lineage(transcript.items), {}, Policy()).job
        if job is None:
            raise ValueError("nothing is new")
        began = time.perf_counter()
        list(cache_aligner.run(job))
        taken.append(1000 * (time.perf_counter() - began))
    return taken[_WARM_UP:]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--tokens", type=int, default=1000)
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.requests, arguments.tokens))
