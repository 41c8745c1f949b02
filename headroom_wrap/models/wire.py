"""What a worker and a model's process say to each other: a length, then MessagePack, over a socket that nobody else holds."""

from __future__ import annotations

import socket
import struct

import msgspec

_LENGTH = struct.Struct(">I")
_PIECE = 1 << 16


class Closed(Exception):
    """The other end is gone."""


class Ready(msgspec.Struct, tag=True, frozen=True):
    """The model is loaded."""


class Request(msgspec.Struct, tag=True, frozen=True):
    """Words to be scored, and in how many seconds nobody will wait for that any more."""

    number: int
    seconds: float
    words: list[str]


class Answer(msgspec.Struct, tag=True, frozen=True):
    """The scores for the request of that number; None: it was late."""

    number: int
    scores: list[int] | None


Message = Ready | Request | Answer
READY = Ready()
_DECODER = msgspec.msgpack.Decoder(Ready | Request | Answer)


class Channel:
    """One end. What came in part is kept, so a reader that was too late may read on later.

    Args:
        sock: a connected stream socket; its timeout is what ``send`` and ``receive`` wait.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._come = bytearray()

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            OSError: the other end is gone, or does not read in time; then the channel is of no use any more.
        """
        data = msgspec.msgpack.encode(message)
        self.socket.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self) -> Message:
        """The next message.

        Raises:
            TimeoutError: it did not come in time.
            Closed: it will not come, or is none of ours.
        """
        while True:
            if len(self._come) >= _LENGTH.size:
                end = _LENGTH.size + _LENGTH.unpack_from(self._come)[0]
                if len(self._come) >= end:
                    try:
                        message: Message = _DECODER.decode(bytes(self._come[_LENGTH.size : end]))
                    except msgspec.MsgspecError:
                        raise Closed from None
                    del self._come[:end]
                    return message
            piece = self.socket.recv(_PIECE)
            if not piece:
                raise Closed
            self._come += piece

    def close(self) -> None:
        """Let go."""
        self.socket.close()
