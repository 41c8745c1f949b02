"""Terminal settings and sizes."""

from __future__ import annotations

import contextlib
import os
import termios
from collections.abc import Iterator

import pytest

from headroom_wrap.supervisor.tty import Window, get_window, is_gone, raw, reopened, set_window


@pytest.fixture
def pty() -> Iterator[tuple[int, int]]:
    master, slave = os.openpty()
    yield master, slave
    for fd in (master, slave):
        with contextlib.suppress(OSError):  # some tests close one themselves
            os.close(fd)


def test_a_shortened_window_keeps_its_proportions() -> None:
    assert Window(30, 100, 1000, 600).shortened(27) == Window(27, 100, 1000, 540)
    assert Window(30, 100).shortened(27) == Window(27, 100)
    assert Window(0, 0).shortened(0) == Window(0, 0)


def test_the_size_is_set_and_got(pty: tuple[int, int]) -> None:
    set_window(pty[1], Window(33, 101, 7, 8))
    assert get_window(pty[0]) == get_window(pty[1]) == Window(33, 101, 7, 8)


def test_what_is_no_terminal_has_no_size() -> None:
    with open(os.devnull, "rb") as file:
        assert get_window(file.fileno()) == Window(0, 0)


def test_raw_mode_is_left_whatever_happens(pty: tuple[int, int]) -> None:
    before = termios.tcgetattr(pty[1])
    with raw(pty[1]):
        os.write(pty[0], b"\x03\x1a\x11\r\x7f")
        assert os.read(pty[1], 100) == b"\x03\x1a\x11\r\x7f"
        os.write(pty[1], b"\n\t")
        assert os.read(pty[0], 100) == b"\n\t"
    assert termios.tcgetattr(pty[1]) == before
    with pytest.raises(ZeroDivisionError), raw(pty[1]):
        raise ZeroDivisionError
    assert termios.tcgetattr(pty[1]) == before


def test_what_was_typed_ahead_is_not_lost(pty: tuple[int, int]) -> None:
    os.write(pty[0], b"typed")
    with raw(pty[1]):
        assert os.read(pty[1], 100) == b"typed"


def test_a_terminal_that_hangs_up(pty: tuple[int, int]) -> None:
    with raw(pty[1]):
        assert not is_gone(pty[1])
        os.close(pty[0])
        assert is_gone(pty[1])


def test_our_descriptor_does_not_block_and_the_users_does(pty: tuple[int, int]) -> None:
    with reopened(pty[1]) as own:
        assert own != pty[1]
        assert not os.get_blocking(own)
        assert os.get_blocking(pty[1])
        with pytest.raises(BlockingIOError):
            os.read(own, 1)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.get_blocking(own)


def test_what_cannot_be_opened_again_is_used_as_it_is() -> None:
    reader, writer = os.pipe()
    with reopened(writer) as own:
        assert own == writer
    os.close(reader)
    os.close(writer)
