"""What may be done to a transcript, as one frozen value."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.transcript import ToolKind

EMBEDDED = "embedded"


class Profile(str, enum.Enum):
    """How far compression may go."""

    LOSSLESS = "lossless"  # re-encoding, references and exact folds only
    BALANCED = "balanced"
    AGGRESSIVE = "aggressive"


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

    @property
    def lossy(self) -> bool:
        """Whether whole units may be left out."""
        return self.elide and self.profile is not Profile.LOSSLESS
