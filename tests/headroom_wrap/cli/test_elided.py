"""``headroom learn``, as far as it tells of compression itself."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from headroom_wrap import config
from headroom_wrap.cli import elided, learn
from headroom_wrap.errors import UserError
from headroom_wrap.memory import project
from headroom_wrap.state import open_store
from pipeline.feedback import records, verdict
from pipeline.feedback.evidence import Subject, Tally
from pipeline.feedback.records import Origin
from pipeline.policy import Step
from pipeline.store.api import StoreError
from pipeline.transcript import ToolKind
from tests.memory_store import MemoryStore

ASKED = {Subject("log", ToolKind.SHELL, Step.LARGE, "kubectl"): Tally(9, 8, 8, 900, 900, 1000, 9000)}
FINE = {Subject("search", ToolKind.SEARCH, Step.FULL, "rg"): Tally(9, 0, 0, 900, 0, 1000, 0)}


@pytest.fixture
def folder(private_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def known(folder: Path) -> str:
    """The project's identity; two conversations of it are on record, and one of another."""
    settings = config.load(config.surroundings())
    here = project.here(settings)
    assert here is not None
    store = open_store(settings)
    now = time.time()
    rows = [(here.identity, ASKED, str(folder)), (here.identity, FINE, str(folder)), ("git-2", ASKED, "/q")]
    store.remember([records.row(Origin(name, "claude", where), "s", f"c{n}", shown, now) for n, (name, shown, where) in enumerate(rows)])
    store.close()
    return here.identity


def called(*arguments: str) -> str:
    result = CliRunner().invoke(learn.command, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_what_was_asked_for_again_is_told_with_what_follows(folder: Path, known: str) -> None:
    said = "log, output of commands (`kubectl`): asked for again 8 of 9 times after something was left out; nothing is left out of them here since "
    here = called()
    assert f"\nCompression in {folder}\n  {said}" in here
    assert "search" not in here, "it was never asked for again"
    assert "/q" not in here
    assert called("--all").count(said) == 2
    told = json.loads(called("--json"))["asked_again"]
    assert [(one["project"], one["compressor"], one["asked_again"], one["step"]) for one in told] == [
        (str(folder), "log", 8, "lossless"),
        (str(folder), "search", 0, "full"),
    ]


def test_nothing_of_it_is_for_an_agent(folder: Path, known: str) -> None:
    called("--apply")
    assert not list(folder.iterdir())


def test_it_is_forgotten_for_one_project_or_for_all(folder: Path, known: str) -> None:
    assert called("--forget-retrievals") == "What 2 conversations showed is forgotten; the next one is compressed as the profile says.\n"
    assert json.loads(called("--json"))["asked_again"] == []
    assert called("--forget-retrievals") == "Nothing that was asked for again is known here.\n"
    assert called("--forget-retrievals", "--all").startswith("What one conversation showed is forgotten;")
    assert json.loads(called("--json", "--all"))["asked_again"] == []


def test_to_forget_is_not_to_judge(known: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(verdict, "verdicts")
    assert called("--forget-retrievals", "--all").startswith("What 3 conversations showed is forgotten;")


def test_where_no_store_is_none_is_made(folder: Path, private_home: Path) -> None:
    assert json.loads(called("--json"))["asked_again"] == []
    assert called("--forget-retrievals") == "Nothing that was asked for again is known here.\n"
    assert not (config.load(config.surroundings()).state / "headroom.db").exists()


def test_where_it_is_not_certain_which_project_it_is_there_is_nothing(private_home: Path, known: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(private_home)
    assert json.loads(called("--json"))["asked_again"] == []
    assert called("--forget-retrievals") == "Nothing that was asked for again is known here.\n"


def test_a_store_that_cannot_be_read_is_named(known: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unreadable(MemoryStore):
        def projects(self) -> list[tuple[str, int]]:
            raise StoreError("The store is locked.")

        def memories(self, *_: object, **__: object) -> list[object]:
            raise StoreError("The store is locked.")

    monkeypatch.setattr(elided, "open_store", lambda _: Unreadable())
    result = CliRunner().invoke(learn.command, ["--apply"], catch_exceptions=False)
    assert result.exit_code == 1
    assert result.output.startswith("0 sessions read."), "the rest is done all the same"
    assert "headroom: The store is locked." in result.output
    with pytest.raises(UserError, match="The store is locked"):
        called("--forget-retrievals", "--all")
