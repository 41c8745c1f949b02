"""The session in a few words behind the agent's own window title: an alarm, else what was saved."""

from __future__ import annotations

from headroom_wrap.terminal.panel import money
from headroom_wrap.terminal.snapshot import Snapshot


def words(snapshot: Snapshot) -> str:
    """What stands there; ``""`` while there is nothing to say."""
    if snapshot.alarm:
        return f"headroom: {snapshot.alarm}"
    if snapshot.bill is None or snapshot.bill_without is None:
        return ""
    saved = snapshot.bill_without - snapshot.bill
    return f"headroom: {'saved' if saved >= 0 else 'lost'} {money(abs(saved))} ({abs(snapshot.share_saved or 0):.0%})"
