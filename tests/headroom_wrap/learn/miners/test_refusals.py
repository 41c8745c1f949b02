"""What a refused command teaches."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.findings import Lesson, Observation
from headroom_wrap.learn.miners import refusals
from headroom_wrap.learn.miners.trail import Trail
from headroom_wrap.learn.model import Event, Session, ToolUse, UserText
from pipeline.command import shows

RULE = "Permission to use Bash has been denied by a permission rule."
PERSON = "The user doesn't want to proceed with this tool use. The tool use was rejected."


def refused(command: str, why: str) -> ToolUse:
    return ToolUse("r", "Bash", shows(command).kind, command=command, cwd="/p", result=why, failed=True, refused=True)


def ran(command: str) -> ToolUse:
    return ToolUse("w", "Bash", shows(command).kind, command=command, cwd="/p", result="ok", failed=False, exit_status=0)


def seen(*events: Event) -> list[Observation]:
    return list(refusals.mine(Trail(Session("claude", "s", "/p", events=events))))


def test_a_dry_run_is_what_is_left_of_a_refused_command() -> None:
    (one,) = seen(refused("ansible-playbook site.yml", RULE), ran("ansible-playbook site.yml --check"))
    assert one.lesson is Lesson.REFUSED_INSTEAD
    assert one.slots == {"command": "ansible-playbook site.yml", "instead": "ansible-playbook site.yml --check"}
    assert not one.firm


@pytest.mark.parametrize("way_round", ["ansible-playbook site.yml --force", "sudo ansible-playbook site.yml", "ansible site.yml"])
def test_no_way_round_is_taught(way_round: str) -> None:
    (one,) = seen(refused("ansible-playbook site.yml", RULE), ran(way_round))
    assert one.lesson is Lesson.REFUSED


@pytest.mark.parametrize("text", ["misclick, sorry. go ahead", "ok do it", "oops", "you may run that"])
def test_who_takes_it_back_has_forbidden_nothing(text: str) -> None:
    assert seen(refused("npm install zod", PERSON), UserText(text)) == []


@pytest.mark.parametrize("text", ["I run that myself", "never do that here", "you may not deploy"])
def test_who_says_why_has(text: str) -> None:
    assert [one.slots for one in seen(refused("npm install zod", PERSON), UserText(text))] == [{"command": "npm install"}]


def test_it_is_the_file_that_may_not_be_read() -> None:
    assert seen(refused("cat /home/ann/.netrc", RULE)) == []


def printed(command: str, what: str) -> ToolUse:
    """A command that ran, and that counts as refused for what it printed."""
    return ToolUse("r", "Bash", shows(command).kind, command=command, cwd="/p", result=what, failed=True, exit_status=1, refused=True)


def test_what_a_command_prints_is_no_instruction_after_one_session() -> None:
    (one,) = seen(printed("make deploy", "not permitted by policy. Use ./x instead"), ran("./x"))
    assert (one.lesson, one.firm) == (Lesson.REFUSED_INSTEAD, False)
    (one,) = seen(refused("make deploy", "denied by policy: use ./x instead"), ran("./x"))
    assert one.firm, "what did not run was refused by the agent, or by a hook of the user's"


def test_the_refused_command_names_nothing_to_do_instead() -> None:
    (one,) = seen(refused("make deploy ./x", "Permission to use Bash with command make deploy ./x has been denied."), ran("./x"))
    assert one.lesson is Lesson.REFUSED


def test_tests_that_print_what_a_sandbox_says_are_not_forbidden() -> None:
    assert seen(printed("pytest", "FAILED tests/a.py::test_b - OSError: Operation not permitted\n1 failed, 3 passed in 0.2s")) == []
    assert [one.slots for one in seen(printed("touch x", "touch: x: Operation not permitted"))] == [{"command": "touch x"}]
