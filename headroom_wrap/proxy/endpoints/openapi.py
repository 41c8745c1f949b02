"""The OpenAPI 3.1 document of the endpoints, made from the types that they take and give. Pure.

``python -m headroom_wrap.proxy.endpoints.openapi`` prints it; ``docs/openapi.json`` is that output.
"""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import msgspec

from headroom.version import VERSION
from headroom_wrap.proxy import guard
from headroom_wrap.proxy.endpoints.answers import JSON, ErrorBody
from headroom_wrap.proxy.endpoints.shapes import (
    CompressAnswer,
    CompressRequest,
    CompressSettings,
    HashedAnswer,
    HealthAnswer,
    ReadyAnswer,
    RetrieveAnswer,
    RetrieveRequest,
    SearchAnswer,
)
from headroom_wrap.proxy.endpoints.stats import Stats
from headroom_wrap.proxy.endpoints.table import RETRIEVE, RETRIEVE_ONE

_TYPES = (
    CompressRequest,
    CompressAnswer,
    RetrieveRequest,
    RetrieveAnswer,
    HashedAnswer,
    SearchAnswer,
    Stats,
    HealthAnswer,
    ReadyAnswer,
    ErrorBody,
)
_ERRORS = {
    401: "The token is missing; a proxy that serves one agent alone says 404 and nothing else.",
    400: "The request cannot be read; the message says what is wrong with it.",
    403: "The request comes from a web page.",
    404: "There is no such original.",
    405: "Another method is taken here, see Allow.",
    408: "The body did not come in time.",
    413: "The body is too large.",
    415: "The body is no JSON, or in a coding that is not known.",
    503: "Not now: the compression process is starting or busy, or the store does not answer. See Retry-After.",
}
_FIELD = re.compile(r"^ {4}(\w+(?:, \w+)*): (.*(?:\n {8}.*)*)", re.MULTILINE)  # an entry under "Args:"
_WITH_BODY = (400, 408, 413, 415)


def document() -> dict[str, Any]:
    """The document."""
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    for schema in schemas.values():
        _describe(schema)
    _explain(schemas["CompressRequest"], CompressSettings.__doc__ or "")
    schemas["RetrieveRequest"] |= {
        "oneOf": [{"required": ["handle"]}, {"required": ["hash"]}],
        "dependentRequired": {"query": ["hash"]},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Headroom",
            "version": VERSION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "What the proxy answers itself. Every other path is relayed to the model's API.",
        },
        "security": [{}, {"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": guard.HEADER,
                    "description": "The proxy's token. It may stand in front of every path instead: http://127.0.0.1:8787/TOKEN/stats.",
                }
            },
            "schemas": json.loads(json.dumps(schemas)),  # plain: there are tuples among the defaults
        },
    }


def _describe(schema: dict[str, Any]) -> None:
    """What a docstring says of each field goes to that field."""
    said = schema.get("description", "")
    _explain(schema, said)
    if said:
        schema["description"] = _plain(said.partition("Args:")[0])


def _explain(schema: dict[str, Any], docstring: str) -> None:
    properties = schema.get("properties", {})
    for names, about in _FIELD.findall(inspect.cleandoc(docstring).partition("Args:")[2]):
        for name in set(names.split(", ")) & properties.keys():
            properties[name]["description"] = _plain(about)


def _plain(said: str) -> str:
    return " ".join(said.split()).replace("``", "`")


def _paths() -> dict[str, Any]:
    return {
        "/v1/compress": {
            "post": _operation(
                "compress",
                "Make the tool results in a list of messages smaller",
                {200: ("The messages and what became of them.", CompressAnswer)},
                (*_WITH_BODY, 503),
                body=CompressRequest,
            )
        },
        RETRIEVE: {
            "post": _operation(
                "retrieve",
                "An original, whole or in part",
                {200: ("The original.", (RetrieveAnswer, HashedAnswer, SearchAnswer))},
                (*_WITH_BODY, 404, 503),
                body=RetrieveRequest,
            )
        },
        RETRIEVE_ONE: {
            "get": _operation(
                "retrieveOne",
                "An original, whole or in part",
                {200: ("The original.", RetrieveAnswer)},
                (400, 404, 503),
                parameters=(
                    _parameter("handle", "path", "As printed in a footer, e.g. 3f9a2c7b.", {"type": "string", "minLength": 1}),
                    _parameter("lines", "query", "Units by number: 120-480 or 5-9,40-60.", {"type": "string"}),
                    _parameter("pattern", "query", "A regular expression; only units in which it is found.", {"type": "string"}),
                ),
            )
        },
        "/stats": {
            "get": _operation(
                "stats",
                "What was saved: by this proxy, and by all sessions that share its store",
                {200: ("The figures.", Stats)},
                (400, 503),
                parameters=(_parameter("days", "query", "How far the ledger reaches back.", {"type": "integer", "minimum": 1, "maximum": 3650}),),
            )
        },
        "/metrics": {"get": _text("metrics", "Counters in Prometheus' text format")},
        "/livez": {"get": _text("live", "The process answers")},
        "/readyz": {
            "get": _operation(
                "ready",
                "Whether the store and the compression process are there; the internet is not asked",
                {200: ("It can serve.", ReadyAnswer), 503: ("It cannot yet.", (ReadyAnswer, ErrorBody))},
                (),
            )
        },
        "/health": {"get": _operation("health", "The same for people and for the npm package: always 200", {200: ("How it is.", HealthAnswer)}, ())},
        "/mcp": {"post": _mcp()},
        "/openapi.json": {
            "get": _operation("openapi", "This document", {200: ("The document.", None)}, ()),
        },
    }


def _operation(
    name: str,
    summary: str,
    answers: dict[int, tuple[str, Any]],
    errors: tuple[int, ...],
    *,
    body: type | None = None,
    parameters: tuple[dict[str, Any], ...] = (),
) -> dict[str, Any]:
    responses = {str(status): {"description": said, "content": _content(kind)} for status, (said, kind) in answers.items()}
    for status in sorted({*errors, 401, 403, 405}):
        responses.setdefault(str(status), _error(status))
    made: dict[str, Any] = {"operationId": name, "summary": summary, "responses": dict(sorted(responses.items()))}
    if parameters:
        made["parameters"] = list(parameters)
    if body is not None:
        made["requestBody"] = {"required": True, "content": _content(body)}
    return made


def _error(status: int) -> dict[str, Any]:
    made: dict[str, Any] = {"description": _ERRORS[status], "content": _content(ErrorBody)}
    named = {405: ("Allow", "The methods that are taken."), 503: ("Retry-After", "Seconds.")}.get(status)
    if named is not None:
        made["headers"] = {named[0]: {"description": named[1], "schema": {"type": "string"}}}
    return made


def _content(kind: Any) -> dict[str, Any]:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    refs = [{"$ref": f"#/components/schemas/{k.__name__}"} if k is not None else {"type": "object"} for k in kinds]
    return {JSON: {"schema": refs[0] if len(refs) == 1 else {"anyOf": refs}}}


def _text(name: str, summary: str) -> dict[str, Any]:
    made = _operation(name, summary, {}, ())
    made["responses"] = {"200": {"description": "As it says.", "content": {"text/plain": {"schema": {"type": "string"}}}}, **made["responses"]}
    return made


def _mcp() -> dict[str, Any]:
    """MCP describes its messages itself; what HTTP sees of them is described here."""
    message = {"type": "object", "properties": {"jsonrpc": {"const": "2.0"}}, "required": ["jsonrpc"]}
    asked = {
        "type": "object",
        "properties": {
            "jsonrpc": {"const": "2.0"},
            "id": {"type": ["string", "integer"], "description": "Left out in a notification."},
            "method": {"type": "string", "examples": ["initialize", "tools/list", "tools/call"]},
            "params": {"type": "object"},
        },
        "required": ["jsonrpc", "method"],
    }
    made = _operation("mcp", "The Model Context Protocol over streamable HTTP, without sessions and streams", {}, (408, 413, 415))
    made["requestBody"] = {"required": True, "content": {JSON: {"schema": asked}}}
    made["responses"] = {
        "200": {
            "description": "The answer to a request; as one event for clients that take events alone.",
            "content": {JSON: {"schema": message}, "text/event-stream": {"schema": {"type": "string"}}},
        },
        "202": {"description": "A notification or a response was taken."},
        "400": {
            "description": "A message or headers that are not of the protocol.",
            "content": {JSON: {"schema": {"anyOf": [message, {"$ref": "#/components/schemas/ErrorBody"}]}}},
        },
        "404": {"description": "There is no such method (in revisions without a handshake).", "content": {JSON: {"schema": message}}},
        **made["responses"],
    }
    return made


def _parameter(name: str, place: str, said: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "description": said, "schema": schema}


if __name__ == "__main__":
    print(json.dumps(document(), indent=1, ensure_ascii=False))
