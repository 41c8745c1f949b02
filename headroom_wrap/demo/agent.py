"""The demo's agent: a loop as every coding agent has one, with tools that return samples. Run by the supervisor like any other agent.

``python -m headroom_wrap.demo.agent BASE_URL MCP_COMMAND…``
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from headroom_wrap.demo import samples
from pipeline.dialects.sse import SseParser

PROMPT = "Invoices are off by one cent since yesterday. Find out which invoice failed and why, and show me the lines that round."
_PACE_S = 0.5  # a person wants to see the panel move; with no person there is no waiting
_CHUNK = 16384


def main(arguments: Sequence[str]) -> int:
    """Hold the scripted conversation with the model at the address given."""
    base, mcp = arguments[0], list(arguments[1:])
    pace = _PACE_S if sys.stdout.isatty() else 0.0
    print(f"\n> {PROMPT}\n", flush=True)
    messages: list[dict[str, Any]] = [{"role": "user", "content": PROMPT}]
    while True:
        answer = _ask(base, messages)
        messages.append({"role": "assistant", "content": answer})
        results = []
        for block in answer:
            if block["type"] == "text":
                print(f"\n{block['text']}\n", flush=True)
            elif block["type"] == "tool_use":
                result = _use(block["name"], block["input"], mcp)
                print(f"● {_title(block)}\n  ⎿ {result.count(chr(10)) + 1:,} lines, {len(result):,} characters", flush=True)
                results.append({"type": "tool_result", "tool_use_id": block["id"], "content": result})
        if not results:
            return 0
        messages.append({"role": "user", "content": results})
        _mark_for_cache(messages)
        time.sleep(pace)


def _mark_for_cache(messages: list[dict[str, Any]]) -> None:
    """The marker moves to the last block, as agents do it: everything before is read from the provider's cache next time."""
    for message in messages:
        if message["role"] == "user" and isinstance(message["content"], list):
            for block in message["content"]:
                block.pop("cache_control", None)
    messages[-1]["content"][-1]["cache_control"] = {"type": "ephemeral"}


def _ask(base: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One request, streamed."""
    address = urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port or 80, timeout=30)
    body = {"model": "claude-sonnet-4-6", "max_tokens": 1024, "stream": True, "system": _system(), "messages": messages, "tools": _tools()}
    headers = {"content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": "demo"}
    connection.request("POST", f"{address.path}/v1/messages", json.dumps(body), headers)
    response = connection.getresponse()
    if response.status != 200:
        raise SystemExit(f"The demo's provider answered {response.status}: {response.read(2000).decode(errors='replace')}")
    parser = SseParser()
    blocks: list[dict[str, Any]] = []
    while chunk := response.read1(_CHUNK):
        for event in parser.feed(chunk):
            _take(json.loads(event.data), blocks)
    connection.close()
    for block in blocks:
        if block["type"] == "tool_use":
            block["input"] = json.loads(block.pop("partial") or "{}")
    return blocks


def _take(event: dict[str, Any], blocks: list[dict[str, Any]]) -> None:
    if event["type"] == "content_block_start":
        block = dict(event["content_block"])
        blocks.append({**block, "partial": ""} if block["type"] == "tool_use" else block)
    elif event["type"] == "content_block_delta":
        delta = event["delta"]
        if delta["type"] == "text_delta":
            blocks[-1]["text"] += delta["text"]
        elif delta["type"] == "input_json_delta":
            blocks[-1]["partial"] += delta["partial_json"]


def _use(name: str, arguments: dict[str, Any], mcp: list[str]) -> str:
    if name == "Bash":
        return samples.log() if "log" in arguments["command"] else samples.hits()
    if name == "fetch":
        return samples.issues()
    if name == "Read":
        return samples.source()
    return _retrieve(arguments, mcp)


def _retrieve(arguments: dict[str, Any], mcp: list[str]) -> str:
    """Ask Headroom's own MCP server, as a real agent would."""
    calls = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "headroom_retrieve", "arguments": arguments}},
    ]
    done = subprocess.run(mcp, input="".join(json.dumps(c) + "\n" for c in calls), capture_output=True, text=True, check=True, timeout=30)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    found = next(a for a in answers if a.get("id") == 2)
    return str(found["result"]["content"][0]["text"])


def _title(block: dict[str, Any]) -> str:
    values = ", ".join(str(v) for v in block["input"].values())
    return f"{block['name'].removeprefix('mcp__headroom__')}({values})"


def _system() -> list[dict[str, Any]]:
    rules = " ".join(f"Rule {n}: keep to the conventions of the code base and explain what you do in few words." for n in range(120))
    return [{"type": "text", "text": f"You are the demo's coding agent. {rules}", "cache_control": {"type": "ephemeral"}}]


def _tools() -> list[dict[str, Any]]:
    def tool(name: str, **properties: str) -> dict[str, Any]:
        schema = {"type": "object", "properties": {k: {"type": v} for k, v in properties.items()}}
        return {"name": name, "description": f"The demo's {name}.", "input_schema": schema}

    retrieve = tool("mcp__headroom__headroom_retrieve", handle="string", lines="string", pattern="string")
    return [tool("Bash", command="string"), tool("fetch", url="string"), tool("Read", file_path="string"), retrieve]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
