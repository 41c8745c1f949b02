from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headroom_wrap import config
from headroom_wrap.cli import doctor
from headroom_wrap.cli.samples import NEEDLE, SAMPLES
from headroom_wrap.supervisor.journal import Journal
from pipeline.compressors.registry import compressors


def test_every_compressor_of_ours_is_proven_on_a_sample() -> None:
    assert {c.name for c in compressors()} == set(SAMPLES)
    assert all(NEEDLE in sample().text for sample in SAMPLES.values())


def test_no_user_and_no_password_of_an_upstream_are_told(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (private_home / "claude").write_text("")
    (private_home / "claude").chmod(0o755)
    monkeypatch.setenv("PATH", str(private_home))
    monkeypatch.setenv("HEADROOM_UPSTREAM", "https://ada:s3same@gateway.example/llm")
    said = CliRunner().invoke(doctor.command, ["claude"]).output
    assert "would go through Headroom to https://gateway.example/llm\n" in said
    assert "s3same" not in said


def leftovers() -> list[tuple[bool | None, str]]:
    return [(f.good, f.said) for f in doctor._leftovers(config.load(config.surroundings()))]


def prove_off() -> tuple[int, str]:
    result = CliRunner().invoke(doctor.command, ["--prove-off"], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.output


def test_nothing_is_in_the_way_only_where_nothing_is(private_home: Path) -> None:
    assert leftovers() == [(True, "nothing of ours is in the way")]
    (private_home / ".claude").mkdir()
    settings = private_home / ".claude" / "settings.json"
    settings.write_text('{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:40123/abcdefghijklmnopqrstuvw-"}}')
    ((good, said),) = leftovers()
    assert good is None
    assert said.startswith("1 trace of Headroom")
    settings.unlink()
    entry = Journal(config.load(config.surroundings()).state).open_session()
    entry.file.write_text(entry.file.read_text()[:20])
    ((good, said),) = leftovers()
    assert good is False
    assert said.startswith(f"{entry.file} cannot be read")
    assert prove_off() == (
        1,
        f"{entry.file}: an entry that cannot be read, so it is not known what a session left behind\n1 trace of Headroom.\n",
    )


def test_settings_that_may_not_be_read_are_named(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = private_home / ".claude" / "settings.json"
    stat, read = Path.stat, Path.read_text

    def refused(ask: Any) -> Any:
        def refuse(self: Path, *given: Any, **named: Any) -> Any:
            if self == closed:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return ask(self, *given, **named)

        return refuse

    monkeypatch.setattr(Path, "stat", refused(stat))
    monkeypatch.setattr(Path, "read_text", refused(read))
    status, said = prove_off()
    assert status == 0
    assert said.startswith(f"{closed} cannot be read: Permission denied.\nNothing of Headroom")


def test_a_journal_that_cannot_be_read_is_said(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "journal")

    monkeypatch.setattr(Journal, "_files", refuse)
    assert leftovers() == [(False, "the journal cannot be read: [Errno 13] Permission denied: 'journal'")]
    assert prove_off() == (1, "journal: cannot be read: Permission denied\n1 trace of Headroom.\n")
