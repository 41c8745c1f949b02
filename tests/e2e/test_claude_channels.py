"""The real Claude Code with the session shown elsewhere than in our panel: in its own status line, in a tmux pane, behind its window title."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from headroom.testing import AnthropicProvider, Script, text
from tests.e2e.conftest import Project
from tests.e2e.screen import Screen

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]


def wrap(screen: Screen, *flags: str) -> None:
    screen.type(" ".join([sys.executable, "-m", "headroom_wrap.cli.__main__", "wrap", *flags, "claude"]))
    screen.key("Enter")


def leave(screen: Screen) -> str:
    screen.key("C-c")
    screen.wait("again to exit")
    screen.key("C-c")
    shown = screen.wait("headroom: this session", why="the receipt")
    screen.wait(lambda s: s.rstrip().endswith("ready>"), why="the shell's prompt")
    return shown


@pytest.fixture
def open_screen(tmux: str, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[Project, str], Screen]:
    def open_(project: Project, upstream: str) -> Screen:
        screen = Screen(tmux, tmp_path, project.environ(ANTHROPIC_BASE_URL=upstream), project.path)
        request.addfinalizer(screen.close)
        return screen

    return open_


def test_the_users_status_line_stays_with_ours_below(project: Project, open_screen: Callable[[Project, str], Screen]) -> None:
    own = {"statusLine": {"type": "command", "command": 'sed -n \'s/.*"display_name":"\\([^"]*\\).*/MINE \\1/p\'  # the model'}}
    (project.home / ".claude" / "settings.json").write_text(json.dumps(own))
    before = project.users_files()
    with AnthropicProvider(Script([text("Hello from the model.")])) as provider:
        screen = open_screen(project, provider.url)
        wrap(screen, "--panel=statusline")
        screen.wait("MINE ", why="the user's status line")
        screen.type("say hello please")
        screen.wait("say hello please")
        screen.key("Enter")
        screen.wait("Hello from the model.")
        shown = screen.wait(lambda s: "MINE " in s and "bill $" in s, why="both status lines")
        lines = [line for line in shown.split("\n") if "MINE " in line or "bill $" in line]
        assert ["MINE " in line for line in lines] == [True, False]
        assert "every request carries ~" in leave(screen)
    assert project.users_files() == before


def test_a_tmux_pane_comes_and_goes(project: Project, open_screen: Callable[[Project, str], Screen], tmp_path: Path) -> None:
    def tmux(*arguments: str) -> str:
        return subprocess.run(["tmux", "-S", str(tmp_path / "tmux.sock"), *arguments], check=True, capture_output=True, text=True).stdout

    with AnthropicProvider(Script([text("Hello from the model.")])) as provider:
        screen = open_screen(project, provider.url)
        wrap(screen, "--panel=tmux")
        screen.wait("? for shortcuts")
        _, pane = tmux("list-panes", "-F", "#{pane_id}").split()
        screen.type("say hello please")
        screen.wait("say hello please")
        screen.key("Enter")
        shown = screen.wait("Hello from the model.")
        assert "bill $" not in shown
        screen.wait(lambda _: "bill $" in tmux("capture-pane", "-p", "-t", pane), why="the pane's figures")
        leave(screen)
        assert len(tmux("list-panes").splitlines()) == 1


def test_the_window_title_stays_the_agents_with_ours_behind(project: Project, open_screen: Callable[[Project, str], Screen], tmp_path: Path) -> None:
    def title() -> str:
        command = ["tmux", "-S", str(tmp_path / "tmux.sock"), "display-message", "-p", "#{pane_title}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    with AnthropicProvider(Script([text("Hello from the model.")], [text("Hello again.")])) as provider:
        screen = open_screen(project, provider.url)
        before = title()
        wrap(screen, "--panel=title")
        screen.wait("? for shortcuts")
        for question, answer in (("say hello please", "Hello from the model."), ("and once more", "Hello again.")):
            screen.type(question)
            screen.wait(question)
            screen.key("Enter")
            screen.wait(answer)
        screen.wait(lambda _: " - headroom: " in title(), why="our words")
        theirs, ours = title().split(" - headroom: ")
        assert theirs
        assert theirs != before
        assert ours.startswith(("saved $", "lost $"))
        leave(screen)
