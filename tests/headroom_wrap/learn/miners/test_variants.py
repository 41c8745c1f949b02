"""When one command is another in a form that works."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.findings import OnPath, PathExists, Script
from headroom_wrap.learn.miners.trail import Trail
from headroom_wrap.learn.miners.variants import akin, called, forms, head, heads, premises, purpose, related, resemble
from headroom_wrap.learn.model import Session, ToolUse
from pipeline.transcript import ToolKind


@pytest.mark.parametrize(
    ("command", "called"),
    [
        ("pytest -q tests", "pytest"),
        ("uv run pytest -q", "uv run pytest"),
        ("poetry run python -m pytest", "poetry run python -m pytest"),
        ("python3 -m pytest -q", "python3 -m pytest"),
        ("python3 tools/a.py --x", "python3 tools/a.py"),
        ("python3 -c x", "python3"),
        ("python3 manage.py test cart", "python3 manage.py test"),
        ("npm run build -- --x", "npm run build"),
        ("npm test", "npm test"),
        ("pnpm exec tsc", "pnpm exec tsc"),
        ("git push origin", "git push"),
        ("git -C x push", "git"),
        ("docker compose up", "docker compose up"),
        ("npx vitest run", "npx vitest run"),
        (".venv/bin/pytest a", ".venv/bin/pytest"),
    ],
)
def test_head(command: str, called: str) -> None:
    assert " ".join(head(tuple(command.split()))) == called


def test_heads_leave_off_what_is_alike() -> None:
    assert heads(("python", "a", "b"), ("uv", "run", "python3", "a", "b")) == (("python",), ("uv", "run", "python3"), 2)
    assert heads(("pytest",), ("uv", "run", "pytest")) == (("pytest",), ("uv", "run", "pytest"), 0)
    assert heads(("python3", "-m", "pytest"), ("uv", "run", "pytest")) == (("python3", "-m", "pytest"), ("uv", "run", "pytest"), 0)
    assert heads(("a",), ("b",)) == (("a",), ("b",), 0)


@pytest.mark.parametrize(
    ("program", "right", "expected"),
    [
        ("python", "python3", True),
        ("python3", ".venv/bin/python", True),
        ("python3", "uv run python", True),
        ("pytest", "python3 -m pytest", True),
        ("pytest", "bundle exec rspec", False),
        ("clang-format", "clang-format-18", True),
        ("gcc", "gcc-13", True),
        ("cat", "catalog", False),
        ("tree", "wc", False),
        ("make", "make", False),
        ("a", "ab", False),
    ],
)
def test_related(program: str, right: str, expected: bool) -> None:
    assert related(program, tuple(right.split())) is expected
    assert not related(program, ())


def test_what_a_command_is_for() -> None:
    commands = ("uv run pytest -q", "npm run lint:fix", "cargo build", "npx tsc", "black", "ls", "npm run e2e", "make check")
    assert [purpose(tuple(c.split())) for c in commands] == ["test", "lint", "build", "types", "format", "", "", "test"]


def test_tasks_for_the_same() -> None:
    assert akin("tests", "test:unit")
    assert akin("typecheck", "tsc")
    assert akin("build-web", "web")
    assert not akin("docs", "lint")
    assert not akin("test", "lint")


def test_what_must_be_on_disk() -> None:
    trail = Trail(
        Session("claude", "s", "/p", events=(ToolUse("a", "Bash", ToolKind.SHELL, command="cd web && npm run build", cwd="/p", failed=False),))
    )
    step = trail.steps[0]
    assert premises(trail, step, ("npm", "run", "build")) == (OnPath("npm"), Script("web/package.json", "build"))
    assert premises(trail, step, ("make", "all")) == (OnPath("make"), Script("web/Makefile", "all"))
    assert premises(trail, step, ("./bin/x",)) == (PathExists("web/bin/x"),)
    assert premises(trail, step, ("/opt/x",)) is None
    assert premises(trail, step, ("npm", "add")) == (OnPath("npm"),)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("dbt run -s orders", "dbt run"),
        ("terraform -chdir=prod plan", "terraform plan"),
        ("hlint src", "hlint"),  # a folder
        ("ddev exec bin/phpunit --verbose", "ddev exec bin/phpunit"),
        ("pixi run pytest -q", "pixi run pytest"),
        ("python3 a.py", "python3 a.py"),
        ("vault -x kv", "vault"),
    ],
)
def test_called(command: str, name: str) -> None:
    assert " ".join(called(tuple(command.split()), frozenset({"src"}))) == name


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("bundle exec brakeman", ""),
        ("bundle exec rspec", "test"),
        ("npm run bundle", "build"),
        ("mkdocs build --strict", "build"),
        ("hlint src", "lint"),
        ("ruff check .", "lint"),
        ("cargo check", "test"),
        ("./build.sh", "build"),
        ("build", ""),
        ("zig build", "build"),
    ],
)
def test_purpose_by_structure(command: str, expected: str) -> None:
    assert purpose(tuple(command.split()), frozenset({"src"})) == expected


def test_purpose_of_one_call() -> None:
    assert purpose(("Rscript", "-e", "devtools::test()")) == "test"
    assert purpose(("julia", "-e", "using Pkg; Pkg.build()")) == "build"
    assert purpose(("Rscript", "-e", "test(1)")) == ""


def test_forms_from_the_whole_to_the_program() -> None:
    told = ("kubectl logs deploy/a --tail=2", "kubectl logs deploy/a", "kubectl logs", "kubectl")
    assert forms(("kubectl", "logs", "deploy/a", "--tail=2"), frozenset()) == told
    assert forms(("make",), frozenset()) == ("make",)
    assert forms(("Rscript", "-e", "a b"), frozenset()) == ("Rscript -e 'a b'", "Rscript")
    assert forms(("a", *"bcdefghij"), frozenset())[0] == "a b"  # a long one is not told whole


@pytest.mark.parametrize(
    ("one", "other", "expected"), [("db.reset", "ledger.reset", True), ("tests", "check", True), ("web1", "web2", False), ("sim", "lint", False)]
)
def test_resemble(one: str, other: str, *, expected: bool) -> None:
    assert resemble(one, other) is expected
