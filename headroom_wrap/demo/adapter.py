"""The demo's adapter: how its scripted agent is launched."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from adapters.plan import LaunchPlan, PlanRequest, Transcripts


class Demo:
    """The adapter.

    Args:
        upstream: address of the demo's provider.
    """

    name = "demo"
    programs: tuple[str, ...] = (sys.executable,)
    install = "it is part of Headroom"
    tested: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self.tool_kinds: Mapping[str, str] = {"Bash": "shell", "fetch": "fetch", "Read": "read"}

    def transcripts(self, environ: Mapping[str, str], home: Path) -> Transcripts | None:
        return None

    def reads(self, arguments: tuple[str, ...], environ: Mapping[str, str], home: Path, cwd: Path) -> list[Path]:
        return []

    def plan(self, request: PlanRequest) -> LaunchPlan:
        command = (request.program.path, "-m", "headroom_wrap.demo.agent", request.proxy, *request.mcp)
        return LaunchPlan(self.name, command, self._upstream)
