"""An agent's shell command as ``headroom run`` takes it. Pure.

Only what prints is given to it. What changes the shell that the agent goes on with (its folder, its variables) must run in that shell: a leading
``cd … &&`` stays in front, and a command with more of that is left alone.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from headroom_wrap.run.shell_state import apart

_LEADING_CD = re.compile(r"""\s*cd\s+(?:--\s+)?(?:"[^"$`\\\n]{1,1000}"|'[^'\n]{1,1000}'|[^\s;&|()<>"'`$\\]{1,1000})\s*&&\s*""")
_OURS = re.compile(r"\bheadroom['\"]? (?:run|show)\b")
_LONGEST = 20_000


def rewrite(command: str, shell: str, headroom: Sequence[str]) -> str | None:
    """The command with its output made smaller, or None: it is to be run as it is.

    Args:
        command: as the agent's model wrote it, for a POSIX shell.
        shell: the program that is to run it.
        headroom: what ``run`` and its options follow.
    """
    if len(command) > _LONGEST or "\0" in command:
        return None
    match = _LEADING_CD.match(command)
    before, rest = (command[: match.end()], command[match.end() :]) if match is not None else ("", command)
    if _OURS.search(rest) or not apart(rest):
        return None
    return before + shlex.join([*headroom, "--", shell, "-c", rest])
