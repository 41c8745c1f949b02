"""The APIs in which the tool can be offered."""

from __future__ import annotations

from collections.abc import Callable

from headroom_wrap.events import Event
from headroom_wrap.proxy.compression import Compression
from headroom_wrap.proxy.keeper import Keeper
from headroom_wrap.proxy.retrieval.api import Wire
from headroom_wrap.proxy.retrieval.conversations import Retrieval
from headroom_wrap.proxy.retrieval.outline import Reader
from headroom_wrap.proxy.retrieval.wires.anthropic import AnthropicWire
from headroom_wrap.proxy.retrieval.wires.chat import ChatWire
from headroom_wrap.proxy.retrieval.wires.gemini import GeminiWire
from headroom_wrap.proxy.retrieval.wires.responses import ResponsesWire
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.gemini import Gemini
from pipeline.dialects.messages import MessageList
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.dialects.openai_responses import OpenAIResponses

_APIS: dict[str, tuple[Callable[[], MessageList], Callable[[], Wire]]] = {
    "anthropic": (Anthropic, AnthropicWire),
    "openai-chat": (OpenAIChat, ChatWire),
    "openai-responses": (OpenAIResponses, ResponsesWire),
    "gemini": (Gemini, GeminiWire),
}


def retrieval(compression: Compression, keeper: Keeper, tell: Callable[[Event], None], fetched: Callable[[], None]) -> Retrieval | None:
    """Retrieval for the requests that a compression prepares, None where the tool cannot be offered in their API.

    ``fetched`` hears of every original that a model was given.
    """
    if compression.dialect.name not in _APIS:
        return None
    dialect, wire = _APIS[compression.dialect.name]
    return Retrieval(wire(), Reader(dialect(), compression.policy.tool_kinds), compression, keeper, tell, fetched=fetched)
