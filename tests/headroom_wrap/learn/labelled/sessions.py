"""Sessions in a compact form, and back: what the labelled set is kept in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headroom_wrap.learn.findings import Lesson
from headroom_wrap.learn.model import Event, Retrieval, Session, ToolUse, UserText
from pipeline.command import shows
from pipeline.transcript import ToolKind

CASES = Path(__file__).with_name("cases.jsonl")
START = 1_760_000_000.0
DAY = 86_400.0
_KINDS = {"read": ToolKind.READ, "edit": ToolKind.EDIT, "search": ToolKind.SEARCH, "list": ToolKind.LIST}


def cases() -> Iterator[tuple[str, str, list[Session], list[tuple[Lesson, dict[str, str]]]]]:
    """Name, why, sessions, the rules that are right."""
    for line in CASES.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        sessions = [_session(case["name"], n, one) for n, one in enumerate(case["sessions"])]
        yield case["name"], case["why"], sessions, [(Lesson(lesson), slots) for lesson, slots in case["right"]]


def _session(name: str, n: int, compact: dict[str, Any]) -> Session:
    project = compact.get("project", f"/home/dev/{name}")
    began = START + compact.get("day", n) * DAY
    events = tuple(_event(project, began + 10 * i, i, kind, fields) for i, (kind, fields) in enumerate(compact["events"]))
    return Session(compact.get("agent", "claude"), compact.get("id", f"{name}-{n}"), project, began, began + 10 * len(events), events)


def _event(project: str, time: float, i: int, kind: str, fields: dict[str, Any]) -> Event:
    if kind == "user":
        return UserText(fields["text"], time, fields.get("interrupted", False))
    if kind == "got":
        return Retrieval(fields["handle"], fields.get("lines", ""), "", time)
    result = fields.get("out", "")
    status = fields.get("status", 0)
    flags = {name: True for name in ("refused", "timed_out", "interrupted") if fields.get(name)}
    common = {
        "id": f"call_{i}",
        "cwd": fields.get("cwd", project),
        "result": result,
        "result_bytes": fields.get("size", len(result)),
        "tokens": len(result) // 4,
        "failed": None if status is None else bool(status) or bool(flags),
        "time": time,
        **flags,
    }
    if kind == "$":
        command = fields["command"]
        shown = shows(command)
        return ToolUse(name="Bash", kind=shown.kind, command=command, path=shown.path, arguments={"command": command}, exit_status=status, **common)
    return ToolUse(name=kind.capitalize(), kind=_KINDS[kind], path=fields.get("path", ""), arguments=fields.get("arguments", {}), **common)
