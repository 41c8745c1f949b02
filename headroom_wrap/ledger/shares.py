"""How the share of a prompt that came from the provider's cache is written: the same wherever it is told, and never better than it was."""

from __future__ import annotations

_NOISE = 1e-9  # 0.29 * 100 is a little less than 29


def hit(share: float) -> str:
    """Write a share from 0 to 1 as a whole percentage, rounded down: 99.6 % is no full hit."""
    return f"{int(share * 100 + _NOISE)}%"
