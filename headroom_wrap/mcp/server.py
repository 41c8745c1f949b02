"""An MCP server over standard input and output: a message a line, the standard library alone."""

from __future__ import annotations

import contextlib
from typing import BinaryIO

from headroom_wrap.mcp.protocol import Protocol, RpcError, decode, refusal
from headroom_wrap.mcp.tools import Tools


class Server:
    """Answers lines one by one.

    Args:
        tools: what is called.
        ready: a file to make once the tools have been listed, ``""`` for none.
    """

    def __init__(self, tools: Tools, *, ready: str = "") -> None:
        self._protocol = Protocol(tools)
        self._ready = ready

    def serve(self, source: BinaryIO, target: BinaryIO) -> None:
        """Answer line by line until the input ends.

        Raises:
            BrokenPipeError: the client is gone.
        """
        for line in source:
            answer = self.answer(line)
            if answer is not None:
                target.write(answer)
                target.flush()
                if self._ready and b'"tools/list"' in line:
                    self._make_ready()

    def answer(self, line: bytes) -> bytes | None:
        """The line that answers a line; None where none is due: to notifications, responses and empty lines."""
        if not line.strip():
            return None
        try:
            answer = self._protocol.answer(decode(line))
        except RpcError as error:
            answer = refusal(None, error)
        return None if answer is None else answer.data + b"\n"

    def _make_ready(self) -> None:
        """Whoever launched the agent waits for this file; that it cannot be made costs that wait and nothing else."""
        path, self._ready = self._ready, ""
        with contextlib.suppress(OSError):
            open(path, "x").close()
