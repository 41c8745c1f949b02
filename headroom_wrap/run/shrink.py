"""A command's whole output as it is printed: smaller, with a footer that says how to get the rest, or as it was."""

from __future__ import annotations

import contextlib
import shlex
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FrameType

from headroom_wrap import state
from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from pipeline import ccr, tool_calls
from pipeline.compressors.api import Content
from pipeline.outcome import Outcome
from pipeline.policy import Policy
from pipeline.query import Query
from pipeline.router import route
from pipeline.store.api import StoreError

_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Printed:
    """What is printed.

    Args:
        data: that.
        before, after: o200k tokens of the output and of what is printed; 0 where nothing was made smaller.
        compressor: which one did it, ``""`` if none.
        trouble: why it is as it was though it could be smaller, as a sentence; ``""`` if there is nothing to say.
    """

    data: bytes
    before: int = 0
    after: int = 0
    compressor: str = ""
    trouble: str = ""


def shrink(output: bytes, argv: Sequence[str], *, failed: bool, query: str, config: Config) -> Printed:
    """Make an output smaller. Whatever stands against it, the output itself comes back.

    Args:
        output: all that the command wrote.
        argv: the command; what it asks for is kept.
        failed: its exit status was not 0.
        query: what else is looked for.
        config: profile, floor, compressors, state folder.
    """
    try:
        text = output.decode("utf-8")
    except UnicodeDecodeError:
        return Printed(output)
    call = tool_calls.describe("", "Bash", {"command": shlex.join(argv)}, {})
    content = Content(text, Query.of(query, call), call, failed)
    policy = Policy(
        profile=config.profile, floor_tokens=config.floor_tokens, disabled=frozenset(config.disabled), workspace=str(config.surroundings.cwd)
    )
    try:
        with _within(_WITHIN_S):
            outcome = route(content, (), policy)
    except (_OverdueError, KeyboardInterrupt):
        return Printed(output, trouble="it took too long to make the output smaller, so it is as it was.")
    if outcome.rewrite is None:
        return Printed(output)
    try:
        handle = _kept(content, outcome, config)
    except (UserError, StoreError) as error:
        return Printed(output, trouble=f"the output is as it was, because the original cannot be kept: {error}")
    data = (ccr.render(outcome.rewrite, handle) + "\n").encode("utf-8")
    return Printed(data, outcome.tokens_before, outcome.tokens_after, outcome.compressor)


def _kept(content: Content, outcome: Outcome, config: Config) -> str:
    """Keep the original and return its handle."""
    assert outcome.rewrite is not None
    store = state.open_store(config)
    try:
        return store.put_original(content.text, unit=outcome.rewrite.unit, spans=outcome.rewrite.spans, label=tool_calls.label(content.call))
    finally:
        store.close()


class _OverdueError(BaseException):  # no Exception: the router takes those for a compressor's own
    pass


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[None]:
    def overdue(_number: int, _frame: FrameType | None) -> None:
        raise _OverdueError

    before = signal.signal(signal.SIGALRM, overdue)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
