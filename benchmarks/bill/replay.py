"""Sends the requests of a session through a target and notes what the provider bills for each.

Times in the cache are those of the session, not of the clock on the wall. What we add to a session is in it: our tools, a note on them, and at
a given rate a turn in which the model fetches the largest part that was left out of a tool result, whose answer stays in the conversation.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.bill.outputs import Call
from benchmarks.bill.session import Body, Session, Step
from benchmarks.bill.targets import DIRECT, SHELL, Running, Target
from benchmarks.bill.wires import WIRES, chain
from headroom.testing import Answer, Ask, Script
from headroom.testing.charge import Charge
from headroom.testing.record import Recorded
from headroom.testing.script import Reply
from headroom.testing.server import Provider
from headroom_wrap.cli.show import printed
from headroom_wrap.mcp.tools import INSTRUCTIONS, TOOLS, Tools
from pipeline import ccr, tokens
from pipeline.prices import cost, price_of
from pipeline.store.sqlite import SqliteStore
from pipeline.usage import Usage

_LEFT_OUT = re.compile(rb"\[headroom ([0-9a-f]{8,64}): \d+ of \d+ \w+ left out[^\[\]]{0,400}?(?: lines=| --lines )(\d+(?:-\d+)?)")
_PLACE = re.compile(r"(messages|input|contents)\[(\d+)\]")
_PREFIX = "mcp__headroom__"
_RETRIEVE = f"{_PREFIX}headroom_retrieve"
_OURS = [
    {"name": f"{_PREFIX}{t['name']}", "description": t["description"], "input_schema": t["inputSchema"]} for t in TOOLS[:1]
]  # as sessions have it
_THINKS_S = 3.0
_WORKSPACE = "/home/dev/shop"

count = lru_cache(maxsize=100_000)(tokens.count)


@dataclass(frozen=True)
class Row:
    """What one request of a session was billed.

    Args:
        session, kind, wire, target: of which session through what.
        number: of the step that the agent sent it for, counted from 0.
        extra: it is there because of us.
        usage: tokens by class.
        dollars: at list price.
        broken: tokens that were not read from the cache although they are direct, or although our last request has left them there.
        seconds: from the request to the end of its response, on the wall.
        requests: how many reached the provider.
    """

    session: str
    kind: str
    wire: str
    target: str
    number: int
    extra: bool
    usage: Usage
    dollars: float
    broken: int
    seconds: float
    requests: int

    def line(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))


class Refused(Exception):
    """The provider did not answer with status 200."""


class _Playback(Script):
    """Answers every request with the blocks in ``answer``, which the next request repeats: there are proxies that compare."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Sequence[Body] = ()

    def is_aside(self, ask: Ask) -> bool:
        return False

    def reply(self, ask: Ask) -> Reply:
        return Answer(self.answer)


@dataclass(frozen=True)
class Result:
    """A session through a target.

    Args:
        rows: of its requests.
        reads: for each step the path of the last block that was wholly read from the cache, ``""`` if none was.
        reasons, troubles: see ``targets.Running``.
    """

    rows: list[Row]
    reads: list[str]
    reasons: Mapping[str, int]
    troubles: Sequence[str]


async def replay(session: Session, target: Target, *, direct: Result | None = None, rate: float = 0.0) -> Result:
    """A whole session.

    Args:
        session: whose requests are sent.
        target: through what.
        direct: the same session sent direct, for what should be read from the cache.
        rate: the share of tool results with something left out of them whose largest gap the model fetches.

    Raises:
        Refused: a request was not answered.
    """
    wire = WIRES[session.wire]
    script = _Playback()
    player = _Player(session, target, script, direct.reads if direct else [], rate)
    async with (
        wire.provider(script, count, lambda: player.now) as provider,
        target.serving(provider.url, wire.tool_kinds, _WORKSPACE) as running,
        aiohttp.ClientSession(headers=wire.headers, timeout=aiohttp.ClientTimeout(total=None)) as client,
    ):
        await player.play(provider, running, client)
    return Result(player.rows, player.reads, running.reasons, running.troubles)


@dataclass(frozen=True)
class _Request:
    """A request as the agent sends it through a target.

    Args:
        number: of the step that it is for.
        body: with what we add.
        answer: the blocks that the model answers.
        shifts: by how much each item of the step's body has moved.
        expected: tokens that should be read from the cache; -1 asks the direct path.
        extra: it is there because of us.
    """

    number: int
    body: Body
    answer: Sequence[Body]
    shifts: Sequence[int] = ()
    expected: int = -1
    extra: bool = False


class _Player:
    def __init__(self, session: Session, target: Target, script: _Playback, direct_reads: Sequence[str], rate: float) -> None:
        self.now = 0.0
        self.rows: list[Row] = []
        self.reads: list[str] = []
        self._session, self._target, self._wire, self._script = session, target, WIRES[session.wire], script
        self._direct_reads, self._rate = direct_reads, rate
        self._step = self._wire.step(session.model)
        self._added: dict[bytes, list[dict[str, Any]]] = {}  # conversation up to an item -> what we have put behind it
        self._asked: dict[bytes, bool] = {}  # handles that the model has seen
        self._loaded = False
        price = price_of(session.model)
        if price is None:
            raise ValueError(f"{session.model} has no price")
        self._price = price

    async def play(self, provider: Provider, running: Running, client: aiohttp.ClientSession) -> None:
        self._provider, self._running, self._client = provider, running, client
        for number, step in enumerate(self._session.steps()):
            self.now = max(step.at, self.now)
            body, shifts = self._ours(step.body)
            sent = await self._send(_Request(number, body, step.answer, shifts))
            if self._rate:
                await self._fetch(number, step, body, sent)

    def _ours(self, body: Body) -> tuple[Body, list[int]]:
        """The request as the agent sends it with us, and by how much each of its items has moved."""
        if not self._target.retrieves:
            return body, []
        items: list[dict[str, Any]] = []
        shifts = []
        given = body[self._wire.items_key]
        links = chain(given) if self._added else []
        for index, item in enumerate(given):
            shifts.append(len(items) - index)
            items.append(item)
            if links and index < len(given) - 1:
                items += self._added.get(links[index], [])
        return self._with_tools(body, items), shifts

    def _with_tools(self, body: Body, items: list[dict[str, Any]]) -> Body:
        if not self._target.offers_tools:
            return self._wire.with_items(body, items, [], "") if len(items) > len(body[self._wire.items_key]) else body
        # Claude Code names tools of servers in a message and loads their schemas when they are wanted; the others send them always.
        if self._wire.name == "anthropic":
            return self._wire.with_items(body, items, [], f"{INSTRUCTIONS}\n" + "\n".join(t["name"] for t in _OURS))
        return self._wire.with_items(body, items, _OURS, INSTRUCTIONS)

    async def _send(self, request: _Request) -> Recorded:
        """Sends a request and notes a row. Returns what reached the provider last."""
        self._script.answer = request.answer
        data = json.dumps(request.body).encode()
        began = time.perf_counter()
        async with self._client.post(self._running.base + self._wire.path(self._session.model), data=data) as response:
            said = await response.read()
            if response.status != 200:
                raise Refused(f"{self._session.name} through {self._target.name}, request {request.number}: {response.status} {said[:300]!r}")
        seconds = time.perf_counter() - began
        records = [r for r in self._provider.requests if r.charge is not None]
        self._provider.requests.clear()
        blocks = self._wire.blocks(records[-1].body, count)
        self._prompt = sum(size for _, size in blocks)
        self.rows.append(
            Row(
                session=self._session.name,
                kind=self._session.kind,
                wire=self._session.wire,
                target=self._target.name,
                number=request.number,
                extra=request.extra,
                usage=sum((r.usage for r in records), Usage()),
                dollars=sum(cost(r.usage, self._price) for r in records),
                broken=self._broken(request, blocks, records[-1]),
                seconds=seconds,
                requests=len(records),
            )
        )
        return records[-1]

    def _broken(self, request: _Request, blocks: Sequence[tuple[str, int]], sent: Recorded) -> int:
        """Tokens that should have been read from the cache and were not."""
        if self._target is DIRECT:
            self.reads.append(_whole(blocks, sent.charge, self._step))
            return 0
        expected = request.expected
        if expected < 0:
            expected = _up_to(blocks, _moved(self._direct_reads[request.number], request.shifts))
        return max(0, expected // self._step * self._step - sent.usage.cache_read)

    # ----- what is fetched ------------------------------------------------------------------------------------------------------------

    async def _fetch(self, number: int, step: Step, body: Body, sent: Recorded) -> None:
        """Where the model wants to see what was left out of a new tool result: the turns that this takes, once for each result."""
        if self._running.database is None:
            return
        for handle, lines in _LEFT_OUT.findall(sent.raw):
            if handle in self._asked:
                continue
            self._asked[handle] = True
            if _share(handle) >= self._rate:
                continue
            wanted = {"handle": handle.decode(), "lines": lines.decode()}
            if self._target.by_shell:
                command = "headroom show {handle} --lines {lines}".format(**wanted)
                body = await self._extra(number, step, body, (SHELL, {"command": command}, _shown(self._running.database, **wanted)))
                continue
            store = SqliteStore.open(self._running.database)
            tools = Tools(lambda: store, lambda *_: "")  # noqa: B023 - used before the next turn of the loop
            found = tools.call("headroom_retrieve", wanted)
            tools.close()
            if self._wire.name == "anthropic" and not self._loaded:
                self._loaded = True
                body = await self._extra(number, step, body, ("ToolSearch", {"query": f"select:{_RETRIEVE}"}, json.dumps(_OURS[0])))
            body = await self._extra(number, step, body, (_RETRIEVE, wanted, found))

    async def _extra(self, number: int, step: Step, body: Body, call: Call) -> Body:
        """One call of a tool of ours. Returns the request that carried its result."""
        name, arguments, result = call
        call_id = f"toolu_ours_{len(self.rows):05}"
        block = {"type": "tool_use", "id": call_id, "name": name, "input": arguments}
        messages = [
            {"role": "assistant", "content": [block]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call_id, "content": result}]},
        ]
        pair = self._wire.translate(messages)
        self._added.setdefault(chain(step.body[self._wire.items_key])[-1], []).extend(pair)
        body = self._wire.with_items(body, [*body[self._wire.items_key], *pair], [], "")
        self.now += _THINKS_S
        await self._send(_Request(number, body, [block], expected=self._prompt, extra=True))
        return body


def _shown(database: Path, handle: str, lines: str) -> str:
    """What ``headroom show`` prints."""
    with closing(SqliteStore.open(database)) as store:
        return printed(ccr.retrieve(store, handle, lines))


def _share(handle: bytes) -> float:
    """A number from 0 to 1 that is always the same for a handle."""
    return int.from_bytes(hashlib.blake2b(handle, digest_size=4).digest(), "big") / 2**32


def _whole(prompt: Sequence[tuple[str, int]], charge: Charge | None, step: int) -> str:
    """The last block of which all was in the cache: what is read is rounded down to ``step`` tokens."""
    if charge is None or not charge.usage.cache_read:
        return ""
    total, found = 0, ""
    for path, size in prompt:
        total += size
        if path == charge.broke_at or total > charge.usage.cache_read + step - 1:
            break
        if size:  # settings have no length, and what we add may stand before them
            found = path
    return found


def _moved(path: str, shifts: Sequence[int]) -> str:
    """The path of a block after items were put before it."""
    match = _PLACE.match(path)
    if match is None or int(match[2]) >= len(shifts):
        return path
    number = int(match[2])
    return f"{match[1]}[{number + shifts[number]}]{path[match.end() :]}"


def _up_to(prompt: Sequence[tuple[str, int]], path: str) -> int:
    """Tokens up to the end of a block; 0 if it is not there."""
    total = 0
    for found, size in prompt:
        total += size
        if found == path:
            return total
    return 0
