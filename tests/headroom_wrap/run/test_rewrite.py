from __future__ import annotations

import shlex
import subprocess

import pytest

from headroom_wrap.cli.hook import answer
from headroom_wrap.run.rewrite import rewrite

RUN = ["/x y/headroom", "run"]


@pytest.mark.parametrize(
    "command",
    [
        "make test",
        "grep -rn 'foo bar' . | head -50",
        "FOO=1 npm test 2>&1",
        "cat <<'E'\nit's $x\nE",
        "find . -name '*.py' && git log .",
        "echo a; echo b >&2",
        "ls &>/dev/null",
    ],
)
def test_what_prints_is_run_through_us(command: str) -> None:
    new = rewrite(command, "/bin/bash", RUN)
    assert new is not None
    assert shlex.split(new) == [*RUN, "--", "/bin/bash", "-c", command]


@pytest.mark.parametrize("lead", ["cd src && ", 'cd "my folder" && ', "cd -- 'it' && "])
def test_the_folder_is_changed_in_the_agent_s_shell(lead: str) -> None:
    new = rewrite(lead + "make | tail", "sh", RUN)
    assert new is not None
    assert new.startswith(lead)
    assert shlex.split(new[len(lead) :])[-1] == "make | tail"


@pytest.mark.parametrize(
    "command",
    [
        "cd src",
        "make; cd src",
        "export A=1",
        "A=1",
        "make && . venv/bin/activate",
        "source x",
        "npm start &",
        "sleep 5 & echo x",
        "if true; then cd x; fi",
        "exit 3",
        "",
        "  ",
        "headroom show 12345678",
        "'/x y/headroom' run -- make",
        "echo \0",
        "x" * 30_000,
    ],
)
def test_what_changes_the_shell_is_left_alone(command: str) -> None:
    assert rewrite(command, "sh", RUN) is None


@pytest.mark.parametrize(
    "command",
    [
        "TOKEN=$(gh auth token)",
        'FOO="a b"',
        "A=1 B=2",
        "command cd src",
        "\\cd src",
        "case x in x) cd src;; esac",
        "f() { cd src; }",
        "A=1 cd src",
        "cd src && A=1",
    ],
)
def test_what_changes_the_shell_in_other_words_is_left_alone_too(command: str) -> None:
    assert rewrite(command, "sh", RUN) is None


def test_a_rewritten_command_is_not_rewritten_again() -> None:
    new = rewrite("make", "sh", RUN)
    assert new is not None
    assert rewrite(new, "sh", RUN) is None


@pytest.mark.parametrize("command", [" cd" * 9000, "cd " + "a" * 19_000, "cd '" + "a " * 9000, "A=" * 9000, ";" * 19_000])
def test_hostile_commands_take_no_time(command: str) -> None:
    rewrite(command, "sh", RUN)


def test_it_means_the_same() -> None:
    command = "printf '%s\\n' \"it's\" 'a\"b' $((1+1)); false || echo \"$0\" >/dev/null; (exit 3)"
    new = rewrite(command, "/bin/sh", ["env"])
    assert new is None  # exit, though in a subshell, is left alone
    command = command.replace("(exit 3)", "sh -c 'kill -9 $$' 2>/dev/null")
    new = rewrite(command, "/bin/sh", ["env"])
    assert new is not None
    direct, ours = (subprocess.run(["/bin/sh", "-c", c], capture_output=True, check=False) for c in (command, new))
    assert (direct.returncode, direct.stdout) == (ours.returncode, ours.stdout)


def test_the_hook_answers_with_all_of_the_input() -> None:
    asked = b'{"tool_name": "Shell", "tool_input": {"command": "make", "working_directory": "/x"}}'
    assert answer(asked, "/bin/sh", ["headroom", "run"]) == {
        "updated_input": {"command": "headroom run -- /bin/sh -c make", "working_directory": "/x"}
    }


@pytest.mark.parametrize(
    "asked",
    [
        b"",
        b"[]",
        b"{",
        b'{"tool_name": "Read"}',
        b'{"tool_name": "Shell"}',
        b'{"tool_name": "Shell", "tool_input": {"command": 1}}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_it_does_not_understand_goes_on_as_it_was(asked: bytes) -> None:
    assert answer(asked, "/bin/sh", ["headroom", "run"]) == {}
