"""Finding the agent's program and its version without running it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from adapters.plan import Adapter, Program
from headroom_wrap.config import Surroundings
from headroom_wrap.errors import UserError

_VERSION = re.compile(r"\d+\.\d+\.\d+[\w.-]*")
_LEVELS = 4  # package.json stands beside the program or a few folders above it


def find(adapter: Adapter, around: Surroundings) -> Program:
    """The agent's program on the PATH.

    Raises:
        UserError: there is none.
    """
    for name in adapter.programs:
        path = shutil.which(name, path=around.environ.get("PATH"))
        if path is not None:
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
