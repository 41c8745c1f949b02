"""How fast agents' transcripts are read and how much memory that takes: MB/s and peak resident memory of each reader, in a process of its own.

python -m benchmarks.learn --megabytes 200 --agents claude,codex

The transcripts are generated, the same for the same seed: sessions of commands, reads and edits, with results of a median of 2 KB of which some
are as large as a megabyte, in the rows that each agent writes, with what it writes besides (usage, repetitions, reminders).
"""

from __future__ import annotations

import argparse
import json
import math
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from headroom_wrap.learn.model import Skipped, ToolUse
from headroom_wrap.learn.readers.registry import READERS
from headroom_wrap.learn.survey import Survey

AGENTS = tuple(READERS)
_TURNS = 120  # calls in a session
_LARGEST = 1 << 20
_PROJECT = "/home/ada/src/billing"
_LINES = (
    "2026-03-14T08:00:{n:02d}.331Z INFO  billing GET /v1/search 200 {n} ms request_id=9531985d5d{n:06x}\n",
    'src/mod_{n}/handlers.py:{n}:    return round_amount(order.total, {n})  # see "rounding"\n',
    "tests/test_ledger.py::test_rule_{n} PASSED [{n}%]\n",
    '\t{{"id": {n}, "name": "order-{n}", "state": "open", "path": "C:\\\\data\\\\{n}"}}\n',
    "E   AssertionError: assert Decimal('1299.{n:02d}') == Decimal('1298.99') – größer\n",
)
_COMMANDS = (
    "cat src/mod_{n}/app.log",
    "rg -n round_amount_{n} src | head -50",
    "cd services/{n} && python -m pytest -q -k 'rule and not {n}' 2>&1 | tail -40",
    "make test N={n}",
    "git diff --stat HEAD~{n} -- src",
    "ls -la src/mod_{n}",
)


class Calls:
    """Made-up calls of tools, one after another, with their times."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 1_790_000_000.0

    def __iter__(self) -> Iterator[tuple[str, str, str, int]]:
        """Id, command, result, exit status."""
        while True:
            self.now += self.random.uniform(0.5, 20)
            size = min(int(math.exp(self.random.gauss(7.6, 1.4))), _LARGEST)
            line = self.random.choice(_LINES)
            lines = max(size // len(line), 1)
            text = "".join(line.format(n=(n * 7) % 97) for n in range(lines))
            yield (
                f"call_{self.random.getrandbits(96):024x}",
                self.random.choice(_COMMANDS).format(n=self.random.getrandbits(30)),
                text,
                int(self.random.random() < 0.2),
            )

    def stamp(self) -> str:
        return datetime.fromtimestamp(self.now, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Rows = Callable[[Calls], Iterator[dict[str, Any]]]


def claude(calls: Calls) -> Iterator[dict[str, Any]]:
    rest = {"userType": "external", "cwd": _PROJECT, "sessionId": "5f0c", "version": "2.1.197", "gitBranch": "HEAD"}
    yield {"type": "user", "message": {"role": "user", "content": "Which invoice failed?"}, "uuid": "u0", "timestamp": calls.stamp(), **rest}
    usage = {"input_tokens": 4, "cache_creation_input_tokens": 900, "cache_read_input_tokens": 90000, "output_tokens": 80, "service_tier": "standard"}
    for call, command, text, status in calls:
        message = {"model": "m", "id": f"msg_{call}", "type": "message", "role": "assistant", "usage": usage}
        use = {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": command, "description": "Look"}}
        for block in ({"type": "thinking", "thinking": "I look at it. " * 40, "signature": "c2ln" * 200}, use):
            yield {"parentUuid": "p", "message": {**message, "content": [block]}, "type": "assistant", "timestamp": calls.stamp(), **rest}
        content = f"Exit code 1\n{text}" if status else text
        result = {"type": "tool_result", "content": content, "is_error": bool(status), "tool_use_id": call}
        said = {"stdout": text, "stderr": "", "interrupted": False}
        yield {"type": "user", "message": {"role": "user", "content": [result]}, "timestamp": calls.stamp(), "toolUseResult": said, **rest}
        if calls.random.random() < 0.2:
            yield {"attachment": {"type": "reminder", "content": "The tools have not been used. " * 60}, "type": "attachment", **rest}


def codex(calls: Calls) -> Iterator[dict[str, Any]]:
    def row(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        return {"timestamp": calls.stamp(), "ordinal": 1, "type": kind, "payload": payload}

    yield row("session_meta", {"session_id": "01a2", "id": "01a2", "cwd": _PROJECT, "base_instructions": {"text": "You are an agent. " * 1500}})
    yield row("turn_context", {"cwd": _PROJECT, "model": "m", "sandbox_policy": {"type": "danger-full-access"}})
    yield row(
        "event_msg", {"type": "item_completed", "item": {"type": "UserMessage", "id": "u", "content": [{"type": "text", "text": "Which one?"}]}}
    )
    for call, command, text, status in calls:
        yield row("response_item", {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "Z0FB" * 400})
        yield row("response_item", {"type": "function_call", "name": "exec_command", "arguments": json.dumps({"cmd": command}), "call_id": call})
        yield row(
            "token_usage_record", {"response_id": f"r{call}", "usage": {"input_tokens": 90000, "cached_input_tokens": 89000, "output_tokens": 80}}
        )
        kept = text[:65536]
        item: dict[str, Any] = {
            "type": "CommandExecution",
            "id": call,
            "command": ["/bin/bash", "-lc", command],
            "cwd": f"file://{_PROJECT}",
            "status": "completed",
        }
        item |= {"aggregated_output": kept, "exit_code": status, "duration": {"secs": 0, "nanos": 5217}}
        yield row("event_msg", {"type": "item_completed", "item": item, "started_at_ms": 1})
        output = f"Chunk ID: 63\nWall time: 0.1 seconds\nProcess exited with code {status}\nOriginal token count: 9\nOutput:\n{text[:40000]}"
        yield row("response_item", {"type": "function_call_output", "id": "fco", "call_id": call, "output": output})


def copilot(calls: Calls) -> Iterator[dict[str, Any]]:
    def row(kind: str, data: dict[str, Any]) -> dict[str, Any]:
        return {"type": kind, "data": data, "id": "e", "timestamp": calls.stamp(), "parentId": "p"}

    yield row("session.start", {"sessionId": "4206", "context": {"cwd": _PROJECT}})
    yield row("system.message", {"content": "You are an agent. " * 1500})
    yield row("user.message", {"content": "Which invoice failed?", "transformedContent": "Which invoice failed?"})
    for call, command, text, status in calls:
        given = {"command": command, "description": "Look"}
        usage = {"model": "m", "inputTokens": 90000, "outputTokens": 80, "cacheReadTokens": 89000, "apiCallId": f"m{call}", "requestBodyBytes": 49324}
        yield row("session.usage_record", {"usage": usage})
        yield row("assistant.message", {"content": "I look.", "toolRequests": [{"toolCallId": call, "name": "bash", "arguments": given}]})
        yield row("tool.execution_start", {"toolCallId": call, "toolName": "bash", "arguments": given})
        content = f"{text}<shellId: 0 completed with exit code {status}>"
        done = {"toolCallId": call, "success": True, "shellExecution": {"exitCode": status}, "result": {"content": content}}
        yield row("tool.execution_complete", {**done, "toolTelemetry": {"properties": {"sandboxApplied": "false"}}})


def cursor(calls: Calls) -> Iterator[dict[str, Any]]:
    rest = {"conversation_id": "c", "workspace_roots": [_PROJECT], "cursor_version": "3", "model": "m"}
    yield {"time": calls.now, "hook_event_name": "beforeSubmitPrompt", "prompt": "Which invoice failed?", **rest}
    for call, command, text, status in calls:
        tool = {"tool_name": "Shell", "tool_use_id": call, "tool_input": {"command": command}, "cwd": _PROJECT}
        yield {"time": calls.now, "hook_event_name": "preToolUse", **tool, **rest}
        output = json.dumps({"output": text, "exitCode": status})
        yield {"time": calls.now, "hook_event_name": "postToolUse", **tool, "tool_output": output, "duration": 20, **rest}


def gemini(calls: Calls) -> Iterator[dict[str, Any]]:
    yield {"sessionId": "8849", "projectHash": "f8", "startTime": calls.stamp(), "kind": "main"}
    yield {"id": "u0", "timestamp": calls.stamp(), "type": "user", "content": [{"text": "Which invoice failed?"}]}
    for call, command, text, status in calls:
        message: dict[str, Any] = {"id": f"m{call}", "timestamp": calls.stamp(), "type": "gemini", "content": "I look.", "thoughts": [], "model": "m"}
        message["tokens"] = {"input": 90000, "output": 80, "cached": 89000, "thoughts": 0, "tool": 0, "total": 90080}
        yield message
        ended = f"Exit Code: {status}\n" if status else ""
        output = f"<untrusted_context>\nOutput: {text}\n{ended}Process Group PGID: 30079\n</untrusted_context>"
        answer = {"functionResponse": {"id": call, "name": "run_shell_command", "response": {"output": output}}}
        done = {"id": call, "name": "run_shell_command", "args": {"command": command}, "result": [answer], "status": "success", "resultDisplay": text}
        yield {**message, "toolCalls": [{**done, "timestamp": calls.stamp()}]}
        yield {"id": f"r{call}", "timestamp": calls.stamp(), "type": "user", "content": [answer]}
        yield {"$set": {"lastUpdated": calls.stamp()}}


ROWS: dict[str, Rows] = {"claude": claude, "codex": codex, "copilot": copilot, "cursor": cursor, "gemini": gemini}


def write(agent: str, folder: Path, size: int, seed: int) -> list[Path]:
    """Transcripts of about ``size`` bytes together."""
    if agent == "opencode":
        return [write_database(folder / "opencode.db", size, seed)]
    files: list[Path] = []
    written = 0
    while written < size:
        file = folder / f"{len(files):04d}.jsonl"
        calls = Calls(seed + len(files))
        with file.open("w", encoding="utf-8") as out:
            # A session ends after its calls: a few rows for each.
            for number, row in enumerate(ROWS[agent](calls)):
                if number > _TURNS * 5 or written > size:
                    break
                written += out.write(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n")
        files.append(file)
    return files


def write_database(file: Path, size: int, seed: int) -> Path:
    """A database of opencode's with sessions of about ``size`` bytes together."""
    database = sqlite3.connect(file)
    database.execute("CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT, time_created INTEGER, time_updated INTEGER)")
    database.execute("CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, data TEXT)")
    database.execute("CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, data TEXT)")
    database.execute("CREATE INDEX message_session ON message (session_id, time_created, id)")
    database.execute("CREATE INDEX part_message ON part (message_id, id)")
    written = session = 0
    while written < size:
        session += 1
        calls = Calls(seed + session)
        database.execute("INSERT INTO session VALUES (?, NULL, ?, ?, ?)", (f"s{session}", _PROJECT, int(calls.now), int(calls.now * 1000)))
        for number, (call, command, text, status) in enumerate(calls):
            if number > _TURNS or written > size:
                break
            tokens = {"input": 1000, "output": 80, "reasoning": 0, "cache": {"read": 89000, "write": 0}}
            message = {"role": "assistant", "path": {"cwd": _PROJECT}, "tokens": tokens, "modelID": "m", "time": {"created": calls.now * 1000}}
            metadata = {"output": text[:30000], "exit": status, "truncated": False}
            state = {"status": "completed", "input": {"command": command}, "output": text, "metadata": metadata, "title": command}
            part = json.dumps({"type": "tool", "tool": "bash", "callID": call, "state": state}, ensure_ascii=False)
            database.execute("INSERT INTO message VALUES (?, ?, ?, ?)", (f"m{session:05d}{number:05d}", f"s{session}", number, json.dumps(message)))
            database.execute(
                "INSERT INTO part VALUES (?, ?, ?, ?)", (f"p{session:05d}{number:05d}", f"m{session:05d}{number:05d}", f"s{session}", part)
            )
            written += len(part)
    database.commit()
    database.close()
    return file


def read(agent: str, files: list[Path], *, mining: bool) -> dict[str, float]:
    """Read the files in this process, and mine the sessions if that is asked; what it took."""
    survey = Survey()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    skipped, events, calls, sessions = Skipped(), 0, 0, 0
    start, busy = time.perf_counter(), time.process_time()
    for file in files:
        for session in READERS[agent].read(file, skipped):
            sessions += not session.part
            if mining:
                survey.read([session])
            events += len(session.events)
            calls += sum(isinstance(event, ToolUse) for event in session.events)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    assert not skipped, skipped
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "cpu": busy, "sessions": sessions, "events": events, "calls": calls, "start_mib": before, "peak_mib": peak}


def measure(agent: str, size: int, seed: int, runs: int, *, one: bool, mining: bool) -> None:
    """Generate, read in fresh processes, print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write(agent, folder, size, seed)
        if one and len(files) > 1:
            whole = folder / "whole.jsonl"
            with whole.open("wb") as out:
                for file in files:
                    out.write(file.read_bytes())
                    file.unlink()
            files = [whole]
        total = sum(file.stat().st_size for file in files) / 1e6
        for _ in range(runs):
            command = [sys.executable, "-m", "benchmarks.learn", "--mine" if mining else "--read", agent, *map(str, files)]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            seconds, busy = found["seconds"], found["cpu"]
            took = f"{seconds:6.2f} s  {total / seconds:4.0f} MB/s  1 GB in {1000 * seconds / total:5.1f} s, {1000 * busy / total:5.1f} s of CPU"
            peak = f"peak {found['peak_mib']:.0f} MiB (at start {found['start_mib']:.0f})"
            print(f"{agent:9} {total:7.0f} MB  {len(files):4} files  {found['calls']:7} calls  {took}  {peak}")


def main() -> None:
    if sys.argv[1:2] in (["--read"], ["--mine"]) and len(sys.argv) > 3:
        print(json.dumps(read(sys.argv[2], [Path(argument) for argument in sys.argv[3:]], mining=sys.argv[1] == "--mine")))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200, help="of transcripts for each agent")
    parser.add_argument("--agents", default=",".join(AGENTS), help="a list with commas")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one", action="store_true", help="all in one file: a single session that is very long")
    parser.add_argument("--mine", action="store_true", help="what headroom learn does with them besides is in the time, too")
    given = parser.parse_args()
    for agent in given.agents.split(","):
        measure(agent, given.megabytes * 1_000_000, given.seed, given.runs, one=given.one, mining=given.mine)


if __name__ == "__main__":
    main()
