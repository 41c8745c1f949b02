"""Reading what there is, and writing without blocking."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from headroom_wrap.supervisor.pipes import Inlet, Outlet


@pytest.fixture
def pipe() -> Iterator[list[int]]:
    fds = list(os.pipe())
    for fd in fds:
        os.set_blocking(fd, False)
    yield fds
    for fd in fds:
        if fd >= 0:
            os.close(fd)


def test_all_that_is_there_is_read_at_once(pipe: list[int]) -> None:
    os.write(pipe[1], b"x" * 50_000)
    inlet = Inlet(pipe[0])
    assert len(inlet.read()) == 50_000
    assert inlet.read() == b""
    assert inlet.open


def test_the_end(pipe: list[int]) -> None:
    os.write(pipe[1], b"last")
    os.close(pipe[1])
    pipe[1] = -1
    inlet = Inlet(pipe[0])
    assert inlet.read() == b"last"
    assert inlet.read() == b""
    assert not inlet.open


def test_what_is_not_taken_waits_in_order(pipe: list[int]) -> None:
    outlet = Outlet(pipe[1])
    data = bytes(range(256)) * 1024  # 256 KB; a pipe holds 64
    outlet.write(data)
    assert outlet.pending
    assert outlet.full
    outlet.write(b"end")
    got = bytearray()
    inlet = Inlet(pipe[0])
    while outlet.pending:
        got += inlet.read()
        outlet.flush()
    got += inlet.read()
    assert bytes(got) == data + b"end"
    assert not outlet.full


def test_nobody_reads(pipe: list[int]) -> None:
    outlet = Outlet(pipe[1])
    os.close(pipe[0])
    pipe[0] = -1
    outlet.write(b"lost")
    outlet.write(b"lost too")
    assert not outlet.open
    assert not outlet.pending


def test_a_shared_description_is_written_in_small_pieces_after_a_poll(pipe: list[int]) -> None:
    os.set_blocking(pipe[1], True)
    outlet = Outlet(pipe[1], shared=True)
    outlet.write(b"x" * 200_000)  # would block for ever if it were written in one piece
    assert outlet.pending
    got = 0
    inlet = Inlet(pipe[0])
    while outlet.pending:
        got += len(inlet.read())
        outlet.flush()
    assert got + len(inlet.read()) == 200_000
