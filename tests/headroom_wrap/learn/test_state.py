from __future__ import annotations

import time
from pathlib import Path

import pytest

from headroom_wrap.learn import state
from headroom_wrap.learn.findings import Evidence, Kind, Lesson, Mined, Observation
from headroom_wrap.learn.state import Memory, Record, Written


def mined(key: str, value: str = "python3", time: float = 1.0) -> Mined:
    seen = Evidence(time, "/p", "claude", key, "c")
    return Mined(key, (Observation(Kind.COMMAND, "python", Lesson.USE_PROGRAM, {"wrong": "python", "right": value}, seen),))


def test_what_was_kept_is_recalled_once(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "state")
    assert memory.recall() == ()
    memory.add([mined("a"), Mined("empty")])
    assert memory.add([mined("b"), mined("a", "uv run python")]) == (mined("a", "uv run python"), mined("b"))
    size = (tmp_path / "state" / "learn" / "observations.jsonl").stat().st_size
    memory.add([mined("b")])
    assert (tmp_path / "state" / "learn" / "observations.jsonl").stat().st_size == size, "what is known is not kept twice"
    assert memory.recall() == (mined("a", "uv run python"), mined("b"))
    assert (tmp_path / "state" / "learn" / "observations.jsonl").stat().st_mode & 0o77 == 0


def test_what_cannot_be_read_or_kept_costs_no_other(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.add([mined("a")])
    with (tmp_path / "learn" / "observations.jsonl").open("ab") as file:
        file.write(b"{no json\n\xff\n")
    memory.add([mined("half", "\ud800"), mined("b")])
    assert memory.recall() == (mined("a"), mined("b"))


def test_a_line_that_was_torn_costs_no_other(tmp_path: Path) -> None:
    memory, file = Memory(tmp_path), tmp_path / "learn" / "observations.jsonl"
    memory.add([mined("a"), mined("torn")])
    file.write_bytes(file.read_bytes()[:-20])
    memory.add([mined("b")])
    assert memory.recall() == (mined("a"), mined("b"))
    file.write_bytes(b"")
    memory.add([mined("c")])
    assert memory.recall() == (mined("c"),)


def test_it_stays_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_MOST_BYTES", 20_000)
    memory = Memory(tmp_path)
    for n in range(200):
        memory.add([mined(f"{n:03}")])
    assert (tmp_path / "learn" / "observations.jsonl").stat().st_size <= 20_000 + 1000
    keys = [one.key for one in memory.recall()]
    assert keys == sorted(keys)
    assert keys[-1] == "199"
    assert len(keys) > 20


def test_it_stays_bounded_by_age(tmp_path: Path) -> None:
    memory, year = Memory(tmp_path), 365 * 86_400.0
    memory.add([mined("old", time=1000.0), mined("undated", time=0.0), mined("later", time=year / 2)])
    assert len(memory.recall()) == 3
    memory.add([mined("new", time=year + 2000.0)])
    assert [one.key for one in memory.recall()] == ["undated", "later", "new"]


def test_a_session_of_the_future_takes_no_other_away(tmp_path: Path) -> None:
    memory, now = Memory(tmp_path), time.time()
    memory.add([mined("a", time=now - 1000), mined("future", time=now + 9e7)])
    memory.add([mined("b", time=now - 500)])
    assert [one.key for one in memory.recall()] == ["a", "future", "b"]


def test_it_stays_bounded_by_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_MOST_SESSIONS", 10)
    memory = Memory(tmp_path)
    for n in range(25):
        memory.add([mined(f"{n:03}")])
    keys = [one.key for one in memory.recall()]
    assert 5 <= len(keys) <= 10
    assert keys == [f"{n:03}" for n in range(25)][-len(keys) :]


def test_a_record(tmp_path: Path) -> None:
    memory, project = Memory(tmp_path), Path("/p")
    assert memory.record(project) == Record("/p")
    record = Record("/p").with_file(Path("/p/A.md"), {"a": "A."}, {"b": "B."}, made=True)
    memory.save(record)
    assert memory.record(project) == record == Record("/p", {"/p/A.md": Written({"a": "A."}, made=True)}, {"b": "B."})
    assert record.with_file(Path("/p/A.md"), {"c": "C."}, {}, made=False).files["/p/A.md"].made
    assert record.with_file(Path("/p/A.md"), {}, {}, made=False).files == {}
    next((tmp_path / "learn").glob("project-*")).write_text("[]")
    assert memory.record(project) == Record("/p")


def test_a_change_is_made_to_what_is_known_by_then(tmp_path: Path) -> None:
    memory, project = Memory(tmp_path), Path("/p")
    memory.save(Record("/p", {}, {"a": "A."}))
    assert memory.update(project, lambda known: known.refusing({"b": "B."})).refused == {"a": "A.", "b": "B."}
    assert memory.record(project) == Record("/p", {}, {"a": "A.", "b": "B."})
    (written,) = (tmp_path / "learn").glob("project-*")
    before = written.stat().st_ino
    memory.update(project, lambda known: known)
    assert written.stat().st_ino == before, "nothing is written where nothing changes"


def test_a_state_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "learn").write_text("")
    assert Memory(tmp_path).add([mined("a")]) == (mined("a"),)
    with pytest.raises(OSError):
        Memory(tmp_path).save(Record("/p"))
