"""What a whole session tells beside its bill, from the first poll to the receipt: instruction files, processes left behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.plan import LaunchPlan, PlanRequest, Transcripts
from headroom_wrap import config
from headroom_wrap.cli.receipt import session_receipt
from headroom_wrap.supervisor import session

pytestmark = pytest.mark.slow
PROGRAM = """
import json, subprocess, sys, urllib.request
body = json.dumps({"model": "claude-sonnet-4-6", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}).encode()
headers = {"content-type": "application/json", "x-api-key": "k", "anthropic-version": "2023-06-01"}
with urllib.request.urlopen(urllib.request.Request(sys.argv[1] + "/v1/messages", body, headers)) as answer:
    json.load(answer)
subprocess.Popen(["setsid", "sleep", "300"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
"""


class Reader:
    """An agent by the name of one whose instruction files are known."""

    name = "claude"
    programs: tuple[str, ...] = (sys.executable,)
    install = "-"
    tested: tuple[str, ...] = ()
    tool_kinds: Mapping[str, str] = {}
    instructions: tuple[str, ...] = ()

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream

    def transcripts(self, environ: Mapping[str, str], home: Path) -> Transcripts | None:
        return None

    def reads(self, arguments: tuple[str, ...], environ: Mapping[str, str], home: Path, cwd: Path) -> list[Path]:
        return []

    def plan(self, request: PlanRequest) -> LaunchPlan:
        return LaunchPlan("claude", (sys.executable, "-c", PROGRAM, request.proxy), self.upstream)


def test_a_session_tells_of_its_instruction_files_and_processes(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from headroom.testing import AnthropicProvider, Script, text

    project = private_home / "project"
    project.mkdir()
    (project / "CLAUDE.md").write_text("Run the tests before each commit. " * 30)
    monkeypatch.chdir(project)
    settings = config.load(config.surroundings(), {"panel": "off"})
    with AnthropicProvider(Script([text("hello")])) as provider:
        ended = session.run(Reader(provider.url), (), settings)
    assert [path for path, _ in ended.view.history.files] == ["CLAUDE.md"]
    assert ended.view.snapshot().instruction_files == ended.view.history.files
    receipt = session_receipt(ended, settings)
    assert "headroom: every request carries ~" in receipt
    (left,) = ended.processes.left
    os.kill(left.pid, signal.SIGKILL)
    assert f"headroom: claude started what still runs, detached from it: sleep 300 (process {left.pid}, " in receipt
    assert ended.processes.cpu > 0
