"""What may be done to a transcript, as one frozen value."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.transcript import ToolKind

EMBEDDED = "embedded"


class Profile(str, enum.Enum):
    """How far compression may go."""

    LOSSLESS = "lossless"  # re-encoding, references and exact folds only
    BALANCED = "balanced"
    AGGRESSIVE = "aggressive"


class Step(enum.IntEnum):
    """How gently the results of one tool kind are treated by one compressor. Each step does less than the one before it."""

    FULL = 0  # as the profile says
    LARGE = 1  # only blocks of `GENTLE_FLOORS` floors and more have anything left out, and ``aggressive`` is ``balanced``
    LOSSLESS = 2  # nothing is left out
    OFF = 3  # nor is anything said in another way


GENTLE_FLOORS = 4
"""After one retrieval in a conversation, too, only blocks of so many floors have anything left out."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the pipeline may do.

    Args:
        profile: how far compression may go.
        floor_tokens: nothing is left out of blocks of fewer tokens but what stands above; under a quarter of it they are left alone.
        exclude_tools: names of tools whose results are left alone.
        disabled: names of compressors that are not used.
        tool_kinds: tool name -> kind, from the agent's adapter; names not listed are guessed.
        workspace: absolute path of the project, ``""`` if unknown. Files outside it are reference reading.
        schemas_in_prompts: lists of tool schemas that stand in the application's own system text are re-encoded, loss-free. Never for an agent's.
        preserve_json: keep JSON results parseable as JSON.
        kompress_model: what judges prose beside the question: ``embedded``, or the name of a model that is plugged into the process.
        elide: False where retrieval is not provably possible; then nothing is left out.
        gentler: by compressor and tool kind, what earlier conversations showed to be asked for again too often; all others are at ``Step.FULL``.
    """

    profile: Profile = Profile.BALANCED
    floor_tokens: int = 400
    exclude_tools: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    tool_kinds: Mapping[str, ToolKind] = field(default_factory=dict)
    workspace: str = ""
    schemas_in_prompts: bool = False
    preserve_json: bool = False
    elide: bool = True
    kompress_model: str = EMBEDDED
    gentler: Mapping[tuple[str, ToolKind], Step] = field(default_factory=dict)

    @property
    def lossy(self) -> bool:
        """Whether whole units may be left out."""
        return self.elide and self.profile is not Profile.LOSSLESS

    def step(self, compressor: str, kind: ToolKind) -> Step:
        """How gently results of a tool kind are treated by a compressor."""
        return self.gentler.get((compressor, kind), Step.FULL)

    def at(self, step: Step, compressor: str) -> Policy:
        """The policy for a block that a compressor would have had at a gentler step.

        ``Step.LARGE`` depends on the block's size, so it is the router's: it does the same after one retrieval in the conversation.
        """
        if step < Step.LOSSLESS:
            return self
        disabled = self.disabled | {compressor} if step is Step.OFF else self.disabled
        return replace(self, profile=Profile.LOSSLESS, disabled=disabled)
