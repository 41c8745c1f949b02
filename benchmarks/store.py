"""How long a store takes to keep an original with its decision, and to give it back: each backend, at 1, 8 and 32 writers, a process each.

python -m benchmarks.store [--seconds 5] [--writers 1 8 32] [--store NAME=URL ...]
python -m benchmarks.store --receipts 100000 [--store NAME=URL ...]

Without --store: SQLite in a temporary folder, and PostgreSQL and Redis started on this machine where they are installed, with the settings of
their packages but for the folder and the port (Redis: appendonly yes). *put* is one original of 8 KB and one decision, durable as the store's
settings make it; *get* is one original and one decision by their keys. With --receipts: how long the sums over so many take to tell, of 30 days in
sessions of 200, the first time and again.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks import fleet
from pipeline.store.api import Decision, Group, Receipt, Store
from pipeline.store.opening import open_store, redacted
from pipeline.usage import Usage

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

_LINES = 120
_SESSION = 200  # responses
_ROUNDS = 5
Times = tuple[list[float], list[float]]


def text_of(writer: int, number: int) -> str:
    """A log of about 8 KB, unlike every other one."""
    salt = hashlib.sha256(f"{writer} {number}".encode()).hexdigest()[:12]
    return "".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO svc[{n}] request {salt}{n:05d} took {n * 7 % 90} ms\n" for n in range(_LINES))


def write(where: str, writer: int, seconds: float, start: Barrier, out: multiprocessing.Queue[Times]) -> None:
    """One writer: puts and gets in turn for so many seconds."""
    store = open_store(where, patience=60.0)
    store.decisions(["warm"])
    start.wait()
    puts, gets, number, end = [], [], 0, time.monotonic() + seconds
    while time.monotonic() < end:
        text, key = text_of(writer, number), f"{writer}-{number}"
        began = time.perf_counter()
        handle = store.put_original(text)
        store.freeze([Decision(key, text[:2000], "compressed", "log", handle)])
        done = time.perf_counter()
        store.original(handle)
        store.decisions([key])
        gets.append(time.perf_counter() - done)
        puts.append(done - began)
        number += 1
    store.close()
    out.put((puts, gets))


def measure(where: str, writers: int, seconds: float) -> Times:
    """All durations of so many writers at once."""
    context = multiprocessing.get_context("spawn")
    start, out = context.Barrier(writers), context.Queue()
    processes = [context.Process(target=write, args=(where, n, seconds, start, out)) for n in range(writers)]
    for process in processes:
        process.start()
    times = [out.get(timeout=seconds + 120) for _ in processes]
    for process in processes:
        process.join()
    return [t for puts, _ in times for t in puts], [t for _, gets in times for t in gets]


def fill(store: Store, number: int) -> None:
    """Receipts of 30 days up to now."""
    began, sessions = time.time() - 30 * 86400, max(1, number // _SESSION)
    for n in range(number):
        session, turn = divmod(n, _SESSION)
        at = began + session * 29 * 86400 / sessions + turn * 60
        agent, model = ("claude", "codex")[session % 2], ("opus", "sonnet", "haiku")[n % 3]
        usage, compressors = Usage(10, 200, 0, 90_000, 300), (("log", n % 5000), ("code", 500))
        made = Receipt(f"m{n}", f"s{session}", at, agent, model, f"/p/{session % 20}", usage, 0.0123, 0.0234, compressors=compressors)
        store.add_receipt(made)


def tell(store: Store) -> tuple[float, float]:
    """Milliseconds that sums took by the clock, and of this process's processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    store.totals(Group.MODEL)
    return (time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000


@contextlib.contextmanager
def stores(named: list[str]) -> Iterator[dict[str, list[str]]]:
    """URLs by name, as many of each as there are to be had; those that are told, or all that can be started here."""
    if named:
        yield {name: [where] for name, _, where in (entry.partition("=") for entry in named)}
        return
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        found = {"SQLite": [f"{folder}/{n}/headroom.db" for n in range(10)]}
        for kind in (fleet.Postgres, fleet.Redis):
            if kind.__name__.lower() not in fleet.missing():
                server = stack.enter_context(fleet.running(kind))
                found[kind.__name__] = [server.database() for _ in range(10)]
        yield found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--store", action="append", default=[], metavar="NAME=URL")
    parser.add_argument("--json", type=Path, default=None, help="also write the figures there")
    parser.add_argument("--receipts", type=int, default=0, metavar="N", help="measure sums over N receipts instead")
    options = parser.parse_args()
    if options.receipts:
        Console().print(sums(options.store, options.receipts))
        return
    table = Table(*("store", "writers", "put p50 ms", "p99", "get p50 ms", "p99", "puts/s"))
    figures = []
    with stores(options.store) as found:
        for name, places in found.items():
            for round_, writers in enumerate(options.writers):
                puts, gets = measure(places[min(round_, len(places) - 1)], writers, options.seconds)
                row = [*quantiles(puts), *quantiles(gets), len(puts) / options.seconds]
                figures.append({"store": name, "writers": writers, "where": redacted(places[0]), "ms": row})
                table.add_row(name, str(writers), *(f"{value:.2f}" for value in row[:4]), f"{row[4]:.0f}")
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def sums(named: list[str], number: int) -> Table:
    """What sums over so many receipts take, in each store."""
    table = Table("store", "first ms", "processor", "again ms", "processor")
    with stores(named) as found:
        for name, places in found.items():
            store = open_store(places[0], patience=60.0)
            fill(store, number)
            first, again = tell(store), [tell(store) for _ in range(_ROUNDS)]
            table.add_row(name, *(f"{value:.0f}" for value in (*first, *map(statistics.median, zip(*again, strict=True)))))
            store.close()
    return table


def quantiles(seconds: list[float]) -> tuple[float, float]:
    """The median and the 99th percentile in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000


if __name__ == "__main__":
    main()
