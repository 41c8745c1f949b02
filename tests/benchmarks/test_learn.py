"""The generated transcripts are such as the readers understand: all their calls are found, and nothing is passed over."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from headroom_wrap.learn.model import Skipped
from headroom_wrap.learn.readers.registry import READERS

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import learn


@pytest.mark.parametrize("agent", learn.AGENTS)
def test_every_call_is_found(agent: str, tmp_path: Path) -> None:
    files = learn.write(agent, tmp_path, 300_000, 7)
    skipped = Skipped()
    tools = [tool for file in files for session in READERS[agent].read(file, skipped) for tool in session.tools]
    assert not skipped
    assert len(tools) > 10
    done = [tool for tool in tools if tool.failed is not None]
    assert len(done) >= len(tools) - 1, "the last one may have been cut off"
    assert {tool.failed for tool in done} == {True, False}
    assert all(tool.command and tool.result_bytes for tool in done)


def test_the_same_seed_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        learn.write("codex", tmp_path / name, 100_000, 7)
    assert (tmp_path / "a" / "0000.jsonl").read_bytes() == (tmp_path / "b" / "0000.jsonl").read_bytes()
