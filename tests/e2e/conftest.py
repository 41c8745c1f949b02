"""Real agents from npm, offline, against the scripted provider. ``./dev test`` installs them; without them these tests are skipped, loudly."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from headroom_wrap.demo import samples

KEY = "sk-ant-api03-" + "x" * 60
ROOT = Path(__file__).parents[2]


@dataclass
class Project:
    """A user with a project, and how programs are run there."""

    home: Path
    path: Path
    claude: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.home / ".local" / "state" / "headroom"

    def environ(self, **more: str) -> dict[str, str]:
        return {**self.env, **more}

    def headroom(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "headroom_wrap.cli.__main__", *arguments]
        return subprocess.run(
            command, cwd=self.path, env=self.environ(**more), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=100, check=False
        )

    def direct(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.claude), *arguments]
        return subprocess.run(
            command, cwd=self.path, env=self.environ(**more), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=100, check=False
        )

    def users_files(self) -> dict[str, str]:
        """Hashes of what the user wrote: settings, instructions, the project. What Claude Code keeps for itself is left out."""
        own = [self.home / ".claude" / "settings.json", self.home / ".claude" / "CLAUDE.md", self.home / ".bashrc"]
        found = [p for p in [*own, *sorted(self.path.rglob("*"))] if p.is_file()]
        return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


@pytest.fixture(scope="session")
def claude_program() -> Path:
    folder = os.environ.get("HEADROOM_TEST_AGENTS", str(ROOT / ".dev" / "agents"))
    program = Path(folder) / "node_modules" / ".bin" / "claude"
    if not program.exists():
        pytest.skip("the real Claude Code is not installed: run ./dev test, which installs it from npm")
    return program


@pytest.fixture
def make_project(private_home: Path, tmp_path_factory: pytest.TempPathFactory, claude_program: Path) -> Callable[[], Project]:
    """Fresh projects with real files: a log, a JSON answer, sources, a test run that fails."""

    def make() -> Project:
        home, path = tmp_path_factory.mktemp("user"), tmp_path_factory.mktemp("project")
        _write_project(path)
        _write_user(home, path)
        search = os.pathsep.join([str(claude_program.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
        env = {
            "HOME": str(home),
            "PATH": search,
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "ANTHROPIC_API_KEY": KEY,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "PYTHONPATH": str(ROOT),
        }
        return Project(home, path, claude_program, env)

    return make


@pytest.fixture
def project(make_project: Callable[[], Project]) -> Project:
    return make_project()


@pytest.fixture(scope="session")
def tmux() -> str:
    found = shutil.which("tmux")
    if found is None:
        pytest.skip("there is no tmux on this machine, and ./dev test could not install it")
    return found


def _write_project(path: Path) -> None:
    (path / "app.log").write_text(samples.log(260))
    (path / "issues.json").write_text(samples.issues(42))
    (path / "CLAUDE.md").write_text("Keep to the conventions of the code base.\n")
    source = path / "billing"
    source.mkdir()
    for n in range(30):
        lines = [f"def handler_{n}_{k}(order):\n    return round_amount(order.total, {k})\n" for k in range(12)]
        (source / f"handlers_{n:02d}.py").write_text("\n".join(lines))
    (source / "ledger.py").write_text("\n".join(f"def rule_{n}(amount):\n    return amount * {n}\n" for n in range(80)))
    passed = [f"tests/test_ledger.py::test_rule_{n} PASSED [{n}%]" for n in range(90)]
    failed = "tests/test_ledger.py::test_rounding FAILED\n\nE   AssertionError: assert Decimal('1299.00') == Decimal('1298.99')\n\n1 failed, 90 passed in 0.41s"
    (path / "run_tests.sh").write_text("cat <<'EOF'\n" + "\n".join(passed) + f"\n{failed}\nEOF\nexit 1\n")


def _write_user(home: Path, path: Path) -> None:
    state: dict[str, Any] = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "projects": {str(path): {"hasTrustDialogAccepted": True}},
        "customApiKeyResponses": {"approved": [KEY[-20:]]},
    }
    (home / ".claude.json").write_text(json.dumps(state))
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").write_text(json.dumps({"env": {"MY_OWN": "1"}}))
    (home / ".bashrc").write_text("PS1='$ '\n")
