"""What one request is billed for, and how texts are counted without a vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.usage import Usage

Reason = Literal["hit", "grew", "new", "changed", "expired", "lookback", "too small", "unmarked"]


def default_count(text: str) -> int:
    """Tokens of a text, estimated as a quarter of its UTF-8 bytes: deterministic and without a vocabulary."""
    return len(text.encode("utf-8", "surrogatepass")) // 4


@dataclass(frozen=True, slots=True)
class Charge:
    """What one request is billed for, and why.

    Args:
        usage: tokens by class.
        reason: why not more was read from the cache. ``hit``: there was no more to read. ``grew``: what is new was appended.
            ``new``: no earlier request begins like this one. ``changed``: a block, or a setting that is part of the prefix,
            differs from what was sent before. ``expired``: the entry was there and its time had passed. ``lookback``: the
            entry lives, too far before the breakpoint. ``too small``: below the model's minimum. ``unmarked``: the request
            has no breakpoint.
        read_to: path of the last block read from the cache, or ``""``.
        written_to: path of the last block written to it, or ``""``.
        broke_at: path of the first block that no earlier request had after the same beginning, or ``""``.
    """

    usage: Usage
    reason: Reason
    read_to: str = ""
    written_to: str = ""
    broke_at: str = ""

    @property
    def explanation(self) -> str:
        """The charge as one line for a person."""
        read = f"read {self.usage.cache_read} up to {self.read_to}" if self.read_to else "read nothing"
        written = self.usage.cache_write_5m + self.usage.cache_write_1h
        wrote = f"wrote {written} up to {self.written_to}" if self.written_to else "wrote nothing"
        new = f"; first unseen block: {self.broke_at}" if self.broke_at else ""
        return f"{self.reason}: {read}, {wrote}, {self.usage.input} uncached{new}"
