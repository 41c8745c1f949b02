"""When to paint the panel: seldom, in a pause of the agent's output, and only when something may have changed."""

from __future__ import annotations

INTERVAL_S = 0.5  # xterm leaves its scrollback at any output, so every painting costs the user something
_QUIET_S = 0.008  # a pause this long is the end of a frame of the agent's
_PATIENCE_S = 0.25  # and if there is no pause, we paint between two reads
_RETRY_S, _RETRY_LONGEST_S = 0.05, 1.0
_OVERDUE_S = 1.0  # an agent that died within a synchronized frame never ends it


class Repaint:
    """A schedule over times in seconds of any one clock. It starts with a painting wanted."""

    def __init__(self, now: float) -> None:
        self._wanted: float | None = now
        self._painted = now - INTERVAL_S
        self._output = now - _QUIET_S
        self._retry_at = now
        self._retry_after = _RETRY_S
        self._unsafe_since: float | None = None

    def want(self, now: float) -> None:
        """The figures may have changed."""
        if self._wanted is None:
            self._wanted = now

    def urgent(self, now: float) -> None:
        """What is painted is damaged: do not wait for the interval."""
        self._painted = min(self._painted, now - INTERVAL_S)
        self.want(now)

    def output(self, now: float) -> None:
        """The agent's output went to the terminal."""
        self._output = now
        self._retry_at = min(self._retry_at, now)
        self._retry_after = _RETRY_S

    def due(self) -> float | None:
        """The time from which to paint; None: nothing is wanted."""
        if self._wanted is None:
            return None
        allowed = max(self._wanted, self._painted + INTERVAL_S)
        quiet = min(self._output + _QUIET_S, allowed + _PATIENCE_S)
        return max(allowed, quiet, self._retry_at)

    def prompt(self) -> float:
        """The time from which to paint what the user has just asked for: at once, but not within a frame of the agent's."""
        return max(self._output + _QUIET_S, self._retry_at)

    def painted(self, now: float) -> None:
        """The panel shows all that there was to show."""
        self._wanted = None
        self._painted = now
        self._unsafe_since = None

    def unsafe(self, now: float) -> None:
        """The agent is within a sequence or a frame. Its next output may end it; else try again, ever more seldom."""
        self._retry_at = now + self._retry_after
        self._retry_after = min(2 * self._retry_after, _RETRY_LONGEST_S)
        if self._unsafe_since is None:
            self._unsafe_since = now

    def overdue(self, now: float) -> bool:
        """Whether a frame of the agent's is open for so long that it is no frame."""
        return self._unsafe_since is not None and now - self._unsafe_since >= _OVERDUE_S
