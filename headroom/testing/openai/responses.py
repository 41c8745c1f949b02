"""What the Responses API refuses, as a pure function of a request: items of unknown shape, calls without outputs, sealed content that was changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from headroom.testing.errors import invalid
from headroom.testing.openai.requests import check_key, check_parameters, check_tools, invalid_value, missing, wrong_type
from headroom.testing.seal import opened
from headroom.testing.shapes import JsonObject, mapping

_PARAMETERS = frozenset(
    "model input instructions tools tool_choice parallel_tool_calls max_tool_calls max_output_tokens reasoning text include store stream "
    "stream_options previous_response_id conversation context_management background background_options prompt prompt_cache_key "
    "prompt_cache_options prompt_cache_retention client_metadata metadata user safety_identifier service_tier temperature top_p "
    "top_logprobs truncation moderation image access_programs".split()
)
_FRAME_PARAMETERS = _PARAMETERS | {"type", "generate", "stream_id"}

# For each kind of call that the client answers: the member that says what is called, and the kinds of item that may answer it.
CALLS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "function_call": ("arguments", ("function_call_output",)),
    "custom_tool_call": ("input", ("custom_tool_call_output",)),
    "local_shell_call": ("action", ("local_shell_call_output", "function_call_output")),
    "shell_call": ("action", ("shell_call_output",)),
    "apply_patch_call": ("operation", ("apply_patch_call_output",)),
    "computer_call": ("action", ("computer_call_output",)),
}
_OUTPUTS = tuple(dict.fromkeys(output for _, outputs in CALLS.values() for output in outputs))
# Items whose members are not checked: the server made them, or they steer it.
_OPAQUE = (
    "web_search_call file_search_call code_interpreter_call image_generation_call mcp_list_tools mcp_approval_request mcp_approval_response mcp_call"
    " tool_search_call tool_search_output program program_output configuration_update compaction_trigger agent_message"
).split()
_ROLES = ("assistant", "system", "developer", "user")
_USER_PARTS = ("input_text", "input_image", "input_file", "input_audio")
_ASSISTANT_PARTS = ("output_text", "refusal")
_ID_PREFIXES = {
    "message": "msg",
    "function_call": "fc",
    "custom_tool_call": "ctc",
    "reasoning": "rs",
    "local_shell_call": "lsh",
    "compaction": "cmp",
}


@dataclass(slots=True)
class Issued:
    """What a provider has given out and wants back as it was.

    Args:
        calls: by call id, the item.
        reasoning: by encrypted content, the item.
        items: by item id, of responses that were stored.
    """

    calls: dict[str, JsonObject] = field(default_factory=dict)
    reasoning: dict[str, JsonObject] = field(default_factory=dict)
    items: dict[str, JsonObject] = field(default_factory=dict)


def check_response(
    request: object,
    headers: Mapping[str, str],
    *,
    before: Sequence[JsonObject] = (),
    issued: Issued | None = None,
    framed: bool = False,
    extra: Collection[str] = (),
) -> None:
    """Refuses a request as the API would.

    Args:
        request: the parsed body, or the parsed ``response.create`` frame.
        headers: the request's, or the handshake's, with lower-case names.
        before: the items that its ``previous_response_id`` stands for.
        issued: what was given out earlier; calls and reasoning that come back otherwise are refused, which is stricter than the real
            API is with calls. None checks sealed contents only.
        framed: it came by a WebSocket.
        extra: parameters that are taken besides OpenAI's own.

    Raises:
        ApiError: the first thing wrong, with OpenAI's code and parameter.
    """
    check_key(headers)
    body = check_parameters(request, (_FRAME_PARAMETERS if framed else _PARAMETERS).union(extra), ["model"])
    check_tools("tools", body.get("tools"), nested=False)
    _check_format(mapping(body.get("text")).get("format"))
    given = body.get("input")
    if given is None and not body.get("previous_response_id") and not body.get("prompt") and not body.get("conversation"):
        raise missing("input")
    if given is not None and not isinstance(given, str | list):
        raise wrong_type("input", "a string or an array")
    items = given if isinstance(given, list) else []
    for i, item in enumerate(items):
        _check_item(f"input[{i}]", item, issued)
    _check_pairs([*before, *items])
    if issued is not None:
        _check_unchanged(items, issued, stored=body.get("store") is not False)


def _check_format(wanted: object) -> None:
    shape = mapping(wanted)
    if shape.get("type") == "json_schema":
        if not isinstance(shape.get("name"), str):
            raise missing("text.format.name")
        if not isinstance(shape.get("schema"), Mapping):
            raise missing("text.format.schema")


def _check_item(path: str, item: object, issued: Issued | None) -> None:
    if not isinstance(item, Mapping):
        raise wrong_type(path, "an object")
    kind = item.get("type", "message" if "role" in item else "item_reference" if "id" in item else None)
    _check_id(path, str(kind), item.get("id"))
    if kind == "message":
        _check_message(path, item)
    elif kind in CALLS:
        _check_call(path, str(kind), item)
    elif kind in _OUTPUTS:
        _check_output(path, str(kind), item)
    elif kind in {"reasoning", "compaction"}:
        _check_sealed(path, str(kind), item, issued)
    elif kind == "additional_tools":
        check_tools(f"{path}.tools", item.get("tools"), nested=False)
    elif kind == "item_reference":
        if issued is not None and item.get("id") not in issued.items:
            raise _not_found(path, item.get("id"))
    elif kind not in _OPAQUE:
        known = ["message", *CALLS, *_OUTPUTS, "reasoning", "compaction", "additional_tools", "item_reference", *_OPAQUE]
        raise invalid_value(f"{path}.type", kind, known)


def _check_id(path: str, kind: str, given: object) -> None:
    if given is None:
        return
    if not isinstance(given, str):
        raise wrong_type(f"{path}.id", "a string")
    prefix = _ID_PREFIXES.get(kind, "")
    if not given.startswith(prefix):
        raise invalid(f"Invalid '{path}.id': '{given}'. Expected an ID that begins with '{prefix}'.", f"{path}.id", "invalid_value")


def _check_message(path: str, item: JsonObject) -> None:
    role = item.get("role")
    if role not in _ROLES:
        raise invalid_value(f"{path}.role", role, _ROLES)
    content = item.get("content")
    if content is None:
        raise missing(f"{path}.content")
    _check_parts(f"{path}.content", content, _ASSISTANT_PARTS if role == "assistant" else _USER_PARTS)


def _check_parts(path: str, content: object, allowed: Sequence[str]) -> None:
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        raise wrong_type(path, "a string or an array")
    for c, part in enumerate(content):
        kind = mapping(part).get("type")
        if kind not in allowed:
            raise invalid_value(f"{path}[{c}].type", kind, allowed)
        if kind in {"input_text", "output_text"} and not isinstance(part.get("text"), str):
            raise missing(f"{path}[{c}].text") if "text" not in part else wrong_type(f"{path}[{c}].text", "a string")


def _check_call(path: str, kind: str, item: JsonObject) -> None:
    argument = CALLS[kind][0]
    named = ("name",) if kind in {"function_call", "custom_tool_call"} else ()
    for name in ("call_id", *named, argument):
        if item.get(name) is None:
            raise missing(f"{path}.{name}")
    expected = str if named else Mapping
    if not isinstance(item[argument], expected):
        raise wrong_type(f"{path}.{argument}", "a string" if named else "an object")


def _check_output(path: str, kind: str, item: JsonObject) -> None:
    if _answers(item) is None:
        raise missing(f"{path}.call_id")
    output = item.get("output")
    if kind in {"function_call_output", "custom_tool_call_output"}:
        if output is None:
            raise missing(f"{path}.output")
        _check_parts(f"{path}.output", output, _USER_PARTS)
    elif kind == "local_shell_call_output" and not isinstance(output, str):
        raise wrong_type(f"{path}.output", "a string")


def _check_sealed(path: str, kind: str, item: JsonObject, issued: Issued | None) -> None:
    if kind == "reasoning" and not isinstance(item.get("summary"), list):
        raise missing(f"{path}.summary")
    sealed = item.get("encrypted_content")
    if sealed is None:
        if kind == "reasoning" and (issued is None or item.get("id") in issued.items):
            return
        raise _not_found(path, item.get("id")) if kind == "reasoning" else missing(f"{path}.encrypted_content")
    if not isinstance(sealed, str) or opened(sealed) is None:
        start = str(sealed)[:16]
        message = f"The encrypted content {start}... could not be verified. Reason: Encrypted content could not be decrypted or parsed."
        raise invalid(message, f"{path}.encrypted_content", "invalid_encrypted_content")


def _check_pairs(items: Sequence[JsonObject]) -> None:
    calls: dict[object, str] = {}
    answered: dict[object, bool] = {}
    for item in items:
        kind = str(item.get("type"))
        if kind in CALLS:
            call = item.get("call_id")
            if call in calls:
                raise invalid(f"Duplicate function call with call_id {call}.", "input")
            calls[call] = kind
        elif kind in _OUTPUTS:
            call = _answers(item)
            if call not in calls or kind not in CALLS[calls[call]][1]:
                raise invalid(f"No tool call found for {_words(kind)} with call_id {call}.", "input")
            if call in answered:
                raise invalid(f"Duplicate {_words(kind)} found for call_id {call}.", "input")
            answered[call] = True
    for call, kind in calls.items():
        if call not in answered:
            raise invalid(f"No tool output found for {_words(kind)} {call}.", "input")


def _check_unchanged(items: Sequence[JsonObject], issued: Issued, *, stored: bool) -> None:
    previous: JsonObject = {}
    for i, item in enumerate(items):
        kind = str(item.get("type"))
        call = issued.calls.get(str(item.get("call_id"))) if kind in CALLS else None
        if call is not None:
            members = ("type", "name", "namespace", CALLS[kind][0])
            if any(call.get(name) != item.get(name) for name in members):
                raise invalid(f"The call {item['call_id']} is not the one that was issued.", f"input[{i}]")
        if kind == "reasoning" and item.get("encrypted_content") is not None:
            made = issued.reasoning.get(str(item["encrypted_content"]), item)
            if item.get("summary") != made.get("summary") or item.get("id", made.get("id")) != made.get("id"):
                raise invalid(f"The reasoning item {made.get('id')} is not the one that was issued.", f"input[{i}]", "invalid_encrypted_content")
        if stored and previous.get("type") == "reasoning" and previous.get("id") in issued.items and _is_input(item):
            # Without a store, agents send reasoning that a broken stream left alone, and it is taken.
            raise invalid(f"Item '{previous['id']}' of type 'reasoning' was provided without its required following item.", "input")
        previous = item


def _is_input(item: JsonObject) -> bool:
    return item.get("type") in _OUTPUTS or item.get("role") in {"user", "system", "developer"}


def _answers(item: JsonObject) -> object:
    """The id of the call that an output is for: a local shell's may name it as its own."""
    call = item.get("call_id")
    return item.get("id") if call is None and item.get("type") == "local_shell_call_output" else call


def _not_found(path: str, name: object) -> Exception:
    message = f"Item with id '{name}' not found. Items are not persisted when `store` is set to false."
    return invalid(message, path)


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def conversation(before: Sequence[JsonObject], body: JsonObject) -> list[JsonObject]:
    """All items of a conversation, those that the request lists at the end."""
    given = body.get("input")
    listed = [{"type": "message", "role": "user", "content": given}] if isinstance(given, str) else given
    return [*before, *(listed if isinstance(listed, list) else ())]
