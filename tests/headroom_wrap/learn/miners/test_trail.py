"""A session as the miners walk it."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.findings import Evidence, Lesson
from headroom_wrap.learn.miners import mine
from headroom_wrap.learn.miners.outcomes import outcomes
from headroom_wrap.learn.miners.trail import Step, Trail, clean
from headroom_wrap.learn.model import Event, Retrieval, Session, ToolUse, UserText
from pipeline.transcript import ToolKind


def sh(command: str, result: str = "", failed: bool | None = False, **more: object) -> ToolUse:
    return ToolUse(command, "Bash", ToolKind.SHELL, command=command, cwd="/p", result=result, failed=failed, **more)  # type: ignore[arg-type]


def trail(*events: Event) -> Trail:
    return Trail(Session("claude", "s1", "/p", 5.0, 9.0, tuple(events)))


def step(use: ToolUse) -> Step:
    return trail(use).steps[0]


@pytest.mark.parametrize(
    ("use", "failed", "worked"),
    [
        (sh("make"), False, True),
        (sh("make", failed=True), True, False),
        (sh("make", exit_status=2, failed=None), True, False),
        (sh("make", exit_status=0, failed=None), False, True),
        (sh("make", refused=True), True, False),
        (sh("make", timed_out=True, failed=None), True, False),
        (sh("make", "built", failed=None), False, True),
        (sh("make", "Error: x", failed=None), False, False),
        (sh("make", "", failed=None), False, False),
        (sh("make | tail", "built"), False, True),
        (sh("make | tail", "Error 2"), False, False),
        (sh("python a | tail", "bash: python: command not found"), True, False),
        (sh("cat log", "bash: cat: command not found"), False, True),
        (ToolUse("a", "Read", ToolKind.READ, failed=None, result="x"), False, False),
        (ToolUse("a", "Read", ToolKind.READ, failed=False), False, True),
    ],
)
def test_what_came_of_it(use: ToolUse, failed: bool, worked: bool) -> None:
    assert (step(use).failed, step(use).worked) == (failed, worked)


@pytest.mark.parametrize(
    ("use", "changes"),
    [
        (sh("ls"), False),
        (sh("npm test"), False),
        (sh("npm install zod"), True),
        (sh("pip install x", failed=True), False),
        (sh("mkdir a"), True),
        (sh("sed -i s/a/b/ c"), True),
        (sh("sed s/a/b/ c"), False),
        (sh("echo x > a"), True),
        (sh("echo x 2>&1"), False),
        (sh("git checkout x"), True),
        (sh("x" * 5000), True),
        (ToolUse("a", "Edit", ToolKind.EDIT, failed=False), True),
        (ToolUse("a", "Edit", ToolKind.EDIT, failed=True), False),
        (ToolUse("a", "Read", ToolKind.READ, failed=False), False),
    ],
)
def test_what_may_be_there_after_it(use: ToolUse, changes: bool) -> None:
    assert step(use).changes is changes


def test_changes_between() -> None:
    t = trail(sh("mkdir z"), sh("ls a"), UserText("go on"), sh("ls b"), sh("mkdir c"), sh("ls d"), UserText("I installed it"), sh("ls e"))
    _, a, b, c, d, e = t.steps
    assert [t.changed(one, other) for one, other in ((a, b), (a, c), (b, d), (c, d), (d, e), (a, e))] == [False, False, True, False, True, True]


@pytest.mark.parametrize(
    ("path", "cwd", "expected"),
    [
        ("a.py", "", "a.py"),
        ("a.py", "/p/web", "web/a.py"),
        ("/p/web/../a.py", "", "a.py"),
        ("/p", "", "."),
        (".", "/p", "."),
        ("../x", "", None),
        ("/px/a", "", None),
        ("~/a", "", None),
        ("a*.py", "", None),
        ("$HOME", "", None),
        ("a\nb", "", None),
        ("", "", None),
        ("x" * 400, "", None),
        ("a.py", "web", "a.py"),
    ],
)
def test_paths_are_of_the_project(path: str, cwd: str, expected: str | None) -> None:
    assert trail().relative(path, cwd) == expected
    assert Trail(Session("claude", "s")).relative(path, cwd) is None


def test_evidence_has_the_time_of_the_call_or_of_the_session() -> None:
    t = trail(sh("ls", time=7.0), sh("pwd"))
    assert t.evidence(t.steps[0]) == Evidence(7.0, "/p", "claude", "s1", "ls")
    assert t.evidence(t.steps[1]).time == 9.0


def test_halves_of_pairs_do_not_reach_the_disk() -> None:
    assert clean("a\ud800b") == "a?b"


def test_outcomes_are_keys() -> None:
    t = trail(
        sh("python a.py", "bash: python: command not found", failed=True),
        sh("cd web && npm run lint --fix"),
        sh(". venv/bin/activate && pytest"),
        sh("cat src/a.c"),
        sh("npm run dev", failed=True),
        ToolUse("r", "Read", ToolKind.READ, path="b.c", cwd="/p", result="does not exist", failed=True),
        ToolUse("b", "Read", ToolKind.READ, path="big.c", cwd="/p", result_bytes=90_000, failed=False),
        ToolUse("g", "Grep", ToolKind.SEARCH, {"pattern": "x"}, path="src", cwd="/p", result="src/a.c:1:x", failed=False),
    )
    keys = [o.key for o in outcomes(t)]
    assert {
        "missing:python",
        "runs:npm",
        "does:npm run lint",
        "in:web:npm",
        "with:npm run lint --fix",
        "exists:src/a.c",
        "returns:npm run dev",
    } <= set(keys)
    assert {"absent:b.c", "whole:big.c", "exists:big.c", "hits:src"} <= set(keys)
    assert not {"runs:python", "runs:pytest", "works:pytest", "missing:pytest"} & set(keys)
    assert len(keys) == len(set(keys))


def test_what_was_brought_back_names_the_tool() -> None:
    footer = "1 line\n[headroom 3f9a2c7b: 361 of 612 lines left out]"
    session = Session("claude", "s", "/p", events=(sh("git log", footer), Retrieval("3f9a2c7b", "1-20"), Retrieval("ffffffff")))
    (seen,) = (o for o in mine(session).observations if o.lesson is Lesson.RETRIEVED)
    assert (seen.slots, seen.evidence.where) == ({"tool": "git"}, "event 1")


def test_parts_and_subagents_are_mined_apart() -> None:
    keys = {mine(Session("claude", "s", subagent=sub, part=part)).key for sub in ("", "x") for part in (0, 1)}
    assert len(keys) == 4


def test_undisturbed_is_what_nothing_and_nobody_came_between() -> None:
    walked = trail(sh("a", failed=True), sh("b"), UserText("go on"), sh("c"), sh("make install"), sh("d"))
    a, b, c, _, d = walked.steps
    assert walked.undisturbed(a, b)
    assert not walked.undisturbed(a, c)
    assert not walked.undisturbed(b, c)
    assert not walked.undisturbed(c, d)
    assert [list(walked.words(n, n)) for n in range(4)] == [[], [], ["go on"], []]


def test_folders_are_those_of_files_that_were_looked_at() -> None:
    read = ToolUse("r", "Read", ToolKind.READ, path="/p/src/a.py", failed=False)
    assert trail(read, sh("pytest tests/a.py"), sh("make docs")).folders == {"src", "tests"}


def test_what_is_asked_for_changes_nothing() -> None:
    assert not step(sh("zig build -l")).changes
    assert not step(sh("kubectl get pods")).changes
    assert step(sh("go get x")).changes
