from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.run.shell_state import apart

BASH = shutil.which("bash")


@pytest.mark.parametrize(
    "command",
    [
        "make test 2>&1 | tail -50",
        "FOO='a b' BAR=$HOME npm test",
        'for f in *.py; do\n  wc -l "$f" | tail -1\ndone',
        "make; echo $?",
        "git log -n $(git rev-list --count HEAD) | cat",
        "diff <(sort a) <(sort b)",
        "if [ -f x ]; then cat x; else echo no; fi",
        "(make; ls) &> log",
        "{ make; ls; } > log",
        "! grep x y || time -p make",
        "command ls -la",
        "\\ls -la",
        "'./my script' x",
        '"$HOME/bin/x" y',
        "cat <<'E'\nit's $x; cd src\nE\nls",
        "cat <<-E | sort\n\tA=1\n\tE\nls",
        "cat <<< hello >/dev/null",
        "python3 -c 'import os; cd = 1; export=2'",
        "grep -rn export . # cd src\nls",
        "echo a#b; ls",
        "docker exec -it x sh",
        "kill -9 123",
        "find . \\( -name a -o -name b \\) -exec grep -l x {} \\; | head",
        'git commit -m "fix (a): b\'s & c; cd d"',
        'echo "a $(echo "b $(date)") c"',
        "echo $((1 + 2 * 3)) ${PWD##*/} {a,b}.c",
        "while true; do ls; done",
        "cmake -S . -B build \\\n  -DX=1 \\\n  \\\n-DY=2",
        "rg '&grid' x && curl -d 'a=1&b=2' y",
    ],
)
def test_what_needs_nothing_of_the_shell_and_changes_nothing_of_it(command: str) -> None:
    assert apart(command)


@pytest.mark.parametrize(
    "command",
    [
        "TOKEN=$(gh auth token)",
        'FOO="a b"',
        "A=1 B=2",
        "A=(1 2)",
        "a[1]=2",
        "A+=x",
        "A=1 cd src",
        "command cd src",
        "builtin cd src",
        "\\command cd src",
        "'builtin' cd src",
        "noglob cd src",
        "\\cd src",
        '"cd" src',
        "c''d src",
        "chdir src",
        "..",
        "src/",
        ">log cd src",
        "2>&1 cd src",
        "time -p cd src",
        "! cd src",
        "if true; then :; else cd x; fi",
        "make && { cd x; }",
        "make # x\ncd src",
        "cat <<'E'\nE\ncd src",
        "case x in x) cd src;; esac",
        "f() { cd src; }",
        "function f { ls; }",
        "let x=1",
        "mapfile a < f",
        "printf -v x y",
        "module load gcc",
        "rvm use 3",
        "kill %1",
        "%1",
        "echo $((x++))",
        "((x++))",
        "echo ${x:=1}",
        'echo "${x=1}"',
        "cat <<E\n${x:=1}\nE",
        "for ((i=0; i<3; i++)); do ls; done",
        "npm start & echo",
        "true;;",
        "A=1\\\nls",
        "c\\\nd src",
        '"c\\\nd" src',
        "A=1\rls",
        "A=1\u00a0ls",
        "echo $\\\nx",
        'echo "$\\\nx"',
    ],
)
def test_what_changes_the_shell(command: str) -> None:
    assert not apart(command)


@pytest.mark.parametrize(
    "command", ["echo $TOKEN", 'curl -H "Authorization: $TOKEN" x', "echo $?", "echo $! $_", "$RUN src", "type nvm", "command -v nvm"]
)
def test_what_the_shell_alone_knows(command: str) -> None:
    """A variable that is not exported, a function: what a command before this one left behind."""
    assert not apart(command)


@pytest.mark.parametrize(
    "command", ["", " ", "# x", "echo 'x", 'echo "x', "echo $(x", "(ls", "ls)", "cat <<E", "cat <<E\nx", "cat >", "echo `ls`", "echo \\"]
)
def test_what_is_not_understood(command: str) -> None:
    assert not apart(command)


@pytest.mark.parametrize(
    "piece", ["$(", "(", '"$(', "${", "$((1", "<<E ", "'", '"', "a'b'", "\\", "1", "A=", "`", "{ ", "<(", "\n", "#", "$x", "a=b "]
)
def test_hostile_commands_take_no_time(piece: str) -> None:
    apart(piece * (20_000 // len(piece)))


CHANGES = [
    *("cd ..", "A=1", "B='x y'", "export C=1", "set -f", "f() { :; }", "alias l=ls", "umask 0", "unset HOME", "read D"),
    *("printf -v E x", "let F=1", "shopt -s nullglob"),
]
PIECES = [
    *("true", "echo x", "false", ":", "ls -d .", "$HOME", "[ 1 ]", "for i in 1 2", "do", "done", "if", "then", "else", "fi", "time", "!", "{", "}"),
    "command",
]
BETWEEN = [
    *("(", ")", "|", "||", "&&", ";", "\n", '"', "'", "\\", "$(", "<<E\n", "\nE\n", "<<<", ">&1", "2>&1", "</dev/null", "#", "$", "``", "x=", "in"),
    *("case", "esac", ";;", "=", "$((G=1))", "${H:=1}"),
]
SHOWN = "set -o posix; set; declare -f; alias; umask; pwd; shopt; set -o"
OWN = (
    "_=",
    "BASH",
    "i=",
    "COLUMNS=",
    "LINES=",
    "LINENO=",
    "PIPESTATUS=",
    "RANDOM=",
    "SECONDS=",
    "EPOCH",
    "SRANDOM=",
    "SHLVL=",
    "POSIXLY_CORRECT=",
    "SHELLOPTS=",
    "PPID=",
)


def state(command: str, folder: Path) -> list[str]:
    """Of bash, after a command."""
    # Told at its end, as some errors of syntax end it.
    script = f"exec 3>&1; trap '{{ {SHOWN}; }} >&3' EXIT; eval \"$1\" >/dev/null 2>&1 </dev/null"
    asked = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    shell = [str(BASH), "--norc", "-c", script, "bash", command]
    done = subprocess.run(shell, env=asked, capture_output=True, check=False, timeout=60, cwd=folder)
    return [line for line in done.stdout.decode(errors="replace").splitlines() if not line.startswith(OWN)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In which, and above which, a command may make files."""
    made = tmp_path_factory.mktemp("shells") / "1" / "2" / "3" / "4" / "5"
    made.mkdir(parents=True)
    return made


@pytest.mark.slow
@pytest.mark.skipif(BASH is None, reason="no bash on this machine: what is read of a command line is NOT TESTED against what bash does with it")
@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(st.tuples(st.sampled_from([*CHANGES, *PIECES, *BETWEEN]), st.sampled_from(["", " ", " ", "; ", "\n"])), max_size=9))
def test_bash_is_what_it_was(folder: Path, pieces: list[tuple[str, str]]) -> None:
    command = "".join(piece + between for piece, between in pieces)
    if apart(command):
        assert state(command, folder) == state("true", folder) != []


@pytest.mark.slow
@pytest.mark.skipif(BASH is None, reason="no bash on this machine: what is read of a command line is NOT TESTED against what bash does with it")
@pytest.mark.parametrize("change", [c for c in CHANGES if not c.startswith("read")])
def test_what_would_not_be_what_it_was(folder: Path, change: str) -> None:
    """The test above can fail."""
    assert state(change, folder) != state("true", folder)
