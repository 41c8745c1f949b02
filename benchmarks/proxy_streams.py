"""What the proxy carries at once: small requests per second, and streams that are all open together, with every failure counted.

python -m benchmarks.proxy_streams [--streams 200] [--chunks 100] [--seconds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time

import psutil

from benchmarks.proxy_overhead import Connection, Target, body, per_second, processes, quantile


async def measure(streams: int, chunks: int, seconds: float) -> None:
    with processes() as (direct, proxied, process):
        await asyncio.sleep(1.5)
        for target in (direct, proxied):
            print(f"{target.name}: {await per_second(target, seconds, connections=32):.0f} small requests/s over 32 connections")
        before = _cpu(process)
        for target in (direct, proxied):
            began = time.perf_counter()
            times, failed = await _together(target, streams, chunks)
            took = time.perf_counter() - began
            print(
                f"{target.name}: {streams} streams of {chunks} chunks 20 ms apart in {took:.2f} s, {failed} failed, first byte"
                f" p50 {quantile(times, 0.5):.1f} ms, p99 {quantile(times, 0.99):.1f} ms"
            )
        spent = _cpu(process) - before
        print(f"CPU of the proxy: {1e6 * spent / (streams * chunks):.0f} µs a chunk, all else included; this machine's load {os.getloadavg()[0]:.1f}")


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


async def _together(target: Target, streams: int, chunks: int) -> tuple[list[float], int]:
    """Milliseconds to the first byte of the streams that ended well, and how many did not."""

    async def stream(number: int) -> float:
        connection = await Connection(target).open()
        try:
            return await connection.ask(f"/v1/messages?chunks={chunks}&pause=20", body(number, 0, 1000))
        finally:
            connection.writer.close()

    done = await asyncio.gather(*(stream(n) for n in range(streams)), return_exceptions=True)
    times = [took for took in done if isinstance(took, float)]
    return times or [float("nan")], len(done) - len(times)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--chunks", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5)
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.streams, arguments.chunks, arguments.seconds))
