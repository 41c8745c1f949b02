"""Fakes for tests of programs that talk to a model: a scripted Anthropic API and a simulator of its prompt cache.

Nothing here needs an account or a network, and answers are the same in every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headroom.testing.cache import Charge, PromptCache, minimum_tokens, prompt_tokens
from headroom.testing.conversation import sign
from headroom.testing.errors import ApiError
from headroom.testing.record import Recorded
from headroom.testing.script import (
    Answer,
    Gate,
    Script,
    broken,
    cut,
    held,
    overloaded,
    rate_limited,
    server_error,
    slow,
    text,
    thinking,
    tool,
)
from headroom.testing.validate import check

if TYPE_CHECKING:
    from headroom.testing.provider import AnthropicProvider

__all__ = [
    "Answer",
    "AnthropicProvider",
    "ApiError",
    "Charge",
    "Gate",
    "PromptCache",
    "Recorded",
    "Script",
    "broken",
    "check",
    "cut",
    "held",
    "minimum_tokens",
    "overloaded",
    "prompt_tokens",
    "rate_limited",
    "server_error",
    "sign",
    "slow",
    "text",
    "thinking",
    "tool",
]


def __getattr__(name: str) -> object:
    # The simulator alone should not cost the import of an HTTP server.
    if name == "AnthropicProvider":
        from headroom.testing.provider import AnthropicProvider

        return AnthropicProvider
    raise AttributeError(name)
