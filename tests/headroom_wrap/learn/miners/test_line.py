"""Command lines taken apart."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.miners.line import Line, parse


def parsed(command: str) -> Line:
    line = parse(command)
    assert line is not None
    return line


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("npm test", "npm test"),
        ("cd web && npm test", "npm test"),
        ("CI=1 npm test 2>&1 | tail -5", "npm test"),
        ("export A=b && export C='d e'; npm test", "npm test"),
        ("env A=b npm test", "npm test"),
        ("bash -lc 'cd web && npm test'", "npm test"),
        ('/bin/bash -c "npm test"', "npm test"),
        ("npm test; echo $?", "npm test"),
        ("source .venv/bin/activate && npm test", "npm test"),
        ("timeout 60 npm test", "npm test"),
        ("python3 - <<'P'\nprint(1)\nP", "python3 -"),
        ("npm test && npm run lint", ""),
        ("npm test || true", ""),
        ("for x in a b; do npm test; done", ""),
        ("if npm test; then a; fi", ""),
    ],
)
def test_words(command: str, words: str) -> None:
    assert parsed(command).text == words


def test_what_stands_before() -> None:
    line = parsed("cd 'my web' && . venv/bin/activate && A=1 B='x y' make all")
    assert (line.folder, line.activate, line.variables, line.text) == ("my web", "venv/bin/activate", (("A", "1"), ("B", "x y")), "make all")


def test_folders_add_up() -> None:
    assert parsed("cd web && cd src && ls").folder == "web/src"
    assert parsed("cd web && cd /abs && ls").folder == "/abs"


@pytest.mark.parametrize(
    ("command", "masked", "guarded", "writes"),
    [
        ("make", False, False, False),
        ("make 2>&1", False, False, False),
        ("make 2>/dev/null", False, False, False),
        ("make | tail", True, False, False),
        ("make; echo done", True, False, False),
        ("make || true", True, True, False),
        ("command -v make", False, True, False),
        ("make > out.txt", False, False, True),
        ("make | tee out.txt", True, False, True),
        ("cat > a.py <<'E'\nx\nE", True, False, True),
    ],
)
def test_what_a_line_does(command: str, masked: bool, guarded: bool, writes: bool) -> None:
    line = parsed(command)
    assert (line.masked, line.guarded, line.writes) == (masked, guarded, writes)


@pytest.mark.parametrize("command", ["", "   ", "x" * 5000, ";", "<<E\nx\nE"])
def test_what_shows_no_command(command: str) -> None:
    assert parse(command) is None


def test_a_wrapper_that_cannot_be_opened_stays() -> None:
    assert parsed("bash -c 'make' extra").program


@pytest.mark.parametrize(
    ("command", "masked"),
    [("cd a && make", False), ("cd a && make && cd ..", False), ("make; echo $?", True), ("make | tail", True), ("make && echo a | b", True)],
)
def test_whose_status_it_is(command: str, *, masked: bool) -> None:
    assert parsed(command).masked is masked
