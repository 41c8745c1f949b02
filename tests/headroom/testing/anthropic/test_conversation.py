from __future__ import annotations

import pytest

from headroom.testing import ApiError, check, sign, thinking

HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
BETA = HEADERS | {"anthropic-beta": "claude-code-20250219,mid-conversation-system-2026-04-07"}


def user(*content):
    return {"role": "user", "content": [part if isinstance(part, dict) else text(part) for part in content]}


def assistant(*content):
    return {"role": "assistant", "content": [part if isinstance(part, dict) else text(part) for part in content]}


def system(content="note"):
    return {"role": "system", "content": content}


def text(value):
    return {"type": "text", "text": value}


def call(name):
    return {"type": "tool_use", "id": name, "name": "T", "input": {}}


def result(name):
    return {"type": "tool_result", "tool_use_id": name, "content": "r"}


def refused(messages, headers=HEADERS, model="claude-opus-4-8", issued=None, thinking=None, **more):
    body = {"model": model, "max_tokens": 9000, "messages": messages} | ({"thinking": thinking} if thinking else {})
    try:
        check(body, headers, issued=issued, **more)
    except ApiError as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    "messages",
    [
        [user("q"), user("more")],
        [user("q"), assistant("a"), assistant("b"), user("r")],
        [user("q"), assistant("a", call("1"), call("2")), user(result("2"), result("1"), "and")],
        [user("q"), assistant(call("1")), assistant(call("2")), user(result("1")), user(result("2"))],
        [user("q"), system(), assistant("a"), user("r"), system(), system("x")],
        [user("q"), assistant(call("1")), user(result("1")), system(), assistant("a"), user("r")],
        [user("q"), assistant(thinking("hm"), call("1")), user(result("1"))],
        [user("q"), assistant({"type": "redacted_thinking", "data": "x"}, "a"), user("r")],
        [user("q"), system([]) | {"output_config": {"effort": "low"}}],
    ],
)
def test_valid(messages):
    assert refused(messages) == ""


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([assistant("a"), user("q")], 'messages: first message must use the "user" role'),
        ([user("q") | {"role": "tool"}], "messages.0.role: Input should be 'user', 'assistant' or 'system'"),
        ([user("q") | {"role": ["user"]}], "messages.0.role: Input should be 'user', 'assistant' or 'system'"),
        ([user("q"), assistant(call("1")), user("r")], "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: 1."),
        ([user("q"), assistant(call("1"), call("2")), user(result("1"))], "immediately after: 2."),
        ([user("q"), assistant(call("1")), user("first", result("1"))], "immediately after: 1."),
        ([user("q"), assistant(call("1"))], "immediately after: 1."),
        ([user("q"), assistant("a"), user(result("9"))], "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: 9."),
        ([user("q"), assistant(call("1")), user(result("1")), assistant("a"), user(result("1"))], "messages.4.content.0: unexpected `tool_use_id`"),
        ([user("q"), assistant(call("1")), user(result("1"), result("1"))], "messages.2.content.1: each tool_use must have a single result."),
        ([user("q"), assistant(call("1"), call("1")), user(result("1"))], "messages.1.content.1: `tool_use` ids must be unique"),
        ([user("q"), assistant(thinking("hm")), user("r")], "messages.1: The final block in an assistant message cannot be `thinking`."),
        ([user("q"), assistant("a")], "Prefilling assistant messages is not supported for this model."),
    ],
)
def test_refused(messages, message):
    assert message in refused(messages)


def test_older_models_take_a_prefill_without_trailing_space():
    assert refused([user("q"), assistant("a")], model="claude-sonnet-4-5-20250929") == ""
    assert refused([user("q"), {"role": "assistant", "content": ""}], model="claude-sonnet-4-5-20250929") == ""
    assert "cannot end with trailing whitespace" in refused([user("q"), assistant("a ")], model="claude-haiku-4-5-20251001")


@pytest.mark.parametrize(
    ("model", "plain", "beta"),
    [
        ("claude-opus-4-8", True, True),
        ("claude-opus-5", True, True),
        ("claude-fable-5", True, True),
        ("claude-sonnet-5", False, True),
        ("some-model", False, True),
        ("claude-opus-4-7", False, False),
        ("claude-opus-4-20250514", False, False),
        ("claude-sonnet-4-6", False, False),
        ("claude-haiku-4-5-20251001", False, False),
    ],
)
def test_who_takes_system_messages_in_the_conversation(model, plain, beta):
    for headers, taken in ((HEADERS, plain), (BETA, beta)):
        message = refused([user("q"), system()], headers, model)
        assert message == ("" if taken else "messages.1: role 'system' is not supported on this model")


def test_where_system_messages_stand():
    assert "messages.0: use the top-level 'system' parameter" in refused([system(), user("q")], BETA)
    for messages in ([user("q"), assistant("a"), system()], [user("q"), system(), user("r")]):
        assert "must follow a user message and precede an assistant message" in refused(messages)
        assert refused(messages, BETA) == ""
    assert "immediately after: 1." in refused([user("q"), assistant(call("1")), system(), user(result("1"))], BETA)


ADAPTIVE = {"type": "adaptive"}


def test_a_signature_must_come_back_with_its_thinking():
    good, forged = thinking("hm"), thinking("hm") | {"thinking": "hmm"}
    assert good["signature"] == sign("hm") != sign("hmm")
    assert refused([user("q"), assistant(forged, "a"), user("r")]) == "messages.1.content.0: Invalid `signature` in `thinking` block"
    assert refused([user("q"), assistant(forged, "a"), user("r")], signatures=False) == ""


def test_thinking_in_the_latest_answer_is_as_it_was_issued():
    one, two = thinking("one"), thinking("two")
    content = [one, call("1"), two, text("so"), call("2")]
    issued = {"1": content, "2": content}
    results = user(result("1"), result("2"))

    def sent(*parts, then=(), mode=ADAPTIVE):
        return refused([user("q"), assistant(*parts), results, *then], issued=issued, thinking=mode)

    assert sent(*content) == ""
    assert sent(one, call("1"), two, call("2")) == ""
    for parts in ([call("1"), two, call("2")], [one, two, call("1"), call("2")], [call("1"), call("2")]):
        assert "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant" in sent(*parts)
        assert sent(*parts, mode={"type": "disabled"}) == ""
        assert sent(*parts, then=[assistant("a"), user("r")]) == ""
