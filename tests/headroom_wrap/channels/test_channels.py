"""The status line's file, and a pane in a real tmux of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from headroom_wrap import config
from headroom_wrap.channels.chosen import channel
from headroom_wrap.channels.pane import drawn
from headroom_wrap.channels.status_line import FILE, StatusLine
from headroom_wrap.errors import UserError
from headroom_wrap.terminal.snapshot import Snapshot
from headroom_wrap.terminal.title import TitleRewriter
from tests.e2e.screen import Screen

SHOWN = Snapshot(agent="claude", bill=0.5, bill_without=0.75, share_saved=1 / 3, saved_tokens=12_000, requests=3, cache_hit=0.9)


def test_the_status_lines_file_holds_one_line(tmp_path: Path) -> None:
    line = StatusLine(tmp_path / FILE, color=False)
    line.show(SHOWN)
    text = (tmp_path / FILE).read_text()
    assert "$0.50" in text
    assert text.count("\n") == 1
    assert os.listdir(tmp_path) == [FILE]
    before = (tmp_path / FILE).stat().st_ino
    line.show(replace(SHOWN, cache_expires_in_s=300))  # no countdown in it: it would stand still
    assert (tmp_path / FILE).stat().st_ino == before
    line.show(replace(SHOWN, alarm="NOT ROUTED", alarm_detail="why"))
    assert "NOT ROUTED" in (tmp_path / FILE).read_text()


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    StatusLine(tmp_path / "gone" / FILE, color=False).show(SHOWN)


def test_a_pane_draws_itself_anew() -> None:
    text = drawn(msgspec.json.encode(SHOWN), 90, 3, color=False)
    assert text.startswith(b"\x1b[?25l\x1b[H\x1b[2J")
    assert text.count(b"\r\n") == 2
    assert b"$0.50" in text
    assert drawn(b"{", 90, 3, color=False) == b""


def test_without_tmux_there_is_a_sentence(private_home: Path, tmp_path: Path) -> None:
    around = replace(config.surroundings(), environ={})
    with pytest.raises(UserError, match="no tmux"), channel(config.load(around, {"panel": "tmux"}), tmp_path, TitleRewriter()):
        pass


@pytest.fixture
def screen(private_home: Path, tmp_path: Path) -> Iterator[Screen]:
    tmux = shutil.which("tmux")
    if tmux is None:
        pytest.skip("there is no tmux on this machine")
    root = str(Path(__file__).parents[3])
    env = {"PATH": os.environ["PATH"], "HOME": str(private_home), "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": root}
    opened = Screen(tmux, tmp_path, env, tmp_path, columns=100, rows=30)
    yield opened
    opened.close()


PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
from headroom_wrap import config
from headroom_wrap.channels.chosen import channel
from headroom_wrap.terminal.title import TitleRewriter
from headroom_wrap.terminal.snapshot import Snapshot
with channel(config.load(config.surroundings(), {"panel": "tmux"}), Path(sys.argv[1]), TitleRewriter()) as show:
    show(Snapshot(agent="claude", bill=0.5, bill_without=0.75, requests=3))
    print("op" + "ened", flush=True)
    input()
    if len(sys.argv) > 2:
        import os
        os.kill(os.getpid(), 9)
print("clo" + "sed")
"""


def panes(tmp_path: Path) -> list[str]:
    command = ["tmux", "-S", str(tmp_path / "tmux.sock"), "list-panes", "-F", "#{pane_id} #{pane_height}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def pane_text(tmp_path: Path, pane: str) -> str:
    return subprocess.run(
        ["tmux", "-S", str(tmp_path / "tmux.sock"), "capture-pane", "-p", "-t", pane], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
def test_a_pane_of_a_real_tmux_comes_and_goes(screen: Screen, tmp_path: Path, killed: bool) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "session").mkdir()
    screen.type(f"{sys.executable} program.py session {'x' if killed else ''}")
    screen.key("Enter")
    screen.wait("opened")
    agents, ours = panes(tmp_path)
    assert (agents.split()[1], ours.split()[1]) == ("26", "3")
    screen.wait(lambda _shown: "$0.50" in pane_text(tmp_path, ours.split()[0]), why="the pane's figures")
    screen.key("Enter")
    screen.wait("Killed" if killed else "closed")
    screen.wait(lambda _shown: len(panes(tmp_path)) == 1, why="the end of the pane")


def test_the_pane_is_drawn_for_its_own_size() -> None:
    assert drawn(msgspec.json.encode(SHOWN), 90, 1, color=False).count(b"\n") == 0
