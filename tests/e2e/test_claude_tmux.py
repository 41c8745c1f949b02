"""The real Claude Code on a terminal: the panel under it, keys, resize, job control, and what is left after kill -9."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from headroom.testing import AnthropicProvider, Gate, Script, held, text, tool
from tests.e2e import scripts
from tests.e2e.conftest import Project
from tests.e2e.screen import Screen
from tests.e2e.test_claude_print import assert_prefixes_stand, messages

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]
WRAP = f"{sys.executable} -m headroom_wrap.cli.__main__ wrap claude -- --allowedTools Bash,Read,Edit"
PANEL = "bill $"


@pytest.fixture
def open_screen(tmux: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Screen]]:
    opened: list[Screen] = []

    def open_(project: Project, **environ: str) -> Screen:
        screen = Screen(tmux, tmp_path_factory.mktemp("tmux"), project.environ(**environ), project.path)
        opened.append(screen)
        return screen

    yield open_
    for screen in opened:
        screen.close()


def start(screen: Screen, command: str = WRAP) -> None:
    screen.type(command)
    screen.key("Enter")
    screen.wait("? for shortcuts", why="Claude Code's prompt")


def ask(screen: Screen, question: str) -> None:
    screen.type(question)
    screen.wait(question)
    screen.key("Enter")


def panel_rows(shown: str) -> list[str]:
    return [line for line in shown.rstrip("\n").split("\n") if line.startswith(("headroom  ", "cache ", "last "))]


def descendants(project: Project) -> list[psutil.Process]:
    """Processes of this project's session that are still there, by their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("HOME") == str(project.home)
            the_terminals = process.name().startswith(("tmux", "bash", "cat")) or "cat >" in " ".join(process.cmdline())
            if ours and not the_terminals:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def test_a_whole_session_with_the_panel(project: Project, open_screen: Callable[..., Screen]) -> None:
    before = project.users_files()
    with AnthropicProvider(scripts.session(project.path, retrieve=True)) as provider:
        screen = open_screen(project, ANTHROPIC_BASE_URL=provider.url)
        start(screen)
        ask(screen, "Which invoice failed, and why? Mend it.")
        shown = screen.wait("ledger.py is mended", why="the end of the session")
        shown = screen.wait(lambda s: PANEL in s, why="the panel's figures")
        assert len(panel_rows(shown)) == 3
        assert "saved" in shown
        screen.resize(90, 30)
        screen.wait(
            lambda s: len(panel_rows(s)) == 3 and "? for shortcuts" in s and len(s.rstrip("\n").split("\n")) <= 30, why="the screen after a resize"
        )
        screen.key("C-c")
        screen.wait("Press Ctrl-C again to exit")
        screen.key("C-c")
        shown = screen.wait("headroom: this session", why="the receipt")
        screen.wait(lambda s: s.rstrip().endswith("ready>"), why="the shell's prompt")
        requests = messages(provider)
    assert len(scripts.results(requests[-1].body)) == 10
    assert_prefixes_stand(requests)
    _, first, _ = scripts.left_out(requests[1].body)
    line = (project.path / "app.log").read_text().split("\n")[first - 1]
    assert line in scripts.results(requests[-1].body)[1]
    assert "Saved ~" in screen.history()
    screen.type("echo status=$?")
    screen.key("Enter")
    screen.wait("status=0")
    after = project.users_files()
    assert [Path(p).name for p in after if after[p] != before.get(p)] == ["ledger.py"]
    assert descendants(project) == []


def test_a_prompt_on_the_command_line_breaks_no_cache(project: Project, open_screen: Callable[..., Screen]) -> None:
    """The first request goes out as soon as Claude Code is up: our tools are in it, or they are announced without a change of the others."""
    with AnthropicProvider(scripts.session(project.path, retrieve=False)) as provider:
        screen = open_screen(project, ANTHROPIC_BASE_URL=provider.url)
        screen.type(f"{WRAP} -- 'Which invoice failed, and why? Mend it.'")
        screen.key("Enter")
        screen.wait("ledger.py is mended", why="the end of the session")
        requests = messages(provider)
    assert len(requests) == 9
    assert_prefixes_stand(requests)
    assert all(r.usage.cache_read for r in requests[1:])


def test_ctrl_z_and_fg(project: Project, open_screen: Callable[..., Screen]) -> None:
    with AnthropicProvider(Script([text("Hello from the model.")])) as provider:
        screen = open_screen(project, ANTHROPIC_BASE_URL=provider.url)
        start(screen)
        screen.key("C-z")
        screen.wait("Stopped", why="the shell after Ctrl-Z")
        screen.type("echo back$((40 + 2))")
        screen.key("Enter")
        screen.wait("back42")
        screen.type("fg")
        screen.key("Enter")
        screen.wait(lambda s: "? for shortcuts" in s and len(panel_rows(s)) == 3, why="Claude Code and the panel after fg")
        ask(screen, "say hello please")
        screen.wait("Hello from the model.")


def test_kill_9_of_the_supervisor_leaves_a_usable_terminal_and_nothing_else(project: Project, open_screen: Callable[..., Screen]) -> None:
    gate = Gate()
    with AnthropicProvider(Script([tool("Bash", command="cat app.log")], held([text("never")], gate))) as provider:
        screen = open_screen(project, ANTHROPIC_BASE_URL=provider.url)
        before = project.users_files()
        start(screen)
        ask(screen, "look at the log please")
        screen.wait(lambda s: PANEL in s, why="the panel's figures")
        supervisor = next(p for p in descendants(project) if "wrap" in p.cmdline() and p.ppid() not in {q.pid for q in descendants(project)})
        others = [p for p in descendants(project) if p.pid != supervisor.pid]
        assert others
        os.kill(supervisor.pid, signal.SIGKILL)
        screen.wait("Killed", why="the shell's word on it")
        _, alive = psutil.wait_procs(others, timeout=90)
        assert alive == []
        screen.type("echo usable$((40 + 2))")
        screen.key("Enter")
        screen.wait("usable42")
        screen.type("stty -a | tr ';' '\\n' | grep -c -- ' icanon\\|^icanon\\| echo '; clear; echo cleared")
        screen.key("Enter")
        shown = screen.wait(lambda s: "cleared" in s and s.rstrip().endswith("ready>"), why="a cleared screen")
        assert panel_rows(shown) == []
        gate.release()
    assert project.users_files() == before
    assert len(list((project.state / "journal").iterdir())) == 1
    assert project.headroom("undo").stdout == "1 killed session cleaned up.\n"
    assert not list((project.state / "journal").iterdir())
    assert not list((project.state / "sessions").iterdir())


def test_the_next_start_undoes_a_killed_session(project: Project, open_screen: Callable[..., Screen]) -> None:
    with AnthropicProvider(Script()) as provider:
        screen = open_screen(project, ANTHROPIC_BASE_URL=provider.url)
        start(screen)
        supervisor = next(p for p in descendants(project) if "wrap" in p.cmdline() and p.ppid() not in {q.pid for q in descendants(project)})
        os.kill(supervisor.pid, signal.SIGKILL)
        screen.wait("Killed")
        left = {p.name for p in (project.state / "sessions").iterdir()}
        project.headroom("wrap", "claude", "--", "-p", "say done please", ANTHROPIC_BASE_URL=provider.url)
    assert left
    assert not list((project.state / "sessions").iterdir())
