"""What the Messages API refuses in a conversation: roles out of order, calls without results, thinking that was changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from headroom.testing.anthropic.blocks import check_block, refuse_empty_text
from headroom.testing.anthropic.prompt import as_blocks
from headroom.testing.errors import invalid
from headroom.testing.seal import sign
from headroom.testing.shapes import JsonObject

# https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages#limitations
_SYSTEM_IN_MESSAGES = re.compile(r"claude-(?:opus-4-8|(?:opus|fable|mythos)-[5-9])")
_NO_SYSTEM_IN_MESSAGES = re.compile(r"claude-(?:[23]|opus-4(?!-[89])|sonnet-4|haiku-[34])")
_NO_PREFILL = re.compile(r"claude-(?:opus-4-[678]|sonnet-4-6|(?:opus|sonnet|fable|mythos)-[5-9])")


def check_conversation(
    request: JsonObject,
    messages: Sequence[JsonObject],
    headers: Mapping[str, str],
    issued: Mapping[str, Sequence[JsonObject]],
    *,
    signatures: bool,
) -> None:
    """Refuses messages that the API would refuse, whatever else the request holds.

    Args:
        request: the parsed body, for the model and the thinking settings.
        messages: its messages, at least one.
        headers: the request's headers with lower-case names.
        issued: as for :func:`headroom.testing.check`.
        signatures: as for :func:`headroom.testing.check`.

    Raises:
        ApiError: the first thing wrong.
    """
    _check_roles(messages, request, headers)
    for m, message in enumerate(messages):
        _check_message(m, message, last=m == len(messages) - 1)
    _check_pairing(messages)
    _check_end(messages, request)
    if signatures:
        _check_signatures(messages)
    _check_thinking_unchanged(messages, request, issued)


def _check_roles(messages: Sequence[JsonObject], request: JsonObject, headers: Mapping[str, str]) -> None:
    model = str(request.get("model"))
    beta = "mid-conversation-system" in headers.get("anthropic-beta", "")
    for m, message in enumerate(messages):
        role = message.get("role")
        if role not in ("user", "assistant", "system"):
            raise invalid(f"messages.{m}.role: Input should be 'user', 'assistant' or 'system'")
        if role != "system":
            if m == 0 and role != "user":
                raise invalid('messages: first message must use the "user" role')
            continue
        if _NO_SYSTEM_IN_MESSAGES.match(model) or not (beta or _SYSTEM_IN_MESSAGES.match(model)):
            raise invalid(f"messages.{m}: role 'system' is not supported on this model")
        if m == 0:
            raise invalid("messages.0: use the top-level 'system' parameter for the initial system prompt")
        after_user = messages[m - 1].get("role") in ("user", "system")
        before_assistant = m == len(messages) - 1 or messages[m + 1].get("role") in ("assistant", "system")
        # Under the beta header, which the agents send, the API's own rules are not published; only these are certain.
        if not beta and not (after_user and before_assistant):
            raise invalid(f"messages.{m}: a system message must follow a user message and precede an assistant message")


def _check_message(m: int, message: JsonObject, *, last: bool) -> None:
    for name in message:
        if name not in {"role", "content", "output_config"}:
            raise invalid(f"messages.{m}.{name}: Extra inputs are not permitted")
    content = message.get("content")
    if content is None:
        raise invalid(f"messages.{m}.content: Field required")
    if not isinstance(content, str | list):
        raise invalid(f"messages.{m}.content: Input should be a valid string or list")
    role = str(message.get("role"))
    if not content and not (last and role == "assistant") and not (role == "system" and "output_config" in message):
        raise invalid(f"messages.{m}: all messages must have non-empty content except for the optional final assistant message")
    for c, part in enumerate(as_blocks(content) if isinstance(content, str) else content):
        path = f"messages.{m}.content.{c}"
        check_block(path, part, role=role)
        if part["type"] == "text" and not part["text"].strip():
            refuse_empty_text("messages", path, part)


def _turns(messages: Sequence[JsonObject]) -> Iterator[tuple[str, list[tuple[int, int, JsonObject]]]]:
    """Messages as the API sees them: neighbours of the same role are one turn of (message, index, block)."""
    turn: list[tuple[int, int, JsonObject]] = []
    previous = ""
    for m, message in enumerate(messages):
        role = str(message.get("role"))
        if role != previous:
            if previous:
                yield previous, turn
            turn, previous = [], role
        turn.extend((m, c, part) for c, part in enumerate(as_blocks(message.get("content"))))
    yield previous, turn


def _check_pairing(messages: Sequence[JsonObject]) -> None:
    seen: dict[object, bool] = {}
    open_calls: dict[object, int] = {}  # id -> message that made the call
    for role, turn in _turns(messages):
        answered: dict[object, bool] = {}
        leading = True
        for m, c, part in turn:
            leading = leading and part["type"] == "tool_result"
            if part["type"] == "tool_result":
                call = part["tool_use_id"]
                if call in answered:
                    raise invalid(
                        f"messages.{m}.content.{c}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {call}"
                    )
                if call not in open_calls:
                    raise invalid(
                        f"messages.{m}.content.{c}: unexpected `tool_use_id` found in `tool_result` blocks: {call}. Each"
                        " `tool_result` block must have a corresponding `tool_use` block in the previous message."
                    )
                if leading:
                    answered[call] = True
        _refuse_unanswered({call: m for call, m in open_calls.items() if call not in answered})
        open_calls = {}
        for m, c, part in turn:
            if role == "assistant" and part["type"] == "tool_use":
                if part["id"] in seen:
                    raise invalid(f"messages.{m}.content.{c}: `tool_use` ids must be unique")
                seen[part["id"]] = True
                open_calls[part["id"]] = m
    _refuse_unanswered(open_calls)


def _refuse_unanswered(calls: Mapping[object, int]) -> None:
    if calls:
        first = next(iter(calls.values()))
        names = ", ".join(str(call) for call in calls)
        raise invalid(
            f"messages.{first}: `tool_use` ids were found without `tool_result` blocks immediately after: {names}."
            " Each `tool_use` block must have a corresponding `tool_result` block in the next message."
        )


def _check_end(messages: Sequence[JsonObject], request: JsonObject) -> None:
    for role, turn in _turns(messages):
        if role == "assistant" and turn and turn[-1][2]["type"] in {"thinking", "redacted_thinking"}:
            raise invalid(f"messages.{turn[-1][0]}: The final block in an assistant message cannot be `thinking`.")
    if messages[-1].get("role") != "assistant":
        return
    if _NO_PREFILL.match(str(request.get("model"))):
        raise invalid("Prefilling assistant messages is not supported for this model.")
    final = as_blocks(messages[-1].get("content"))
    if final and final[-1]["type"] == "text" and str(final[-1]["text"])[-1:].isspace():
        raise invalid("messages: final assistant content cannot end with trailing whitespace")


def _check_signatures(messages: Sequence[JsonObject]) -> None:
    for m, message in enumerate(messages):
        for c, part in enumerate(as_blocks(message.get("content"))):
            if part["type"] == "thinking" and part["signature"] != sign(str(part["thinking"])):
                raise invalid(f"messages.{m}.content.{c}: Invalid `signature` in `thinking` block")


def _check_thinking_unchanged(messages: Sequence[JsonObject], request: JsonObject, issued: Mapping[str, Sequence[JsonObject]]) -> None:
    """In the latest assistant turn each thinking block stands before the calls it stood before, as it was issued."""
    thinking = request.get("thinking")
    if not isinstance(thinking, Mapping) or thinking.get("type") not in ("enabled", "adaptive"):
        return
    latest = [turn for role, turn in _turns(messages) if role == "assistant"][-1:]
    if not latest:
        return
    parts = [part for _, _, part in latest[0]]
    answer = next((issued[str(p["id"])] for p in parts if p["type"] == "tool_use" and str(p["id"]) in issued), None)
    if answer is not None and _thoughts(parts) != _thoughts(answer):
        m, c, _ = latest[0][0]
        raise invalid(
            f"messages.{m}.content.{c}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be"
            " modified. These blocks must remain as they were in the original response."
        )


def _thoughts(parts: Sequence[JsonObject]) -> list[tuple[object, ...]]:
    """Thinking blocks in their places among the tool calls."""
    kinds = {"thinking", "redacted_thinking", "tool_use"}
    return [(p["type"], p.get("thinking"), p.get("signature"), p.get("id")) for p in parts if p["type"] in kinds]
