"""Signals on a pipe, and descriptors that others poll through us."""

from __future__ import annotations

import contextlib
import os
import select
import signal

import pytest

from headroom_wrap.supervisor.signals import Signals, held
from headroom_wrap.supervisor.sources import SourceClosed, Sources


def test_signals_are_read_once_each_in_order() -> None:
    me = os.getpid()
    with Signals([signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH]) as signals:
        assert signals.read() == []
        for number in (signal.SIGUSR2, signal.SIGWINCH, signal.SIGUSR2, signal.SIGUSR1):
            os.kill(me, number)
        assert select.select([signals.fd], [], [], 0)[0]
        assert signals.read() == [signal.SIGUSR2, signal.SIGWINCH, signal.SIGUSR1]
        assert signals.read() == []


def test_one_can_be_forgotten() -> None:
    with Signals([signal.SIGUSR1, signal.SIGUSR2]) as signals:
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
        signals.discard(signal.SIGUSR1)
        assert signals.read() == [signal.SIGUSR2]


def test_what_is_ignored_stays_ignored_and_all_is_as_before() -> None:
    handler = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        wakeup = signal.set_wakeup_fd(-1)
        with Signals([signal.SIGUSR1]) as signals:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert signals.read() == []
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN
        assert signal.set_wakeup_fd(wakeup) == -1
    finally:
        signal.signal(signal.SIGUSR1, handler)


def poll_once(poller: select.poll, sources: Sources) -> int:
    events = poller.poll(0)
    for fd, event in events:
        sources.ready(fd, event)
    return len(events)


def test_a_source_is_polled_until_it_says_so() -> None:
    for end in ("raise", "return"):
        reader, writer = os.pipe()

        def callback(fd: int = reader, end: str = end) -> object:
            if os.read(fd, 1) != b"!":
                return None
            if end == "raise":
                raise SourceClosed
            return False

        poller = select.poll()
        sources = Sources(poller, {reader: callback})
        assert poll_once(poller, sources) == 0
        os.write(writer, b"a!b")
        assert poll_once(poller, sources) == 1
        assert reader in sources
        assert poll_once(poller, sources) == 1
        assert reader not in sources
        assert poll_once(poller, sources) == 0
        os.close(reader)
        os.close(writer)


def test_a_hangup_that_the_callback_overlooks_does_not_spin() -> None:
    reader, writer = os.pipe()
    poller = select.poll()
    sources = Sources(poller, {reader: lambda: None})
    os.close(writer)
    assert poll_once(poller, sources) == 1
    assert poll_once(poller, sources) == 0
    os.close(reader)


def test_another_descriptor_may_take_the_place_of_one_that_ended() -> None:
    reader, writer = os.pipe()
    second, second_writer = os.pipe()
    heard = []

    def callback() -> bool:
        data = os.read(reader, 10)
        if not data:
            os.dup2(second, reader)
        heard.append(data)
        return True

    poller = select.poll()
    sources = Sources(poller, {reader: callback})
    os.close(writer)
    assert poll_once(poller, sources) == 1
    assert poll_once(poller, sources) == 0
    os.write(second_writer, b"more")
    assert poll_once(poller, sources) == 1
    assert heard == [b"", b"more"]
    for fd in (reader, second, second_writer):
        os.close(fd)


def test_what_came_before_is_read_inside_and_other_codes_signals_nowhere() -> None:
    handler = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        with Signals([signal.SIGUSR1]) as outer:
            os.kill(os.getpid(), signal.SIGALRM)
            os.kill(os.getpid(), signal.SIGUSR1)
            with Signals([signal.SIGUSR1, signal.SIGUSR2], outer) as inner:
                os.kill(os.getpid(), signal.SIGUSR2)
                assert inner.read() == [signal.SIGUSR1, signal.SIGUSR2]
            os.kill(os.getpid(), signal.SIGALRM)
            outer.check()
            os.kill(os.getpid(), signal.SIGUSR1)
            with pytest.raises(KeyboardInterrupt):
                outer.check()
            assert outer.read() == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGALRM, handler)


@pytest.mark.parametrize("raises", [False, True])
def test_what_is_held_does_at_the_end_what_it_would_have_done(raises: bool) -> None:
    told: list[int] = []
    before = {number: signal.signal(number, lambda number, _frame: told.append(number)) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with contextlib.suppress(ValueError), held() as signals:
            os.kill(os.getpid(), signal.SIGTERM)
            assert signals.read() == [signal.SIGTERM]  # and was seen to
            os.kill(os.getpid(), signal.SIGHUP)
            assert told == []
            if raises:
                raise ValueError
        assert told == [signal.SIGHUP]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
