"""Replays against the scripted providers: direct and off cost the same, a broken cache is seen, what is fetched stays in the conversation."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession, web

from benchmarks.bill.generate import Plan, generated
from benchmarks.bill.recorded import from_cases, from_requests
from benchmarks.bill.replay import replay
from benchmarks.bill.run import _other, bill
from benchmarks.bill.session import Session
from benchmarks.bill.targets import DIRECT, Running, Target
from benchmarks.bill.wires import WIRES

pytestmark = pytest.mark.slow


def session(wire="anthropic", turns=5, model=0):
    return generated(Plan("investigation", wire, WIRES[wire].models[model], 4, turns))


@dataclass(frozen=True)
class _Careless(Target):
    """A proxy that puts a number into every request's first message."""

    @asynccontextmanager
    async def serving(self, upstream, tool_kinds, workspace):
        numbers = iter(range(1000))

        async def handle(request):
            body = await request.json()
            body["messages"][0]["content"].insert(0, {"type": "text", "text": f"Request {next(numbers)}. "})
            headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "content-length")}
            async with ClientSession() as client, client.post(upstream + request.path_qs, json=body, headers=headers) as response:
                return web.Response(body=await response.read(), status=response.status)

        app = web.Application(client_max_size=1 << 28)
        app.router.add_post("/{path:.*}", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Running(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await runner.cleanup()


@pytest.mark.parametrize(("wire", "model"), [("anthropic", 0), ("openai", 0), ("openai", 1), ("gemini", 0)])
async def test_a_session_sent_twice_costs_the_same_and_breaks_nothing(wire, model):
    direct = await replay(session(wire, model=model), DIRECT)
    again = await replay(session(wire, model=model), Target("again"), direct=direct)
    assert [row.usage for row in again.rows] == [row.usage for row in direct.rows]
    assert sum(row.broken for row in again.rows) == 0
    assert sum(row.usage.cache_read for row in direct.rows) > 0


async def test_a_proxy_that_changes_the_head_of_each_prompt_is_caught():
    direct = await replay(session(), DIRECT)
    careless = await replay(session(), _Careless("careless"), direct=direct)
    lost = sum(row.broken for row in careless.rows)
    written = [sum(row.usage.cache_write_5m for row in result.rows) for result in (direct, careless)]
    assert lost > 0.9 * (written[1] - written[0]) > 10_000


async def test_off_is_the_same_and_balanced_is_cheaper():
    direct = await replay(session(), DIRECT)
    off = await replay(session(), Target("off", "off"), direct=direct)
    assert [row.usage for row in off.rows] == [row.usage for row in direct.rows]
    ours = await replay(session(), Target("balanced", "balanced", worker_s=20), direct=direct, rate=1.0)
    bills = [bill(session(), name, result, 0) for name, result in (("direct", direct), ("balanced", ours))]
    assert bills[1].dollars < bills[0].dollars
    assert bills[1].broken == 0
    assert bills[1].extra >= 2  # the tool is loaded, then called
    assert bills[1].requests == bills[0].requests + bills[1].extra
    assert ours.reasons["compressed"] >= 1


@pytest.mark.parametrize("wire", ["anthropic", "gemini"])
async def test_by_the_shell_nothing_is_declared_and_what_is_fetched_is_a_call_of_the_shell(wire):
    direct = await replay(session(wire), DIRECT)
    ours = await replay(session(wire), Target("balanced, shell", "balanced", worker_s=20, by_shell=True), direct=direct, rate=1.0)
    bills = [bill(session(wire), name, result, 0) for name, result in (("direct", direct), ("balanced, shell", ours))]
    assert bills[1].first == bills[0].first
    assert bills[1].dollars < bills[0].dollars
    assert bills[1].broken == 0
    assert bills[1].extra >= 1
    assert ours.reasons["compressed"] >= 1


def test_files_of_cases_and_of_requests(tmp_path):
    call = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}
    messages = [
        {"role": "user", "content": "What is there?"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "a\nb"}]},
    ]
    cases = tmp_path / "cases.jsonl"
    cases.write_text("\n".join(json.dumps(c) for c in ({"id": "1", "kind": "listing", "messages": messages}, {"id": "2", "format": "openai"})))
    [case] = from_cases(cases)
    assert [len(step.body["messages"]) for step in case.steps()] == [1, 3, 5]
    requests = tmp_path / "mine.jsonl"
    requests.write_text("\n".join(json.dumps({"at": s.at, "body": s.body, "wire": "anthropic", "model": "claude-opus-4-8"}) for s in case.steps()))
    recorded = from_requests(requests)
    assert isinstance(recorded, Session)
    assert [step.body for step in recorded.steps()] == [step.body for step in case.steps()]


def test_another_proxy_is_an_address_or_a_command():
    assert _other("x=http://127.0.0.1:9/").address == "http://127.0.0.1:9"
    assert _other("x=prog --to {upstream}").command == "prog --to {upstream}"
