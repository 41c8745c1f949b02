"""The page over real full-screen programs in a real terminal: closed, it leaves the screen exactly as it was."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.screen import Screen
from tests.headroom_wrap.supervisor.outer import wrapped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def screen(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Screen]:
    tmux = shutil.which("tmux")
    if tmux is None:
        pytest.skip("there is no tmux on this machine")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    opened = Screen(tmux, tmp_path_factory.mktemp("tmux"), environ, tmp_path, columns=90, rows=30)
    yield opened
    opened.close()


def need(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} on this machine")
    return found


def glance(screen: Screen) -> None:
    """Open the page and close it; the screen must be back, attributes and cursor too, with nothing done by the program."""
    before = screen.state()
    screen.key("C-\\")
    screen.wait("page of 27 rows", why="the page")
    screen.key("x")
    screen.wait("typed: x", why="the page's answer to a key")
    screen.key("q")
    screen.wait(lambda _shown: screen.state() == before, why=f"the screen as it was:\n{before}\n")


def test_vim_keeps_its_message_line(screen: Screen, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("".join(f"{n} lines of notes\n" for n in range(200)))
    screen.type(shlex.join(wrapped(need("vim"), "-u", "NONE", "-i", "NONE", "-n", "--cmd", "set ruler laststatus=2", "notes.txt", panel=3)))
    screen.key("Enter")
    screen.wait(lambda s: '"notes.txt" 200 lines' in s and "panel row 3" in s, why="vim's first message")
    glance(screen)
    screen.type("100Gdd:w")
    screen.key("Enter")
    screen.wait(lambda s: "199 lines" in s and "written" in s, why="the message of a write")
    glance(screen)
    screen.type("/57 lines")
    screen.key("Enter")
    screen.wait("57 lines of notes", why="what was looked for")
    screen.type(":set invalid")
    screen.key("Enter")
    screen.wait("E518", why="a message of an error")
    glance(screen)
    screen.type(":q!")
    screen.key("Enter")
    screen.wait(lambda s: s.rstrip().endswith("ready>"), why="the shell")


def test_less_keeps_its_page_and_prompt(screen: Screen, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("".join(f"{n} lines of notes\n" for n in range(200)))
    screen.type(shlex.join(wrapped(need("less"), "-M", "notes.txt", panel=3)))
    screen.key("Enter")
    screen.wait(lambda s: "lines 1-26/200" in s and "panel row 3" in s, why="less' prompt")
    glance(screen)
    screen.type("/120 lines")
    screen.key("Enter")
    screen.wait("120 lines of notes")
    glance(screen)
    screen.key("q")
    screen.wait(lambda s: s.rstrip().endswith("ready>"), why="the shell")
