"""Why a command failed, from what it printed."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.miners.failure import Cause, Failure, cause, says, says_absent
from headroom_wrap.learn.miners.line import parse


def why(command: str, output: str) -> Failure | None:
    line = parse(command)
    assert line is not None
    return cause(line, output)


@pytest.mark.parametrize(
    ("command", "output", "name"),
    [
        ("python a.py", "bash: python: command not found", "python"),
        ("python a.py", "bash: line 1: python: command not found", "python"),
        ("python a.py", "/bin/sh: 1: python: not found", "python"),
        ("python a.py", "zsh: command not found: python", "python"),
        ("python a.py", "fish: Unknown command: python", "python"),
        ("python a.py", "Exit code 127\n/bin/bash: line 1: python: command not found", "python"),
        ("python a.py", "'python' is not recognized as an internal or external command", "python"),
        ("python a.py", "/usr/bin/env: ‘python’: No such file or directory", "python"),
        ("python a.py", 'exec: "python": executable file not found in $PATH', "python"),
        ("python a.py", "Error: spawn python ENOENT", "python"),
        ("uv run pytest", "error: Failed to spawn: `uv`", "uv"),
        ("./run.sh", "bash: ./run.sh: No such file or directory", "./run.sh"),
        ("cat x | python -m json.tool", "bash: python: command not found", "python"),
    ],
)
def test_no_program(command: str, output: str, name: str) -> None:
    assert why(command, output) == Failure(Cause.NO_PROGRAM, name)


@pytest.mark.parametrize(
    ("command", "output", "expected"),
    [
        ("npm run tests", 'npm ERR! Missing script: "tests"', (Cause.NO_TASK, "tests")),
        ("yarn lints", 'error Command "lints" not found.', (Cause.NO_TASK, "lints")),
        ("make tests", "make: *** No rule to make target 'tests'.  Stop.", (Cause.NO_TASK, "tests")),
        ("cargo tests", "error: no such command: `tests`", (Cause.NO_TASK, "tests")),
        ("task builds", 'task: Task "builds" does not exist', (Cause.NO_TASK, "builds")),
        (
            "npm ci",
            "npm error code ENOENT\nnpm error syscall open\nnpm error path /p/package.json ENOENT: no such file or directory, open '/p/package.json'",
            (Cause.NO_PROJECT, ""),
        ),
        ("cargo build", "error: could not find `Cargo.toml` in `/p` or any parent directory", (Cause.NO_PROJECT, "")),
        ("make", "make: *** No targets specified and no makefile found.  Stop.", (Cause.NO_PROJECT, "")),
        ("python3 manage.py x", "python3: can't open file '/p/manage.py': [Errno 2] No such file or directory", (Cause.NO_FILE, "manage.py")),
        ("cat a/b.c", "cat: a/b.c: No such file or directory", (Cause.NO_FILE, "a/b.c")),
        ("ls a/b", "ls: cannot access 'a/b': No such file or directory", (Cause.NO_FILE, "a/b")),
        ("pytest --x=1", "pytest: error: unrecognized arguments: --x=1", (Cause.BAD_OPTION, "--x")),
        ("grep -P a", "grep: invalid option -- 'P'", (Cause.BAD_OPTION, "-P")),
        ("tool --fast", "error: unexpected argument '--fast' found", (Cause.BAD_OPTION, "--fast")),
        ("python3 a.py", "ModuleNotFoundError: No module named 'yaml'", (Cause.NO_MODULE, "yaml")),
        ("python3 a.py", "KeyError: 'APP_MODE'", (Cause.NO_VARIABLE, "APP_MODE")),
        ("npm start", "Error: API_BASE is not set", (Cause.NO_VARIABLE, "API_BASE")),
        ("pytest", "collected 0 items\n\nno tests ran in 0.01s", (Cause.NO_TESTS, "")),
    ],
)
def test_causes(command: str, output: str, expected: tuple[Cause, str]) -> None:
    assert why(command, output) == Failure(*expected)


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("./deploy.sh", "./deploy.sh: line 3: jq: command not found"),
        ("make all", "make: *** No rule to make target 'wire.c', needed by 'all'.  Stop."),
        ("pytest", "E  AssertionError: unrecognized arguments: --fast"),
        ("pytest", "1 failed, 2 passed"),
        ("cat a.c", "cat: b.c: No such file or directory"),
        ("make a && make b", "make: *** No rule to make target 'b'.  Stop."),
        ("kubectl get x", 'Error from server (NotFound): pods "x" not found'),
    ],
)
def test_no_cause_that_is_known(command: str, output: str) -> None:
    assert why(command, output) is None


def test_only_the_ends_of_an_output_are_looked_at() -> None:
    message = "bash: python: command not found"
    assert why("python a", message + "\n" + "x\n" * 4000)
    assert why("python a", "x\n" * 4000 + message)
    assert why("python a", "x\n" * 4000 + message + "\n" + "x\n" * 4000) is None


@pytest.mark.parametrize(
    ("command", "output", "expected"),
    [
        ("bundle exec rake db:migrate:test", "Don't know how to build task 'db:migrate:test' (see --tasks)", (Cause.NO_TASK, "db:migrate:test")),
        ("bazel test //auth:tests", "ERROR: no such target '//auth:tests': target 'tests' not declared", (Cause.NO_TASK, "//auth:tests")),
        ("mix db.reset", '** (Mix) The task "db.reset" could not be found.', (Cause.NO_TASK, "db.reset")),
        ("cmake --preset default", 'CMake Error: No such preset in /p: "default"', (Cause.NO_TASK, "default")),
        ("phpcs --colours src", 'ERROR: option "--colours" not known', (Cause.BAD_OPTION, "--colours")),
        (
            "dotnet test --parallel",
            "MSB1001: Unknown switch.\n  Full command line: 'MSBuild.dll -t:x --parallel'\nSwitch: --parallel",
            (Cause.BAD_OPTION, "--parallel"),
        ),
        ("flutter test --filter x", 'Could not find an option named "--filter".', (Cause.BAD_OPTION, "--filter")),
    ],
)
def test_words_of_absence_beside_a_name(command: str, output: str, expected: tuple[Cause, str]) -> None:
    assert why(command, output) == Failure(*expected, loose=True)


@pytest.mark.parametrize(
    ("output", "name", "named", "absent"),
    [
        ("no device iPhone-14 of this name, unknown iPhone-14", "iPhone-14", True, True),
        ("set MIX_ENV explicitly", "MIX_ENV", True, False),
        ("set MIX_ENVS explicitly", "MIX_ENV", False, False),
        ("", "MIX_ENV", False, False),
        ("unknown target\n\n\n\n\n\ndev", "dev", True, False),  # too far away
    ],
)
def test_what_an_output_says_of_a_name(output: str, name: str, *, named: bool, absent: bool) -> None:
    assert says(output, name) is named
    assert says_absent(output, name) is absent
