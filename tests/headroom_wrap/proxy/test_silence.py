"""When an upstream counts as silent, by a clock that the test sets."""

from __future__ import annotations

from types import SimpleNamespace

import aiohttp
import pytest

from headroom_wrap.proxy.silence import Silence


class Loop:
    """Calls what is due when its time is set."""

    def __init__(self):
        self.now = 100.0
        self.timers = []

    def time(self):
        return self.now

    def call_later(self, seconds, call):
        timer = SimpleNamespace(at=self.now + seconds, call=call)
        timer.cancel = lambda: timer in self.timers and self.timers.remove(timer)
        self.timers.append(timer)
        return timer

    def until(self, now):
        while self.timers and self.timers[0].at <= now:
            timer = self.timers.pop(0)
            self.now = timer.at
            timer.call()
        self.now = now


class Answer:
    def __init__(self, seconds=10.0):
        self.raised = []
        self.content = SimpleNamespace(set_exception=self.raised.append)
        self.connection = SimpleNamespace(protocol=SimpleNamespace(read_timeout=seconds))


def test_who_says_nothing_for_too_long_is_silent():
    loop, answer = Loop(), Answer()
    with Silence(answer, loop) as silence:
        assert answer.connection.protocol.read_timeout is None
        silence.begins()
        loop.until(109.9)
        assert not answer.raised
        loop.until(110.0)
        assert isinstance(answer.raised[0], aiohttp.SocketTimeoutError)


def test_each_wait_is_one_by_itself():
    loop, answer = Loop(), Answer()
    with Silence(answer, loop) as silence:
        for now in (104.0, 109.0, 118.0):
            silence.begins()
            loop.until(now)
            silence.ends()
        silence.begins()
        loop.until(127.9)
        assert not answer.raised
        loop.until(128.0)
        assert answer.raised


def test_a_slow_client_is_no_silent_upstream():
    loop, answer = Loop(), Answer()
    with Silence(answer, loop) as silence:
        silence.begins()
        silence.ends()
        loop.until(1000.0)
    assert not answer.raised
    assert not loop.timers, "nothing is left behind"


@pytest.mark.parametrize("connection", [None, SimpleNamespace(protocol=None), SimpleNamespace(protocol=SimpleNamespace(read_timeout=None))])
def test_nothing_is_watched_where_all_is_here_or_no_time_is_set(connection):
    loop, answer = Loop(), Answer()
    answer.connection = connection
    with Silence(answer, loop) as silence:
        silence.begins()
        assert not loop.timers
