"""The page that the panel's key opens over the real Claude Code: what it tells, and the screen back as it was."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from headroom.testing import AnthropicProvider
from tests.e2e import scripts
from tests.e2e.conftest import Project
from tests.e2e.screen import Screen

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]
WRAP = f"{sys.executable} -m headroom_wrap.cli.__main__ wrap claude -- --allowedTools Bash,Read,Edit"


@pytest.fixture
def screen(tmux: str, tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[Screen]:
    with AnthropicProvider(scripts.session(project.path, retrieve=True)) as provider:
        opened = Screen(tmux, tmp_path_factory.mktemp("tmux"), project.environ(ANTHROPIC_BASE_URL=provider.url), project.path)
        yield opened
        opened.close()


def told(shown: str) -> list[str]:
    """The conversation on the screen; below it the agent's own hints come and go."""
    return shown.partition("ledger.py is mended")[0].split("\n")


def test_the_page_tells_and_the_screen_comes_back(screen: Screen) -> None:
    screen.type(WRAP)
    screen.key("Enter")
    screen.wait("? for shortcuts", why="Claude Code's prompt")
    screen.type("Which invoice failed, and why?")
    screen.wait("Which invoice failed, and why?")
    screen.key("Enter")
    screen.wait("ledger.py is mended", why="the end of the session")
    before = screen.wait(lambda s: "? for shortcuts" in s and "bill $" in s and " for " in s.partition("is mended")[2], why="a screen at rest")

    screen.key("C-\\")
    shown = screen.wait("[1 blocks]", why="the page")
    assert "bill $" in shown
    assert any("→" in line and " log " in line and "cat app.log" in line for line in shown.splitlines())
    screen.key("Right")
    screen.wait(lambda s: "[2 requests]" in s and "claude-opus" in s)
    screen.key("Right")
    screen.wait("were read from the provider's cache")
    screen.key("1")
    screen.wait("[1 blocks]")
    screen.key("G")
    screen.wait(lambda s: any(line.startswith("› ") and "cat app.log" in line for line in s.splitlines()), why="the first block")
    screen.key("Enter")
    shown = screen.wait("lines left out", why="the original against what was sent")
    assert any(line.startswith("  - ") for line in shown.splitlines())
    screen.key("q")
    screen.wait("[1 blocks]")
    screen.key("q")
    screen.wait(lambda s: "ledger.py is mended" in s and told(s) == told(before), why="the screen as it was")

    screen.key("C-c")
    screen.wait("Press Ctrl-C again to exit")
    screen.key("C-c")
    screen.wait("headroom: this session", why="the receipt")
