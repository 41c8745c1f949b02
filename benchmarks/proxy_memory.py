"""Whether the proxy grows: its memory while requests of 1 MB pass, with a straight line through it.

    python -m benchmarks.proxy_memory [--requests 10000]

Each request is a conversation of its own with a new result, so that every memory of the proxy is filled to its bound: those of messages (12 MiB)
and of decisions (6 MiB) are full after 5,000 of such requests. The line is drawn through the second half.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from statistics import linear_regression

import psutil

from benchmarks.proxy_overhead import Connection, Target, body, processes

_EVERY = 20
_MIB = 1 << 20


async def measure(requests: int) -> None:
    with processes() as (_, proxied, process):
        await asyncio.sleep(1.5)  # the worker warms up
        idle, idle_worker = process.memory_info().rss, _workers(process)
        sizes = await _sizes(proxied, process, requests)
        late = [(n, size) for n, size in sizes if n >= requests / 2]
        slope = linear_regression([n for n, _ in late], [size for _, size in late]).slope
        print(f"idle: proxy {idle / _MIB:.0f} MiB, worker {idle_worker / _MIB:.0f} MiB, both {(idle + idle_worker) / _MIB:.0f} MiB")
        for n, size in sizes[:: max(1, len(sizes) // 10)]:
            print(f"after {n:6} requests: {size / _MIB:6.1f} MiB")
        print(f"slope over the second half: {slope * 1000 / 1024:+.0f} KiB for 1,000 requests; worker then {_workers(process) / _MIB:.0f} MiB")
        spent = 1000 * sum(process.cpu_times()[:2]) / requests
        print(f"CPU of the proxy: {spent:.1f} ms for a request of 1 MB; this machine's load {os.getloadavg()[0]:.1f}")


def _workers(process: psutil.Process) -> int:
    return sum(w.memory_info().rss for w in process.children())


async def _sizes(target: Target, process: psutil.Process, requests: int) -> list[tuple[int, int]]:
    connection = await Connection(target).open()
    sizes = []
    for n in range(requests):
        await connection.ask("/v1/messages?chunks=3", body(n, 500, 250_000))
        if n % _EVERY == 0:
            sizes.append((n, process.memory_info().rss))
    connection.writer.close()
    return sizes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    asyncio.run(measure(parser.parse_args().requests))
