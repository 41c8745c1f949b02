"""A scripted Copilot API on loopback, as the CLI uses it with a subscription (``COPILOT_API_URL``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from headroom.testing.anthropic.provider import AnthropicProvider
from headroom.testing.charge import default_count
from headroom.testing.errors import ApiError
from headroom.testing.openai.provider import OpenAIProvider
from headroom.testing.script import Script
from headroom.testing.server import Call
from headroom.testing.shapes import string

MODELS: Mapping[str, Sequence[str]] = {
    "gpt-5.5": ("/responses", "ws:/responses", "/chat/completions"),
    "claude-opus-4-8": ("/v1/messages", "/chat/completions"),
    "gpt-5.4-mini": ("/chat/completions",),
}
"""Models by the endpoints that serve them; the CLI takes the first of its own liking that a model has."""

_EXTRAS: Mapping[str, Mapping[str, object]] = {"/agents/swe/internal/memory/v0/enabled": {"enabled": False}}


class CopilotProvider(OpenAIProvider):
    """``/chat/completions``, ``/responses`` (WebSocket too), ``/v1/messages`` and ``/models``; every request names its integration.

    See :class:`headroom.testing.server.Provider` for how to run it. Requests for ``/v1/messages`` are billed with Anthropic's cache.

    Args:
        script: the answers.
        scripts: scripts of particular conversations.
        count: tokens of a text.
        refuse_sockets: HTTP status with which WebSockets are refused, 0 to take them.
        endpoints: the models, each with the endpoints that serve it.
    """

    extra_parameters = frozenset({"snippy", "initiator", "agent_task_id", "headers"})

    def __init__(
        self,
        script: Script | Callable[[str], Script],
        *,
        scripts: Mapping[str, Script] | None = None,
        count: Callable[[str], int] = default_count,
        refuse_sockets: int = 0,
        endpoints: Mapping[str, Sequence[str]] = MODELS,
    ) -> None:
        super().__init__(script, scripts=scripts, count=count, refuse_sockets=refuse_sockets, models=tuple(endpoints))
        self._endpoints = endpoints
        self._anthropic = AnthropicProvider(script, scripts=scripts, count=count)

    async def route(self, call: Call) -> web.StreamResponse:
        """Answers a request."""
        path = call.request.path
        if call.request.method == "GET" and path in _EXTRAS:
            return self.json(200, _EXTRAS[path], call.id)
        if not path.endswith(("/chat/completions", "/responses", "/v1/messages", "/models")):
            raise ApiError(404, "not_found", "404 page not found")
        if not call.record.headers.get("copilot-integration-id"):
            raise ApiError(400, "invalid_request_error", "missing required Copilot-Integration-Id header")
        if not call.record.headers.get("authorization"):
            raise ApiError(401, "invalid_request_error", "unauthorized: Personal Access Tokens are not supported for this endpoint")
        if path.endswith("/v1/messages"):
            return await self._anthropic.route(call)
        if call.request.method == "POST":
            self._check_served(string(self.parse(call.record).get("model")), path)
        return await super().route(call)

    def catalogue(self, call: Call) -> dict[str, Any]:
        """What ``GET /models`` answers."""
        return {"object": "list", "data": [_model(name, endpoints) for name, endpoints in self._endpoints.items()]}

    def _check_served(self, model: str, path: str) -> None:
        if model not in self._endpoints:
            raise ApiError(400, "invalid_request_error", "The requested model is not supported.", code="model_not_supported", param="model")
        if not any(path.endswith(endpoint) for endpoint in self._endpoints[model]):
            message = f"model {model} is not accessible via the {path} endpoint"
            raise ApiError(400, "invalid_request_error", message, code="unsupported_api_for_model")


def _model(name: str, endpoints: Sequence[str]) -> dict[str, Any]:
    vendor = "Anthropic" if name.startswith("claude") else "OpenAI"
    limits = {"max_context_window_tokens": 272_000, "max_output_tokens": 64_000, "max_prompt_tokens": 200_000}
    supports = {"streaming": True, "tool_calls": True, "parallel_tool_calls": True, "structured_outputs": True, "vision": False}
    return {
        "id": name,
        "object": "model",
        "name": name,
        "vendor": vendor,
        "version": name,
        "preview": False,
        "model_picker_enabled": True,
        "model_picker_category": "powerful",
        "is_chat_default": False,
        "is_chat_fallback": False,
        "policy": {"state": "enabled", "terms": ""},
        "billing": {"is_premium": True, "multiplier": 1},
        "capabilities": {
            "type": "chat",
            "object": "model_capabilities",
            "family": name,
            "tokenizer": "o200k_base",
            "limits": limits,
            "supports": supports,
        },
        "supported_endpoints": list(endpoints),
    }
