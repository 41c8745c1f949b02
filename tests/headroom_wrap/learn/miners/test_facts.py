"""The commands of a project, as they were run."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.findings import Kind
from headroom_wrap.learn.miners import facts
from headroom_wrap.learn.miners.trail import Trail
from headroom_wrap.learn.model import Session, ToolUse
from pipeline.command import shows
from pipeline.transcript import ToolKind


def told(command: str) -> list[str]:
    use = ToolUse("1", "Bash", shows(command).kind, command=command, cwd="/p", result="12 passed", failed=False, exit_status=0)
    found = facts.mine(Trail(Session("claude", "s", "/p", events=(use,))))
    return [f"{one.lesson.value}: {one.slots['command']}" for one in found if one.kind is Kind.FACT]


@pytest.mark.parametrize(
    ("command", "fact"),
    [
        ("bazel test //...", "test_command: bazel test //..."),
        ("pants test ::", "test_command: pants test ::"),
        ("cargo nextest run", "test_command: cargo nextest run"),
        ("cargo xtask test", "test_command: cargo xtask test"),
        ("nox -s tests", "test_command: nox -s tests"),
        ("dune runtest", "test_command: dune runtest"),
        ("./scripts/run-tests.sh", "test_command: ./scripts/run-tests.sh"),
        ("flutter analyze", "lint_command: flutter analyze"),
        ("npx eslint . --max-warnings 0", "lint_command: npx eslint . --max-warnings 0"),
        ("pre-commit run --all-files", "lint_command: pre-commit run --all-files"),
        ("cmake --build out", "build_command: cmake --build out"),
        ("pytest -q tests/api", "test_command: pytest"),
    ],
)
def test_a_fact(command: str, fact: str) -> None:
    assert told(command) == [fact]


@pytest.mark.parametrize(
    "command",
    [
        "dune build @fmt", "nox -s lint", "bazel test //services/api:unit", "pants test src/cart::", "pre-commit install", "pre-commit run mypy",
        "./scripts/test-data.sh", "tools/build-index.py", "bk build 12", "ctest -N", "docker build -t app .", "cmake --build out --target docs",
    ],
)  # fmt: skip
def test_no_fact_of_the_project(command: str) -> None:
    assert told(command) == []


@pytest.mark.parametrize(("part", "subagent", "expected"), [(0, "", ["src/main.py"]), (1, "", []), (0, "explore", [])])
def test_where_a_session_begins(part: int, subagent: str, expected: list[str]) -> None:
    use = ToolUse("1", "Read", ToolKind.READ, cwd="/p", path="src/main.py", result="1\tx", failed=False)
    session = Session("claude", "s", "/p", events=(use,), part=part, subagent=subagent)
    assert [one.slots["path"] for one in facts.mine(Trail(session))] == expected
