"""What the panel shows of a session: the proxy's events, added up. It is a View for the relay and the source of the receipt's last word."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from headroom_wrap.config import Surroundings
from headroom_wrap.events import Began, Event, Finished, Trouble
from headroom_wrap.supervisor.alarms import Alarms, Figures
from headroom_wrap.supervisor.history import History
from headroom_wrap.terminal.panel import count
from headroom_wrap.terminal.snapshot import Snapshot
from pipeline.outcome import REWRITTEN, Reason

_TTL_STEP_S = 30  # a countdown by the second would repaint the panel for nothing
_QUIET = REWRITTEN | {Reason.TOO_SMALL.value, Reason.WORDS.value}


class SessionView:
    """The sums of one session.

    Args:
        agent: the adapter's name.
        panel: whether a panel is wanted at all.
        around: terminal type and colours.
        hint: the panel's last word, such as a key to press.
        clock: seconds, monotonic.
        wall: Unix time.
    """

    def __init__(
        self,
        agent: str,
        *,
        panel: bool,
        around: Surroundings,
        hint: str = "",
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.agent = agent
        self.history = History()
        self.requests = 0
        self.reached_upstream = False
        self.trouble: Trouble | None = None
        self.sessions: dict[str, None] = {}
        self._panel = panel
        self._around = around
        self._hint = hint
        self._clock = clock
        self._wall = wall
        self._alarms = Alarms(agent)
        self._understood = self._answered = 0
        self._bill: float | None = None
        self._bill_without: float | None = None
        self._removed = 0
        self._compressed = 0
        self._read = self._prompt = 0
        self._cools_at: float | None = None
        self._last = ""
        self._reasons: Counter[str] = Counter()
        self._shown: tuple[Snapshot, int, int] | None = None

    def take(self, event: Event) -> None:
        """Add an event up."""
        self.history.take(event, self._wall())
        if isinstance(event, Began):
            self.requests += 1
            self._understood += event.understood
            self._compressed = max(self._compressed, event.compressed)
            self._reasons.update(event.new_reasons)
            done = [block for block in event.decided if block.reason in REWRITTEN]
            if done:
                self._last = f"{done[-1].label} {count(done[-1].before)} → {count(done[-1].after)} ({done[-1].compressor})"
            elif not self._compressed:
                self._last = event.last or self._last
        elif isinstance(event, Finished):
            self._finished(event)
        elif isinstance(event, Trouble):
            self.trouble = event
            self._alarms.trouble(event, self._clock())

    def looked(self) -> None:
        """The user has looked at the details, and so at the alarm."""
        self._alarms.acknowledge(self._figures(), self._clock())

    def wrote(self, now: float) -> None:
        """The agent has written something."""
        self._alarms.busy.wrote(now)

    def typed(self) -> None:
        """The user has typed something."""
        self._alarms.busy.typed()

    def panel_failed(self, error: Exception) -> None:
        """The panel had to be taken away; the agent goes on."""
        self.trouble = Trouble("panel", f"The panel was switched off by a fault of ours ({type(error).__name__}: {error}).")

    def _finished(self, event: Finished) -> None:
        self.reached_upstream = True
        self._answered += 1
        self._alarms.answered()
        self.sessions[event.session] = None
        if self.trouble is not None and self.trouble.kind == "upstream":
            self.trouble = None
        self._removed += event.removed
        self._read += event.usage.cache_read
        self._prompt += event.usage.prompt
        if event.cost is not None and event.cost_without is not None:
            self._bill = (self._bill or 0.0) + event.cost
            self._bill_without = (self._bill_without or 0.0) + event.cost_without
        if event.ttl_s:
            self._cools_at = self._clock() + event.ttl_s

    def snapshot(self) -> Snapshot:
        """The session as it stands."""
        left = None if self._cools_at is None else max(int(self._cools_at - self._clock()), 0)
        alarm, detail = self._alarms.current(self._figures(), self._clock())
        saved = (self._bill_without or 0.0) - (self._bill or 0.0)
        return Snapshot(
            agent=self.agent,
            bill=self._bill,
            bill_without=self._bill_without,
            saved_tokens=self._removed,
            share_saved=saved / self._bill_without if self._bill_without else 0.0,
            requests=self.requests,
            blocks_compressed=self._compressed,
            cache_hit=self._read / self._prompt if self._prompt else None,
            cache_expires_in_s=None if left is None else left - left % _TTL_STEP_S,
            last=self._last,
            top_reason=self.top_reason,
            alarm=alarm,
            alarm_detail=detail,
            instruction_files=self.history.files,
            hint=self._hint,
        )

    def _figures(self) -> Figures:
        return Figures(self.requests, self._understood, self._answered, self._prompt, self._compressed, self.top_reason)

    @property
    def top_reason(self) -> str:
        """Why blocks were not compressed, the commonest reason in words; ``""`` if there is nothing to explain."""
        reasons = [(count, reason) for reason, count in self._reasons.items() if reason not in _QUIET]
        if reasons:
            return max(reasons)[1]
        return Reason.TOO_SMALL.value if self._reasons[Reason.TOO_SMALL.value] and not self._compressed else ""

    def panel_rows(self, rows: int, cols: int) -> int:
        """How many bottom rows are the panel's."""
        from headroom_wrap.terminal.panel import panel_rows_for

        return panel_rows_for(rows, cols, self._around.term, enabled=self._panel)

    def lines(self, cols: int, panel_rows: int) -> Sequence[bytes] | None:
        """The panel's rows, or None if they are as at the last call."""
        now = (self.snapshot(), cols, panel_rows)
        if now == self._shown:
            return None
        from headroom_wrap.terminal.panel import render

        self._shown = now
        return render(now[0], cols, panel_rows, color=self._around.color)
