"""The real Gemini CLI on a terminal: the panel under it, a resize, and what is left after kill -9."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest

from headroom.testing import Gate, GeminiProvider, Script, held, text
from tests.e2e import gemini
from tests.e2e.gemini import User
from tests.e2e.screen import Screen

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]
WRAP = f"{sys.executable} -m headroom_wrap.cli.__main__ wrap gemini -- --yolo"
PANEL = ("headroom  ", "cache ", "last ")


@pytest.fixture
def user(private_home: object, tmp_path_factory: pytest.TempPathFactory) -> User:
    return gemini.make_user(tmp_path_factory)


@pytest.fixture
def open_screen(tmux: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Screen]]:
    opened: list[Screen] = []

    def open_(user: User, url: str) -> Screen:
        opened.append(Screen(tmux, tmp_path_factory.mktemp("tmux"), {**user.env, "GOOGLE_GEMINI_BASE_URL": url}, user.path))
        return opened[-1]

    yield open_
    for screen in opened:
        screen.close()


def ask(screen: Screen, question: str) -> None:
    screen.type(WRAP)
    screen.key("Enter")
    screen.wait("1 GEMINI.md file", why="Gemini CLI's prompt")
    screen.type(question)
    screen.wait(question)
    screen.key("Enter")


def panel(shown: str) -> list[str]:
    return [line for line in shown.split("\n") if line.startswith(PANEL)]


def test_a_whole_session_with_the_panel(user: User, open_screen: Callable[..., Screen]) -> None:
    with GeminiProvider(gemini.session(shows=True)) as provider:
        screen = open_screen(user, provider.url)
        ask(screen, "Which invoice failed")
        screen.wait("ledger.py is mended", why="the end of the session")
        shown = screen.wait(lambda s: "saved" in s and len(panel(s)) == 3, why="the panel's figures")
        assert "· gemini" in panel(shown)[1]
        screen.resize(90, 30)
        screen.wait(
            lambda s: len(panel(s)) == 3 and "Type your message" in s and len(s.rstrip("\n").split("\n")) <= 30, why="the screen after a resize"
        )
        screen.type("/quit")
        screen.wait("/quit")
        screen.key("Enter")
        screen.wait(lambda s: "headroom: this session" in s and s.rstrip().endswith("ready>"), why="the receipt and the shell's prompt")
        turns = provider.turns
    assert len(turns) == 10
    gemini.assert_prefixes_stand(turns)
    assert panel(screen.text()) == []
    screen.type("echo status=$?")
    screen.key("Enter")
    screen.wait("status=0")


def test_kill_9_of_the_supervisor_leaves_nothing(user: User, open_screen: Callable[..., Screen]) -> None:
    gate = Gate()
    settings = user.home / ".gemini" / "settings.json"
    before = settings.read_bytes()
    with GeminiProvider(Script([gemini.run("cat app.log")], held([text("never")], gate))) as provider:
        screen = open_screen(user, provider.url)
        ask(screen, "look at the log")
        assert gate.reached.wait(60)
        ours = [p for p in psutil.process_iter(["cmdline", "environ"]) if (p.info["environ"] or {}).get("HOME") == str(user.home)]
        ours = [p for p in ours if p.name() not in ("bash", "cat") and "tmux" not in p.name() and "cat >" not in " ".join(p.info["cmdline"])]
        supervisor = next(p for p in ours if "wrap" in p.info["cmdline"] and p.ppid() not in {q.pid for q in ours})
        os.kill(supervisor.pid, signal.SIGKILL)
        screen.wait("Killed", why="the shell's word on it")
        _, alive = psutil.wait_procs([p for p in ours if p.pid != supervisor.pid], timeout=90)
        gate.release()
    assert len(ours) > 3
    assert alive == []
    assert "headroom" in json.loads(settings.read_text())["mcpServers"]
    assert user.headroom("undo").stdout == "1 killed session cleaned up.\n"
    assert settings.read_bytes() == before
    assert not list((user.state / "sessions").iterdir())
