"""Files on a real disk, watched by the real watchdog."""

from __future__ import annotations

import errno
import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from adapters.instruction_files import READS
from headroom_wrap.events import Began, Block
from headroom_wrap.supervisor.instructions import Instructions, Who
from headroom_wrap.supervisor.watcher import Watcher

pytestmark = pytest.mark.slow


class Session:
    """A watcher, polled as the supervisor polls it."""

    def __init__(self, home: Path, agent: str = "claude", ours: dict[Path, str] | None = None) -> None:
        self.project = home / "project"
        self.told = Instructions()
        self.watcher = Watcher(READS[agent], self.project, home, {}, show=self.show, ours=ours)

    def show(self, told: Instructions) -> None:
        self.told = told

    def until(self, wanted: Callable[[Instructions], object]) -> Instructions:
        deadline = time.monotonic() + 60
        while not wanted(self.told):
            left = deadline - time.monotonic()
            assert left > 0, self.told
            if select.select([self.watcher.fd], [], [], left)[0]:
                self.watcher.ready()
        return self.told

    def paths(self) -> list[str]:
        return [file.path for file in self.told.files]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@contextmanager
def session(home: Path, agent: str = "claude", ours: dict[Path, str] | None = None) -> Iterator[Session]:
    (home / "project").mkdir(exist_ok=True)
    opened = Session(home, agent, ours)
    try:
        yield opened
    finally:
        opened.watcher.close()


def test_no_thread_before_the_supervisor_polls(tmp_path: Path) -> None:
    before = threading.active_count()
    with session(tmp_path):
        assert threading.active_count() == before


def test_what_is_there_is_found(tmp_path: Path) -> None:
    write(tmp_path / ".claude" / "CLAUDE.md", "for all projects " * 3)
    write(tmp_path / "CLAUDE.md", "above " * 2)
    write(tmp_path / "project" / "CLAUDE.md", "the project's " * 50)
    write(tmp_path / "project" / ".claude" / "rules" / "go.md", "---\npaths: '**/*.go'\n---\nuse gofmt")
    write(tmp_path / "project" / "src" / "deep" / "CLAUDE.md", "nested")
    write(tmp_path / "project" / "node_modules" / "x" / "CLAUDE.md", "another's")
    with session(tmp_path) as opened:
        told = opened.until(lambda t: len(t.files) == 5)
    assert {f.path: f.always for f in told.files} == {
        "CLAUDE.md": True,
        "~/.claude/CLAUDE.md": True,
        "~/CLAUDE.md": True,
        ".claude/rules/go.md": False,
        "src/deep/CLAUDE.md": False,
    }
    assert told.changes == ()


def test_agents_read_as_they_do(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path / "AGENTS.md", "above")
    write(tmp_path / "project" / "AGENTS.md", "left aside")
    write(tmp_path / "project" / "AGENTS.override.md", "instead")
    with session(tmp_path, "codex") as opened:
        opened.until(lambda t: len(t.files) == 2)
        assert sorted(opened.paths()) == ["AGENTS.override.md", "~/AGENTS.md"]


def test_changes_by_several_hands(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    with session(tmp_path, "gemini", {tmp_path / "project" / "GEMINI.md": "ours"}) as opened:
        gemini = tmp_path / "project" / "GEMINI.md"
        write(gemini, "first")
        opened.until(lambda t: t.files)
        write(gemini, "ours")
        opened.until(lambda t: [c.who for c in t.changes] == [Who.HEADROOM])
        replacement = gemini.with_suffix(".tmp")
        replacement.write_text("by the agent")
        replacement.replace(gemini)
        opened.until(lambda t: len(t.changes) == 2)
        opened.watcher.take(Began("m", "/", understood=True, blocks=1, decided=(Block("Edit GEMINI.md", "no gain"),)))
        assert [c.who for c in opened.told.changes] == [Who.HEADROOM, Who.AGENT]
        gemini.unlink()
        opened.until(lambda t: len(t.changes) == 3)
    assert opened.told.changes[-1].after is None
    assert opened.told.changes[-1].who is Who.OTHER


def test_a_change_in_the_last_moment_is_seen(tmp_path: Path) -> None:
    write(tmp_path / "project" / "CLAUDE.md", "first")
    opened = Session(tmp_path)
    opened.until(lambda t: t.files)
    (tmp_path / "project" / "CLAUDE.md").write_text("last")
    opened.watcher.close()
    assert len(opened.told.changes) == 1


def test_what_cannot_be_read_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "project" / "CLAUDE.md").mkdir(parents=True)
    (tmp_path / "project" / "CLAUDE.local.md").symlink_to("nowhere")
    write(tmp_path / "project" / "a" / "CLAUDE.md", "x")
    with session(tmp_path) as opened:
        opened.until(lambda t: t.files)
        assert opened.paths() == ["a/CLAUDE.md"]


def test_names_that_no_terminal_can_show(tmp_path: Path) -> None:
    write(Path(os.fsdecode(os.fsencode(tmp_path / "project") + b"/\xff\n\x1b")) / "CLAUDE.md", "x")
    with session(tmp_path) as opened:
        opened.until(lambda t: t.files)
        assert opened.paths() == ["\N{REPLACEMENT CHARACTER}" * 3 + "/CLAUDE.md"]


def test_nothing_is_left_of_a_watcher(tmp_path: Path) -> None:
    descriptors, threads = set(os.listdir("/dev/fd")), threading.active_count()
    with session(tmp_path) as opened:
        write(tmp_path / "project" / "CLAUDE.md", "x")
        opened.until(lambda t: t.files)
    deadline = time.monotonic() + 60
    while threading.active_count() > threads + 1:  # one reader of the kernel's events is kept by watchdog for the next
        assert time.monotonic() < deadline, threading.enumerate()
        threading.Event().wait(0.01)
    assert len(set(os.listdir("/dev/fd")) - descriptors) <= 3


def test_what_is_imported_is_watched_where_it_is(tmp_path: Path) -> None:
    project = tmp_path / "project"
    paragraph = "Never commit without running the whole suite, and say in the message why the change was made. "
    write(project / "CLAUDE.md", f"{paragraph}\n\n@docs/style.md\n")
    write(project / "docs" / "style.md", f"{paragraph}\n")
    with session(tmp_path) as opened:
        told = opened.until(lambda t: len(t.files) == 2)
        assert [(d.first, d.second) for d in told.duplicates] == [("CLAUDE.md", "docs/style.md")]
        write(project / "docs" / "style.md", "shorter")
        opened.until(lambda t: [c.path for c in t.changes] == ["docs/style.md"] and not t.duplicates)
        write(project / "more" / "deep" / "x.md", "x")
        write(project / "CLAUDE.md", "@more/deep/x.md")
        opened.until(lambda t: [f.path for f in t.files] == ["CLAUDE.md", "more/deep/x.md"])
        deadline = time.monotonic() + 60
        while not any(c.path == "more/deep/x.md" for c in opened.told.changes):  # its folder is watched soon after
            assert time.monotonic() < deadline
            write(project / "more" / "deep" / "x.md", f"edited at {time.monotonic()}")
            if select.select([opened.watcher.fd], [], [], 0.05)[0]:
                opened.watcher.ready()


@pytest.mark.parametrize("kept", ["b" * 300, "closed"], ids=["too long a name", "may not be watched"])
def test_a_folder_that_cannot_be_watched_ends_nothing(tmp_path: Path, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = Observer.schedule

    def guarded(self: BaseObserver, handler: FileSystemEventHandler, path: str, *, recursive: bool) -> object:
        if path.endswith("closed"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return schedule(self, handler, path, recursive=recursive)

    monkeypatch.setattr(Observer, "schedule", guarded)
    project = tmp_path / "project"
    write(project / "CLAUDE.md", f"@{kept}/x.md @docs/style.md")
    write(project / "closed" / "y.md", "y")
    write(project / "docs" / "style.md", "style")
    write(project / "below" / "CLAUDE.md", "nested")
    with session(tmp_path) as opened:
        opened.until(lambda t: [f.path for f in t.files] == ["CLAUDE.md", "docs/style.md", "below/CLAUDE.md"])
        write(project / "docs" / "style.md", "another")
        opened.until(lambda t: [c.path for c in t.changes] == ["docs/style.md"])
