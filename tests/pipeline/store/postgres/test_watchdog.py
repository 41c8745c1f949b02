"""Waits that last too long are ended, others are left alone."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from pipeline.store.postgres.watchdog import Watch, Watchdog

NEVER = 3600.0


@pytest.fixture
def watchdog():
    watchdog = Watchdog()
    yield watchdog
    watchdog.close()


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.settimeout(60)
    with ours, theirs:
        yield ours, theirs


def test_a_read_ends_at_its_deadline(watchdog, pair):
    watch = Watch(pair[0].fileno(), time.monotonic() + 0.05)
    with watchdog.over(watch):
        assert pair[0].recv(1) == b""
    assert watch.overdue
    assert time.monotonic() >= watch.deadline


def test_a_shorter_wait_is_ended_before_a_longer_one(watchdog, pair):
    ours, theirs = pair
    patient, hasty = Watch(ours.fileno(), time.monotonic() + NEVER), Watch(theirs.fileno(), time.monotonic() + 0.05)
    with watchdog.over(patient), watchdog.over(hasty):
        assert theirs.recv(1) == b""
    assert (patient.overdue, hasty.overdue) == (False, True)


def test_a_wait_that_is_over_is_not_ended(watchdog, pair):
    ours, theirs = pair
    with watchdog.over(Watch(ours.fileno(), time.monotonic() + 0.02)):
        pass
    other = socket.socketpair()
    with other[0], other[1], watchdog.over(Watch(other[0].fileno(), time.monotonic() + 0.1)):
        assert other[0].recv(1) == b"", "the thread has looked at both deadlines"
    theirs.sendall(b"x")
    assert ours.recv(1) == b"x"


def test_who_waits_when_it_closes_is_ended_at_once(pair):
    watchdog = Watchdog()
    watch = Watch(pair[0].fileno(), time.monotonic() + NEVER)
    inside = threading.Event()

    def wait():
        with watchdog.over(watch):
            inside.set()
            pair[0].recv(1)

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert inside.wait(60)
    watchdog.close()
    waiting.join(60)
    assert (waiting.is_alive(), watch.overdue) == (False, True)
    late = Watch(pair[1].fileno(), time.monotonic() + NEVER)
    with watchdog.over(late):
        assert late.overdue


def test_its_thread_sleeps_while_nothing_lasts_long(watchdog, pair, monkeypatch):
    """A thousand short waits wake it no more than once in as long as one may last."""
    looks = []
    real = watchdog._changed.wait
    monkeypatch.setattr(watchdog._changed, "wait", lambda seconds: (looks.append(seconds), real(seconds))[1])
    for _ in range(1000):
        with watchdog.over(Watch(pair[0].fileno(), time.monotonic() + NEVER)):
            pass
    assert len(looks) <= 2
