"""Which commands only look."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.miners.line import parse
from headroom_wrap.learn.miners.looking import asks, looks
from pipeline.command import shows


def only_looks(command: str) -> bool:
    line = parse(command)
    assert line is not None
    return looks(shows(command).kind, line)


@pytest.mark.parametrize(
    "command",
    [
        "ls -la", "git status", "git log --oneline | head", "cd web && cat a.py", "npm run test", "pytest -q", "terraform plan", "rake -T db", "bazel query //a",
        "cmake --list-presets", "cargo build --help", "black --check src", "which node; echo $PATH", "npm run lint:docs",
    ],
)  # fmt: skip
def test_it_looks(command: str) -> None:
    assert only_looks(command)


@pytest.mark.parametrize(
    "command",
    ["cd web", "export A=1", "source .env", "./scripts/prepare.sh", "python3 tools/gen.py", "ls > files.txt", "eslint --fix src", "deno fmt", "git revert HEAD", "ls && make all"],
)  # fmt: skip
def test_it_may_have_done_something(command: str) -> None:
    assert not only_looks(command)


def test_asking() -> None:
    assert [asks(word) for word in ("--help", "--list-presets", "-T", "--jobs", "list")] == [True, True, True, False, False]
