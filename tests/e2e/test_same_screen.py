"""Real agents side by side, alone and wrapped, on terminals of the size that each is to have: after a resize both screens are the same."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from headroom.testing import AnthropicProvider
from tests.e2e import copilot, scripts
from tests.e2e.conftest import Project
from tests.e2e.copilot import ACCOUNT_CLAUDE
from tests.e2e.screen import Screen
from tests.e2e.test_claude_tmux import panel_rows

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]
WRAP = [sys.executable, "-m", "headroom_wrap.cli.__main__", "wrap"]
COLUMNS, ROWS, PANEL = 110, 37, 3
OWN_TO_A_RUN = (
    (re.compile(r"^\W \w+ for \d+(?:\.\d+)?m?s.*"), "how long it took, in words"),
    (re.compile(r"\d+(?:\.\d+)?(?:ms|s)\b|\b\d\d:\d\d\b"), "time"),
    (re.compile(r"(user|project)\d+"), r"\1"),
    (re.compile(r"(\? for shortcuts).*"), r"\1"),
)
"""What differs between two runs without us, too: times, folders, and the hints that Claude Code shows for a while."""


@pytest.fixture
def open_screen(tmux: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Screen]]:
    opened: list[Screen] = []

    def open_(env: Mapping[str, str], path: Path, command: list[str], *, wrapped: bool) -> Screen:
        rows = ROWS + PANEL if wrapped else ROWS
        opened.append(Screen(tmux, tmp_path_factory.mktemp("tmux"), env, path, columns=COLUMNS, rows=rows))
        opened[-1].type(f"clear; {shlex.join(command)}")
        opened[-1].key("Enter")
        return opened[-1]

    yield open_
    for screen in opened:
        screen.close()


def ask(screen: Screen, prompted: str) -> None:
    screen.wait(prompted, why="the agent's prompt")
    screen.type("Which invoice failed?")
    screen.wait("Which invoice failed?")
    screen.key("Enter")
    screen.wait("ledger.py is mended", why="the end of the session")


def agents_rows(shown: str, *, wrapped: bool) -> list[str]:
    lines = shown.rstrip("\n").split("\n")
    if wrapped:
        assert panel_rows("\n".join(lines[-PANEL:])) == lines[-PANEL:]
        lines = lines[:-PANEL]
    for own, instead in OWN_TO_A_RUN:
        lines = [own.sub(instead, line).rstrip() for line in lines]
    return "\n".join(lines).rstrip("\n").split("\n")


def same_after_resize(alone: Screen, wrapped: Screen, columns: int, rows: int) -> None:
    wrapped.wait(lambda s: len(panel_rows(s)) == PANEL and "bill $" in s, why="the panel")
    alone.resize(columns, rows)
    wrapped.resize(columns, rows + PANEL)

    def same(shown: str) -> bool:
        fits = len(shown.rstrip("\n").split("\n")) <= rows + PANEL and len(panel_rows(shown)) == PANEL
        return fits and "is mended" in shown and agents_rows(shown, wrapped=True) == agents_rows(alone.text(), wrapped=False)

    try:
        wrapped.wait(same, why="the agent's screen as it is without us")
    except AssertionError as error:
        raise AssertionError(f"{error}\nwithout us:\n{alone.text()}") from None


def test_claude_code(make_project: Callable[[], Project], open_screen: Callable[..., Screen]) -> None:
    alone, ours = make_project(), make_project()
    flags = ["--allowedTools", "Bash,Read,Edit"]
    with (
        AnthropicProvider(scripts.session(alone.path, retrieve=False)) as first,
        AnthropicProvider(scripts.session(ours.path, retrieve=False)) as second,
    ):
        plain = open_screen(alone.environ(ANTHROPIC_BASE_URL=first.url), alone.path, ["claude", *flags], wrapped=False)
        wrapped = open_screen(ours.environ(ANTHROPIC_BASE_URL=second.url), ours.path, [*WRAP, "claude", "--", *flags], wrapped=True)
        for screen in (plain, wrapped):
            ask(screen, "? for shortcuts")
        same_after_resize(plain, wrapped, 90, 27)
        same_after_resize(plain, wrapped, 120, 33)


def test_copilot_on_the_alternate_screen(private_home: object, tmp_path_factory: pytest.TempPathFactory, open_screen: Callable[..., Screen]) -> None:
    alone, ours, way = copilot.make_user(tmp_path_factory), copilot.make_user(tmp_path_factory), ACCOUNT_CLAUDE
    with way.over(copilot.session(way, alone.path)) as first, way.over(copilot.session(way, ours.path)) as second:
        plain = open_screen({**alone.env, **way.environ(first.url, wrapped=False)}, alone.path, ["copilot", "--allow-all"], wrapped=False)
        command = [*WRAP, "copilot", *way.flags, "--", "--allow-all"]
        wrapped = open_screen({**ours.env, **way.environ(second.url, wrapped=True)}, ours.path, command, wrapped=True)
        for screen in (plain, wrapped):
            ask(screen, "/ commands")
        same_after_resize(plain, wrapped, 90, 27)
