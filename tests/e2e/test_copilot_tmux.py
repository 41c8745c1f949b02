"""The real Copilot CLI on a terminal: on the alternate screen with the panel under it, a resize, and Ctrl-C."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.e2e import copilot
from tests.e2e.copilot import ACCOUNT_CLAUDE, OWN_CHAT, User
from tests.e2e.screen import Screen
from tests.e2e.test_claude_tmux import panel_rows

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]
IDLE = "/ commands"


@pytest.fixture
def user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> User:
    return copilot.make_user(tmp_path_factory)


@pytest.fixture
def open_screen(tmux: str, tmp_path_factory: pytest.TempPathFactory, user: User) -> Iterator[Callable[..., Screen]]:
    opened: list[Screen] = []

    def open_(**environ: str) -> Screen:
        opened.append(Screen(tmux, tmp_path_factory.mktemp("tmux"), {**user.env, **environ}, user.path))
        return opened[-1]

    yield open_
    for screen in opened:
        screen.close()


def start(screen: Screen, *arguments: str) -> None:
    screen.type(shlex.join([sys.executable, "-m", "headroom_wrap.cli.__main__", "wrap", "copilot", *arguments]))
    screen.key("Enter")


def test_a_whole_session_with_the_panel(user: User, open_screen: Callable[..., Screen]) -> None:
    way = ACCOUNT_CLAUDE
    with way.over(copilot.session(way, user.path, retrieves=True)) as provider:
        screen = open_screen(**way.environ(provider.url, wrapped=True))
        start(screen, *way.flags, "--", "--allow-all")
        screen.wait(IDLE, why="Copilot's prompt")
        screen.type(copilot.PROMPT)
        screen.wait(copilot.PROMPT)
        screen.key("Enter")
        screen.wait("ledger.py is mended", why="the end of the session")
        shown = screen.wait(lambda s: "bill $" in s, why="the panel's figures")
        assert len(panel_rows(shown)) == 3
        screen.resize(90, 30)
        screen.wait(lambda s: len(panel_rows(s)) == 3 and IDLE in s and len(s.rstrip("\n").split("\n")) <= 30, why="the screen after a resize")
        screen.key("C-c")
        screen.wait("again to exit")
        screen.key("C-c")
        screen.wait("headroom: this session", why="the receipt")
        shown = screen.wait(lambda s: s.rstrip().endswith("ready>"), why="the shell's prompt")
        turns = provider.turns
    assert panel_rows(shown) == []
    copilot.assert_prefixes_stand(turns)
    results = copilot.all_results(turns)
    assert len(results) == 10
    _, first = copilot.left_out(results)
    assert (user.path / "app.log").read_text().split("\n")[first - 1] in results[1]
    screen.type("echo status=$?")
    screen.key("Enter")
    screen.wait("status=0")


def test_a_prompt_on_the_command_line_breaks_no_cache(user: User, open_screen: Callable[..., Screen]) -> None:
    """The first request goes out as soon as Copilot is up: our tools are in it already."""
    way = OWN_CHAT
    with way.over(copilot.session(way, user.path)) as provider:
        screen = open_screen(**way.environ(provider.url, wrapped=True))
        start(screen, "--", "--allow-all", "-i", copilot.PROMPT)
        screen.wait("ledger.py is mended", why="the end of the session")
        turns = provider.turns
    assert len(turns) == 9
    copilot.assert_prefixes_stand(turns)
    assert copilot.RETRIEVE.encode() in turns[0].raw
