"""What became of a block, and why: what the router says to those who do not run it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the supervisor asks for reasons alone
    from pipeline.compressors.api import Rewrite

LEAST_CHARS = 200  # below this a block is never looked at, by any version: it needs no decision on record


class Reason(str, enum.Enum):
    """What became of a block, and why."""

    COMPRESSED = "compressed"
    RECALLED = "compressed before"  # in another transcript: its form was at hand
    TOO_SMALL = "too small"
    PROTECTED = "a file the agent may edit"
    EXCLUDED = "tool excluded"
    MARKED = "already retrieved or compressed"
    WORDS = "the user's own words"
    UNKNOWN = "content of no known kind"
    NO_GAIN = "no gain"
    ERROR = "a compressor failed"
    TIMEOUT = "took too long"
    HISTORY = "stood there before us"
    STORE = "original could not be kept"
    OFF = "off"


REWRITTEN = frozenset({Reason.COMPRESSED.value, Reason.RECALLED.value})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a block.

    Args:
        reason: why.
        text: what is sent in its place, footer included; None: the original.
        rewrite: what the compressor returned, where there is a text.
        compressor: which one.
        handle: the original's.
        tokens_before: o200k tokens of the original; 0 where it was not counted.
        tokens_after: o200k tokens of what is sent.
    """

    reason: Reason
    text: str | None = None
    rewrite: Rewrite | None = None
    compressor: str = ""
    handle: str = ""
    tokens_before: int = 0
    tokens_after: int = 0
