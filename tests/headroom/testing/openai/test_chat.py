from __future__ import annotations

import pytest

from headroom.testing import ApiError
from headroom.testing.openai.chat import check_chat
from headroom.testing.openai.responses import Issued

KEY = {"authorization": "Bearer k"}
HELLO = {"role": "user", "content": "hello"}
FUNCTION = {"id": "c1", "type": "function", "function": {"name": "run", "arguments": "{}"}}
CUSTOM = {"id": "c2", "type": "custom", "custom": {"name": "exec", "input": "x"}}
CALLS = {"role": "assistant", "content": None, "tool_calls": [FUNCTION, CUSTOM]}
TOOL = {"type": "function", "function": {"name": "run", "parameters": {"type": "object"}}}


def result(name="c1"):
    return {"role": "tool", "tool_call_id": name, "content": "x"}


def check(*messages, issued=None, **more):
    check_chat({"model": "m", "messages": list(messages)} | more, KEY, issued=issued)


def test_taken():
    check({"role": "system", "content": [{"type": "text", "text": "s"}]}, HELLO, CALLS, result("c2"), result("c1"), HELLO)
    check({"role": "user", "content": [{"type": "text", "text": "s"}, {"type": "image_url", "image_url": {}}]})
    check(HELLO, {"role": "assistant", "content": "a", "refusal": None}, CALLS, result("c1"), result("c2"), CALLS, result("c1"), result("c2"))
    check(HELLO, {"role": "assistant", "refusal": "no"}, HELLO, tools=[TOOL, {"type": "custom", "custom": {"name": "exec"}}])
    check(HELLO, stream=True, stream_options={"include_usage": True})


@pytest.mark.parametrize(
    ("messages", "param", "message"),
    [
        ([], "messages", "empty array"),
        (["x"], "messages[0]", "an object"),
        ([{"role": "robot", "content": "x"}], "messages[0].role", "'robot'"),
        ([{"role": "user"}], "messages[0].content", "got null"),
        ([HELLO, {"role": "assistant", "content": None}], "messages[1].content", "got null"),
        ([{"role": "user", "content": 3}], "messages[0].content", "a string or an array"),
        ([{"role": "system", "content": [{"type": "image_url"}]}], "messages[0].content[0].type", "'image_url'"),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages[0].content[0].text", "text"),
        ([HELLO, CALLS | {"tool_calls": {}}], "messages[1].tool_calls", "an array"),
        ([HELLO, CALLS | {"tool_calls": []}], "messages[1].tool_calls", "empty array"),
        ([HELLO, CALLS | {"tool_calls": [{"id": "c"}]}], "messages[1].tool_calls[0].type", "'None'"),
        ([HELLO, CALLS | {"tool_calls": [FUNCTION | {"id": None}]}], "messages[1].tool_calls[0].id", "id"),
        ([HELLO, CALLS | {"tool_calls": [FUNCTION | {"function": {"name": "n"}}]}], "messages[1].tool_calls[0].function.arguments", "arguments"),
        ([HELLO, {"role": "tool", "content": "x"}], "messages[1].tool_call_id", "tool_call_id"),
        ([HELLO, result()], "messages[1].role", "must be a response"),
        ([HELLO, CALLS, result("c9")], "messages[2].role", "must be a response"),
        ([HELLO, CALLS, result("c1"), result("c1")], "messages[3].tool_call_id", "Duplicate"),
        ([HELLO, CALLS, result("c1")], "messages[3].role", "did not have response messages: c2"),
        ([HELLO, CALLS, HELLO, result("c1"), result("c2")], "messages[2].role", "c1, c2"),
    ],
)
def test_refused(messages, param, message):
    with pytest.raises(ApiError) as caught:
        check(*messages)
    assert (caught.value.status, caught.value.param, message in caught.value.message) == (400, param, True)


@pytest.mark.parametrize(
    "more",
    [
        {"input": "x"},
        {"messages": {}},
        {"messages": None},
        {"stream_options": {}},
        {"tools": [TOOL["function"]]},
        {"tools": [{"type": "web_search"}]},
    ],
)
def test_refused_beside_the_conversation(more):
    with pytest.raises(ApiError):
        check(HELLO, **more)


def test_a_call_that_came_back_changed():
    issued = Issued(calls={"c1": FUNCTION})
    check(HELLO, CALLS, result("c1"), result("c2"), issued=issued)
    changed = FUNCTION | {"function": {"name": "run", "arguments": "{ }"}}
    with pytest.raises(ApiError, match="not the one that was issued"):
        check(HELLO, CALLS | {"tool_calls": [changed, CUSTOM]}, result("c1"), result("c2"), issued=issued)
