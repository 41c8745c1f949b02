"""The real Codex on a terminal: the panel under it, a resize, its exit, and what is left when it or the supervisor is killed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest

from headroom.testing import Gate, OpenAIProvider, Script, held, text
from tests.e2e import codex
from tests.e2e.codex import ANSWER, CODE, PROMPT, User
from tests.e2e.screen import Screen
from tests.e2e.test_claude_tmux import PANEL, descendants, panel_rows

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]
WRAP = f"{sys.executable} -m headroom_wrap.cli.__main__ wrap codex -- -s danger-full-access -a never"
PROMPTED = "? for shortcuts"


@pytest.fixture
def user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> User:
    return codex.make_user(tmp_path_factory)


@pytest.fixture
def open_screen(tmux: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[User], Screen]]:
    opened: list[Screen] = []

    def open_(user: User) -> Screen:
        screen = Screen(tmux, tmp_path_factory.mktemp("tmux"), user.env, user.path)
        opened.append(screen)
        return screen

    yield open_
    for screen in opened:
        screen.close()


def reach(user: User, provider: OpenAIProvider) -> None:
    user.reach(provider.url, f'[projects."{user.path}"]\ntrust_level = "trusted"\n')


def start(screen: Screen) -> None:
    screen.type(WRAP)
    screen.key("Enter")
    screen.wait(lambda s: PROMPTED in s and len(panel_rows(s)) == 3, why="Codex and the panel")


def ask(screen: Screen, question: str) -> None:
    """Pasted: an Enter that follows on fast typing is a new line to Codex."""
    screen.type(f"\x1b[200~{question}\x1b[201~")
    screen.wait(question)
    screen.key("Enter")
    screen.wait(lambda s: "esc to interrupt" in s or "•" in s, why="the turn")


def supervisor(user: User) -> psutil.Process:
    ours = descendants(user)
    return next(p for p in ours if "wrap" in p.cmdline() and p.ppid() not in {q.pid for q in ours})


def test_a_whole_session_with_the_panel(user: User, open_screen: Callable[[User], Screen]) -> None:
    with OpenAIProvider(codex.session(CODE, retrieves=True)) as provider:
        reach(user, provider)
        before = user.files()
        screen = open_screen(user)
        start(screen)
        ask(screen, PROMPT)
        screen.wait("Worked for", why="the end of the turn: before that Ctrl-C interrupts, and does not quit")
        shown = screen.wait(lambda s: PANEL in s and "saved" in s, why="the panel's figures")
        assert len(panel_rows(shown)) == 3
        screen.resize(90, 30)
        screen.wait(
            lambda s: len(panel_rows(s)) == 3 and PROMPTED in s and ANSWER in s and len(s.rstrip("\n").split("\n")) <= 30,
            why="the screen after a resize",
        )
        screen.key("C-c")
        screen.wait("headroom: this session", why="the receipt")
        screen.wait(lambda s: s.rstrip().endswith("ready>"), why="the shell's prompt")
        turns = provider.turns
    assert len(codex.outputs(turns)) == 10
    codex.assert_prefixes_stand(turns)
    assert {t.socket for t in turns} == {1}
    history = screen.history()
    assert "codex resume" in history, "Codex's own last words"
    assert "Saved ~" in history
    screen.type("echo status=$?")
    screen.key("Enter")
    screen.wait("status=0")
    assert descendants(user) == [], "no server of Codex's stays behind"
    changed = [p for p in codex.changed(before, user.files()) if not p.startswith("home/.codex/")]
    assert changed == ["project/billing/ledger.py"]
    assert "headroom" not in (user.codex_home / "config.toml").read_text()


def test_kill_9_of_the_supervisor_leaves_a_usable_terminal_and_nothing_else(user: User, open_screen: Callable[[User], Screen]) -> None:
    gate = Gate()
    with OpenAIProvider(Script([codex.run("cat app.log", CODE)], held([text("never")], gate))) as provider:
        reach(user, provider)
        screen = open_screen(user)
        start(screen)
        ask(screen, "look at the log please")
        screen.wait(lambda s: PANEL in s, why="the panel's figures")
        others = [p for p in descendants(user) if p.pid != supervisor(user).pid]
        assert any("codex" in p.name() for p in others)
        os.kill(supervisor(user).pid, signal.SIGKILL)
        # The shell's word on it may be written to the alternate screen before that goes: what is waited for is the end of all processes.
        _, alive = psutil.wait_procs(others, timeout=90)
        assert alive == []
        assert_usable(screen)
        gate.release()
    assert user.headroom("undo").stdout == "1 killed session cleaned up.\n"
    assert not list((user.state / "sessions").iterdir())


def test_codex_killed_in_mid_frame_leaves_a_usable_terminal(user: User, open_screen: Callable[[User], Screen]) -> None:
    """It ends at once, with the alternate screen on, the mouse reported and the cursor hidden; all that is undone for it."""
    gate = Gate()
    with OpenAIProvider(Script(held([text("never")], gate))) as provider:
        reach(user, provider)
        screen = open_screen(user)
        start(screen)
        ask(screen, "think about it please")
        agent = next(p for p in descendants(user) if p.name() == "codex")
        os.kill(agent.pid, signal.SIGTERM)
        screen.wait(lambda s: s.rstrip().endswith("ready>"), why="the shell's prompt")
        gate.release()
        screen.type("echo status=$?")
        screen.key("Enter")
        screen.wait("status=143")
        assert_usable(screen)
    assert descendants(user) == []
    assert not list((user.state / "sessions").iterdir())


def assert_usable(screen: Screen) -> None:
    screen.type("echo usable$((40 + 2))")
    screen.key("Enter")
    screen.wait("usable42")
    assert screen.modes() == ("0", "0", "1"), "no alternate screen, no mouse, a cursor"
    screen.type("clear; echo cleared")
    screen.key("Enter")
    shown = screen.wait(lambda s: "cleared" in s and s.rstrip().endswith("ready>"), why="a cleared screen")
    assert panel_rows(shown) == []
