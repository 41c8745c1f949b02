"""The process: started as the supervisor starts it, ended in every way in which it can end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import termios
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil
import pytest

from headroom_wrap import events
from headroom_wrap.proxy.settings import ProxyConfig
from pipeline.store.sqlite import SqliteStore
from tests.headroom_wrap.proxy.harness import DEADLINE, SECRET, RawUpstream, answer, body_of, conversation, read_message, request

pytestmark = pytest.mark.slow


@dataclass
class Process:
    popen: subprocess.Popen
    port: int
    life: int
    events: asyncio.StreamReader

    async def event(self, kind):
        while True:
            line = await asyncio.wait_for(self.events.readline(), DEADLINE)
            assert line, f"no {kind.__name__} came"
            event = events.decode(line)
            if isinstance(event, kind):
                return event

    async def ended(self):
        return await asyncio.wait_for(asyncio.to_thread(self.popen.wait), DEADLINE)

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def post(self, body):
        reader, writer = await self.connect()
        writer.write(request(self.port, body))
        try:
            return await asyncio.wait_for(read_message(reader, response_to="POST"), DEADLINE)
        finally:
            writer.close()


@asynccontextmanager
async def process(upstream, state, **settings):
    listener = socket.create_server(("127.0.0.1", 0))
    events_out, events_in = os.pipe()
    life_out, life = os.pipe()
    config = ProxyConfig(
        upstream=upstream,
        state=str(state),
        secret=SECRET,
        socket_fd=listener.fileno(),
        events_fd=events_in,
        life_fd=life_out,
        **{"agent": "claude", "project": "/p", "drain_s": 0.3, "worker_base_s": DEADLINE, **settings},  # a busy machine is no fault
    )
    popen = subprocess.Popen(
        [sys.executable, "-m", "headroom_wrap.proxy", "-"],
        stdin=subprocess.PIPE,
        pass_fds=(listener.fileno(), events_in, life_out),
    )
    popen.stdin.write(config.encode().encode())
    popen.stdin.close()
    port = listener.getsockname()[1]
    listener.close()
    os.close(events_in)
    os.close(life_out)
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(events_out, "rb"))
    try:
        yield Process(popen, port, life, reader)
    finally:
        with contextlib.suppress(OSError):
            os.close(life)
        popen.kill()
        popen.wait()
        transport.close()


async def refuses(p):
    try:
        _, writer = await p.connect()
    except OSError:
        return True
    writer.close()
    return False


async def gone(processes):
    _, alive = await asyncio.to_thread(psutil.wait_procs, processes, DEADLINE)
    return not alive


async def test_it_serves_compresses_and_books(tmp_path):
    async with RawUpstream() as up, process(up.url, tmp_path / "state") as p:
        up.answers(answer({"input_tokens": 3, "cache_creation_input_tokens": 500, "output_tokens": 1}))
        reader, writer = await p.connect()  # before it serves: the connection waits in the socket's backlog
        writer.write(request(p.port, body_of(conversation(1)), headers={"X-Claude-Code-Session-Id": "s1"}))
        reply = await asyncio.wait_for(read_message(reader, response_to="POST"), DEADLINE)
        writer.close()
        assert reply.status == 200
        await p.event(events.Ready)
        assert (await p.event(events.Began)).new_reasons == {"compressed": 1}
        finished = await p.event(events.Finished)
        assert (finished.session, finished.ttl_s) == ("s1", 300)
        assert finished.removed > 1000
        assert finished.cost < finished.cost_without
        assert (tmp_path / "state" / "headroom.db").stat().st_mode & 0o777 == 0o600
        p.popen.terminate()
        assert await p.ended() == 0
    store = SqliteStore.open(tmp_path / "state" / "headroom.db")
    (row,) = store.receipts()
    store.close()
    assert (row.message_id, row.session, row.agent, row.project, row.model) == ("msg_1", "s1", "claude", "/p", "claude-opus-4-8")
    assert dict(row.reasons) == {"compressed": 1}
    assert 0 < row.added_ms <= row.ttfb_ms


async def test_a_restart_in_mid_session_sends_the_same_forms(tmp_path):
    bodies = []
    async with RawUpstream() as up:
        for turns in (1, 2, 3):
            async with process(up.url, tmp_path / "state") as p:
                assert (await p.post(body_of(conversation(turns)))).status == 200
                p.popen.kill()
            bodies.append(up.requests[-1].body)
    assert bodies[1].startswith(bodies[0].removesuffix(b"]}"))
    assert bodies[2].startswith(bodies[1].removesuffix(b"]}"))
    assert bodies[2].count(b"[headroom ") == 3


async def test_sigterm_lets_an_open_stream_finish(tmp_path):
    go = asyncio.Event()

    async def serve(message, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await go.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    async with RawUpstream() as up, process(up.url, tmp_path, drain_s=DEADLINE) as p:
        up.answer = serve
        reader, writer = await p.connect()
        writer.write(request(p.port, b"{}"))
        await asyncio.wait_for(reader.readuntil(b"one\r\n"), DEADLINE)
        p.popen.terminate()
        while not await refuses(p):  # it takes no new connections from the moment it drains
            pass
        go.set()
        assert await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), DEADLINE) == b"3\r\ntwo\r\n0\r\n\r\n"
        writer.close()
        assert await p.ended() == 0


async def test_sigterm_does_not_wait_for_ever(tmp_path):
    async def serve(message, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")

    async with RawUpstream() as up, process(up.url, tmp_path, drain_s=0.1) as p:
        up.answer = serve
        reader, writer = await p.connect()
        writer.write(request(p.port, b"{}"))
        await asyncio.wait_for(reader.readuntil(b"one\r\n"), DEADLINE)
        p.popen.terminate()
        assert await p.ended() == 0
        writer.close()


@pytest.mark.parametrize("end", ["life", "kill"])
async def test_it_leaves_no_process_behind(tmp_path, end):
    async with RawUpstream() as up, process(up.url, tmp_path) as p:
        await p.event(events.Ready)
        mine = psutil.Process(p.popen.pid)
        workers = mine.children()
        assert len(workers) == 1
        if end == "life":
            os.close(p.life)
            assert await p.ended() == 0
        else:
            p.popen.send_signal(signal.SIGKILL)
        assert await gone(workers)


async def given_work(worker):
    """Wait until a job lies in a worker's standard input."""
    pipe = os.open(f"/proc/{worker.pid}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
    try:
        end = time.monotonic() + DEADLINE
        while not int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder):
            assert time.monotonic() < end, "no job came"
            await asyncio.sleep(0)
    finally:
        os.close(pipe)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into another process's pipe")
@pytest.mark.parametrize("end", ["killed", "overrun"])
async def test_a_worker_that_fails_in_the_middle_costs_one_block(tmp_path, end):
    async with RawUpstream() as up, process(up.url, tmp_path, worker_base_s=30 if end == "killed" else 1) as p:
        await p.post(body_of(conversation(1, lines=200)))  # from here on the worker is warm
        (worker,) = psutil.Process(p.popen.pid).children()
        worker.suspend()  # whatever it is given now, it does not finish
        body = body_of(conversation(1))
        reply = asyncio.create_task(p.post(body))
        if end == "killed":
            await given_work(worker)  # one that died at rest is replaced, and the block is made smaller
            worker.kill()
        assert (await reply).status == 200
        assert up.requests[1].body == body
        assert (await p.event(events.Trouble)).kind == "worker"
        assert await gone([worker])
        await p.post(body_of(conversation(2)))
    assert up.requests[2].body.count(b"[headroom ") == 1


async def test_a_store_that_is_locked_costs_no_request(tmp_path):
    async with RawUpstream() as up, process(up.url, tmp_path) as p:
        await p.post(body_of(conversation(1, lines=200)))  # from here on the store is open
        other = sqlite3.connect(tmp_path / "headroom.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        body = body_of(conversation(1))
        assert (await p.post(body)).status == 200
        assert (await p.event(events.Trouble)).kind == "store"
        other.execute("ROLLBACK")
        other.close()
        await p.post(body_of(conversation(2)))
    assert up.requests[1].body == body
    assert up.requests[2].body.startswith(body.removesuffix(b"]}"))
    assert up.requests[2].body.count(b"[headroom ") == 1


async def test_a_second_signal_ends_what_the_first_one_left_open(tmp_path):
    async def serve(message, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")

    async with RawUpstream() as up, process(up.url, tmp_path, drain_s=60.0) as p:
        up.answer = serve
        reader, writer = await p.connect()
        writer.write(request(p.port, b"{}"))
        await asyncio.wait_for(reader.readuntil(b"one\r\n"), DEADLINE)
        p.popen.terminate()
        while not await refuses(p):
            pass
        p.popen.terminate()
        assert await p.ended() == 1
        writer.close()


async def test_the_terminals_interrupt_is_not_for_it(tmp_path):
    async with RawUpstream() as up, process(up.url, tmp_path) as p:
        await p.event(events.Ready)
        p.popen.send_signal(signal.SIGINT)
        assert (await p.post(b"{}")).body == b"ok"


def run(*arguments, stdin=""):
    return subprocess.run(
        [sys.executable, "-m", "headroom_wrap.proxy", *arguments], input=stdin, capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def test_settings_that_cannot_be_read_are_named():
    result = run('{"upstream": "http://x", "state": "/x", "port": "many"}')
    assert result.returncode == 2
    assert "port" in result.stderr
    assert run('{"upstream": "http://x", "state": "/x", "profile": "fast"}').returncode == 2


def test_a_taken_port_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("-", stdin=ProxyConfig(upstream="http://x", state="/x", port=port).encode())
    assert result.returncode == 1
    assert str(port) in result.stderr
    assert "Traceback" not in result.stderr
