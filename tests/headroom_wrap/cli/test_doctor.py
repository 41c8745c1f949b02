from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from headroom_wrap.cli import doctor
from headroom_wrap.cli.samples import NEEDLE, SAMPLES
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
