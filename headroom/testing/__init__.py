"""Fakes for tests of programs that talk to a model: scripted APIs of Anthropic, OpenAI, Gemini and Copilot, and simulators of their prompt caches.

Nothing here needs an account or a network, and answers are the same in every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headroom.testing.anthropic.cache import PromptCache, minimum_tokens, prompt_tokens
from headroom.testing.anthropic.validate import check
from headroom.testing.charge import Charge
from headroom.testing.errors import ApiError
from headroom.testing.gemini.cache import GeminiCache, gemini_minimum_tokens
from headroom.testing.openai.cache import OpenAICache
from headroom.testing.record import Recorded
from headroom.testing.script import (
    Answer,
    Ask,
    Gate,
    Script,
    broken,
    custom_tool,
    cut,
    held,
    overloaded,
    rate_limited,
    server_error,
    shell,
    slow,
    text,
    thinking,
    tool,
)
from headroom.testing.seal import sign

if TYPE_CHECKING:
    from headroom.testing.anthropic.provider import AnthropicProvider
    from headroom.testing.copilot.provider import CopilotProvider
    from headroom.testing.gemini.provider import GeminiProvider
    from headroom.testing.openai.provider import OpenAIProvider

__all__ = [
    "Answer",
    "AnthropicProvider",
    "ApiError",
    "Ask",
    "Charge",
    "CopilotProvider",
    "Gate",
    "GeminiCache",
    "GeminiProvider",
    "OpenAICache",
    "OpenAIProvider",
    "PromptCache",
    "Recorded",
    "Script",
    "broken",
    "check",
    "custom_tool",
    "cut",
    "gemini_minimum_tokens",
    "held",
    "minimum_tokens",
    "overloaded",
    "prompt_tokens",
    "rate_limited",
    "server_error",
    "shell",
    "sign",
    "slow",
    "text",
    "thinking",
    "tool",
]

_PROVIDERS = {
    "AnthropicProvider": "headroom.testing.anthropic.provider",
    "CopilotProvider": "headroom.testing.copilot.provider",
    "GeminiProvider": "headroom.testing.gemini.provider",
    "OpenAIProvider": "headroom.testing.openai.provider",
}


def __getattr__(name: str) -> object:
    # The simulators alone should not cost the import of an HTTP server.
    if name in _PROVIDERS:
        from importlib import import_module

        return getattr(import_module(_PROVIDERS[name]), name)
    raise AttributeError(name)
