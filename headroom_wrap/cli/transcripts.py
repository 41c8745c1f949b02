"""What the agents' own transcripts tell of the responses that a ledger has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headroom_wrap.config import Config
from headroom_wrap.learn.model import Response
from headroom_wrap.learn.readers.registry import READERS, sessions
from pipeline.store.api import Receipt


def told_by_session(receipts: Sequence[Receipt], settings: Config) -> dict[str, list[Response]]:
    """The responses in the transcripts of the sessions that receipts are of, by session. One without a transcript is not in it."""
    around = settings.surroundings
    wanted: dict[tuple[str, str], set[str]] = {}
    for receipt in receipts:
        wanted.setdefault((receipt.agent, receipt.project), set()).add(receipt.session)
    found: dict[str, list[Response]] = {}
    for (agent, project), ids in wanted.items():
        if agent not in READERS:
            continue
        since = min(r.time for r in receipts if (r.agent, r.project) == (agent, project))
        folder = Path(project) if project else None
        for session in sessions(around.environ, around.home, project=folder, agent=agent, since=since, state=settings.state):
            if session.id in ids:
                found.setdefault(session.id, []).extend(session.responses)
    return found
