"""The process that holds a model: ``python -m headroom_wrap.models.server FOLDER FD PARENT``.

Over the socket FD come the ends of channels, one for every worker; at its end of file this process exits. A request that is late already is
given up between two chunks of its words, so that a killed worker's work holds nobody up.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from headroom_wrap.models.wire import READY, Answer, Channel, Closed, Request
from headroom_wrap.proxy import lifeline
from pipeline.compressors.kompress.checkpoint import Unusable, find, load
from pipeline.compressors.kompress.checkpoint.chunks import Chunked

log = logging.getLogger(__name__)

_NICE = 10  # the relay and the workers go first
_CANARY = "The model is asked once before anybody waits for it".split()


def serve(control: socket.socket, model: Chunked) -> None:
    """Take channels until there are no more."""
    one_at_a_time = threading.Lock()
    while True:
        said, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not said:
            return
        for descriptor in descriptors:
            channel = Channel(socket.socket(fileno=descriptor))
            threading.Thread(target=answer, args=(channel, model, one_at_a_time), daemon=True).start()


def answer(channel: Channel, model: Chunked, one_at_a_time: threading.Lock) -> None:
    """Answer what one worker asks, until it is gone."""
    try:
        channel.send(READY)
        while True:
            request = channel.receive()
            assert isinstance(request, Request)
            late = time.monotonic() + request.seconds
            with one_at_a_time:
                scores = model.score_words(request.words, lambda late=late: time.monotonic() > late)  # type: ignore[misc]
            channel.send(Answer(request.number, scores))
    except (Closed, OSError):
        channel.close()


def main(folder: str, descriptor: int, parent: int) -> int:
    """The process. Returns its exit status."""
    lifeline.die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the agent
    os.nice(_NICE)
    logging.basicConfig(level=logging.WARNING, format="model: %(message)s")
    control = socket.socket(fileno=descriptor)
    try:
        model = load(find(Path(folder)))
        model.score_words(_CANARY)
    except Unusable as error:
        log.warning("%s The embedded model is used.", error)
        return 1
    serve(control, model)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
