"""A model in its own process, workers beside it, and what happens when any of them is late or dies."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headroom_wrap.models.link import ModelLink
from headroom_wrap.models.remote import RemoteWords
from headroom_wrap.models.server import answer, serve
from headroom_wrap.models.wire import READY, Answer, Channel, Closed, Request
from pipeline.compressors.kompress.checkpoint.chunks import Chunked, Encoded
from tests.pipeline.compressors.kompress import checkpoints

DEADLINE = 60.0


class Model:
    """Scores words by their length; waits for a gate first."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.asked: list[list[str]] = []

    def score_words(self, words, stop=lambda: False):
        self.asked.append(list(words))
        while not self.gate.wait(0.01):
            if stop():
                return None
        return [len(word) for word in words]


@contextmanager
def answered(model: Model) -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=answer, args=(Channel(theirs), model, threading.Lock()))
    thread.start()
    try:
        yield ours
    finally:
        model.gate.set()
        ours.close()
        thread.join(DEADLINE)
        assert not thread.is_alive()


def test_words_are_scored_by_the_other_end() -> None:
    with answered(Model()) as ours:
        words = RemoteWords(ours, DEADLINE)
        assert words.wait(DEADLINE)
        assert words.score_words(["one", "three"]) == [3, 5]
        assert words.score_words([]) is None
        large = ["word"] * 300_000
        assert words.score_words(large) == [4] * 300_000


def test_a_model_that_is_still_being_loaded_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        words = RemoteWords(ours, DEADLINE)
        began = time.monotonic()
        assert words.score_words(["one"]) is None
        assert time.monotonic() - began < DEADLINE / 2
        Channel(theirs).send(READY)
        assert words.wait(DEADLINE)
    ours.close()


def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    model = Model()
    with answered(model) as ours:
        words = RemoteWords(ours, DEADLINE)
        assert words.wait(DEADLINE)
        model.gate.clear()
        words._until = time.monotonic() + 0.05
        assert words.score_words(["late"]) is None
        model.gate.set()
        words.begin()
        assert words.score_words(["a"]) == [1]
        assert model.asked[-1] == ["a"]


def test_a_job_has_so_much_time_in_all() -> None:
    with answered(Model()) as ours:
        words = RemoteWords(ours, DEADLINE)
        assert words.wait(DEADLINE)
        words._until = time.monotonic() - 1
        assert words.score_words(["one"]) is None
        words.begin()
        assert words.score_words(["one"]) == [3]


def test_a_model_that_is_always_late_is_asked_no_more(caplog: pytest.LogCaptureFixture) -> None:
    model = Model()
    with answered(model) as ours:
        words = RemoteWords(ours, DEADLINE)
        assert words.wait(DEADLINE)
        model.gate.clear()
        for _ in range(3):
            words._until = time.monotonic() + 0.05
            assert words.score_words(["late"]) is None
        asked = len(model.asked)
        model.gate.set()
        words.begin()
        assert words.score_words(["one"]) is None
        assert len(model.asked) == asked
    assert "too late 3 times" in caplog.text


@pytest.mark.parametrize("reply", [b"", b"\x00\x00\x00\x02\xff\xff", b"\x00\x00\x00\x04abc"])
def test_an_end_that_dies_or_speaks_nonsense_costs_its_scores_alone(reply: bytes) -> None:
    ours, theirs = socket.socketpair()
    Channel(theirs).send(READY)
    words = RemoteWords(ours, DEADLINE)
    assert words.wait(DEADLINE)
    theirs.sendall(reply)
    theirs.shutdown(socket.SHUT_WR)
    assert words.score_words(["one"]) is None
    assert words._channel is None
    assert words.score_words(["one"]) is None
    theirs.close()


def test_scores_of_other_words_are_none() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        channel = Channel(theirs)
        channel.send(READY)
        channel.send(Answer(1, [1, 2, 3]))
        words = RemoteWords(ours, DEADLINE)
        assert words.wait(DEADLINE)
        assert words.score_words(["one"]) is None
        request = channel.receive()
        assert isinstance(request, Request)
        assert request.words == ["one"]
    ours.close()


def test_channels_are_served_until_the_proxy_is_gone() -> None:
    control, theirs = socket.socketpair()
    model = Chunked(lambda words: Encoded([len(w) for w in words], list(range(len(words))), len(words)), lambda ids: [n / 10 for n in ids])
    thread = threading.Thread(target=serve, args=(theirs, model))
    thread.start()
    remotes = []
    for _ in range(3):
        ours, other = socket.socketpair()
        with other:
            socket.send_fds(control, [b"+"], [other.fileno()])
        remotes.append((ours, RemoteWords(ours, DEADLINE)))
    for ours, words in remotes:
        assert words.wait(DEADLINE)
        assert words.score_words(["three"]) == [500]
        ours.close()
    control.close()
    thread.join(DEADLINE)
    assert not thread.is_alive()
    theirs.close()


@pytest.mark.slow
def test_a_process_with_a_real_checkpoint(tmp_path: Path) -> None:
    link = ModelLink("tiny", str(checkpoints.onnx(tmp_path)))
    before = link.channel()  # as the first worker's, before the process is there
    link.start()
    try:
        for sock in (before, link.channel()):
            assert sock is not None
            words = RemoteWords(sock, DEADLINE)
            assert words.wait(DEADLINE)
            assert words.score_words(["a", "lizard"]) == [125, 938]
            sock.close()
    finally:
        link.close()
    assert link._process is not None
    assert link._process.returncode is not None
    assert link.channel() is None


@pytest.mark.slow
def test_a_checkpoint_that_cannot_be_loaded_is_said_and_nobody_waits(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    checkpoints.onnx(tmp_path)
    (tmp_path / "onnx/kompress-fp32.onnx").write_bytes(b"damaged")
    link = ModelLink("tiny", str(tmp_path))
    channel = link.channel()
    assert channel is not None
    link.start()
    try:
        assert not RemoteWords(channel, DEADLINE).wait(DEADLINE)
        assert link._process is not None
        assert link._process.wait(DEADLINE) == 1
    finally:
        link.close()
        channel.close()
    assert "cannot be loaded" in capfd.readouterr().err


def test_what_came_in_part_is_read_on() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        one, other = Channel(ours), Channel(theirs)
        one.send(Answer(7, [1]))
        data = theirs.recv(1000)
        ours.sendall(data[:5])
        theirs.settimeout(0.01)
        with pytest.raises(TimeoutError):
            other.receive()
        ours.sendall(data[5:])
        assert other.receive() == Answer(7, [1])
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises(Closed):
            other.receive()


def test_no_descriptor_is_left_behind() -> None:
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    link = ModelLink("none", "/nowhere")
    channel = link.channel()
    assert channel is not None
    channel.close()
    link.close()
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after <= before + 1  # the one that still lies in the socket's buffer is the kernel's
