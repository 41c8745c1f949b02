"""What ``generateContent`` refuses, as a pure function of a request: roles out of order, calls without responses, signatures that were changed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headroom.testing.errors import ApiError, invalid
from headroom.testing.gemini.prompt import fields, parts_of
from headroom.testing.seal import opened, sealed
from headroom.testing.shapes import JsonObject, mapping, objects, string

_PARAMETERS = frozenset(
    "model contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent labels serviceTier store sessionId".split()
)
_DATA = frozenset("text inlineData fileData functionCall functionResponse executableCode codeExecutionResult toolCall toolResponse".split())
_BESIDE = frozenset("thought thoughtSignature videoMetadata mediaResolution partMetadata".split())
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}")
_NEEDS_SIGNATURES = re.compile(r"gemini-(?:[3-9]|\d\d)|gemini-(?:pro|flash)-latest")
# https://ai.google.dev/gemini-api/docs/thought-signatures: for calls that no model of this kind has made.
_NO_SIGNATURE = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")


@dataclass(frozen=True, slots=True)
class _Turn:
    """Neighbouring contents of one role."""

    role: str
    parts: Sequence[JsonObject]
    path: str

    def of(self, kind: str) -> list[JsonObject]:
        return [fields(part[kind]) for part in self.parts if kind in part]


def call_signature(call: Mapping[str, object]) -> str:
    """The signature that the provider gives a function call; it must come back with the call unchanged."""
    return sealed(_canonical(call)).replace("-", "+").replace("_", "/")


def check_gemini(
    request: object,
    headers: Mapping[str, str],
    model: str,
    *,
    key: str = "",
    issued: Mapping[str, JsonObject] | None = None,
    signatures: bool = True,
) -> None:
    """Refuses a request as the API would.

    Args:
        request: the parsed body, without what Code Assist wraps around it.
        headers: the request's headers with lower-case names.
        model: the name in its path.
        key: the ``key`` of its query.
        issued: the calls given out earlier, by id; one that comes back otherwise is refused, which is stricter than the real API.
        signatures: check that function calls carry the signature made by :func:`call_signature`.

    Raises:
        ApiError: the first thing wrong.
    """
    if not (headers.get("x-goog-api-key") or headers.get("authorization") or key):
        raise ApiError(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.")
    if not isinstance(request, Mapping):
        raise invalid("Invalid JSON payload received. Expected an object.")
    body = fields(request)
    for name in body:
        if name not in _PARAMETERS:
            raise invalid(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    _check_tools(body.get("tools"))
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        raise invalid("* GenerateContentRequest.contents: contents is not specified")
    for c, content in enumerate(contents):
        _check_content(f"contents[{c}]", content)
    turns = _turns(contents)
    _check_order(turns)
    if signatures and _NEEDS_SIGNATURES.search(model):
        _check_signed(contents)
    if signatures:
        _check_signatures(turns)
    _check_unchanged(turns, issued or {})


def _check_tools(tools: object) -> None:
    if tools is None:
        return
    if not isinstance(tools, list):
        raise invalid('Invalid value at "tools": expected a list.')
    names: dict[str, bool] = {}
    for t, tool in enumerate(tools):
        for d, raw in enumerate(objects(fields(tool).get("functionDeclarations"))):
            declared = fields(raw)
            path = f"GenerateContentRequest.tools[{t}].function_declarations[{d}]"
            name = declared.get("name")
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise invalid(f"* {path}.name: Invalid function name.")
            if name in names:
                raise invalid(f"Duplicate function declaration found: {name}")
            names[name] = True
            if "parameters" in declared and "parametersJsonSchema" in declared:
                raise invalid(f"* {path}: parameters and parameters_json_schema cannot both be set.")
            schema = declared.get("parameters", declared.get("parametersJsonSchema", {}))
            if string(mapping(schema).get("type", "object")).lower() != "object":
                raise invalid(f"* {path}.parameters: schema should be of type OBJECT.")


def _check_content(path: str, content: object) -> None:
    if not isinstance(content, Mapping):
        raise invalid(f'Invalid value at "{path}": expected an object.')
    role = content.get("role", "user")
    if role not in {"user", "model", "function"}:
        raise invalid("Please use a valid role: user, model.")
    parts = parts_of(content)
    if not parts or len(parts) != len(objects(content.get("parts"))):
        raise invalid(f"* GenerateContentRequest.{path}.parts: contents.parts must not be empty.")
    for p, part in enumerate(parts):
        _check_part(f"{path}.parts[{p}]", str(role), part)


def _check_part(path: str, role: str, part: JsonObject) -> None:
    for name in part:
        if name not in _DATA and name not in _BESIDE:
            raise invalid(f"Invalid JSON payload received. Unknown name \"{name}\" at '{path}': Cannot find field.")
    data = [name for name in part if name in _DATA]
    if len(data) > 1:
        raise invalid(f"Invalid value at '{path}' (oneof): oneof field 'data' is already set.")
    if not data and "thoughtSignature" not in part:
        raise invalid(f"* GenerateContentRequest.{path}.data: required oneof field 'data' must have one initialized field")
    if "text" in part and not isinstance(part["text"], str):
        raise invalid(f"Invalid value at '{path}.text' (TYPE_STRING)")
    for kind, wanted, member in (("functionCall", "model", "args"), ("functionResponse", "user", "response")):
        if kind not in part:
            continue
        value = fields(part[kind])
        if (role == "model") != (wanted == "model"):
            raise invalid(f"Please ensure that {kind} parts are in a content of the role {wanted}. ({path})")
        if not string(value.get("name")):
            raise invalid(f"* GenerateContentRequest.{path}.{kind}.name: Name cannot be empty.")
        if not isinstance(value.get(member, {}), Mapping):
            raise invalid(f"Invalid value at '{path}.{kind}.{member}' (type.googleapis.com/google.protobuf.Struct)")


def _turns(contents: Sequence[JsonObject]) -> list[_Turn]:
    turns: list[_Turn] = []
    for c, content in enumerate(contents):
        role = "model" if content.get("role") == "model" else "user"
        parts = parts_of(content)
        if turns and turns[-1].role == role:
            turns[-1] = _Turn(role, [*turns[-1].parts, *parts], turns[-1].path)
        else:
            turns.append(_Turn(role, parts, f"contents[{c}]"))
    return turns


def _check_order(turns: Sequence[_Turn]) -> None:
    waiting: list[JsonObject] = []
    for t, turn in enumerate(turns):
        responses = turn.of("functionResponse")
        if responses and not waiting:
            raise invalid("Please ensure that function response turn comes immediately after a function call turn.")
        if len(responses) != len(waiting):
            raise invalid(
                "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn."
            )
        _check_matched(turn.path, waiting, responses)
        waiting = turn.of("functionCall")
        if waiting and t == 0:
            raise invalid("Please ensure that function call turn comes immediately after a user turn or after a function response turn.")
    if waiting:
        raise invalid(
            "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn."
        )


def _check_matched(path: str, calls: Sequence[JsonObject], responses: Sequence[JsonObject]) -> None:
    """A response is for the call with its id; without ids, for the next one of its name."""
    left = list(calls)
    for response in responses:
        fits = [c for c in left if c.get("id") == response.get("id") and c.get("name") == response.get("name")]
        if not fits:
            raise invalid(f"{path}: no function call has the id and the name of the function response {response.get('id')} {response.get('name')}.")
        left.remove(fits[0])


def _check_signed(contents: Sequence[JsonObject]) -> None:
    """In the current turn, that is since the user last said something, the first call of each step is signed."""
    said = [c for c, content in enumerate(contents) if content.get("role") != "model" and not any("functionResponse" in p for p in parts_of(content))]
    for turn in _turns(contents[max(said, default=0) :]):
        first = next((part for part in turn.parts if "functionCall" in part), None)
        if first is not None and not first.get("thoughtSignature"):
            name = fields(first["functionCall"]).get("name")
            raise invalid(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly. "
                f"Additional data, function call `default_api:{name}`, position {turn.parts.index(first) + 1}."
            )


def _check_signatures(turns: Sequence[_Turn]) -> None:
    for turn in turns:
        for part in turn.parts:
            signature = part.get("thoughtSignature")
            if signature is None or signature in _NO_SIGNATURE:
                continue
            content = opened(string(signature).replace("+", "-").replace("/", "_"))
            if content is None:
                raise invalid("Corrupted thought signature.")
            if "functionCall" in part and content != _canonical(fields(part["functionCall"])):
                raise invalid("Thought signature is not valid.")


def _check_unchanged(turns: Sequence[_Turn], issued: Mapping[str, JsonObject]) -> None:
    for turn in turns:
        for call in turn.of("functionCall"):
            made = issued.get(string(call.get("id")))
            if made is not None and _canonical(made) != _canonical(call):
                raise invalid(f"The function call {call['id']} is not the one that was issued.")


def _canonical(call: Mapping[str, object]) -> str:
    return json.dumps([call.get("id"), call.get("name"), call.get("args") or {}], sort_keys=True)
