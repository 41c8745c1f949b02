"""The agent's window title with a few words of ours behind it. Pure.

Nothing is written that the agent did not write itself: what we have to say waits for its next title (OSC 0 and 2,
https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, "Operating System Commands"). An empty title gives the terminal's own back and stays.
"""

from __future__ import annotations

import re

_MOST = 1024  # bytes of a title; what is longer is somebody's data, and passes as it came
_TITLE = re.compile(rb"\x1b\](?P<which>[02]);(?P<text>[^\x07\x1b]{1,%d})(?P<end>\x07|\x1b\\)" % _MOST)
_PARTIAL = re.compile(rb"\x1b(?:\](?:[02](?:;[^\x07\x1b]{0,%d}\x1b?)?)?)?\Z" % _MOST)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class TitleRewriter:
    """Rewrites titles in the agent's output; every other byte passes as it came.

    The beginning of a title at the end of a chunk is held until the rest comes.
    """

    def __init__(self) -> None:
        self._words = b""
        self._held = b""

    def say(self, words: str) -> None:
        """What stands behind every title from now on; nothing for ``""``."""
        self._words = _UNPRINTABLE.sub(" ", words).strip().encode()

    def feed(self, data: bytes) -> bytes:
        """The output as it goes on to the terminal."""
        data, self._held = self._held + data, b""
        partial = _PARTIAL.search(data, max(len(data) - _MOST - 6, 0))
        if partial is not None:
            data, self._held = data[: partial.start()], partial.group()
        return _TITLE.sub(self._behind, data)

    def flush(self) -> bytes:
        """What was held: no more comes."""
        held, self._held = self._held, b""
        return held

    def _behind(self, title: re.Match[bytes]) -> bytes:
        if not self._words:
            return title.group()
        return b"\x1b]%s;%s - %s%s" % (title["which"], title["text"], self._words, title["end"])
