"""What Chat Completions refuses, as a pure function of a request: unknown roles, tool calls and tool messages that do not match."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from headroom.testing.errors import invalid
from headroom.testing.openai.requests import check_key, check_parameters, check_tools, invalid_value, missing, wrong_type
from headroom.testing.openai.responses import Issued
from headroom.testing.shapes import JsonObject, mapping, objects

_PARAMETERS = frozenset(
    "model messages audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens metadata modalities "
    "moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort "
    "response_format safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user "
    "verbosity web_search_options".split()
)
_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_PARTS = {
    "system": ("text",),
    "developer": ("text",),
    "tool": ("text",),
    "function": (),
    "assistant": ("text", "refusal"),
    "user": ("text", "image_url", "input_audio", "file"),
}


def check_chat(request: object, headers: Mapping[str, str], *, issued: Issued | None = None, extra: Collection[str] = ()) -> None:
    """Refuses a request as the API would.

    Args:
        request: the parsed body.
        headers: the request's headers with lower-case names.
        issued: the calls given out earlier; one that comes back otherwise is refused, which is stricter than the real API.
        extra: parameters that are taken besides OpenAI's own.

    Raises:
        ApiError: the first thing wrong, with OpenAI's code and parameter.
    """
    check_key(headers)
    body = check_parameters(request, _PARAMETERS.union(extra), ["model", "messages"])
    check_tools("tools", body.get("tools"), nested=True)
    messages = body["messages"]
    if not isinstance(messages, list):
        raise wrong_type("messages", "an array")
    if not messages:
        raise invalid("Invalid 'messages': empty array. Expected an array with minimum length 1.", "messages", "empty_array")
    for m, message in enumerate(messages):
        _check_message(f"messages[{m}]", message, issued)
    _check_pairs(messages)


def _check_message(path: str, message: object, issued: Issued | None) -> None:
    if not isinstance(message, Mapping):
        raise wrong_type(path, "an object")
    role = message.get("role")
    if role not in _ROLES:
        raise invalid_value(f"{path}.role", role, _ROLES)
    content = message.get("content")
    calls = message.get("tool_calls")
    if calls is not None:
        _check_calls(f"{path}.tool_calls", calls, issued)
    if content is None:
        if role != "assistant" or not (calls or message.get("refusal") or message.get("audio") or message.get("function_call")):
            raise invalid(f"Invalid value for 'content': expected a string, got null. ({path})", f"{path}.content")
    else:
        _check_parts(f"{path}.content", content, _PARTS[role])
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise missing(f"{path}.tool_call_id")


def _check_parts(path: str, content: object, allowed: Sequence[str]) -> None:
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        raise wrong_type(path, "a string or an array")
    for c, part in enumerate(content):
        kind = mapping(part).get("type")
        if kind not in allowed:
            raise invalid_value(f"{path}[{c}].type", kind, allowed)
        if kind == "text" and not isinstance(part.get("text"), str):
            raise missing(f"{path}[{c}].text")


def _check_calls(path: str, calls: object, issued: Issued | None) -> None:
    if not isinstance(calls, list):
        raise wrong_type(path, "an array")
    if not calls:
        raise invalid(f"Invalid '{path}': empty array. Expected an array with minimum length 1.", path, "empty_array")
    for c, call in enumerate(calls):
        kind = mapping(call).get("type")
        if kind not in {"function", "custom"}:
            raise invalid_value(f"{path}[{c}].type", kind, ("function", "custom"))
        if not isinstance(call.get("id"), str):
            raise missing(f"{path}[{c}].id")
        part = mapping(call.get(kind))
        for name in ("name", "arguments" if kind == "function" else "input"):
            if not isinstance(part.get(name), str):
                raise missing(f"{path}[{c}].{kind}.{name}")
        made = issued.calls.get(call["id"]) if issued is not None else None
        if made is not None and made.get(kind) != part:
            raise invalid(f"The call {call['id']} is not the one that was issued.", f"{path}[{c}]")


def _check_pairs(messages: Sequence[JsonObject]) -> None:
    waiting: dict[object, bool] = {}  # calls of the latest assistant message that have no answer yet
    answerable: dict[object, bool] = {}
    for m, message in enumerate(messages):
        if message.get("role") == "tool":
            call = message.get("tool_call_id")
            if call not in answerable:
                raise invalid(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.", f"messages[{m}].role"
                )
            if call not in waiting:
                raise invalid(f"Duplicate response to the tool call {call}.", f"messages[{m}].tool_call_id")
            del waiting[call]
            continue
        _refuse_unanswered(waiting, m)
        waiting = {call.get("id"): True for call in objects(message.get("tool_calls"))}
        answerable = dict(waiting)
    _refuse_unanswered(waiting, len(messages))


def _refuse_unanswered(waiting: Mapping[object, bool], m: int) -> None:
    if waiting:
        names = ", ".join(str(call) for call in waiting)
        raise invalid(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
            f"The following tool_call_ids did not have response messages: {names}",
            f"messages[{m}].role",
        )
