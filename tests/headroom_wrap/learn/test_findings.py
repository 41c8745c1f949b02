"""The words for what sessions teach, on their way to disk and back."""

from __future__ import annotations

import re

from headroom_wrap.learn.findings import (
    SLOTS,
    Evidence,
    Finding,
    Kind,
    LargerThan,
    Lesson,
    Mined,
    NotOnPath,
    Observation,
    OnPath,
    Outcome,
    PathAbsent,
    PathExists,
    Script,
    decode,
    distinct,
    encode,
    identity,
)

SEEN = Evidence(5.0, "/p", "claude", "s1", "call_1")
EVERYTHING = Observation(
    Kind.PATH,
    "a.py",
    Lesson.PATH_IS_AT,
    {"wrong": "a.py", "right": "b/a.py"},
    SEEN,
    (PathExists("b/a.py"), PathAbsent("a.py"), LargerThan("b", 3), OnPath("x"), NotOnPath("y"), Script("package.json", "test")),
    firm=True,
    refuted_by=("exists:a.py",),
    wasted_tokens=7,
)


def test_what_was_mined_comes_back_from_disk() -> None:
    mined = Mined("k", (EVERYTHING,), (Outcome("runs:x", SEEN),))
    line = encode(mined)
    assert b"\n" not in line
    assert decode(line) == mined


def test_what_is_no_such_line_is_none() -> None:
    assert [decode(line) for line in (b"", b"{", b"[]", b"{}", b"\xff", encode(Mined("k", (EVERYTHING,)))[:-9])] == [None] * 6


def test_every_lesson_has_its_slots() -> None:
    assert set(SLOTS) == set(Lesson)
    assert all(SLOTS.values())


def test_an_id_is_of_the_lesson_and_not_of_its_evidence() -> None:
    one = Finding(Kind.PATH, "a", Lesson.PATH_IS_AT, {"wrong": "a", "right": "b"}, (), (SEEN,))
    other = Finding(Kind.PATH, "a", Lesson.PATH_IS_AT, {"right": "b", "wrong": "a"}, (PathExists("b"),), (SEEN, SEEN), weight=3.0)
    assert one.id == other.id
    assert re.fullmatch("[0-9a-f]{12}", one.id)
    assert one.id != Finding(Kind.PATH, "a", Lesson.PATH_IS_AT, {"wrong": "a", "right": "c"}, (), (SEEN,)).id
    assert identity(Kind.LOOP, "\ud800", Lesson.REPEATED, {"call": "\ud800"})


def test_an_id_is_the_same_for_ever() -> None:
    assert identity(Kind.COMMAND, "python", Lesson.USE_PROGRAM, {"wrong": "python", "right": "python3"}) == "c98a9902dac4"


def test_sessions_and_projects_are_counted_once() -> None:
    seen = (SEEN, SEEN, Evidence(6.0, "/p", "codex", "s1", "c"), Evidence(7.0, "/q", "codex", "s1", "d"))
    found = Finding(Kind.PATH, "a", Lesson.PATH_IS_AT, {"wrong": "a", "right": "b"}, (), seen)
    assert (found.sessions, found.projects) == (2, 2)


def test_of_one_session_the_last_reading_counts() -> None:
    assert distinct([Mined("a"), Mined("b"), Mined("a", (EVERYTHING,))]) == (Mined("a", (EVERYTHING,)), Mined("b"))


def test_what_was_retrieved_is_not_for_agents() -> None:
    assert not Finding(Kind.RETRIEVAL, "read", Lesson.RETRIEVED, {"tool": "Read"}, (), (SEEN,)).for_agents
