"""How Headroom is called by others: agents, their hooks, their settings."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

SHOW = ("headroom", "show")
"""What an agent is told to run in its shell for what was left out."""


def module(name: str) -> tuple[str, ...]:
    """The command line of a module of ours, which finds our modules whatever folder it is called in.

    ``python -m`` looks for modules in the current folder first, and a project may have a ``pipeline`` or ``adapters`` of its own.
    """
    if sys.version_info >= (3, 11):
        return (sys.executable, "-P", "-m", name)
    return (sys.executable, "-c", f"import sys; del sys.path[0]; import runpy; runpy.run_module({name!r}, run_name='__main__', alter_sys=True)")


def is_ours(program: str) -> bool:
    """Whether a program is the script of this installation, links followed."""
    try:
        return Path(program).samefile(command()[0]) and len(command()) == 1
    except OSError:
        return False


def command() -> tuple[str, ...]:
    """The command line of this installation, good in every folder and without a PATH."""
    script = shutil.which("headroom", path=str(Path(sys.executable).parent))
    return (script,) if script else module("headroom_wrap.cli")
