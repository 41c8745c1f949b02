"""Workers that overrun, die, grow and never start; the real one beside stand-ins that do so on command."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest

from headroom_wrap.proxy import frames, worker_pool
from headroom_wrap.proxy.frames import Done, Warm
from headroom_wrap.proxy.worker_pool import Limits, WorkerPool
from pipeline import cache_aligner
from pipeline.cache_aligner import Job, Task
from pipeline.compressors.api import Content, Seen
from pipeline.policy import Policy
from pipeline.router import Reason
from tests.headroom_wrap.proxy.harness import DEADLINE, log_text

# Answers each task by its text: HANG never, DIE with its end, FAT with a size.
STAND_IN = """
import os, signal, sys
from headroom_wrap.proxy import frames
from headroom_wrap.proxy.frames import Done, Part, Warm
from pipeline.router import Outcome, Reason
def send(message):
    os.write(1, frames.pack(message))
if "cold" in sys.argv:
    signal.pause()
if "stillborn" in sys.argv:
    os._exit(1)
send(Warm())
jobs = os.fdopen(0, "rb")
while True:
    job = frames.read(jobs)
    size = 1
    for task in job.tasks:
        if task.content.text == "HANG":
            signal.pause()
        if task.content.text == "DIE":
            os._exit(3)
        if task.content.text == "FAT":
            size = 1 << 40
        send(Part(Outcome(Reason.UNKNOWN, tokens_before=len(task.content.text))))
    send(Done(size))
"""


def stand_in(*arguments):
    return worker_pool.start((sys.executable, "-c", STAND_IN, *arguments))


def job(*texts):
    return Job(Policy(tool_kinds={}), (), tuple(Task(i, f"{i}", f"block:{i}", Content(t), Seen(i, "", t, t)) for i, t in enumerate(texts, 1)))


@asynccontextmanager
async def pool(spawn=stand_in, **limits):
    troubles = []
    made = WorkerPool(1, Limits(**{"warm_s": DEADLINE, "base_s": DEADLINE, **limits}), troubles.append, spawn)
    try:
        yield made, troubles
    finally:
        await asyncio.wait_for(made.close(), DEADLINE)


async def sizes(made, *texts):
    return [o.tokens_before for o in await asyncio.wait_for(made.run(job(*texts)), DEADLINE)]


@pytest.mark.slow
async def test_the_real_worker_does_what_the_pipeline_does():
    wanted = job(log_text(1), "short", log_text(2), log_text(1))
    async with pool(worker_pool.start) as (made, troubles):
        outcomes = await asyncio.wait_for(made.run(wanted), DEADLINE)
        pid = made.pids[0]
        assert os.getpriority(os.PRIO_PROCESS, pid) >= 5
    assert outcomes == list(cache_aligner.run(wanted))
    assert [o.reason for o in outcomes][:3] == [Reason.COMPRESSED, Reason.TOO_SMALL, Reason.COMPRESSED]
    assert not troubles
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_deadline_that_comes_with_the_end_of_its_job_is_not_the_next_jobs(monkeypatch):
    deadlines = []
    loop = asyncio.get_running_loop()
    plain, received = loop.call_later, worker_pool._Inbox.data_received

    def call_later(seconds, callback, *arguments):
        if isinstance(getattr(callback, "__self__", None), worker_pool._Inbox) and not deadlines:
            deadlines.append(lambda: callback(*arguments))
        return plain(seconds, callback, *arguments)

    def received_late(inbox, data):
        received(inbox, data)
        if len(deadlines) == 1:
            deadlines.append(None)
            deadlines[0]()

    async with pool() as (made, troubles):
        await sizes(made, "a")
        pids = made.pids
        monkeypatch.setattr(loop, "call_later", call_later)
        monkeypatch.setattr(worker_pool._Inbox, "data_received", received_late)
        assert await sizes(made) == []  # its end is all that comes
        assert len(deadlines) == 2, "the deadline has passed"
        assert await sizes(made, "ab", "abc") == [2, 3]
        assert made.pids == pids
    assert not troubles


@pytest.mark.slow
async def test_a_policy_of_defaults_reaches_the_worker():
    async with pool(worker_pool.start) as (made, _):
        outcomes = await asyncio.wait_for(made.run(Job(Policy(), (), job("short").tasks)), DEADLINE)
    assert [o.reason for o in outcomes] == [Reason.TOO_SMALL]


@pytest.mark.slow
async def test_the_real_worker_ends_with_its_input():
    process = worker_pool.start()
    process.stdin.close()
    assert await asyncio.wait_for(asyncio.to_thread(process.wait), DEADLINE) == 0
    process.stdout.close()


@pytest.mark.slow
async def test_the_real_worker_survives_a_compressor_that_prints_and_dies_with_its_parent():
    """A worker in an endless computation does not see its input end: on Linux the kernel ends it."""
    code = (
        "import sys\nfrom headroom_wrap.proxy import worker_pool\n"
        "p = worker_pool.start((sys.executable, '-c', 'import os, sys; from headroom_wrap.proxy import lifeline;"
        " lifeline.die_with_parent(int(sys.argv[1])); print(os.getpid(), flush=True); import signal; signal.pause()', str(__import__('os').getpid())))\n"
        "print(p.stdout.readline().decode().strip(), flush=True)\n"
        "__import__('os').kill(__import__('os').getpid(), 9)\n"
    )
    outer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=DEADLINE, check=False)
    pid = int(outer.stdout)
    assert outer.returncode == -signal.SIGKILL
    if sys.platform == "linux":
        fd = None
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            loop = asyncio.get_running_loop()
            gone = asyncio.Event()
            loop.add_reader(fd, gone.set)
            await asyncio.wait_for(gone.wait(), DEADLINE)
            loop.remove_reader(fd)
        finally:
            os.close(fd)


@pytest.mark.slow
async def test_an_overrun_keeps_what_came_and_gets_a_new_worker():
    async with pool(base_s=1, s_per_100kb=0) as (made, troubles):  # the first two are done within it on a busy machine too
        old = made.pids
        assert await sizes(made, "a", "bb", "HANG", "dddd") == [1, 2]
        assert made.pids != old
        assert await sizes(made, "a") == [1]
    assert troubles == ["Compression took too long and was stopped; the tool results in hand are sent unchanged."]


@pytest.mark.slow
async def test_a_worker_that_dies_keeps_what_came_and_is_replaced():
    async with pool() as (made, troubles):
        assert await sizes(made, "a", "DIE", "b") == [1]
        assert await sizes(made, "a", "bb") == [1, 2]
    assert len(troubles) == 1


@pytest.mark.slow
async def test_a_worker_that_died_at_rest_costs_no_job():
    async with pool() as (made, troubles):
        assert await sizes(made, "a") == [1]
        for worker in made._living:
            worker.process.kill()
            await asyncio.to_thread(worker.process.wait)
        assert await sizes(made, "bb") == [2]
    assert not troubles


@pytest.mark.slow
async def test_a_worker_grown_fat_is_replaced_without_a_word():
    async with pool() as (made, troubles):
        old = made.pids
        assert await sizes(made, "FAT") == [3]
        assert made.pids != old
        assert len(made.pids) == 1
        assert await sizes(made, "a") == [1]
    assert not troubles


@pytest.mark.slow
async def test_one_that_never_gets_ready_is_given_up():
    async with pool(lambda: stand_in("cold"), warm_s=0.05) as (made, troubles):
        assert await sizes(made, "a") == []
    assert len(troubles) == 1


@pytest.mark.slow
async def test_a_first_job_long_after_the_start_finds_a_ready_worker(monkeypatch):
    monkeypatch.setattr(worker_pool, "_READ_S", DEADLINE)  # here the start was just now after all
    async with pool() as (made, troubles):
        made._living[0].started -= 3600
        assert await sizes(made, "a") == [1]
    assert not troubles


@pytest.mark.slow
async def test_a_job_that_cannot_be_sent_leaves_a_place_for_the_next():
    async with pool() as (made, _):
        with pytest.raises(AttributeError):
            await made.run(Job(Policy(), (lambda: None,), ()))
        assert await sizes(made, "a") == [1]


@pytest.mark.slow
async def test_after_three_failures_it_rests():
    started = []

    def stillborn():
        started.append(1)
        return stand_in("stillborn")

    async with pool(stillborn) as (made, troubles):
        for _ in range(6):
            assert await sizes(made, "a") == []
    assert len(started) <= 7  # the first, and at most two for each of three failures
    assert troubles


@pytest.mark.slow
async def test_its_rests_grow_while_nothing_helps_and_a_job_done_ends_them(monkeypatch):
    now, calls, broken = [100.0], [], [True]
    monkeypatch.setattr(worker_pool.time, "monotonic", lambda: now[0])

    def sick():
        calls.append(now[0])
        if broken[0]:
            raise OSError(12, "Cannot allocate memory")
        return stand_in()

    async with pool(sick) as (made, _):
        while len(calls) < 12:
            assert await sizes(made, "a") == []
            now[0] += 0.5
        assert [after - before for before, after in itertools.pairwise(calls)] == [1, 1, 1, 2, 4, 8, 16, 30, 30, 30, 30]
        broken[0] = False
        now[0] += 30
        assert await sizes(made, "a") == [1]
        broken[0] = True
        for worker in made._living:
            worker.process.kill()
            await asyncio.to_thread(worker.process.wait)
        known = len(calls)
        for _ in range(4):
            assert await sizes(made, "a") == []
            now[0] += 0.5
        assert [calls[known], calls[known + 1] - calls[known]] == [now[0] - 2, 1]


async def test_a_worker_that_cannot_be_started_is_reported_and_not_tried_at_once_again():
    calls = []

    def impossible():
        calls.append(1)
        raise OSError(12, "Cannot allocate memory")

    async with pool(impossible) as (made, troubles):
        assert await sizes(made, "a") == []
        assert await sizes(made, "a") == []
    assert len(calls) == 1
    assert "Cannot allocate memory" in troubles[0]


@pytest.mark.slow
async def test_a_job_does_not_wait_for_ever_for_its_turn():
    async with pool(line_s=0.05) as (made, troubles):
        hanging = asyncio.create_task(made.run(job("HANG")))
        await asyncio.sleep(0)
        assert await sizes(made, "a") == []
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert await sizes(made, "a") == [1]  # the place of a cancelled job is free, with a fresh worker
    assert len(troubles) == 1


def test_frames_are_had_however_they_are_cut():
    whole = b"".join(frames.pack(message) for message in (Warm(), Done(7), Done(1 << 40)))
    for step in (1, 3, 4, 5, len(whole)):
        buffer = bytearray()
        found = []
        for at in range(0, len(whole), step):
            buffer += whole[at : at + step]
            found += map(frames.load, frames.split(buffer))
        assert found == [Warm(), Done(7), Done(1 << 40)]
        assert not buffer
