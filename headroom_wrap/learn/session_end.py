"""What one wrapped session taught, worked out in a process of its own that is killed when it takes too long.

``python -m headroom_wrap.learn.session_end AGENT BEGAN STATE UNTIL`` prints a `Taught`. Nothing is written by it but what sessions showed, into the
state folder; what becomes of the files is decided by who asked.
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from headroom_wrap import config, own
from headroom_wrap.config import Surroundings
from headroom_wrap.learn import git
from headroom_wrap.learn.findings import distinct
from headroom_wrap.learn.proposal import Change, Place, propose
from headroom_wrap.learn.state import Memory, Record

PATIENCE_S = 2.0
# Share of it after which no more is read; what was read takes as long again to learn from. 20 MB take 0.5 s of CPU time; with seven processes at
# work on each core they are read in part, and all is said in 1.5 s.
_READING = 0.5
_CUT = "The session's transcript is too long to be read whole here; headroom learn reads all of it."


@dataclass(frozen=True, slots=True)
class Ending:
    """A session that is over.

    Args:
        agent: the adapter's name.
        began: Unix time in seconds.
        state: the state folder.
        until: Unix time in seconds until which its transcript is read; what was read of it then has to do.
    """

    agent: str
    began: float
    state: Path
    until: float = math.inf


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


class Looking:
    """A session that is being looked at, while whoever asked does something else.

    Args:
        ending: the session.
        around: where it ran.
    """

    def __init__(self, ending: Ending, around: Surroundings) -> None:
        self._until = time.monotonic() + PATIENCE_S
        reading = time.time() + PATIENCE_S * _READING
        self._process = subprocess.Popen(
            [*own.module("headroom_wrap.learn.session_end"), ending.agent, repr(ending.began), str(ending.state), repr(reading)],
            cwd=around.cwd,
            env=dict(around.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # the terminal's Ctrl-C is for us
        )

    def taught(self) -> Taught:
        """What it taught. Waits until two seconds have passed since the beginning.

        Raises:
            TooLateError: it takes longer.
            UntoldError: it cannot be told.
        """
        with self._process:
            try:
                said, complaint = self._process.communicate(timeout=max(self._until - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                raise TooLateError from None
            finally:
                self._process.kill()
        if self._process.returncode:
            raise UntoldError(complaint.decode("utf-8", "replace").strip().rpartition("\n")[2][:200])
        return _DECODER.decode(said)


def look(ending: Ending, around: Surroundings, clock: Callable[[], float]) -> Taught:
    """What a session taught, together with all that earlier ones showed. Only this session's transcript is read.

    Args:
        ending: the session.
        around: where it ran.
        clock: tells the Unix time in seconds.
    """
    from headroom_wrap.learn import evidence
    from headroom_wrap.learn.readers.lines import OUT_OF_TIME
    from headroom_wrap.learn.readers.registry import sessions
    from headroom_wrap.learn.survey import Survey

    memory = Memory(ending.state)
    survey, project = Survey(), git.root(around.cwd, around.home)
    survey.read(
        sessions(
            around.environ,
            around.home,
            project=project,
            agent=ending.agent,
            since=ending.began,
            state=ending.state,
            skipped=survey.skipped,
            goes_on=lambda: clock() < ending.until,
        )
    )
    cut = OUT_OF_TIME in survey.skipped.rows
    # Of a session that was read in part nothing is kept; if it was read whole before, that is worth more.
    known = distinct((*survey.mined, *memory.recall())) if cut else memory.add(survey.mined)
    found = evidence.findings(known, clock(), str(project))
    agents = {seen.evidence.agent for one in known for seen in one.observations if seen.evidence.project == str(project)} | {ending.agent}
    place = Place(project, around.home, around.environ.get("PATH", ""))
    record = memory.record(project)
    proposal = propose(place, found, sorted(agents), record, only=ending.agent)
    counted = {rule.text: rule.finding.sessions for rule in proposal.rules}
    return Taught(proposal.changes, record, counted, (*proposal.problems, *([_CUT] if cut else [])))


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
    agent, began, state, until = sys.argv[1:]
    ending = Ending(agent, float(began), Path(state), float(until))
    sys.stdout.buffer.write(_ENCODER.encode(look(ending, config.surroundings(), time.time)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
