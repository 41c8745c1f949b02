"""Carrying out a launch plan: the session's private files, the agent's environment, the proxy's socket."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from adapters.plan import LaunchPlan
from headroom_wrap import own
from headroom_wrap.errors import UserError

BACKLOG = 128
_SCRIPTS = "bin"


def bind(port: int) -> socket.socket:
    """A socket that listens on loopback; the agent's first connection waits in its backlog until the proxy serves.

    Raises:
        UserError: the port cannot be had.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        what = f"Port {port} on 127.0.0.1" if port else "A port on 127.0.0.1"
        hint = "Leave port at 0 to take a free one, or name another." if port else "Is the loopback interface up?"
        raise UserError(f"{what} cannot be bound: {error.strerror}.", hint) from None
    return listener


def write_files(plan: LaunchPlan, folder: Path) -> None:
    """Put the plan's files into the session's folder, for the user alone: those in its ``bin`` to be run, all others to be read.

    Raises:
        UserError: they cannot be written.
        ValueError: the plan names a file outside the folder.
    """
    for path, text in plan.files.items():
        script = path.parent == folder / _SCRIPTS
        if not script and path.parent != folder:
            raise ValueError(f"{path} is not in {folder}")
        try:
            if script:
                path.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700 if script else 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror}.", "Is the disk full? HEADROOM_STATE names another folder.") from None


def environment(plan: LaunchPlan, environ: Mapping[str, str]) -> dict[str, str]:
    """The agent's environment: the user's, the plan's, and at the end of PATH the folder of the ``headroom`` command if it was not on it."""
    env = {**environ, **plan.env}
    if plan.routed and shutil.which("headroom", path=env.get("PATH")) is None:
        scripts = Path(sys.executable).parent
        if (scripts / "headroom").exists():
            env["PATH"] = f"{env['PATH']}{os.pathsep}{scripts}" if env.get("PATH") else str(scripts)
    return env


def with_own_command(plan: LaunchPlan, environ: Mapping[str, str], folder: Path) -> LaunchPlan:
    """A plan by which the agent's ``headroom`` is this installation, which alone is sure to know the session's store; the same where it is already.

    Where the PATH leads to another one, or to none, a script in the session's folder stands before it: a folder with more in it would stand before
    other programs, too.

    Args:
        plan: of the session.
        environ: the user's environment.
        folder: the session's own.
    """
    path = environment(plan, environ).get("PATH", "")
    found = shutil.which("headroom", path=path)
    if found is not None and own.is_ours(found):
        return plan if path == environ.get("PATH") else replace(plan, env={**plan.env, "PATH": path})
    script = folder / _SCRIPTS / "headroom"
    text = f'#!/bin/sh\nexec {shlex.join(own.command())} "$@"\n'
    before = os.pathsep.join(part for part in (str(script.parent), path) if part)
    return replace(plan, env={**plan.env, "PATH": before}, files={**plan.files, script: text})


def read_files(paths: list[Path]) -> dict[Path, str]:
    """Contents of the configuration files that exist.

    Raises:
        UserError: one exists and cannot be read.
    """
    found = {}
    for path in paths:
        try:
            found[path] = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except UnicodeDecodeError:
            raise UserError(f"{path} is not UTF-8 text.", "Mend that file: it may say where the agent's requests go.") from None
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}.", "Mend its permissions: it may say where the agent's requests go.") from None
    return found
