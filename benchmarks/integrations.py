"""What an integration costs per call: the bare client and the wrapped one in turn, in one run.

    python -m benchmarks.integrations [--calls 60] [--turns 30]

The API is a process of its own on loopback that answers at once. Times are wall clock of a whole call, medians. Three kinds of call: one with
nothing to shorten; a conversation of some turns that was sent before, as with every further turn of it; the same with a tool result at its end that
nobody has seen.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from headroom import tools, with_headroom
from headroom.integrations.asgi import HeadroomMiddleware
from pipeline.store.sqlite import SqliteStore

ANSWERS = {
    "chat/completions": {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}],
    },
    "messages": {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "ok"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
    "generateContent": {"candidates": [{"content": {"role": "model", "parts": [{"text": "ok"}]}, "finishReason": "STOP"}]},
}


Messages = list[dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A client of one API.

    Args:
        name: for the table.
        api: see ``headroom.tools``.
        bare, wrapped: send messages.
        tell: a tool call and its result as messages.
    """

    name: str
    api: str
    bare: Callable[[Messages], Any]
    wrapped: Callable[[Messages], Any]
    tell: Callable[[int, str], Messages]


def log(seed: int) -> str:
    pick = random.Random(seed)
    return "\n".join(f"2026-01-01T00:{n // 60:02d}:{n % 60:02d}Z INFO worker[{pick.randrange(7)}] request {n + seed} done" for n in range(200))


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.close()
            return
        length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        await reader.readexactly(length)
        path = head.split(b" ", 2)[1].decode()
        body = json.dumps(next(said for end, said in ANSWERS.items() if end in path)).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))


async def serve() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=1 << 24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until who started us ends


def chat(url: str, store: SqliteStore) -> Case:
    import openai

    client = openai.OpenAI(base_url=url + "/v1", api_key="k", max_retries=0)
    made = with_headroom(client, store=store)

    def send(used: Any) -> Callable[[Messages], Any]:
        return lambda messages: used.chat.completions.create(model="m", messages=messages, tools=tools("openai-chat"))

    def tell(n: int, text: str) -> Messages:
        call = {"id": f"c{n}", "type": "function", "function": {"name": "read_log", "arguments": json.dumps({"n": n})}}
        return [{"role": "assistant", "content": None, "tool_calls": [call]}, {"role": "tool", "tool_call_id": f"c{n}", "content": text}]

    return Case("openai", "openai-chat", send(client), send(made), tell)


def messages(url: str, store: SqliteStore) -> Case:
    import anthropic

    client = anthropic.Anthropic(base_url=url, api_key="k", max_retries=0)
    made = with_headroom(client, store=store)

    def send(used: Any) -> Callable[[Messages], Any]:
        return lambda messages: used.messages.create(model="m", max_tokens=9, messages=messages, tools=tools("anthropic"))

    def tell(n: int, text: str) -> Messages:
        return [
            {"role": "assistant", "content": [{"type": "tool_use", "id": f"c{n}", "name": "read_log", "input": {"n": n}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"c{n}", "content": text}]},
        ]

    return Case("anthropic", "anthropic", send(client), send(made), tell)


def gemini(url: str, store: SqliteStore) -> Case:
    from google import genai

    client = genai.Client(api_key="k", http_options={"base_url": url})
    made = with_headroom(client, store=store)
    config: Any = {"tools": tools("gemini"), "automatic_function_calling": {"disable": True}}

    def send(used: Any) -> Callable[[Messages], Any]:
        def one(given: Messages) -> Any:
            contents = [{"role": m["role"], "parts": [{"text": m["content"]}]} if "content" in m else m for m in given]
            return used.models.generate_content(model="m", contents=contents, config=config)

        return one

    def tell(n: int, text: str) -> Messages:
        return [
            {"role": "model", "parts": [{"function_call": {"name": "read_log", "args": {"n": n}}}]},
            {"role": "user", "parts": [{"function_response": {"name": "read_log", "response": {"output": text}}}]},
        ]

    return Case("google-genai", "gemini", send(client), send(made), tell)


def middleware(url: str, store: SqliteStore) -> Case:
    """The middleware around an application that reads the body and answers: no network at all."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    loop = asyncio.new_event_loop()

    def sending(used: Any) -> Callable[[Messages], Any]:
        def one(given: Messages) -> Any:
            body = json.dumps({"model": "m", "messages": given, "tools": tools("anthropic")}).encode()
            scope = {"type": "http", "method": "POST", "path": "/v1/messages", "headers": [(b"content-length", str(len(body)).encode())]}

            async def receive() -> dict[str, Any]:
                return {"type": "http.request", "body": body, "more_body": False}

            async def send(message: dict[str, Any]) -> None:
                pass

            return loop.run_until_complete(used(scope, receive, send))

        return one

    return Case("asgi", "anthropic", sending(app), sending(HeadroomMiddleware(app, store=store)), messages(url, store).tell)


def measure(case: Case, calls: int, turns: int) -> list[tuple[str, float, float]]:
    question: Messages = [{"role": "user", "content": "What failed?"}]
    long = question + [message for n in range(turns) for message in case.tell(n, log(n))]
    fresh = iter(range(10_000, 10_000_000))

    def new() -> Messages:
        return long + case.tell(turns, log(next(fresh)))

    kinds: list[tuple[str, Callable[[], Messages]]] = [
        ("nothing to shorten", lambda: question),
        (f"{turns} turns, seen", lambda: long),
        ("and a new one", new),
    ]
    rows = []
    for kind, make in kinds:
        took: dict[str, list[float]] = {"bare": [], "wrapped": []}
        for number in range(calls + 5):
            given = make()
            for name, send in (("bare", case.bare), ("wrapped", case.wrapped)):
                began = time.perf_counter()
                send(given)
                if number >= 5:
                    took[name].append(time.perf_counter() - began)
        rows.append((kind, statistics.median(took["bare"]) * 1000, statistics.median(took["wrapped"]) * 1000))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--turns", type=int, default=30)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    table = Table("client", "call", "bare ms", "wrapped ms", "added ms", "ratio")
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.integrations", "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        with tempfile.TemporaryDirectory() as folder:
            store = SqliteStore.open(Path(folder) / "state" / "headroom.db")
            for make in (chat, messages, gemini, middleware):
                case = make(url, store)
                for kind, bare, wrapped in measure(case, options.calls, options.turns):
                    table.add_row(case.name, kind, f"{bare:.2f}", f"{wrapped:.2f}", f"{wrapped - bare:+.2f}", f"{wrapped / bare:.2f}")
            store.close()
        server.communicate()
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
