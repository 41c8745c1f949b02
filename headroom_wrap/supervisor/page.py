"""The page that a key opens over the agent's screen: whether it is wanted, what is typed into it, what the agent wrote behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from headroom_wrap.terminal.keys import KeyReader

HELD = 4 << 20  # bytes of the agent's output that are held behind the page; then the agent waits


class FullView(Protocol):
    """What a page over the whole of the agent's screen shows, opened and closed by a key. It must not block."""

    @property
    def key(self) -> bytes:
        """The control character that opens it; empty: none does."""

    def opened(self) -> None:
        """The page is shown from now on."""

    def page(self, cols: int, rows: int) -> Sequence[bytes]:
        """Its lines, at most `rows`, each at most cols-1 cells wide."""

    def press(self, key: str) -> bool:
        """The user pressed a key (see `headroom_wrap.terminal.keys`). False: the page is to be closed."""


class Page:
    """The state of it. `wanted` runs ahead of what is shown, which waits for a point that allows it."""

    def __init__(self, view: FullView | None) -> None:
        self._view = view
        self._keys = KeyReader()
        self._held: list[bytes] = []
        self.key = view.key if view is not None else b""
        self.wanted = False
        self.stale = False
        self.size = 0

    def toggle(self) -> None:
        """The key was pressed."""
        self.wanted = not self.wanted and self._view is not None

    def opened(self) -> None:
        """It is shown from now on."""
        self._keys = KeyReader()
        self.stale = True
        if self._view is not None:
            self._view.opened()

    def lines(self, cols: int, rows: int) -> Sequence[bytes]:
        """What to show now."""
        self.stale = False
        return self._view.page(cols, rows) if self._view is not None else ()

    def hold(self, data: bytes) -> None:
        """Keep what the agent writes."""
        self._held.append(data)
        self.size += len(data)

    def release(self) -> bytes:
        """Give it out; the page is closed."""
        data = b"".join(self._held)
        self._held.clear()
        self.size = 0
        return data

    def input(self, data: bytes) -> bytes:
        """Take what came from the keyboard; returns reports of the terminal, which are none of the page's."""
        return self._typed(self._keys.feed(data))

    def flush_input(self) -> bytes:
        """Take what waited for the rest of a sequence."""
        return self._typed(self._keys.flush())

    def _typed(self, found: list[str | bytes]) -> bytes:
        name = f"ctrl-{chr(self.key[0] + 0x40).lower()}" if self.key else ""
        for key in found:
            if isinstance(key, bytes) or not self.wanted or self._view is None:
                continue
            self.stale = True
            self.wanted = key != name and self._view.press(key)
        return b"".join(report for report in found if isinstance(report, bytes))
