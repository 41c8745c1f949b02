"""The checked-in sessions as the readers would hand them out: put together by the readers' own builder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.registry import ADAPTERS
from headroom_wrap.learn.model import Session
from headroom_wrap.learn.readers.building import Builder
from headroom_wrap.learn.readers.texts import Text, given

CASES = Path(__file__).with_name("cases.jsonl")
NOW = 1_760_000_000.0
_DAY = 86400.0


@dataclass(frozen=True)
class Case:
    """Sessions of one project, and what is to be learned of them.

    Args:
        name: of the case.
        why: what it tries.
        project: absolute path of the project whose instruction file is written.
        right: what should be written; each is a lesson with the values that its slots may have.
        fine: what may be written.
        sessions: the oldest first.
    """

    name: str
    why: str
    project: str
    right: tuple[tuple[str, dict[str, Any]], ...]
    fine: tuple[tuple[str, dict[str, Any]], ...]
    sessions: tuple[Session, ...]


def cases(path: Path = CASES) -> list[Case]:
    return [_case(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _case(row: dict[str, Any]) -> Case:
    many = len(row["sessions"])
    built = tuple(_session(one, f"{row['name']}-{n}", NOW - _DAY * one.get("days", many - n)) for n, one in enumerate(row["sessions"]))
    labels = [tuple((lesson, slots) for lesson, slots in row[key]) for key in ("right", "fine")]
    return Case(row["name"], row["why"], row["sessions"][0]["project"], labels[0], labels[1], built)


def _session(row: dict[str, Any], name: str, started: float) -> Session:
    builder = Builder(row["agent"], ADAPTERS[row["agent"]].tool_kinds, f"{name}.jsonl", name)
    builder.project = row["project"]
    time = started
    for n, event in enumerate(row["events"]):
        time += 20
        if "user" in event:
            builder.user(event["user"], time)
        elif "stop" in event:
            builder.interrupt(time)
        else:
            time = _tool(builder, f"call-{n}", event, time)
    (session,) = builder.end()
    return session


def _tool(builder: Builder, call: str, event: dict[str, Any], time: float) -> float:
    builder.call(call, event["tool"], event["arguments"], time, cwd=event.get("cwd", ""), path=event.get("path", ""))
    if event.get("stopped"):
        return time
    text = given(event["result"], 8192)
    ended = time + float(event.get("seconds", 2))
    builder.result(
        call,
        text=Text(text.text, event.get("bytes", text.size)),
        failed=event.get("failed"),
        exit_status=event.get("status"),
        refused=event.get("refused", False),
        timed_out=event.get("timed_out", False),
        time=ended,
    )
    return ended
