"""What the panel warns of: troubles told by the proxy, an agent that works without us, a session in which we achieve nothing.

A warning goes when its cause does, when it is old, or when the user has looked (`acknowledge`).
"""

from __future__ import annotations

from dataclasses import dataclass

from headroom_wrap.events import Trouble

_NAMES = {"cache": "CACHE", "proxy": "PROXY", "upstream": "UPSTREAM", "store": "STORE", "worker": "WORKER", "refused": "REFUSED", "panel": "PANEL"}
_FRESH_S = 300.0
_BEAT_S, _PAUSE_S, _BUSY_S = 1.0, 3.0, 30.0
"""An agent whose spinner turns writes several times a second; one that waits for the user is silent."""
_UNREAD = 5  # requests
_FRUITLESS, _WORTH_IT = 10, 50_000  # requests, tokens of their prompts


@dataclass(frozen=True, slots=True)
class Figures:
    """What a session's effect is judged by.

    Args:
        requests: that came through us.
        understood: of them, those whose body was read.
        answered: of them, those charged for.
        prompt: tokens of their prompts, all together.
        compressed: blocks that went on smaller.
        reason: why blocks were left alone, the commonest one.
    """

    requests: int = 0
    understood: int = 0
    answered: int = 0
    prompt: int = 0
    compressed: int = 0
    reason: str = ""


class Busy:
    """How long the agent has been writing without a pause and without anything typed: so it works. It needs no clock of its own."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._last = 0.0

    def typed(self) -> None:
        """What the agent writes now may be the echo."""
        self._since = None

    def wrote(self, now: float) -> None:
        """The agent wrote at `now`, in seconds."""
        if self._since is None or now - self._last > _PAUSE_S:
            self._since = now
        self._last = now

    @property
    def seconds(self) -> float:
        """For how long."""
        return self._last - self._since if self._since is not None else 0.0


class Alarms:
    """The warning in force.

    Args:
        agent: the adapter's name.
    """

    def __init__(self, agent: str) -> None:
        self.busy = Busy()
        self._agent = agent
        self._trouble: Trouble | None = None
        self._told = 0.0
        self._works_without_us = False
        self._seen: set[str] = set()

    def trouble(self, event: Trouble, now: float) -> None:
        """The proxy told of a trouble at `now`, in seconds of the clock that `current` is asked with."""
        self._trouble, self._told = event, now

    def answered(self) -> None:
        """The upstream answered."""
        if self._trouble is not None and self._trouble.kind == "upstream":
            self._trouble = None

    def acknowledge(self, figures: Figures, now: float) -> None:
        """The user has looked."""
        shown, _ = self.current(figures, now)
        if self._trouble is not None:
            self._trouble = None
        else:
            self._seen.add(shown)

    def current(self, figures: Figures, now: float) -> tuple[str, str]:
        """The warning's name and what it means; both empty where there is none."""
        if self._trouble is not None and not self._trouble.lasting and now - self._told >= _FRESH_S:
            self._trouble = None
        if self._trouble is not None:
            return _NAMES.get(self._trouble.kind, "TROUBLE"), self._trouble.message
        if figures.requests:
            self._works_without_us = False
        elif self.busy.seconds >= _BUSY_S:
            self._works_without_us = True
        if self._works_without_us:
            name, why = "NOT ROUTED", f"{self._agent} is busy and no request came through Headroom; if it is answering, nothing is saved or counted"
        else:
            name, why = ("NO EFFECT", self._fruitless(figures)) if self._fruitless(figures) else ("", "")
        return (name, why) if name not in self._seen else ("", "")

    def _fruitless(self, figures: Figures) -> str:
        if figures.compressed:
            return ""
        if figures.requests >= _UNREAD and not figures.understood:
            return f"Headroom cannot read any of {figures.requests} requests, so they go on as they came"
        if figures.answered >= _FRUITLESS and figures.prompt >= _WORTH_IT:
            why = f"left alone: {figures.reason}" if figures.reason else "there was no tool result to make smaller"
            return f"nothing made smaller in {figures.answered} requests; {why}"
        return ""
