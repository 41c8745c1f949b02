"""What the panel shows, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Snapshot:
    """The state of one session, for the panel; equal snapshots render to equal bytes.

    Money is in US dollars, shares are from 0 to 1, and None stands for what is not known yet.
    """

    agent: str = ""
    """The wrapped program, such as `claude`."""
    bill: float | None = None
    """What the session cost so far, by the provider's own usage."""
    bill_without: float | None = None
    """What it would have cost without us; less than `bill` where we lost money."""
    saved_tokens: int = 0
    """Input tokens that did not go to the model, minus our own overhead; negative where we added some."""
    share_saved: float | None = None
    """The share of the whole bill that was saved; negative where we lost money."""
    requests: int = 0
    """Requests to the model."""
    blocks_compressed: int = 0
    """Blocks that go in a smaller form."""
    cache_hit: float | None = None
    """The share of the prompt's tokens that the provider read from its cache."""
    cache_expires_in_s: int | None = None
    """Seconds until the provider forgets the cached prompt; 0 when it has."""
    last: str = ""
    """What happened last, in a few words: the last request with the compressor that did most."""
    top_reason: str = ""
    """Why blocks were left alone, the most frequent reason."""
    alarm: str = ""
    """NOT ROUTED, NO EFFECT, UPSTREAM …, or empty."""
    alarm_detail: str = ""
    """What the alarm means here, and what to do."""
    instruction_files: tuple[tuple[str, int], ...] = ()
    """Paths of the agent's instruction files, with their weight in tokens."""
    hint: str = ""
    """One short piece of advice, such as a key to press."""
