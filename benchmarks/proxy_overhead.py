"""What the proxy costs: time to first byte, requests per second, CPU per relayed chunk, memory. Direct and proxied in one run.

    python -m benchmarks.proxy_overhead [--requests 300] [--streams 10] [--large 500]

The upstream is a process of its own on loopback that answers at once; the client is this process. Figures are wall clock unless said otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import psutil
from rich.console import Console
from rich.table import Table

from headroom_wrap import events
from headroom_wrap.proxy.settings import ProxyConfig

SECRET = "bench"
EVENT = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" and so it goes on"}}\n\n'
START = b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"claude-opus-4-8","usage":{"input_tokens":9}}}\n\n'


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Upstream(asyncio.Protocol):
    """Answers as soon as a request is complete; its path says with how many chunks, and how many milliseconds lie between them."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.buffer, self.left, self.path = b"", -1, b""

    def data_received(self, data: bytes) -> None:
        if self.left < 0:
            self.buffer += data
            head, end, body = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self.path = head.split(b" ", 2)[1]
            length = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            self.left, self.buffer, data = int(length[0]) if length else 0, b"", body
        self.left -= len(data)
        if self.left == 0:
            self.left = -1
            asyncio.get_running_loop().create_task(self.answer())

    async def answer(self) -> None:
        options = dict(part.split("=") for part in self.path.decode().partition("?")[2].split("&") if part)
        if "small" in options:
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
            return
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.transport.write(head + chunk(START))
        for _ in range(int(options.get("chunks", 3))):
            if pause := float(options.get("pause", 0)):
                await asyncio.sleep(pause / 1000)
            self.transport.write(chunk(EVENT))
        self.transport.write(b"0\r\n\r\n")


async def serve_upstream() -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@dataclass(frozen=True)
class Target:
    name: str
    port: int
    prefix: str


class Connection:
    """A keep-alive connection that times what it asks."""

    def __init__(self, target: Target) -> None:
        self.target = target

    async def open(self) -> Connection:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.target.port)
        self.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self

    async def ask(self, path: str, body: bytes) -> float:
        """Milliseconds from the request's last byte to the response's first."""
        self.writer.write(
            f"POST {self.target.prefix}{path} HTTP/1.1\r\nHost: 127.0.0.1:{self.target.port}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        began = time.perf_counter()
        head = await self.reader.readuntil(b"\r\n\r\n")
        took = 1000 * (time.perf_counter() - began)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head)
        await (self.reader.readexactly(2) if b"content-length: 2" in head.lower() else self.reader.readuntil(b"0\r\n\r\n"))
        return took


@contextmanager
def processes() -> Iterator[tuple[Target, Target, psutil.Process]]:
    """An upstream and a proxy in front of it."""
    up = subprocess.Popen([sys.executable, "-m", "benchmarks.proxy_overhead", "--upstream"], stdout=subprocess.PIPE)
    assert up.stdout is not None
    upstream = Target("direct", int(up.stdout.readline()), "")
    listener = socket.create_server(("127.0.0.1", 0))
    told, tell = os.pipe()
    with tempfile.TemporaryDirectory() as state:
        config = ProxyConfig(
            upstream=f"http://127.0.0.1:{upstream.port}",
            state=state,
            secret=SECRET,
            socket_fd=listener.fileno(),
            events_fd=tell,
            tool_kinds={"Bash": "shell"},
        )
        proxy = subprocess.Popen([sys.executable, "-m", "headroom_wrap.proxy", config.encode()], pass_fds=(listener.fileno(), tell))
        os.close(tell)
        while not isinstance(events.decode(said := os.read(told, 65536)), events.Ready):
            if not said:
                raise RuntimeError("the proxy has ended")
        reader = subprocess.Popen(["cat"], stdin=told, stdout=subprocess.DEVNULL)  # a full pipe of events would be another measurement
        try:
            yield upstream, Target("proxied", listener.getsockname()[1], f"/{SECRET}"), psutil.Process(proxy.pid)
        finally:
            for process in (proxy, up):
                process.send_signal(signal.SIGTERM)
                process.wait()
            reader.wait()
            os.close(told)
            listener.close()


def log_text(seed: int, size: int) -> str:
    lines = (f"2026-01-02T03:{n // 60:02d}:{n % 60:02d}Z INFO svc[{seed}] request {seed * 31 + n * 17} took {n % 90} ms" for n in range(size // 60))
    return "\n".join(lines)


def body(seed: int, new: int, tokens: int = 10_000) -> bytes:
    """A request of about so many tokens, of which a tool result of about ``new`` tokens has not been answered yet."""
    system = [{"type": "text", "text": "You are an agent, and this is said about your tools. " * ((tokens - new) * 4 // 52)}]
    messages: list[dict[str, Any]] = [{"role": "user", "content": f"Task {seed}: find out why this is slow."}]
    if new:
        messages += [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "cat app.log"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": log_text(seed, new * 21 // 10)}]},
        ]
    return json.dumps({"model": "claude-opus-4-8", "max_tokens": 100, "stream": True, "system": system, "messages": messages}).encode()


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


async def ttfb(direct: Target, proxied: Target, streams: int, count: int, make: Callable[[int], bytes]) -> dict[str, list[float]]:
    """Times to first byte, direct and proxied by turns, over so many connections each; of several each answer streams for 0.2 s."""
    times: dict[str, list[float]] = {direct.name: [], proxied.name: []}

    async def stream(number: int) -> None:
        pair = [await Connection(t).open() for t in (direct, proxied)]
        for turn in range(-20 // streams, count // streams):  # the first ones warm up
            request = make(number * 1_000_000 + turn)
            for connection in pair if turn % 2 else pair[::-1]:
                took = await connection.ask("/v1/messages?chunks=3" if streams == 1 else "/v1/messages?chunks=40&pause=5", request)
                if turn >= 0:
                    times[connection.target.name].append(took)
        for connection in pair:
            connection.writer.close()

    await asyncio.gather(*(stream(n) for n in range(streams)))
    return times


async def per_second(target: Target, seconds: float, connections: int = 10) -> float:
    """Small requests per second over some connections."""
    done = 0
    end = time.perf_counter() + seconds

    async def stream() -> None:
        nonlocal done
        connection = await Connection(target).open()
        while time.perf_counter() < end:
            await connection.ask("/v1/small?small=1", b"{}")
            done += 1
        connection.writer.close()

    await asyncio.gather(*(stream() for _ in range(connections)))
    return done / seconds


async def cpu_of(process: psutil.Process, work: Callable[[], Awaitable[object]]) -> float:
    """Seconds of CPU that a process spends while something is done."""
    before = process.cpu_times()
    await work()
    after = process.cpu_times()
    return after.user + after.system - before.user - before.system


async def paced(target: Target, streams: int, chunks: int) -> None:
    """Streams of single chunks, 2 ms between them, so that none is joined with the next."""

    async def stream() -> None:
        connection = await Connection(target).open()
        await connection.ask(f"/v1/messages?chunks={chunks}&pause=2", body(0, 0, 100))
        connection.writer.close()

    await asyncio.gather(*(stream() for _ in range(streams)))


async def large(target: Target, count: int) -> None:
    """Requests of 1 MB, one after another."""
    connection = await Connection(target).open()
    for n in range(count):
        await connection.ask("/v1/messages?chunks=3", body(n, 500, 250_000))
    connection.writer.close()


async def measure(arguments: argparse.Namespace, console: Console) -> None:
    with processes() as (direct, proxied, process):
        await asyncio.sleep(1.5)  # the worker warms up
        await ttfb(direct, proxied, 1, 20, lambda n: body(n, 1000))
        idle = process.memory_info().rss
        table = Table("measurement", "direct", "proxied", "added")
        kinds = [("nothing new", 0), ("1k tokens new, compressed inline", 1000), ("all 10k tokens new, compressed inline", 9500)]
        for streams in (1, arguments.streams):
            for name, new in kinds:
                times = await ttfb(direct, proxied, streams, arguments.requests, lambda n, new=new: body(n, new))  # type: ignore[misc]
                for label, share in (("p50", 0.5), ("p99", 0.99)):
                    one, other = (quantile(times[t.name], share) for t in (direct, proxied))
                    table.add_row(
                        f"first byte {label}, {streams} stream(s), 10k tokens, {name}", f"{one:.2f} ms", f"{other:.2f} ms", f"{other - one:.2f} ms"
                    )
        rates = [await per_second(t, 3) for t in (direct, proxied)]
        table.add_row("small requests per second, 10 connections", *(f"{r:.0f}" for r in rates), "")
        chunks = 400
        spent = await cpu_of(process, lambda: paced(proxied, arguments.streams, chunks))
        table.add_row("proxy's CPU per relayed chunk", "", f"{1e6 * spent / (chunks * arguments.streams):.0f} µs", "")
        workers = sum(w.memory_info().rss for w in process.children())
        table.add_row("RSS of the proxy / of its worker, warm", "", f"{idle >> 20} / {workers >> 20} MiB", "")
        await large(proxied, arguments.large // 2)
        before = process.memory_info().rss
        await large(proxied, arguments.large)
        grown = (process.memory_info().rss - before) / 1024
        table.add_row(f"RSS growth over {arguments.large} requests of 1 MB", "", f"{grown:.0f} KiB", f"{before >> 20} MiB before")
        console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=300, help="for each figure of time to first byte")
    parser.add_argument("--streams", type=int, default=10, help="at the same time, where it is more than one")
    parser.add_argument("--large", type=int, default=500, help="requests of 1 MB for the growth of memory")
    parser.add_argument("--upstream", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.upstream:
        asyncio.run(serve_upstream())
    else:
        asyncio.run(measure(arguments, Console(width=140)))


if __name__ == "__main__":
    main()
