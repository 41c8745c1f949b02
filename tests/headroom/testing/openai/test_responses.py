from __future__ import annotations

import pytest

from headroom.testing import ApiError
from headroom.testing.openai.responses import Issued, check_response, conversation
from headroom.testing.seal import sealed

KEY = {"authorization": "Bearer k"}
HELLO = {"role": "user", "content": [{"type": "input_text", "text": "hello"}]}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "run", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "x"}
CUSTOM = {"type": "custom_tool_call", "call_id": "call_2", "name": "exec", "input": "text(1)"}
CUSTOM_OUTPUT = {"type": "custom_tool_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "1"}]}
SHELL = {"type": "local_shell_call", "call_id": "call_3", "action": {"type": "exec", "command": ["ls"]}}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": sealed("hm")}
TOOL = {"type": "function", "name": "run", "parameters": {"type": "object"}}


def check(*items, framed=False, before=(), issued=None, headers=KEY, **more):
    check_response({"model": "m", "input": list(items)} | more, headers, before=before, issued=issued, framed=framed)


def test_taken():
    check(HELLO, THOUGHT, CALL, OUTPUT, {"role": "assistant", "content": [{"type": "output_text", "text": "Done."}]}, HELLO)
    check(HELLO, CALL, CUSTOM, {"role": "developer", "content": "in between"}, CUSTOM_OUTPUT, OUTPUT)
    check(SHELL, {"type": "local_shell_call_output", "id": "call_3", "output": "x"})
    check(SHELL, {"type": "function_call_output", "call_id": "call_3", "output": "x"})
    check(CUSTOM_OUTPUT, before=[HELLO, CUSTOM], framed=True, type="response.create", generate=True)
    check(HELLO, {"type": "compaction", "encrypted_content": sealed("c")}, {"type": "compaction_trigger"}, {"type": "configuration_update", "x": 1})
    check({"type": "additional_tools", "role": "developer", "tools": [{"type": "namespace", "name": "n", "tools": [TOOL]}, {"type": "web_search"}]})
    check(HELLO, tools=[TOOL, {"type": "custom", "name": "exec"}], text={"format": {"type": "json_schema", "name": "n", "schema": {}}})
    check_response({"model": "m", "input": "hello"}, {"api-key": "k"})
    check_response({"model": "m", "previous_response_id": "r"}, KEY)


@pytest.mark.parametrize(
    ("items", "param", "code", "message"),
    [
        (["x"], "input[0]", "invalid_type", "an object"),
        ([{}], "input[0].type", "invalid_value", "Supported values"),
        ([{"type": "poem"}], "input[0].type", "invalid_value", "'poem'"),
        ([{"role": "robot", "content": "x"}], "input[0].role", "invalid_value", "'robot'"),
        ([{"role": "user"}], "input[0].content", "missing_required_parameter", "content"),
        ([{"role": "user", "content": 3}], "input[0].content", "invalid_type", "a string or an array"),
        ([{"role": "user", "content": [{"type": "output_text", "text": "x"}]}], "input[0].content[0].type", "invalid_value", "input_text"),
        ([{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}], "input[0].content[0].type", "invalid_value", "output_text"),
        ([{"role": "user", "content": [{"type": "input_text"}]}], "input[0].content[0].text", "missing_required_parameter", "text"),
        ([{"role": "user", "content": [{"type": "input_text", "text": 3}]}], "input[0].content[0].text", "invalid_type", "a string"),
        ([HELLO | {"type": "message", "id": "fc_1"}], "input[0].id", "invalid_value", "begins with 'msg'"),
        ([CALL | {"id": 3}], "input[0].id", "invalid_type", "a string"),
        ([CALL | {"id": "x"}, OUTPUT], "input[0].id", "invalid_value", "begins with 'fc'"),
        ([{"type": "function_call", "call_id": "c", "name": "n"}], "input[0].arguments", "missing_required_parameter", "arguments"),
        ([CALL | {"arguments": {}}, OUTPUT], "input[0].arguments", "invalid_type", "a string"),
        ([SHELL | {"action": "ls"}], "input[0].action", "invalid_type", "an object"),
        ([CALL, {"type": "function_call_output", "output": "x"}], "input[1].call_id", "missing_required_parameter", "call_id"),
        ([CALL, {"type": "function_call_output", "call_id": "call_1"}], "input[1].output", "missing_required_parameter", "output"),
        ([CALL, OUTPUT | {"output": [{"type": "text", "text": "x"}]}], "input[1].output[0].type", "invalid_value", "input_text"),
        ([SHELL, {"type": "local_shell_call_output", "id": "call_3", "output": []}], "input[1].output", "invalid_type", "a string"),
        ([CALL], "input", None, "No tool output found for function call call_1."),
        ([CUSTOM], "input", None, "No tool output found for custom tool call call_2."),
        ([OUTPUT], "input", None, "No tool call found for function call output with call_id call_1."),
        ([OUTPUT, CALL], "input", None, "No tool call found"),
        ([CALL, CUSTOM_OUTPUT | {"call_id": "call_1"}], "input", None, "No tool call found for custom tool call output"),
        ([CALL, OUTPUT, OUTPUT], "input", None, "Duplicate function call output"),
        ([CALL, OUTPUT, CALL, OUTPUT], "input", None, "Duplicate function call"),
        ([{"type": "reasoning", "id": "rs_1"}], "input[0].summary", "missing_required_parameter", "summary"),
        ([THOUGHT | {"encrypted_content": sealed("hm") + "A"}], "input[0].encrypted_content", "invalid_encrypted_content", "could not be verified"),
        ([THOUGHT | {"encrypted_content": 3}], "input[0].encrypted_content", "invalid_encrypted_content", "could not be verified"),
        ([{"type": "compaction"}], "input[0].encrypted_content", "missing_required_parameter", "encrypted_content"),
    ],
)
def test_refused(items, param, code, message):
    with pytest.raises(ApiError) as caught:
        check(*items)
    error = caught.value
    assert (error.status, error.type, error.param, error.code, message in error.message) == (400, "invalid_request_error", param, code, True)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"nonsense": 1}, "unknown_parameter"),
        ({"generate": False}, "unknown_parameter"),
        ({"model": None}, "missing_required_parameter"),
        ({"model": 3}, "invalid_type"),
        ({"input": None}, "missing_required_parameter"),
        ({"input": 3}, "invalid_type"),
        ({"stream": "yes"}, "invalid_type"),
        ({"stream_options": {}}, None),
        ({"tools": {}}, "invalid_type"),
        ({"tools": [{"type": "function"}]}, "missing_required_parameter"),
        ({"tools": [TOOL | {"name": "no spaces"}]}, "invalid_value"),
        ({"tools": [TOOL | {"parameters": {"type": "string"}}]}, "invalid_function_parameters"),
        ({"tools": [{"type": "hammer"}]}, "invalid_value"),
        ({"text": {"format": {"type": "json_schema"}}}, "missing_required_parameter"),
        ({"text": {"format": {"type": "json_schema", "name": "n"}}}, "missing_required_parameter"),
    ],
)
def test_refused_beside_the_conversation(more, code):
    with pytest.raises(ApiError) as caught:
        check(HELLO, **more)
    assert (caught.value.status, caught.value.code) == (400, code)


def test_nobody_without_a_key_and_nothing_but_an_object():
    for headers in ({}, {"authorization": "Basic x"}, {"authorization": "Bearer "}):
        with pytest.raises(ApiError) as caught:
            check(HELLO, headers=headers)
        assert caught.value.status == 401
    with pytest.raises(ApiError):
        check_response([], KEY)


def test_what_was_issued():
    issued = Issued(
        calls={"call_1": CALL}, reasoning={THOUGHT["encrypted_content"]: THOUGHT}, items={"rs_1": THOUGHT, "rs_2": THOUGHT, "msg_1": HELLO}
    )
    check(HELLO, THOUGHT, CALL, OUTPUT, issued=issued)
    check(HELLO, {"type": "reasoning", "id": "rs_2", "summary": []}, CALL, OUTPUT, issued=issued)
    check({"type": "item_reference", "id": "msg_1"}, {"id": "msg_1"}, issued=issued)
    bad = [
        ([CALL | {"name": "walk"}, OUTPUT], "not the one"),
        ([CALL | {"namespace": "n"}, OUTPUT], "not the one"),
        ([THOUGHT | {"summary": [{}]}, CALL, OUTPUT], "not the one"),
        ([THOUGHT | {"id": "rs_9"}, CALL, OUTPUT], "not the one"),
        ([{"type": "reasoning", "id": "rs_9", "summary": []}], "not found"),
        ([{"type": "item_reference", "id": "msg_9"}], "not found"),
        ([THOUGHT, HELLO], "without its required following item"),
    ]
    for items, message in bad:
        with pytest.raises(ApiError, match=message):
            check(*items, issued=issued)
    check(THOUGHT, HELLO, issued=issued, store=False)


def test_conversations():
    listed = [HELLO]
    assert conversation([CALL], {"input": listed}) == [CALL, HELLO]
    assert conversation([], {"input": "x"}) == [{"type": "message", "role": "user", "content": "x"}]
    assert conversation([CALL], {}) == [CALL]
