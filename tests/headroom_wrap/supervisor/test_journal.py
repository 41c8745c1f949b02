from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from headroom_wrap.supervisor.journal import Edit, Entry, Journal, start_time, write_atomically


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def dead(tmp_path: Path) -> Entry:
    """An entry of a process that has gone without undoing it."""
    code = f"from pathlib import Path; from headroom_wrap.supervisor.journal import Journal; e = Journal(Path({str(tmp_path)!r})).open_session(); (Path(e.folder)/'f').write_text('x')"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    return next(Journal(tmp_path).stale())


def test_a_session_leaves_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    entry = journal.open_session()
    folder = Path(entry.folder)
    assert oct(folder.stat().st_mode)[-3:] == "700"
    (folder / "settings.json").write_text("{}")
    assert list(journal.stale()) == []
    assert journal.undo(entry) == []
    assert not folder.exists()
    assert list((tmp_path / "journal").iterdir()) == []


def test_a_dead_session_is_undone_by_the_next(tmp_path: Path, dead: Entry) -> None:
    assert Path(dead.folder).exists()
    assert Journal(tmp_path).undo_stale() == []
    assert not Path(dead.folder).exists()
    assert not dead.file.exists()


def test_a_reused_pid_is_not_its_owner(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    entry = journal.open_session()
    journal.write(replace(entry, started=entry.started + 1))
    assert [e.pid for e in journal.stale()] == [os.getpid()]
    assert start_time(os.getpid()) == entry.started != 0


def test_edits_are_put_back_only_where_nobody_changed_them_since(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    changed, theirs, made, gone = (tmp_path / n for n in ("changed", "theirs", "made", "gone"))
    changed.write_text("ours")
    changed.chmod(0o640)
    theirs.write_text("the user's newer text")
    made.write_text("ours")
    edits = (
        Edit(str(changed), "before", sha("ours")),
        Edit(str(theirs), "before", sha("ours")),
        Edit(str(made), None, sha("ours")),
        Edit(str(gone), "before", sha("ours")),
    )
    entry = replace(journal.open_session(), edits=edits)
    journal.write(entry)
    sentences = journal.undo(entry)
    assert changed.read_text() == "before"
    assert oct(changed.stat().st_mode)[-3:] == "640"
    assert theirs.read_text() == "the user's newer text"
    assert not made.exists()
    assert [s.split()[0] for s in sentences] == [str(gone), str(theirs)]


def test_a_folder_that_is_not_ours_is_never_removed(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    precious = tmp_path / "precious"
    precious.mkdir()
    journal.undo(replace(journal.open_session(), folder=str(precious)))
    assert precious.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"pid": "x"})])
def test_unreadable_entries_are_skipped(tmp_path: Path, text: str) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "1.json").write_text(text)
    assert list(Journal(tmp_path).stale()) == []


def test_a_write_that_fails_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def applied(tmp_path: Path, dead: Entry, changes: dict[Path, str]) -> None:
    """The dead session had written these."""
    Journal(tmp_path).apply(dead, changes)


def test_a_folder_that_became_a_file_is_in_nobodys_way(tmp_path: Path, dead: Entry) -> None:
    folder = tmp_path / "project" / ".cursor"
    applied(tmp_path, dead, {folder / "hooks.json": "ours"})
    (folder / "hooks.json").unlink()
    folder.rmdir()
    folder.write_text("a file")
    assert Journal(tmp_path).undo_stale() == []
    assert folder.read_text() == "a file"
    assert list((tmp_path / "journal").iterdir()) == []


def test_what_the_system_refuses_is_said_and_tried_again(tmp_path: Path, dead: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    refused, other = tmp_path / "refused", tmp_path / "other"
    for path in (refused, other):
        path.write_text("before")
    applied(tmp_path, dead, {refused: "ours", other: "ours"})
    replaced = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target == refused:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replaced(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        (sentence,) = Journal(tmp_path).undo_stale()
        assert sentence.startswith(f"{refused} could not be put back: No space left on device.")
        assert "headroom undo" in sentence
        assert Journal(tmp_path).open_session().file.exists()
    assert (refused.read_text(), other.read_text()) == ("ours", "before")
    other.write_text("ours")  # by its user: it has been put back, and is looked at no more
    assert Journal(tmp_path).undo_stale() == []
    assert (refused.read_text(), other.read_text()) == ("before", "ours")
    assert not dead.file.exists()


def test_a_journal_that_cannot_be_changed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    entry = journal.open_session()

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "unlink", refuse)
    (sentence,) = journal.undo(entry)
    assert sentence.startswith(f"{entry.file} cannot be worked off: Permission denied.")


def test_what_another_start_has_undone_is_not_undone_again(tmp_path: Path, dead: Entry) -> None:
    path = tmp_path / "f"
    path.write_text("before")
    applied(tmp_path, dead, {path: "ours"})
    (slower,) = Journal(tmp_path).stale()
    assert Journal(tmp_path).undo_stale() == []
    path.write_text("the user's newer text")
    assert Journal(tmp_path).undo(slower) == []
    assert path.read_text() == "the user's newer text"


def test_what_a_killed_session_had_begun_to_write_goes(tmp_path: Path, dead: Entry) -> None:
    path = tmp_path / "f"
    entry = Journal(tmp_path).apply(dead, {path: "ours"})
    half = Path(entry.edits[0].temporary)
    assert half.parent == path.parent
    half.write_text("half of a key")
    (tmp_path / "journal" / "1-2.new").write_text("half of an entry")
    assert Journal(tmp_path).undo_stale() == []
    assert not half.exists()
    assert list((tmp_path / "journal").iterdir()) == []


def test_what_is_left_of_an_older_write_is_in_no_ones_way(tmp_path: Path) -> None:
    temporary = tmp_path / "t"
    temporary.write_text("old")
    write_atomically(tmp_path / "f", "new", temporary)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("f", "new")]


@pytest.mark.parametrize("refusal", [errno.EPERM, errno.EINVAL])  # who may not, and a sandbox that does not know the owner
def test_owner_and_mode_stay_whoever_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int) -> None:
    path, given, may = tmp_path / "f", [], True
    write_atomically(path, "new")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    real = os.stat

    def theirs(self: Path) -> os.stat_result:
        found = real(self)
        return os.stat_result((*found[:4], 4711, 4712, *found[6:])) if self == path else found

    def fchown(handle: int, uid: int, gid: int) -> None:
        given.append((uid, gid))
        if not may:
            raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(os, "fchown", fchown)
    write_atomically(path, "newer")
    assert given == [], "nobody else's file"
    monkeypatch.setattr(Path, "stat", theirs)
    write_atomically(path, "newest")
    assert given == [(4711, 4712)]
    may = False
    write_atomically(path, "last")
    assert given == [(4711, 4712)] * 2 + [(-1, 4712)]
    monkeypatch.undo()
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("last", 0o640)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes files of others")
def test_root_leaves_a_file_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    os.chown(path, 4711, 4712)
    path.chmod(0o640)
    write_atomically(path, "new")
    assert (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o777) == (4711, 4712, 0o640)


def test_what_is_asked_last_may_stop_a_write(tmp_path: Path) -> None:
    path = tmp_path / "f"

    def changed() -> None:
        raise KeyError

    for before in (None, "old"):
        if before is not None:
            path.write_text(before)
        with pytest.raises(KeyError):
            write_atomically(path, "new", still=changed)
        assert [p.read_text() for p in tmp_path.iterdir()] == ([before] if before is not None else [])
