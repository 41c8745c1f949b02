"""A scripted Gemini API on loopback, in its own form and in the one that Code Assist wraps around it."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from headroom.testing.charge import default_count
from headroom.testing.errors import ApiError, invalid
from headroom.testing.gemini import answers
from headroom.testing.gemini.cache import GeminiCache
from headroom.testing.gemini.prompt import fields, flatten, parts_of
from headroom.testing.gemini.validate import check_gemini
from headroom.testing.script import Answer, Ask, Script
from headroom.testing.server import Call, Provider, let_pass
from headroom.testing.shapes import JsonObject, mapping, objects, string
from headroom.testing.wire import dumps

MODELS = ("gemini-3.8-flash", "gemini-3.1-pro-preview", "gemini-2.5-pro", "gemini-2.5-flash")

_MODEL_PATH = re.compile(r".*/v1(?:beta|alpha)?(?:/.*)?/models/([^/:]+):(\w+)")
_CODE_ASSIST = re.compile(r".*/v1internal:(\w+)")
_LIST = re.compile(r".*/v1(?:beta|alpha)?/models")
_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 413: "INVALID_ARGUMENT"}
_ACCOUNT: Mapping[str, Mapping[str, object]] = {
    "loadCodeAssist": {
        "currentTier": {"id": "free-tier", "name": "Free", "userDefinedCloudaicompanionProject": False},
        "allowedTiers": [{"id": "free-tier", "name": "Free", "isDefault": True}],
        "cloudaicompanionProject": "scripted-project",
    },
    "onboardUser": {"done": True, "response": {"cloudaicompanionProject": {"id": "scripted-project"}}},
    "retrieveUserQuota": {"buckets": []},
    "fetchAdminControls": {},
    "listExperiments": {"experimentIds": [], "flags": []},
    "recordCodeAssistMetrics": {},
    "getCodeAssistGlobalUserSetting": {"freeTierDataCollectionOptin": False},
    "setCodeAssistGlobalUserSetting": {"freeTierDataCollectionOptin": False},
}


@dataclass(frozen=True, slots=True)
class _Request:
    """A request for content, without what Code Assist wraps around it.

    Args:
        body: the request.
        model: that it is for.
        wrapped: it came by Code Assist, and so goes the response.
        session: that it names, ``""`` if none.
    """

    body: JsonObject
    model: str
    wrapped: bool
    session: str = ""

    def response(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"response": value, "traceId": value.get("responseId", "")} if self.wrapped else value


class GeminiProvider(Provider):
    """``…/models/M:generateContent``, its streamed form and ``:countTokens`` under any prefix, and the same as ``…/v1internal:…``.

    See :class:`headroom.testing.server.Provider` for how to run it.

    Args:
        script: the answers. Thinking is seen by requests that ask for it.
        scripts: scripts of particular conversations.
        count: tokens of a text.
        minimum: shortest cached prefix in tokens; None takes each model's real figure.
        clock: seconds, for lifetimes in the cache.
        signatures: refuse calls whose signature is not ours; off to replay transcripts of the real API.
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
        self.cache = GeminiCache(count, minimum=minimum)
        self._count = count
        self._signatures = signatures
        self._issued: dict[str, JsonObject] = {}

    async def route(self, call: Call) -> web.StreamResponse:
        """Answers a request."""
        path, method = call.request.path, call.request.method
        named, internal = _MODEL_PATH.fullmatch(path), _CODE_ASSIST.fullmatch(path)
        action = named[2] if named else internal[1] if internal else ""
        if method == "GET" and _LIST.fullmatch(path):
            return self.json(200, _models(), call.id)
        if internal and action in _ACCOUNT:
            if method == "POST":
                self.parse(call.record)
            return self.json(200, _ACCOUNT[action], call.id)
        if method == "POST" and action in {"generateContent", "streamGenerateContent", "countTokens"}:
            request = _wrapped(self.parse(call.record)) if named is None else _Request(self.parse(call.record), named[1], wrapped=False)
            if action == "countTokens":
                return self._count_tokens(call, request)
            return await self._generate(call, request, streamed=action == "streamGenerateContent")
        raise ApiError(404, "NOT_FOUND", "The requested URL was not found on this server.")

    def worded(self, error: ApiError) -> ApiError:
        """A fault of the script as Google has it."""
        status = 503 if error.status == 529 else error.status
        names = {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"} | _STATUS
        return ApiError(status, names.get(status, error.type), error.message, error.retry_after)

    def error_body(self, error: ApiError, request_id: str = "") -> dict[str, Any]:
        """The JSON of a refusal."""
        made: dict[str, Any] = {"code": error.status, "message": error.message, "status": error.type}
        if error.retry_after is not None:
            made["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{error.retry_after:g}s"}]
        return {"error": made}

    def headers(self, request_id: str) -> dict[str, str]:
        """Headers of every response."""
        return {"server": "scaffolding on HTTPServer2", "x-request-id": request_id}

    async def _generate(self, call: Call, request: _Request, *, streamed: bool) -> web.StreamResponse:
        record = call.record
        check_gemini(
            request.body,
            record.headers,
            request.model,
            key=call.request.query.get("key", ""),
            issued=self._issued if self._signatures else None,
            signatures=self._signatures,
        )
        answer = self.reply(_ask(request), record, "call")
        config = fields(fields(request.body).get("generationConfig"))
        made = answers.parts(answer, thoughts=fields(config.get("thinkingConfig")).get("includeThoughts") is True)
        self._issued |= {part["functionCall"]["id"]: part["functionCall"] for part in made if "functionCall" in part}
        if answer.gate is not None and answer.gate_at == 0:
            await let_pass(answer.gate)
        sizes = [(block["type"] == "thinking", self._count(dumps(block))) for block in answer.blocks]
        thoughts = sum(size for thinking, size in sizes if thinking)
        output = max(sum(size for _, size in sizes), thoughts + 1)
        record.charge = self.cache.charge(request.body, request.model, record.time, output)
        usage = answers.usage_fields(record.charge.usage, thoughts)
        body = answers.body(self._names.new("resp"), request.model, made, answer.stop, usage)
        if streamed:
            return await self._send(call, request, answer, body)
        response = self.json(200, request.response(body), call.id)
        record.complete = True
        return response

    async def _send(self, call: Call, request: _Request, answer: Answer, body: Mapping[str, Any]) -> web.StreamResponse:
        made = (request.response(chunk) for chunk in answers.chunks(body))
        error = self.error_body(self.worded(answer.error))
        if call.request.query.get("alt") == "sse":
            return await self.stream(call, answer, map(answers.encode, made), answers.encode(error))
        return await self.stream(call, answer, answers.listed(made), dumps([error]).encode(), content_type="application/json")

    def _count_tokens(self, call: Call, request: _Request) -> web.StreamResponse:
        body = fields(request.body)
        inner = fields(body["generateContentRequest"]) if "generateContentRequest" in body else body
        total = sum(block.tokens for block in flatten(inner, self._count))
        return self.json(200, {"totalTokens": total}, call.id)


def _wrapped(body: object) -> _Request:
    outer = fields(body)
    inner = outer.get("request")
    if not isinstance(inner, Mapping):
        raise invalid("Invalid JSON payload received. The field request is missing.")
    model = string(outer.get("model")) or string(inner.get("model"))
    return _Request({k: v for k, v in inner.items() if k != "session_id"}, model.removeprefix("models/"), True, string(inner.get("session_id")))


def _ask(request: _Request) -> Ask:
    body = fields(request.body)
    config = fields(body.get("generationConfig"))
    schema = config.get("responseJsonSchema", config.get("responseSchema"))
    declared = any(fields(tool).get("functionDeclarations") for tool in objects(body.get("tools")))
    return Ask(
        request.body,
        session=request.session,
        words=_opening(objects(body.get("contents"))),
        tools=declared,
        schema=mapping(schema) if schema is not None else None,
    )


def _opening(contents: Sequence[JsonObject]) -> str:
    """What the user says before the model first speaks: the agent describes its surroundings there, too."""
    first = itertools.takewhile(lambda content: content.get("role") != "model", contents)
    return "\n".join(string(part.get("text")) for content in first for part in parts_of(content))


def _models() -> dict[str, object]:
    methods = ["generateContent", "countTokens"]
    return {"models": [{"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": methods} for name in MODELS]}
