"""After a wrapped session: what it taught, shown and written or asked about, in two seconds at most and without any effect on how we end."""

from __future__ import annotations

import os
import select
import termios

from headroom_wrap.cli import standard
from headroom_wrap.config import Config
from headroom_wrap.learn.applied import apply, refuse
from headroom_wrap.learn.git import Standing
from headroom_wrap.learn.proposal import Change
from headroom_wrap.learn.session_end import Ending, Looking, Taught, TooLateError
from headroom_wrap.learn.state import Memory, Record
from headroom_wrap.learn.writer import WriteError
from headroom_wrap.supervisor.session import Ended

AGENTS = frozenset({"claude", "codex", "copilot", "cursor", "gemini", "opencode"})  # whose transcripts can be read
_MOST_LINES = 40  # of a diff
_ANSWER_S = 60.0


def begin(ended: Ended, settings: Config) -> Looking | None:
    """Have a session that has just ended looked at, while its receipt is written; None if that is not wanted or cannot be. Never raises."""
    if settings.learn == "off" or not _worth_it(ended):
        return None
    try:
        return Looking(Ending(ended.plan.agent, ended.began, settings.state), settings.surroundings)
    except OSError as error:
        standard.say(f"headroom: what this session taught cannot be told ({error.strerror}).\n")
        return None


def finish(looking: Looking, settings: Config) -> None:
    """Say and do what comes of it. Never raises."""
    try:
        _tell(looking.taught(), settings)
    except TooLateError:
        standard.say("headroom: what this session taught was not worked out within two seconds; headroom learn does it.\n")
    except KeyboardInterrupt:
        standard.say("\n")
    except Exception as error:  # the session is over and its receipt printed: whatever is wrong here must not change how we end
        standard.say(f"headroom: what this session taught cannot be told ({type(error).__name__}: {error}).\n")


def _worth_it(ended: Ended) -> bool:
    """Whether anything can have been learned. Who was ended by a signal waits for nothing."""
    happened = ended.view.requests > 0 or bool(ended.plan.edits)
    return happened and ended.exit.signal is None and ended.plan.agent in AGENTS


def _tell(found: Taught, settings: Config) -> None:
    memory, record = Memory(settings.state), found.record
    for sentence in found.problems:
        standard.say(f"headroom: {sentence}\n")
    for change in found.changes:
        if change.changes:
            record = _one(change, found, record, memory, settings.learn)
        elif change.merged.refused:
            record = apply(change, record, memory)


def _one(change: Change, found: Taught, record: Record, memory: Memory, mode: str) -> Record:
    ask = mode == "ask" or change.shared
    if ask and not (os.isatty(0) and os.isatty(2)):
        standard.say(_left_alone(change))
        return record
    standard.say(_news(change, found))
    try:
        if not ask:
            record = apply(change, record, memory)
            seen = f" ({change.standing.value})" if change.standing is Standing.UNTRACKED else ""
            standard.say(f"headroom: written to {change.shown}{seen}. headroom unlearn takes it out; --learn=ask asks first, --learn=off ends it.\n")
            return record
        answer = _answer(f"headroom: write that to {change.shown} ({change.standing.value})? [y]es, [n]ot now, ne[v]er: ")
        if answer == "y":
            record = apply(change, record, memory)
            standard.say("headroom: written. headroom unlearn takes it out.\n")
        elif answer == "v":
            record = refuse(change, record, memory)
            standard.say("headroom: these rules will not be proposed again.\n")
        else:
            standard.say("headroom: left as it is. headroom learn shows it again; --learn=off ends these questions.\n")
    except (WriteError, OSError) as error:
        standard.say(f"headroom: {error}\n")
    return record


def _news(change: Change, found: Taught) -> str:
    """What is new, in sentences, and the change as it would be made."""
    lines = [f"headroom: learned: {said} ({_sessions(found.sessions.get(said, 1))})" for said in change.merged.added]
    lines += [f"headroom: no longer so: {said}" for said in change.merged.removed]
    diff = change.diff().splitlines()
    lines += [f"  {line}" for line in diff[:_MOST_LINES]]
    if len(diff) > _MOST_LINES:
        lines.append(f"  … {len(diff) - _MOST_LINES} more lines")
    return "".join(f"{line}\n" for line in lines)


def _left_alone(change: Change) -> str:
    count = len(change.merged.added)
    what = f"{count} rule{'' if count == 1 else 's'} learned" if count else "what is no longer so"
    why = f"{change.shown} is {change.standing.value}" if change.shared else "--learn=ask asks on a terminal"
    return f"headroom: {what}, not written, because {why}. headroom learn shows it; --learn=off ends this.\n"


def _sessions(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"


def _answer(question: str) -> str:
    """The first letter of what is typed within a minute, ``""`` for nothing."""
    termios.tcflush(0, termios.TCIFLUSH)  # what was typed before was meant for somebody else
    standard.say(question)
    if not select.select([0], [], [], _ANSWER_S)[0]:
        standard.say("\n")
        return ""
    return os.read(0, 1024).decode("utf-8", "replace").strip().lower()[:1]
