"""Worker processes as the proxy sees them: a job in, as many outcomes as came in time out. Never an error: what is missing was too late."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from headroom_wrap import own
from headroom_wrap.proxy import frames
from headroom_wrap.proxy.frames import Done, Part

if TYPE_CHECKING:  # the first worker is started before anything else is loaded
    from headroom_wrap.models.link import ModelLink
    from pipeline.cache_aligner import Job
    from pipeline.outcome import Outcome

log = logging.getLogger(__name__)

_MOST_FAILURES = 3  # on end without a job done: then no process is started for a while
# A machine that is short of memory or time for a moment has it again soon; one on which no worker lives costs a job each of its time at every try.
_FIRST_REST_S = 1.0  # twice as long with every failure after it
_LONGEST_REST_S = 30.0
_READ_S = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may take.

    Args:
        base_s, s_per_100kb: seconds for a job, by the size of its new blocks.
        rss: bytes of memory after which it is replaced.
        warm_s: seconds from its start until it is ready for its first job.
        line_s: seconds that a job waits for a worker to be free.
    """

    base_s: float = 0.5
    s_per_100kb: float = 0.1
    rss: int = 256 << 20
    warm_s: float = 10.0
    line_s: float = 3.0

    def seconds(self, job: Job) -> float:
        """How long a job may take."""
        return self.base_s + self.s_per_100kb * sum(len(t.content.text) for t in job.tasks) / 100_000


def start(command: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start a worker. From the main thread only: on Linux it dies with the thread that started it."""
    command = command or (*own.module("headroom_wrap.proxy.worker"), str(os.getpid()))
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def start_beside(model: ModelLink, seconds: float) -> subprocess.Popen[bytes]:
    """Start a worker that may ask a text model, for so many seconds a job. From the main thread only, as ``start``."""
    channel = model.channel()
    if channel is None:
        return start()
    with channel:
        descriptor = channel.fileno()
        command = (*own.module("headroom_wrap.proxy.worker"), str(os.getpid()), str(descriptor), model.name, str(seconds))
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(descriptor,))


class WorkerPool:
    """Workers that are started, timed, killed and replaced.

    Args:
        size: how many; they are started at once.
        limits: what each may take.
        trouble: told one sentence when a worker was killed or died.
        spawn: starts a process.
    """

    def __init__(
        self,
        size: int = 1,
        limits: Limits | None = None,
        trouble: Callable[[str], None] = log.warning,
        spawn: Callable[[], subprocess.Popen[bytes]] = start,
    ) -> None:
        self.trouble = trouble
        self._limits = limits or Limits()
        self._spawn = spawn
        self._failures = 0
        self._rest_until = 0.0
        self._closed = False
        self._reaping: set[asyncio.Future[int]] = set()
        self._living: list[_Worker] = []
        self._idle: list[_Worker | None] = [self._start() for _ in range(size)]
        self._turns = asyncio.Semaphore(size)

    async def run(self, job: Job) -> list[Outcome]:
        """The outcomes of a job's tasks, in order; fewer than tasks if there was no time or no worker for the rest."""
        outcomes: list[Outcome] = []
        if not await self._turn():
            self.trouble("Compression does not keep up with the requests; some tool results are sent unchanged.")
            return outcomes
        try:
            self._idle.append(await self._run(self._idle.pop(), job, outcomes))
        finally:
            self._turns.release()
        return outcomes

    async def close(self) -> None:
        """End all workers and wait until they are gone."""
        self.kill()
        while self._living:
            self._give_up(self._living[0])
        await asyncio.gather(*self._reaping)

    def kill(self) -> None:
        """End all workers at once."""
        self._closed = True
        for worker in self._living:
            worker.process.kill()

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers."""
        return [w.process.pid for w in self._living]

    async def _turn(self) -> bool:
        """Wait for a worker to be free; False: there was none in time."""
        if not self._turns.locked():  # nothing to wait for, and a timeout costs a task
            return await self._turns.acquire()
        try:
            return await asyncio.wait_for(self._turns.acquire(), self._limits.line_s)
        except asyncio.TimeoutError:
            return False

    async def _run(self, worker: _Worker | None, job: Job, outcomes: list[Outcome]) -> _Worker | None:
        """Do a job and return the worker for the next one."""
        if worker is not None and worker.process.poll() is not None:  # it died while it had nothing to do
            self._give_up(worker)
            worker = None
        worker = worker or self._start()
        if worker is None:
            return None
        try:
            if not worker.is_warm:
                await asyncio.wait_for(worker.warm(), self._warm_left(worker))
            rss = await worker.work(job, outcomes, self._limits.seconds(job))
        except asyncio.TimeoutError:
            return self._failed(worker, "Compression took too long and was stopped; the tool results in hand are sent unchanged.")
        except (EOFError, OSError):
            return self._failed(worker, "A compression process ended unexpectedly; the tool results in hand are sent unchanged.")
        except BaseException:  # cancelled, for one: what it still writes would be taken for the next job's
            self._idle.append(None)
            self._give_up(worker)
            raise
        self._failures = 0
        if rss <= self._limits.rss:
            return worker
        self._give_up(worker)
        return self._start()

    def _warm_left(self, worker: _Worker) -> float:
        """Seconds that a worker has to say that it is ready. One started long ago has said so, but it must be read."""
        return max(worker.started + self._limits.warm_s - time.monotonic(), min(self._limits.warm_s, _READ_S))

    def _start(self) -> _Worker | None:
        """A fresh worker; None when the pool is closed or has seen too many failures just now."""
        if self._closed or time.monotonic() < self._rest_until:
            return None
        try:
            worker = _Worker(self._spawn())
        except OSError as error:
            self._failures += 1
            self._rest()
            self.trouble(f"A compression process cannot be started ({error.strerror}); tool results are sent unchanged.")
            return None
        self._living.append(worker)
        return worker

    def _failed(self, worker: _Worker, sentence: str) -> _Worker | None:
        self._give_up(worker)
        if self._closed:
            return None
        self.trouble(sentence)
        self._failures += 1
        if self._failures >= _MOST_FAILURES:
            self._rest()
        return self._start()

    def _rest(self) -> None:
        doubled = max(0, min(self._failures - _MOST_FAILURES, 10))
        self._rest_until = time.monotonic() + min(_FIRST_REST_S * 2**doubled, _LONGEST_REST_S)

    def _give_up(self, worker: _Worker) -> None:
        worker.kill()
        self._living.remove(worker)
        reaped = asyncio.get_running_loop().run_in_executor(None, worker.process.wait)
        self._reaping.add(reaped)
        reaped.add_done_callback(self._reaping.discard)


class _Inbox(asyncio.Protocol):
    """What a worker says, a message at a time. No stream and no task for its timeout: a request waits for every turn of the loop."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._frames: deque[bytes] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._ended: BaseException | None = None
        self._late = False

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._frames += frames.split(self._buffer)
        if self._frames:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.end(exc or EOFError())

    def end(self, error: BaseException) -> None:
        """There are no more messages than those that are here, nor will there be; who asks for more gets the error."""
        self._ended = self._ended or error
        self._wake()

    def expire(self) -> None:
        """Who waits for messages that are not here has waited long enough."""
        self._late = True
        self._wake()

    def renew(self) -> None:
        """There is time again: a deadline may have come together with the last message before it."""
        self._late = False

    async def next(self) -> Any:
        """The next message. Raises what the inbox was ended with, or ``asyncio.TimeoutError``."""
        while not self._frames:
            if self._ended is not None:
                raise self._ended
            if self._late:
                raise asyncio.TimeoutError
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return frames.load(self._frames.popleft())

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class _Worker:
    """One process and its pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.started = time.monotonic()
        self._inbox: _Inbox | None = None
        self._transports: list[asyncio.WriteTransport | asyncio.ReadTransport] = []

    @property
    def is_warm(self) -> bool:
        """Whether it has said that it is ready."""
        return self._inbox is not None

    async def warm(self) -> None:
        """Wait until it is ready for its first job. Raises EOFError if it is gone."""
        loop = asyncio.get_running_loop()
        out, inbox = await loop.connect_read_pipe(_Inbox, _there(self.process.stdout))
        into, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, _there(self.process.stdin))
        self._transports = [into, out]
        await inbox.next()
        self._inbox = inbox

    async def work(self, job: Job, outcomes: list[Outcome], seconds: float) -> int:
        """Do a job: outcomes are appended as they come. Returns the bytes of memory that the process holds then.

        Raises:
            asyncio.TimeoutError: it took longer than ``seconds``.
            EOFError, OSError: the process is gone.
        """
        inbox, into = self._inbox, self._transports[0]
        if inbox is None or not isinstance(into, asyncio.WriteTransport) or into.is_closing():
            raise EOFError
        late = asyncio.get_running_loop().call_later(seconds, inbox.expire)
        try:
            into.write(frames.pack(job))
            while True:
                message = await inbox.next()
                if isinstance(message, Part):
                    outcomes.append(message.outcome)
                elif isinstance(message, Done):
                    outcomes += [message.outcome] if message.outcome is not None else []
                    return message.rss
        finally:
            late.cancel()
            inbox.renew()

    def kill(self) -> None:
        """End the process now and let go of its pipes."""
        self.process.kill()
        for transport in self._transports:
            transport.close()
        if not self._transports:
            _there(self.process.stdin).close()
            _there(self.process.stdout).close()


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise OSError("the process has no pipe")
    return pipe
