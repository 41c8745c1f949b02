"""What one wrapped session taught, worked out in a process of its own that is killed when it takes too long.

``python -m headroom_wrap.learn.session_end`` is told an `Ending` on its standard input and prints a `Taught`. Nothing is written by it but what
sessions showed, into the state folder; what becomes of the files is decided by who asked.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from headroom_wrap import config, own
from headroom_wrap.config import Surroundings
from headroom_wrap.learn.proposal import Change, Place, propose
from headroom_wrap.learn.state import Memory, Record

PATIENCE_S = 2.0


class Ending(msgspec.Struct, frozen=True):
    """A session that is over.

    Args:
        agent: the adapter's name.
        began: Unix time in seconds.
        state: the state folder.
    """

    agent: str
    began: float
    state: str


class Taught(msgspec.Struct, frozen=True):
    """What it taught.

    Args:
        changes: what would be written into instruction files.
        record: what was known of the project before.
        sessions: for each new rule by its sentence, how many sessions speak for it.
        problems: sentences on files that cannot be written.
    """

    changes: tuple[Change, ...]
    record: Record
    sessions: dict[str, int] = {}
    problems: tuple[str, ...] = ()


class TooLateError(Exception):
    """It took longer than it may."""


class UntoldError(Exception):
    """It cannot be told. The first argument says why."""


def taught(ending: Ending, around: Surroundings, *, patience: float = PATIENCE_S) -> Taught:
    """What a session taught.

    Args:
        ending: the session.
        around: where it ran.
        patience: seconds that it may take.

    Raises:
        TooLateError: it has taken longer.
        UntoldError: it cannot be told.
    """
    command = own.module("headroom_wrap.learn.session_end")
    try:
        done = subprocess.run(
            command, input=msgspec.json.encode(ending), cwd=around.cwd, env=dict(around.environ), capture_output=True, timeout=patience, check=False
        )
    except subprocess.TimeoutExpired:
        raise TooLateError from None
    except OSError as error:
        raise UntoldError(error.strerror or str(error)) from None
    if done.returncode:
        raise UntoldError(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200])
    return _DECODER.decode(done.stdout)


def look(ending: Ending, around: Surroundings, now: float) -> Taught:
    """What a session taught, together with all that earlier ones showed. Only this session's transcript is read."""
    from headroom_wrap.learn import evidence
    from headroom_wrap.learn.readers.registry import sessions
    from headroom_wrap.learn.survey import Survey

    memory = Memory(Path(ending.state))
    survey = Survey()
    survey.read(sessions(around.environ, around.home, project=around.cwd, agent=ending.agent, since=ending.began, state=Path(ending.state)))
    with contextlib.suppress(OSError):  # what was read just now counts all the same
        memory.keep(survey.mined)
    found = evidence.findings((*memory.recall(), *survey.mined), now, str(around.cwd))
    place = Place(around.cwd, around.home, around.environ.get("PATH", ""))
    record = memory.record(around.cwd)
    proposal = propose(place, found, (ending.agent,), record)
    counted = {rule.text: rule.finding.sessions for rule in proposal.rules}
    return Taught(proposal.changes, record, counted, proposal.problems)


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError


def _path(kind: type, value: Any) -> Any:
    if issubclass(kind, Path):
        return Path(value)
    raise NotImplementedError


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)
_DECODER = msgspec.json.Decoder(Taught, dec_hook=_path)


def main() -> int:
    """See the module."""
    ending = msgspec.json.decode(sys.stdin.buffer.read(), type=Ending)
    sys.stdout.buffer.write(_ENCODER.encode(look(ending, config.surroundings(), time.time())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
