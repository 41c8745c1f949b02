"""A scripted Anthropic API on loopback: it streams, validates, bills with a simulated prompt cache, and records what it was sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence

from aiohttp import web

from headroom.testing.anthropic import stream
from headroom.testing.anthropic.cache import PromptCache, prompt_tokens
from headroom.testing.anthropic.prompt import as_blocks
from headroom.testing.anthropic.validate import check
from headroom.testing.charge import Charge, default_count
from headroom.testing.errors import ApiError
from headroom.testing.script import Answer, Ask, Script
from headroom.testing.server import Call, Provider, let_pass
from headroom.testing.shapes import JsonObject, mapping
from headroom.testing.wire import dumps

_MODELS = {
    "claude-opus-4-8": "Claude Opus 4.8",
    "claude-sonnet-5": "Claude Sonnet 5",
    "claude-haiku-4-5-20251001": "Claude Haiku 4.5",
}


class AnthropicProvider(Provider):
    """The Messages API. See :class:`headroom.testing.server.Provider` for how to run it and for what all providers take.

    Args:
        script: the answers.
        scripts: scripts of particular conversations.
        count: tokens of a text.
        minimum: shortest cached prefix in tokens; None takes each model's real figure.
        clock: seconds, for lifetimes in the cache.
        signatures: refuse thinking blocks whose signature is not ours; off to replay transcripts of the real API.
        compress: answer with gzip where the client accepts it.
        keep_bodies: keep the bodies of recorded requests.
    """

    def __init__(
        self,
        script: Script | Callable[[str], Script],
        *,
        scripts: Mapping[str, Script] | None = None,
        count: Callable[[str], int] = default_count,
        minimum: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        signatures: bool = True,
        compress: bool = False,
        keep_bodies: bool = True,
    ) -> None:
        super().__init__(script, scripts=scripts, clock=clock, compress=compress, keep_bodies=keep_bodies)
        self.cache = PromptCache(count, minimum=minimum)
        self._count = count
        self._signatures = signatures
        self._issued: dict[str, Sequence[JsonObject]] = {}

    async def route(self, call: Call) -> web.StreamResponse:
        """Answers a request."""
        record = call.record
        match call.request.method, call.request.path:
            case "POST", "/v1/messages":
                return await self._messages(call)
            case "POST", "/v1/messages/count_tokens":
                self.parse(record)
                check(record.body, record.headers, signatures=self._signatures, counting=True)
                return self.json(200, {"input_tokens": prompt_tokens(record.body, self._count)}, call.id)
            case "GET", "/v1/models":
                return self.json(200, _models(), call.id)
        raise ApiError(404, "not_found_error", "Not found")

    def error_body(self, error: ApiError, request_id: str) -> dict[str, object]:
        """The JSON of a refusal."""
        return {"type": "error", "error": {"type": error.type, "message": error.message}, "request_id": request_id}

    def headers(self, request_id: str) -> dict[str, str]:
        """Headers of every response."""
        return {"request-id": request_id, "anthropic-organization-id": "00000000-0000-4000-8000-000000000000"}

    def json(self, status: int, body: object, request_id: str) -> web.Response:
        """A response that is one JSON document."""
        response = super().json(status, body, request_id)
        if status >= 500:
            response.headers["x-should-retry"] = "true"
        return response

    async def _messages(self, call: Call) -> web.StreamResponse:
        record = call.record
        body = self.parse(record)
        check(body, record.headers, issued=self._issued, signatures=self._signatures)
        answer = self.reply(ask(body, record.headers), record, "toolu")
        for block in answer.blocks:
            if block["type"] == "tool_use":
                self._issued[block["id"]] = answer.blocks
        if answer.gate is not None and answer.gate_at == 0:
            await let_pass(answer.gate)
        record.charge = self._charge(body, record.time, answer)
        message = stream.message(self._names.new("msg"), body["model"], answer.blocks, answer.stop, record.charge.usage)
        if body.get("stream"):
            frames = map(stream.encode, stream.events(message))
            error = stream.encode(stream.error_event(self.error_body(answer.error, call.id)))
            return await self.stream(call, answer, frames, error)
        response = self.json(200, message, call.id)
        record.complete = True
        return response

    def _charge(self, body: JsonObject, started: float, answer: Answer) -> Charge:
        output = sum(self._count(dumps(block)) for block in answer.blocks)
        return self.cache.charge(body, started, output=max(output, 1) if answer.blocks else 0)


def ask(request: JsonObject, headers: Mapping[str, str]) -> Ask:
    """The request as a script sees it."""
    return Ask(
        request,
        session=session_of(request, headers),
        words=first_user_text(request),
        tools=bool(request.get("tools")),
        schema=_schema(request),
        silent=request.get("max_tokens") == 0,  # the documented way to fill the cache and no more
    )


def session_of(request: JsonObject, headers: Mapping[str, str]) -> str:
    """The session that a request names in its metadata or headers, a subagent's own where it is one; ``""`` if none."""
    metadata = request.get("metadata")
    user = str(metadata.get("user_id", "")) if isinstance(metadata, Mapping) else ""
    session = headers.get("x-claude-code-session-id", "")
    try:
        fields = json.loads(user)
        session = str(fields["session_id"])
    except (ValueError, TypeError, KeyError):
        session = user.rpartition("_session_")[2] if "_session_" in user else session
    agent = headers.get("x-claude-code-agent-id")
    return f"{session}/{agent}" if agent else session


def first_user_text(request: JsonObject) -> str:
    """All text of the first user message."""
    messages = request.get("messages")
    for message in messages if isinstance(messages, list) else []:
        if message.get("role") == "user":
            return "\n".join(str(b["text"]) for b in as_blocks(message.get("content")) if b.get("type") == "text")
    return ""


def _schema(request: JsonObject) -> JsonObject | None:
    """The JSON schema that the answer has to satisfy, if the request asks for one."""
    config = request.get("output_config")
    wanted = config.get("format") if isinstance(config, Mapping) else request.get("output_format")
    if isinstance(wanted, Mapping) and wanted.get("type") == "json_schema":
        return mapping(wanted.get("schema"))
    return None


def _models() -> dict[str, object]:
    data = [{"type": "model", "id": name, "display_name": title, "created_at": "2026-01-01T00:00:00Z"} for name, title in _MODELS.items()]
    return {"data": data, "has_more": False, "first_id": data[0]["id"], "last_id": data[-1]["id"]}
