"""Somebody who uses an agent from npm in a project: what the users of all agents have in common."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest

from tests.e2e.conftest import ROOT, _write_project

_HEADROOM = (sys.executable, "-m", "headroom_wrap.cli.__main__")


@dataclass
class AgentUser:
    """Somebody with a home, a project and a program; an agent's own module says what is in the home."""

    AGENT: ClassVar[str]
    """Its name to Headroom."""
    UNIQUE: ClassVar[re.Pattern[str]]
    """What is unique to a run in the names of its files: ids, times."""
    PATIENCE_S: ClassVar[float] = 100

    home: Path
    path: Path
    program: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """Our state folder."""
        return Path(self.env.get("HEADROOM_STATE", self.home / ".local" / "state" / "headroom"))

    def direct(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run([str(self.program), *arguments], more)

    def wrapped(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.headroom("wrap", self.AGENT, "--", *arguments, **more)

    def headroom(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run([*_HEADROOM, *arguments], more)

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Run headroom beside the test."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([*_HEADROOM, *arguments], cwd=self.path, env={**self.env, **more}, text=True, **pipes)

    def run(self, command: list[str], more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        env = {**self.env, **more}
        return subprocess.run(
            command, cwd=self.path, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=self.PATIENCE_S, check=False
        )

    def files(self) -> dict[str, str]:
        """Hashes of all files of the user's and of the project, by path; ours aside. What is unique to a run is masked in names."""
        found = {}
        for root, top in ((self.home, "home"), (self.path, "project")):
            for path in sorted(root.rglob("*")):
                if path.is_file() and self.state not in path.parents:
                    found[self.UNIQUE.sub("N", f"{top}/{path.relative_to(root)}")] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found


def settle(tmp: pytest.TempPathFactory, program: str, called: str, instructions: str) -> tuple[Path, Path, Path, dict[str, str]]:
    """A home, a project in git, a program and an environment. Skips the test where the program is not installed.

    Args:
        tmp: makes folders.
        program: its name in npm's folder of programs.
        called: its name to people.
        instructions: the project's file of instructions.
    """
    found = Path(os.environ.get("HEADROOM_TEST_AGENTS", str(ROOT / ".dev" / "agents"))) / "node_modules" / ".bin" / program
    if not found.exists():
        pytest.skip(f"the real {called} is not installed: run ./dev test, which installs it from npm")
    home, path = tmp.mktemp("user"), tmp.mktemp("project")
    _write_project(path)
    (path / instructions).write_text("Keep to the conventions of the code base.\n")
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    search = os.pathsep.join([str(found.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    return home, path, found, {"HOME": str(home), "PATH": search, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
