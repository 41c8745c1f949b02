from __future__ import annotations

import asyncio
import os

from headroom_wrap.events import Began, Ready, Trouble, decode
from headroom_wrap.proxy.outbox import Outbox


def lines(fd):
    return [decode(line) for line in os.read(fd, 1 << 20).splitlines()]


def test_events_arrive_in_order():
    reader, writer = os.pipe()
    outbox = Outbox(writer)
    outbox(Ready())
    outbox(Trouble("store", "It is full."))
    assert lines(reader) == [Ready(), Trouble("store", "It is full.")]
    outbox.close()
    os.close(reader)


def test_without_a_pipe_nothing_happens():
    outbox = Outbox(-1)
    outbox(Ready())
    outbox.flush()
    outbox.close()


def test_the_same_trouble_is_told_once_in_a_while():
    reader, writer = os.pipe()
    now = [0.0]
    outbox = Outbox(writer, lambda: now[0])
    for second, message in [(0, "a"), (1, "a"), (2, "b"), (31, "a")]:
        now[0] = second
        outbox(Trouble("store", message))
    assert [e.message for e in lines(reader)] == ["a", "b", "a"]
    outbox.close()
    os.close(reader)


async def test_a_reader_that_is_late_stops_nobody_and_gets_whole_lines():
    reader, writer = os.pipe()
    outbox = Outbox(writer)
    for n in range(900):
        outbox(Began("m" * 300, f"/{n}", understood=True))
    got = []
    os.set_blocking(reader, False)
    rest = b""
    while len(got) < 900:
        await asyncio.sleep(0)
        try:
            *whole, rest = (rest + os.read(reader, 5000)).split(b"\n")
        except BlockingIOError:
            continue
        got += [decode(line).path for line in whole]
    assert got == [f"/{n}" for n in range(900)]
    outbox.close()
    os.close(reader)


async def test_a_reader_that_never_reads_costs_the_oldest_events():
    reader, writer = os.pipe()
    outbox = Outbox(writer)
    for n in range(5000):
        outbox(Began("m" * 300, f"/{n}", understood=True))
    assert len(outbox._waiting) == 1000
    outbox.close()
    os.close(reader)


def test_a_reader_that_is_gone_is_no_error():
    reader, writer = os.pipe()
    outbox = Outbox(writer)
    os.close(reader)
    outbox(Ready())
    outbox(Ready())


async def test_what_is_told_within_a_moment_goes_out_in_one_write(monkeypatch):
    reader, writer = os.pipe()
    outbox = Outbox(writer)
    written, write = [], os.write
    woken = asyncio.Event()

    def noted(fd, data):
        if fd == writer:
            written.append(data)
            woken.set()
        return write(fd, data)

    monkeypatch.setattr(os, "write", noted)
    outbox(Ready())
    outbox(Trouble("store", "It is full."))
    assert not written  # a request that tells of itself goes on first
    await asyncio.wait_for(woken.wait(), 60)
    assert len(written) == 1
    assert lines(reader) == [Ready(), Trouble("store", "It is full.")]
    outbox.close()
    os.close(reader)


async def test_at_the_end_nothing_is_waited_for():
    reader, writer = os.pipe()
    outbox = Outbox(writer)
    outbox(Ready())
    outbox.flush()
    assert lines(reader) == [Ready()]
    outbox(Ready())
    outbox.close()
    await asyncio.sleep(0)
    assert os.read(reader, 10) == b""
    os.close(reader)
