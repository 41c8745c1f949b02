"""Finding the agent's program and its version without running it."""

from __future__ import annotations

import json
import platform
import re
import shutil
import sys
from pathlib import Path
from typing import Protocol, runtime_checkable

from adapters.plan import Adapter, Program
from headroom_wrap.config import Surroundings
from headroom_wrap.errors import UserError

_VERSION = re.compile(r"\d+\.\d+\.\d+[\w.-]*")
_LEVELS = 4  # package.json stands beside the program or a few folders above it
_ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}


@runtime_checkable
class Started(Protocol):
    """An adapter of a program that npm puts on the PATH behind a script, which starts the real one and waits for it.

    Attributes:
        platform_package: the npm package that holds the real one, with ``{platform}`` and ``{arch}`` in Node's words.
    """

    platform_package: str


def find(adapter: Adapter, around: Surroundings) -> Program:
    """The agent's program on the PATH.

    Raises:
        UserError: there is none.
    """
    for name in adapter.programs:
        path = shutil.which(name, path=around.environ.get("PATH"))
        if path is not None:
            if isinstance(adapter, Started):
                path = _started(Path(path), adapter.platform_package) or path
            return Program(path, version(Path(path)))
    raise UserError(f"There is no {adapter.programs[0]} on the PATH.", f"Install it ({adapter.install}) or add its folder to PATH.", status=127)


def version(path: Path) -> str:
    """The version of a program: from the npm package that it belongs to, or from the name of the file that it links to; ``""`` if neither tells."""
    real = path.resolve()
    if _VERSION.fullmatch(real.name):
        return real.name
    for folder in list(real.parents)[:_LEVELS]:
        try:
            package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        found = package.get("version") if isinstance(package, dict) else None
        return found if isinstance(found, str) else ""
    return ""


def _started(script: Path, package: str) -> str:
    """The program that npm's script would start, so that signals and job control reach it; ``""`` if it is not found where npm puts it."""
    if script.resolve().suffix not in (".js", ".mjs", ".cjs"):
        return ""
    names = [package.format(platform=name, arch=_ARCHITECTURES.get(platform.machine().lower(), platform.machine().lower())) for name in _platforms()]
    for folder in script.resolve().parents:
        for name in names:
            found = _bin(folder / "node_modules" / name)
            if found:
                return found
    return ""


def _platforms() -> tuple[str, ...]:
    """The system as npm packages name it, the likeliest first."""
    if sys.platform != "linux":
        return (sys.platform,)
    return ("linux", "linuxmusl") if platform.libc_ver()[0] == "glibc" else ("linuxmusl", "linux")


def _bin(package: Path) -> str:
    """The one program of an npm package, ``""`` if there is none or it cannot be run."""
    try:
        told = json.loads((package / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    programs = told.get("bin") if isinstance(told, dict) else None
    relative = next(iter(programs.values()), None) if isinstance(programs, dict) else programs
    return shutil.which(str(package / relative)) or "" if isinstance(relative, str) else ""
