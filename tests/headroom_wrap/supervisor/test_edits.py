"""Files of the user's that a session writes: what several sessions, a SIGKILL and the user's own changes make of them."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters import json_text
from adapters.cursor import Cursor
from adapters.plan import PlanRequest, Program
from headroom_wrap.supervisor.journal import Journal

BEFORE = '{"a": 1}'


def journal_at(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state")


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_last_of_several_sessions_puts_it_back(tmp_path: Path, existing: bool, order: tuple[int, ...]) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "project" / ".x" / "f.json"
    if existing:
        path.parent.mkdir(parents=True)
        path.write_text(BEFORE)
    texts = ("ours", "ours", "ours and theirs")  # the second finds all of it there already, the third adds to it
    entries = [journal.apply(journal.open_session(), {path: text}) for text in texts]
    assert path.read_text() == texts[-1]
    for n, number in enumerate(order):
        assert journal.undo(entries[number]) == []
        assert path.exists() == (existing or n < 2)
    if existing:
        assert path.read_text() == BEFORE
    else:
        assert not (tmp_path / "project").exists()


def test_one_that_was_killed_is_among_them(tmp_path: Path) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    path.write_text(BEFORE)
    killed = journal.apply(journal.open_session(), {path: "ours"})
    journal.write(replace(killed, pid=2**22 + 1))
    lives = journal.apply(journal.open_session(), {path: "ours"})
    assert journal.undo_stale() == []
    assert path.read_text() == "ours"
    journal.undo(lives)
    assert path.read_text() == BEFORE


def test_what_the_user_added_meanwhile_stays(tmp_path: Path) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    path.write_text("first\nlast\n")
    entry = journal.apply(journal.open_session(), {path: "first\nours\nlast\n"})
    path.write_text("first\nours\nlast\ntheirs\n")
    assert journal.undo(entry) == []
    assert path.read_text() == "first\nlast\ntheirs\n"


def test_what_cannot_be_told_apart_is_left(tmp_path: Path) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    path.write_text("first\n")
    entry = journal.apply(journal.open_session(), {path: "first\nours\n"})
    path.write_text("all\nnew\n")
    (sentence,) = journal.undo(entry)
    assert str(path) in sentence
    assert path.read_text() == "all\nnew\n"


def test_a_session_that_cannot_write_all_leaves_nothing(tmp_path: Path) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    (tmp_path / "file").write_text("")
    entry = journal.open_session()
    with pytest.raises(OSError):
        journal.apply(entry, {path: "ours", tmp_path / "file" / "below": "ours"})
    journal.undo(entry)
    assert not path.exists()


def test_what_is_no_text_is_not_touched(tmp_path: Path) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    path.write_bytes(b"\xff")
    with pytest.raises(UnicodeDecodeError):
        journal.apply(journal.open_session(), {path: "ours"})
    assert path.read_bytes() == b"\xff"


def test_every_byte_comes_back(tmp_path: Path) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    path.write_bytes("\ufeffé\r\n\rx".encode())
    entry = journal.apply(journal.open_session(), {path: "ours"})
    journal.undo(entry)
    assert path.read_bytes() == "\ufeffé\r\n\rx".encode()


def test_what_is_installed_outlives_sessions(tmp_path: Path) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    path.write_text(BEFORE)
    installed = journal.install("thing", {path: "installed"})
    session = journal.apply(journal.open_session(), {path: "installed and ours"})
    assert journal.undo(session) == []
    assert list(journal.stale()) == []
    assert journal.undo(installed) == []
    assert path.read_text() == BEFORE


SERVER = {"command": "py", "trust": True}


def with_ours(text: str) -> str:
    return json_text.insert(json_text.insert(text, ("security", "auth", "selectedType"), "key"), ("mcpServers", "headroom"), SERVER)


def rewrite(path: Path, **more: Any) -> None:
    """As an agent saves its settings: parsed, changed, laid out anew."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **more}, indent=4))


@pytest.mark.parametrize("before", [None, "{}", '{"a":[1],"mcpServers":{"x":{"command":"y"}}}', '{"security": {"b": {}}, "a": 1}'])
def test_members_go_from_what_an_agent_wrote_anew(tmp_path: Path, before: str | None) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    if before is not None:
        path.write_text(before)
    entry = journal.apply(journal.open_session(), {path: with_ours(before or "")})
    rewrite(path, theme="dark")
    assert journal.undo(entry) == []
    assert json.loads(path.read_text()) == {**json.loads(before or "{}"), "theme": "dark"}


def test_what_an_agent_only_laid_out_anew_was_not_there_before(tmp_path: Path) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    entry = journal.apply(journal.open_session(), {path: with_ours("")})
    rewrite(path)
    assert journal.undo(entry) == []
    assert not path.exists()


def test_a_member_that_was_changed_is_the_users(tmp_path: Path) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    path.write_text(BEFORE)
    entry = journal.apply(journal.open_session(), {path: with_ours(BEFORE)})
    rewrite(path, security={"auth": {"selectedType": "oauth"}})
    (sentence,) = journal.undo(entry)
    assert "security.auth" in sentence
    assert json.loads(path.read_text()) == {"a": 1, "security": {"auth": {"selectedType": "oauth"}}}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("rewritten", ["between", "after"])
def test_sessions_share_what_an_agent_wrote_anew(tmp_path: Path, order: tuple[int, int], rewritten: str) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    path.write_text(BEFORE)
    entries = [journal.apply(journal.open_session(), {path: with_ours(BEFORE)})]
    if rewritten == "between":
        rewrite(path, theme="dark")
    entries.append(journal.apply(journal.open_session(), {path: path.read_text()}))
    if rewritten == "after":
        rewrite(path, theme="dark")
    assert journal.undo(entries[order[0]]) == []
    assert "headroom" in path.read_text(), "the other still runs"
    assert journal.undo(entries[order[1]]) == []
    assert json.loads(path.read_text()) == {"a": 1, "theme": "dark"}


def hooked(path: Path, files: dict[Path, str]) -> dict[Path, str]:
    """The hooks of a session of Cursor beside those in the file."""
    request = PlanRequest(Program("/bin/cursor-agent"), (), {}, files, "http://127.0.0.1:1/s", "", ("py",), Path("/s"), cwd=path.parent.parent)
    return {path: Cursor().plan(request).edits[path]}


THEIRS: dict[str, Any] = {"version": 1, "hooks": {"preToolUse": [{"command": "a"}], "stop": [{"command": "b"}]}}


@pytest.mark.parametrize("before", [THEIRS, None])
def test_hooks_go_from_between_the_users_own(tmp_path: Path, before: dict[str, Any] | None) -> None:
    journal, path = journal_at(tmp_path), tmp_path / ".cursor" / "hooks.json"
    if before is not None:
        path.parent.mkdir()
        path.write_text(json.dumps(before))
    entry = journal.apply(journal.open_session(), hooked(path, {} if before is None else {path: path.read_text()}))
    now = json.loads(path.read_text())
    now["hooks"]["preToolUse"][0 if before else 1 :] = [{"command": "a2"}, *now["hooks"]["preToolUse"][1 if before else 2 :]]
    path.write_text(json.dumps(now, indent=1))
    assert journal.undo(entry) == []
    assert json.loads(path.read_text()) == {
        "version": 1,
        "hooks": {"preToolUse": [{"command": "a2"}], **({"stop": [{"command": "b"}]} if before else {})},
    }


@pytest.mark.parametrize(
    ("before", "after"), [("a\n", "a\na\n"), ('{"list": [{"x": 1}]}', '{"list": [{"x": 1},{"x": 1}]}'), ("ours", "the users and ours")]
)
def test_what_was_not_written_yet_is_left_as_it_is_though_it_holds_the_same(tmp_path: Path, before: str, after: str) -> None:
    journal, path = journal_at(tmp_path), tmp_path / "f"
    path.write_text(before)
    entry = journal.apply(journal.open_session(), {path: after})
    path.write_text(before)  # as a kill right before the write leaves it, or one right after it was put back
    other = journal.apply(journal.open_session(), {path: f"{before} and more"})
    assert journal.undo(entry) == []
    assert journal.undo(other) == []
    assert path.read_text() == before
    last = journal.apply(journal.open_session(), {path: after})
    path.write_text(before)
    assert journal.undo(last) == []
    assert path.read_text() == before
