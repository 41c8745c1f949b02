"""What many sessions show together: read one after the other, mined, and forgotten but for that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from headroom_wrap.learn.findings import Finding, Mined
from headroom_wrap.learn.miners import mine
from headroom_wrap.learn.model import Session, Skipped
from pipeline import prices


@dataclass(slots=True)
class Survey:
    """What was read.

    Args:
        mined: what each session shows.
        skipped: what could not be read.
        sessions: how many there were.
        agents: the agents that worked in each project, with their sessions.
    """

    mined: list[Mined] = field(default_factory=list)
    skipped: Skipped = field(default_factory=Skipped)
    agents: dict[str, Counter[str]] = field(default_factory=dict)
    _models: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)

    @property
    def sessions(self) -> int:
        """How many there were, subagents' not counted."""
        return sum(counted.total() for counted in self.agents.values())

    def read(self, sessions: Iterable[Session]) -> None:
        """Take in sessions."""
        for session in sessions:
            self.mined.append(mine(session))
            models = self._models.setdefault((session.agent, session.id), Counter())
            models.update(response.model for response in session.responses if response.model)
            if session.project:
                agents = self.agents.setdefault(session.project, Counter())
                agents[session.agent] += not session.subagent and not session.part

    def cost(self, finding: Finding) -> float | None:
        """What a finding's wasted tokens cost at least in US dollars: written to the cache once. None where no model of its sessions has a price."""
        models: Counter[str] = Counter()
        for agent, session in dict.fromkeys((e.agent, e.session) for e in finding.evidence):
            models.update(self._models.get((agent, session), {}))
        for model, _ in sorted(models.items(), key=lambda item: (-item[1], item[0])):
            price = prices.price_of(model)
            if price is not None:
                return finding.wasted_tokens * price.cache_write_5m / 1_000_000
        return None
