"""The compression process: jobs on standard input, outcomes on standard output, one by one. It may be killed at any moment.

``python -m headroom_wrap.proxy.worker PARENT [FD NAME SECONDS]``: the process id of the proxy that started it; a channel to a text model, its name,
and how long a job may wait for it.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import resource
import signal
import socket
import sys
from functools import cache
from typing import IO, TYPE_CHECKING

from headroom_wrap.proxy import frames, lifeline
from headroom_wrap.proxy.frames import Done, Part, Warm

if TYPE_CHECKING:
    from headroom_wrap.models.remote import RemoteWords

_ADDRESS_SPACE = 2 << 30  # bytes; about ten times what a worker at work maps
_NICE = 5  # the relay goes first
_PAGE = os.sysconf("SC_PAGE_SIZE")  # bytes
# One of each kind, so that the first job finds vocabulary, patterns and imports loaded: that would take it half a second.
_SAMPLES = (
    "\n".join(f"2026-01-01T00:{i // 60:02d}:{i % 60:02d}Z INFO worker[{i % 7}] request {i * 7} done in {i % 9} ms" for i in range(90)),
    "[" + ",".join(f'{{"id": {i}, "name": "item-{i * 3}", "status": "ok", "owner": {{"id": {i % 5}}}}}' for i in range(60)) + "]",
    "\n".join(f"src/module_{i % 7}.py:{i}:    value_{i} = function_{i % 11}(argument)" for i in range(60)),
)


def work(jobs: IO[bytes], results: IO[bytes], model: RemoteWords | None = None) -> None:
    """Work until there are no more jobs."""
    # Late: by now this process is niced, so that the proxy, which starts at the same time, goes first.
    from pipeline import cache_aligner
    from pipeline.compressors.api import Content
    from pipeline.policy import Policy
    from pipeline.router import route

    for sample in _SAMPLES:
        route(Content(sample), (), Policy())
    gc.collect()
    gc.freeze()  # what is loaded by now stays: to look through it again would cost every twentieth job some milliseconds
    _send(results, Warm())
    while True:
        try:
            job = frames.read(jobs)
        except EOFError:
            return
        if model is not None:
            model.begin()
        last = None
        for number, outcome in enumerate(cache_aligner.run(job), 1):
            if number < len(job.tasks):
                _send(results, Part(outcome))
            else:
                last = outcome  # goes out with what follows it: the proxy is woken once
        _send(results, Done(resident(), last))


def resident() -> int:
    """Bytes of memory that this process holds, 0 where that is not known."""
    try:
        return int(os.pread(_statm(), 256, 0).split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


@cache
def _statm() -> int:
    """A descriptor that stays open: opening it takes longer than reading it. Raises OSError where there is nothing of the kind."""
    return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)


def _send(results: IO[bytes], message: object) -> None:
    results.write(frames.pack(message))
    results.flush()


def _limit_memory() -> None:
    """A parser gone wild gets MemoryError, or dies and is replaced, before the machine swaps."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = _ADDRESS_SPACE if hard == resource.RLIM_INFINITY else min(_ADDRESS_SPACE, hard)
    with contextlib.suppress(OSError, ValueError):  # not every system lets itself be told
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def _plugged(descriptor: int, name: str, seconds: float) -> RemoteWords:
    """The model at the other end of a channel, at hand for the compressors."""
    from headroom_wrap.models.remote import RemoteWords
    from pipeline.compressors.kompress.plugged import plug

    model = RemoteWords(socket.socket(fileno=descriptor), seconds)
    plug(name, model)
    return model


def main(parent: int, *beside: str) -> None:
    """The process."""
    lifeline.die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is not for us
    os.nice(_NICE)
    _limit_memory()
    logging.basicConfig(level=logging.WARNING, format="worker: %(message)s")
    jobs = os.fdopen(os.dup(0), "rb")
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a compressor prints must not run into the frames
    try:
        work(jobs, results, _plugged(int(beside[0]), beside[1], float(beside[2])) if beside else None)
    except BrokenPipeError:
        os._exit(0)  # the proxy is gone; nothing is left to flush


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
