from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from headroom_wrap import config
from headroom_wrap.cli.undo import command
from headroom_wrap.errors import UserError
from headroom_wrap.supervisor.journal import Journal


@pytest.fixture
def journal(private_home: Path) -> Journal:
    return Journal(config.load(config.surroundings()).state)


def killed(journal: Journal, path: Path) -> None:
    """A session that was killed had written a file."""
    journal.write(replace(journal.apply(journal.open_session(), {path: "ours"}), pid=2**22 + 1))


def undo(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.output


def test_what_cannot_be_put_back_is_named_and_tried_again(journal: Journal, tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    for path in (good, bad):
        path.write_text("before")
        killed(journal, path)
    bad.unlink()
    bad.mkdir()
    status, said = undo()
    assert status == 1
    assert said.startswith("1 killed session cleaned up.\n1 killed session not cleaned up.\n")
    assert f"{bad} could not be put back: Is a directory." in said
    assert good.read_text() == "before"
    bad.rmdir()
    bad.write_text("ours")
    assert undo() == (0, "1 killed session cleaned up.\n")
    assert bad.read_text() == "before"
    assert undo() == (0, "Nothing was left behind.\n")


def test_an_entry_that_cannot_be_read_is_named(journal: Journal) -> None:
    entry = journal.open_session()
    entry.file.write_text(entry.file.read_text()[:20])
    status, said = undo()
    assert status == 1
    assert f"{entry.file} cannot be read" in said


def test_what_is_installed_goes_when_all_is_to_go(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("before")
    journal.install("thing", {path: "ours"})
    assert undo() == (0, "Nothing was left behind.\nInstalled, and left as it is: thing.\n")
    path.unlink()
    path.mkdir()
    status, said = undo("--all")
    assert status == 1
    assert "Not removed: thing." in said
    path.rmdir()
    path.write_text("ours")
    assert undo("--all") == (0, "Nothing was left behind.\nRemoved: thing.\n")
    assert path.read_text() == "before"


def test_a_journal_that_cannot_be_read_is_a_sentence(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.open_session()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(UserError, match="The journal cannot be read"):
        undo()
