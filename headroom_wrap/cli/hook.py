"""``headroom hook cursor``, called in a wrapped session: shell commands are run through ``headroom run``, what happens is kept to learn from."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from headroom_wrap import config, own
from headroom_wrap.errors import UserError
from headroom_wrap.learn import hook_log
from headroom_wrap.run.rewrite import rewrite

_SHELLS = frozenset({"bash", "zsh", "sh", "dash"})
_HOLD_S = 25  # Cursor moves what runs longer to the background and reads its output as it comes


@click.group("hook", hidden=True)
def command() -> None:
    """What agents' hooks call. Not for people."""


@command.command("cursor")
@click.option("--account", type=click.Path(dir_okay=False, path_type=Path), default=None)
def cursor(account: Path | None) -> None:
    """Answer Cursor: JSON in, JSON out. Whatever is not understood is answered by ``{}``: go on as you were."""
    question, around = sys.stdin.buffer.read(), config.surroundings()
    with contextlib.suppress(OSError, UserError):  # a log that cannot be written costs what would be learned, and nothing else
        settings = config.load(around)
        if settings.learn != "off":
            hook_log.note(settings.state, question, time.time())
    shell = around.environ.get("SHELL", "")
    run = [*own.command(), "run", "--hold", str(_HOLD_S), *(["--account", str(account)] if account is not None else [])]
    print(json.dumps(answer(question, shell if Path(shell).name in _SHELLS else "/bin/sh", run)))


def answer(question: bytes, shell: str, run: list[str]) -> dict[str, Any]:
    """What the hook says to Cursor. Nothing about permission: that stays between Cursor and its user."""
    try:
        asked = json.loads(question)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(asked, dict):
        return {}
    event = asked.get("hook_event_name")
    if event == "beforeSubmitPrompt":
        return {"continue": True}
    before = event in ("preToolUse", None)  # versions that name no event have no other
    given = asked.get("tool_input") if before and asked.get("tool_name") == "Shell" else None
    wanted = given.get("command") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(wanted, str):
        return {}
    new = rewrite(wanted, shell, run)
    return {} if new is None else {"updated_input": {**given, "command": new}}
