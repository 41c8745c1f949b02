"""What a failing command found in the work itself, and what goes away by itself."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.miners import faults
from headroom_wrap.learn.miners.trail import Step, Trail
from headroom_wrap.learn.model import Session, ToolUse
from pipeline.transcript import ToolKind


def step(output: str) -> Step:
    use = ToolUse("1", "Bash", ToolKind.SHELL, command="run", result=output, failed=True, exit_status=1)
    return Trail(Session("claude", "s", "/p", events=(use,))).steps[0]


@pytest.mark.parametrize(
    "output",
    [
        "1 failed, 3 passed in 0.4s", "7 examples, 1 failure", "--- FAIL: TestExpires (0.00s)", "✖ 12 problems", "AssertionError: 3 != 4", "Failed:     2, Passed:    61",
        "FAILURES!", "not ok 3 - adds",
    ],
)  # fmt: skip
def test_tests_found_something(output: str) -> None:
    assert faults.of_tests(step(output))
    assert faults.of_code(step(output))


@pytest.mark.parametrize(
    "output", ["src/main.cpp:40:3: error: not declared", "src/a.ts(3,5): error TS2307: Cannot find", "error[E0308]: mismatched\n --> src/lib.rs:9:5"]
)
def test_a_compiler_found_something(output: str) -> None:
    assert faults.of_code(step(output))
    assert not faults.of_tests(step(output))


@pytest.mark.parametrize(
    "output", ["Error: no stack selected", "18 tests, 0 failures", "JavaScript heap out of memory", "ERROR! no hosts matched", ""]
)
def test_it_shows_no_fault(output: str) -> None:
    assert not faults.of_code(step(output))


@pytest.mark.parametrize("output", ["connect ETIMEDOUT", "Error acquiring the state lock", "address already in use", "No space left on device"])
def test_it_goes_away(output: str) -> None:
    assert faults.passing(step(output))


@pytest.mark.parametrize("output", ["connect ECONNREFUSED 127.0.0.1:3000", "dial tcp: host unreachable", "Could not connect to the server"])
def test_nobody_answers_where_it_asks(output: str) -> None:
    assert faults.passing(step(output))
    assert faults.passing(step(output), "--browser")
    assert not faults.passing(step(output), "--port")
    assert not faults.passing(step(output), "DOCKER_HOST")


def test_what_all_tests_lack_is_around_them() -> None:
    assert faults.of_all_tests(step("Failed: 14, Passed: 0"))
    assert not faults.of_all_tests(step("Failed: 2, Passed: 0"))
    assert not faults.of_all_tests(step("Failed: 14, Passed: 3"))


def test_it_stays() -> None:
    assert not faults.passing(step("spatie/pdf is locked to version 2.2.0 and requires ext-imagick"))


def test_a_long_output_is_looked_at_at_both_ends() -> None:
    assert faults.of_tests(step("1 failed\n" + "x" * 9000))
    assert faults.of_tests(step("x" * 9000 + "\n1 failed"))
