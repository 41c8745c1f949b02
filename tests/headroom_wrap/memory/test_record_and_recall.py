"""What one agent's proxy remembers is what another one is told, and only as far as it still stands on the disk."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from headroom import SharedContext
from headroom_wrap.demo import samples
from headroom_wrap.memory import disk
from headroom_wrap.memory.recall import Recall
from headroom_wrap.memory.record import Recorder
from pipeline import ccr, tokens
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.api import Transcript
from pipeline.memory.notes import BUDGET
from pipeline.policy import Policy
from pipeline.store.sqlite import SqliteStore
from tests.transcripts import body

LEDGER = "".join(f"def rule_{n}(amount):\n    return amount * {n}\n" for n in range(400))
LOG = samples.log(320)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(tmp_path / "state" / "headroom.db")
    yield opened
    opened.close()


@pytest.fixture
def top(tmp_path: Path) -> Path:
    top = (tmp_path / "project").resolve()
    (top / "src").mkdir(parents=True)
    (top / "src" / "ledger.py").write_text(LEDGER)
    (top / "app.log").write_text(LOG)
    return top


def read(*results: tuple[str, dict[str, object], str]) -> Transcript:
    """A request whose new tool results are these: tool, arguments, text."""
    calls = [{"type": "tool_use", "id": f"t{n}", "name": name, "input": arguments} for n, (name, arguments, _) in enumerate(results)]
    given = [{"type": "tool_result", "tool_use_id": f"t{n}", "content": text} for n, (_, _, text) in enumerate(results)]
    messages = [{"role": "user", "content": "go"}, {"role": "assistant", "content": calls}, {"role": "user", "content": given}]
    return Anthropic().read(body(messages), Policy())


def recorder(top: Path, agent: str = "claude", at: float = 1000.0, project: str = "git-1") -> Recorder:
    return Recorder(project, top, top, agent, clock=lambda: at)


def recall(top: Path, now: float = 1120.0, project: str = "git-1") -> Recall:
    return Recall(project, str(top), clock=lambda: now)


def test_files_that_were_read_are_remembered_once_by_content(store: SqliteStore, top: Path) -> None:
    numbered = "\n".join(f"{n:>6}\t{line}" for n, line in enumerate(LEDGER.removesuffix("\n").split("\n"), 1))
    first = read(("Read", {"file_path": str(top / "src" / "ledger.py")}, numbered), ("Bash", {"command": "cat app.log"}, LOG))
    assert recorder(top).record(store, first, {ccr.handle_of(LOG): "the log, shortened"}, "s1") == 2
    second = read(("exec_command", {"cmd": "cat ledger.py", "workdir": "src"}, LEDGER))
    assert recorder(top, "codex", 1060.0).record(store, second, {}, "s2") == 1
    found = recall(top).notes(store)
    assert [(n.key, n.seen, n.state.name) for n in found] == [
        ("src/ledger.py", (("codex", 1060.0), ("claude", 1000.0)), "CURRENT"),
        ("app.log", (("claude", 1000.0),), "CURRENT"),
    ]
    assert store.original(found[0].handle).text == LEDGER  # type: ignore[union-attr]
    assert {m.session for m in store.memories("git-1")} == {"s1", "s2"}


def test_an_answer_is_what_the_first_was_shown(store: SqliteStore, top: Path) -> None:
    recorder(top).record(store, read(("Bash", {"command": "cat app.log"}, LOG)), {ccr.handle_of(LOG): "the log, shortened"}, "s1")
    recorder(top, "codex").record(store, read(("Bash", {"command": "cat app.log"}, LOG)), {ccr.handle_of(LOG): "otherwise"}, "s2")
    answer = recall(top).answer(store, "app.log")
    assert "the log, shortened" in answer
    assert "read by claude 2 min ago, codex 2 min ago; unchanged since [headroom " in answer
    assert answer == recall(top).answer(store, str(top / "app.log")) == recall(top).answer(store, " ./app.log ")


def test_a_source_file_is_told_in_outline_within_the_budget(store: SqliteStore, top: Path) -> None:
    recorder(top).record(store, read(("Read", {"file_path": "src/ledger.py"}, LEDGER)), {}, "s1")
    answer = recall(top).answer(store, "ledger")
    assert "def rule_0(amount):" in answer
    assert tokens.count(answer) <= BUDGET


def test_lines_are_found_by_what_they_say(store: SqliteStore, top: Path) -> None:
    recorder(top).record(store, read(("Bash", {"command": "cat src/ledger.py"}, LEDGER)), {}, "s1")
    answer = recall(top).answer(store, r"rule_39\(")
    assert "79\tdef rule_39(amount):" in answer
    assert "src/ledger.py: " in answer
    assert "matches it" in recall(top).answer(store, "no such thing")
    with pytest.raises(ccr.RetrievalError, match="no regular expression"):
        recall(top).answer(store, "rule_(")


def test_a_file_that_changed_or_went_is_not_told_as_current(store: SqliteStore, top: Path) -> None:
    recorder(top).record(store, read(("Bash", {"command": "cat src/ledger.py"}, LEDGER), ("Bash", {"command": "cat app.log"}, LOG)), {}, "s1")
    stamp = (top / "src" / "ledger.py").stat()
    (top / "src" / "ledger.py").write_text(LEDGER.replace("rule_7(", "rule_8("))
    os.utime(top / "src" / "ledger.py", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # the same size and time
    (top / "app.log").unlink()
    assert [(n.key, n.state.name) for n in recall(top).notes(store)] == [("app.log", "GONE"), ("src/ledger.py", "CHANGED")]
    assert "changed since: read it again" in recall(top).answer(store, "ledger.py")


def test_a_part_of_a_file_is_current_as_long_as_it_stands_there(store: SqliteStore, top: Path) -> None:
    lines = LEDGER.split("\n")
    recorder(top).record(store, read(("Bash", {"command": "sed -n 21,80p src/ledger.py"}, "\n".join(lines[20:80]))), {}, "s1")
    (note,) = recall(top).notes(store)
    assert (note.label, note.state.name) == ("lines 21-80", "CURRENT")
    (top / "src" / "ledger.py").write_text("# new\n" + LEDGER)
    assert recall(top).notes(store)[0].state.name == "CURRENT"
    (top / "src" / "ledger.py").write_text(LEDGER.replace("rule_15(", "rule_x("))
    assert recall(top).notes(store)[0].state.name == "CHANGED"


def test_what_does_not_stand_in_the_file_is_not_remembered_as_it(store: SqliteStore, top: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("x" * 500)
    (top / "link.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(top / "pipe")
    (top / "blob").write_bytes(b"\xff\xfe" * 500)
    results = [
        ("Read", {"file_path": "src/ledger.py"}, LEDGER.replace("rule_7(", "rule_8(")),
        ("Read", {"file_path": "../secret.txt"}, "x" * 500),
        ("Read", {"file_path": "link.txt"}, "x" * 500),
        ("Read", {"file_path": "pipe"}, "x" * 500),
        ("Read", {"file_path": "blob"}, "x" * 500),
        ("Read", {"file_path": "src"}, "x" * 500),
        ("Read", {"file_path": "\0"}, "x" * 500),
        ("Bash", {"command": "make test"}, LOG),
        ("Grep", {"pattern": "x", "path": "app.log"}, LOG),
    ]
    assert recorder(top).record(store, read(*results), {}, "s1") == 0  # type: ignore[arg-type]
    assert store.projects() == []


def test_only_what_is_new_in_a_request_is_remembered(store: SqliteStore, top: Path) -> None:
    transcript = read(("Bash", {"command": "cat app.log"}, LOG))
    assert recorder(top).record(store, replace(transcript, turn=len(transcript.items)), {}, "s1") == 0


def test_one_project_is_told_nothing_of_another(store: SqliteStore, top: Path) -> None:
    recorder(top).record(store, read(("Bash", {"command": "cat app.log"}, LOG)), {}, "s1")
    for project in ("git-2", ""):
        assert recall(top, project=project).notes(store) == []
        assert "app.log" not in recall(top, project=project).answer(store, "")
        assert "Nothing that was read" in recall(top, project=project).answer(store, "ERROR")


def test_two_worktrees_share_what_is_the_same_in_both(store: SqliteStore, top: Path, tmp_path: Path) -> None:
    other = (tmp_path / "other").resolve()
    other.mkdir()
    (other / "app.log").write_text(LOG + "one line more\n")
    recorder(top).record(store, read(("Bash", {"command": "cat app.log"}, LOG)), {}, "s1")
    assert recall(top).notes(store)[0].state.name == "CURRENT"
    assert recall(other).notes(store)[0].state.name == "CHANGED"


def test_a_large_file_is_not_looked_at(top: Path) -> None:
    (top / "big").write_bytes(b"x" * ((4 << 20) + 1))
    assert disk.look(top / "big", top) is None


def test_the_server_loads_none_of_it_before_it_is_asked() -> None:
    code = "import sys, headroom_wrap.mcp.__main__; sys.exit(any('memory' in m and 'headroom_wrap' in m for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_a_program_shares_is_a_note(store: SqliteStore, top: Path) -> None:
    SharedContext("git-1", agent="planner", store=store).put("findings", LOG)
    answer = recall(top, now=time.time()).answer(store, "findings")
    assert "read by planner just now; a note [headroom " in answer
    assert LOG[:60] in answer
