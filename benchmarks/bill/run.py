"""Replays sessions through targets, one after another, and prints what they cost."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table

from benchmarks.bill.figures import Bill, against_direct, groups, ratio
from benchmarks.bill.generate import generated, plans
from benchmarks.bill.recorded import from_cases, from_requests
from benchmarks.bill.replay import Refused, Result, count, replay
from benchmarks.bill.session import Session
from benchmarks.bill.targets import DIRECT, Target
from pipeline.usage import Usage

_SHELL = "shell"
_PROFILES = ("lossless", "balanced", _SHELL, "aggressive", "off")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bill", description="What whole sessions cost, direct and through proxies.")
    parser.add_argument(
        "--profile", nargs="*", choices=_PROFILES, default=_PROFILES, help="of our proxy; shell: balanced without our tools; off relays untouched"
    )
    parser.add_argument("--proxy", action="append", default=[], metavar="NAME=URL|COMMAND", help="another proxy; {upstream} and {port} in a command")
    parser.add_argument("--seed", type=int, default=0, help="of the generated sessions")
    parser.add_argument("--turns", type=int, default=300, help="leave out longer generated sessions")
    parser.add_argument("--wire", nargs="*", choices=("anthropic", "openai", "gemini"), help="only these APIs")
    parser.add_argument("--cases", type=Path, help="conversations of compression's cases, a JSON object a line")
    parser.add_argument("--requests", type=Path, nargs="*", default=[], help="recorded sessions, see recorded.py")
    parser.add_argument("--no-generated", action="store_true", help="only what the files hold")
    parser.add_argument("--retrievals", type=float, default=0.05, metavar="SHARE", help="of shortened tool results that the model fetches from")
    parser.add_argument("--worker-s", type=float, default=0.0, help="time for compression, where the machine is busy with other things")
    parser.add_argument("--rows", type=Path, help="where a JSON object for each request is written")
    arguments = parser.parse_args()
    targets = [_ours(name, arguments.worker_s) for name in arguments.profile] + [_other(text) for text in arguments.proxy]
    console = Console(width=170, highlight=False)
    with open(arguments.rows or "/dev/null", "w", encoding="utf-8") as rows:
        bills = asyncio.run(_run(list(_sessions(arguments)), targets, arguments.retrievals, rows, console))
    report(bills, [t.name for t in targets], console)


def _ours(profile: str, worker_s: float) -> Target:
    if profile == _SHELL:
        return Target("balanced, shell", "balanced", worker_s=worker_s, by_shell=True)
    return Target(profile, profile, worker_s=worker_s)


def _other(text: str) -> Target:
    name, _, how = text.partition("=")
    return Target(name, address=how.rstrip("/")) if how.startswith(("http://", "https://")) else Target(name, command=how)


def _sessions(arguments: argparse.Namespace) -> Iterator[Session]:
    made: list[Session] = [] if arguments.no_generated else [generated(plan) for plan in plans(arguments.seed, arguments.turns)]
    if arguments.cases:
        made += from_cases(arguments.cases)
    made += [from_requests(path) for path in arguments.requests]
    return (session for session in made if not arguments.wire or session.wire in arguments.wire)


async def _run(sessions: Sequence[Session], targets: Sequence[Target], rate: float, rows: TextIO, console: Console) -> list[Bill]:
    bills = []
    for session in sessions:
        try:
            direct = await replay(session, DIRECT)
        except Refused as refusal:
            console.print(f"not a valid session: {refusal}")
            continue
        largest = max(row.usage.prompt for row in direct.rows)
        results = {"direct": direct}
        for target in targets:
            try:
                results[target.name] = await replay(session, target, direct=direct, rate=rate if target.retrieves else 0.0)
            except Refused as refusal:  # direct it was answered: this target's fault
                console.print(f"  FAILED {refusal}")
        bills += [bill(session, name, result, largest) for name, result in results.items()]
        rows.writelines(row.line() + "\n" for result in results.values() for row in result.rows)
        rows.flush()
        count.cache_clear()
        _say(session, results, bills[-len(results) :], console)
    return bills


def bill(session: Session, target: str, result: Result, largest: int) -> Bill:
    """The sum over a session's rows."""
    rows = result.rows
    return Bill(
        session=session.name,
        kind=session.kind,
        wire=session.wire,
        target=target,
        tool_heavy=session.tool_heavy,
        largest=largest,
        usage=sum((row.usage for row in rows), Usage()),
        first=rows[0].usage.prompt,
        dollars=sum(row.dollars for row in rows),
        broken=sum(row.broken for row in rows),
        requests=sum(row.requests for row in rows),
        extra=sum(row.extra for row in rows),
        seconds=sum(row.seconds for row in rows),
    )


def _say(session: Session, results: dict[str, Result], bills: Sequence[Bill], console: Console) -> None:
    direct = bills[0]
    console.print(f"{session.name}: {direct.requests} requests, up to {direct.largest:,} tokens, ${direct.dollars:.3f} direct")
    for one in bills[1:]:
        result = results[one.target]
        what = ", ".join(f"{reason} {number}" for reason, number in Counter(result.reasons).most_common(5))
        console.print(f"  {one.target:15} {one.dollars / direct.dollars:.4f}  cache broken {one.broken}  extra {one.extra}  {what}")
        for trouble in result.troubles:
            console.print(f"    {trouble}")


def report(bills: Iterable[Bill], targets: Sequence[str], console: Console) -> None:
    """Print the tables."""
    found = list(bills)
    classes = Table("target", "dollars", "input", "write 5 m", "write 1 h", "read", "output", "cache broken", "requests", "extra", "ms a request")
    for name in ("direct", *targets):
        own = [b for b in found if b.target == name]
        usage = sum((b.usage for b in own), Usage())
        counts = (usage.input, usage.cache_write_5m, usage.cache_write_1h, usage.cache_read, usage.output, sum(b.broken for b in own))
        requests = sum(b.requests for b in own)
        seconds = sum(b.seconds for b in own)
        classes.add_row(
            name,
            f"{sum(b.dollars for b in own):.2f}",
            *(f"{n:,}" for n in counts),
            f"{requests:,}",
            f"{sum(b.extra for b in own)}",
            f"{1000 * seconds / max(requests, 1):.1f}",
        )
    console.print(classes)
    ratios = Table("target", "sessions", "number", "geometric mean", "95 %", "worst", "session", "dearer", "first prompt")
    for name in targets:
        pairs = against_direct(found, name)
        for label, chosen in groups(found):
            within = [pair for pair in pairs if chosen(pair[0])]
            if not within:
                continue
            r = ratio(within)
            first = sum(ours.first for _, ours in within) / sum(direct.first for direct, _ in within)
            interval = f"{r.low:.3f}-{r.high:.3f}"
            ratios.add_row(name, label, str(r.sessions), f"{r.mean:.4f}", interval, f"{r.worst[0]:.4f}", r.worst[1], str(r.dearer), f"{first:.4f}")
    console.print(ratios)
