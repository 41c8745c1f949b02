"""``headroom memory`` for a person."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headroom_wrap.cli.commands import cli
from headroom_wrap.errors import UserError
from headroom_wrap.memory.project import find
from headroom_wrap.memory.record import Recorder
from pipeline import ccr
from pipeline.feedback import records
from pipeline.store.sqlite import SqliteStore
from tests.headroom_wrap.memory.test_record_and_recall import LEDGER, read


@pytest.fixture
def project(private_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which a file was read."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "ledger.py").write_text(LEDGER)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HEADROOM_STATE", str(tmp_path / "state"))
    found = find(folder, private_home, {})
    assert found is not None
    store = SqliteStore.open(tmp_path / "state" / "headroom.db")
    Recorder(found.identity, found.top, found.top, "claude").record(
        store, read(("Bash", {"command": "cat ledger.py"}, LEDGER)), {ccr.handle_of(LEDGER): "in short"}, "s"
    )
    store.close()
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["memory", *arguments], catch_exceptions=False)


def test_list(project: Path) -> None:
    assert run("list").output.startswith("ledger.py: ~")
    assert "read by claude just now; unchanged since [headroom " in run("list", "ledger").output
    assert "Nothing is remembered here" in run("list", "other").output
    (row,) = json.loads(run("list", "--json").output)
    assert (row["key"], row["state"], row["seen"][0]["agent"]) == ("ledger.py", "current", "claude")
    (project / "ledger.py").unlink()
    assert json.loads(run("list", "--json").output)[0]["state"] == "gone"


def test_all_projects_and_one_by_name(project: Path) -> None:
    ((name, count),) = [(row["project"], row["entries"]) for row in json.loads(run("list", "--all", "--json").output)]
    assert count == 1
    assert f"{name}  1 entry\n" == run("list", "--all").output
    assert "ledger.py" in run("list", "--project", name).output
    assert "Nothing is remembered here" in run("list", "--project", "git-other").output


def test_what_was_asked_for_again_is_no_project(project: Path, tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "state" / "headroom.db")
    store.remember([replace(m, project=records.shelf(name)) for name, _ in store.projects() for m in store.memories(name)])
    assert len(store.projects()) == 2
    store.close()
    assert len(json.loads(run("list", "--all", "--json").output)) == 1


def test_show(project: Path) -> None:
    shown = run("show", "ledger.py")
    assert shown.stdout == LEDGER
    assert "unchanged since" in shown.stderr
    assert run("show", "ledger", "--compressed").stdout == "in short\n"
    with pytest.raises(UserError, match=r"Nothing is remembered of other\.py"):
        run("show", "other.py")


def test_export(project: Path) -> None:
    (line,) = run("export").output.splitlines()
    assert json.loads(line)["text"] == LEDGER


def test_forget(project: Path) -> None:
    assert run("forget").exit_code == run("forget", "ledger.py", "--everything").exit_code == 2
    assert run("forget", "other.py").output == "0 entries are forgotten.\n"
    assert run("forget", "ledger.py").output == "1 entry is forgotten.\n"
    assert "Nothing" in run("list").output
    assert run("forget", "--everything").output == "0 entries are forgotten.\n"
    assert run("list", "--all").output == "Nothing is remembered.\n"


def test_where_no_project_is_certain_nothing_is_told(project: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(private_home)
    for command in (("list",), ("show", "ledger.py"), ("forget", "--everything"), ("export",)):
        with pytest.raises(UserError, match="not certain"):
            run(*command)
    assert run("list", "--all").exit_code == 0
