"""What a command has written so far: held back to be made smaller as a whole, or passed on as it comes. Pure."""

from __future__ import annotations


class Held:
    """Bytes in, those to pass on at once out.

    Args:
        limit: so many bytes are held at most; from there on all is passed on.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chunks: list[bytes] | None = []
        self._size = 0

    @property
    def passing(self) -> bool:
        """Whether nothing is held back any more."""
        return self._chunks is None

    def feed(self, data: bytes) -> bytes:
        """Take what the command wrote; returns what is to be passed on now, in order. A NUL is no text, so it ends the holding."""
        if self._chunks is None:
            return data
        self._chunks.append(data)
        self._size += len(data)
        return self.release() if self._size > self._limit or b"\0" in data else b""

    def release(self) -> bytes:
        """Hold nothing back from now on; returns what was held."""
        held = b"".join(self._chunks or ())
        self._chunks = None
        return held
