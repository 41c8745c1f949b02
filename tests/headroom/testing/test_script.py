from __future__ import annotations

import json
import threading

import pytest

from headroom.testing import (
    Answer,
    ApiError,
    Ask,
    Gate,
    Script,
    broken,
    custom_tool,
    cut,
    held,
    overloaded,
    rate_limited,
    server_error,
    shell,
    sign,
    slow,
    text,
    thinking,
    tool,
)
from headroom.testing.script import instance, with_ids

WITH_TOOLS = Ask({}, tools=True)
WITHOUT = Ask({})


def test_blocks():
    assert text("a") == {"type": "text", "text": "a"}
    assert tool("Bash", command="ls") == {"type": "tool_use", "name": "Bash", "input": {"command": "ls"}}
    assert tool("T", name="n")["input"] == {"name": "n"}
    assert custom_tool("exec", "text(1)") == {"type": "custom_tool_use", "name": "exec", "input": "text(1)"}
    assert shell("ls", "-l") == {"type": "shell_use", "input": {"command": ["ls", "-l"]}}
    assert thinking("hm") == {"type": "thinking", "thinking": "hm", "signature": sign("hm")}


def test_turns_are_answered_in_order_and_then_the_final_text():
    script = Script([text("one")], Answer([text("two")]), lambda request: [text(request["say"])], final="over")
    said = []
    for left in (3, 2, 1, 0, 0):
        assert script.left == left
        said.append(script.reply(Ask({"say": "three"}, tools=True)).blocks[0]["text"])
    assert said == ["one", "two", "three", "over", "over"]


def test_a_function_may_answer_or_refuse():
    script = Script(lambda _: overloaded(), lambda _: cut([text("x")], 2))
    assert script.reply(WITH_TOOLS).status == 529
    assert script.reply(WITH_TOOLS).cut_after == 2


def test_stop_reasons():
    assert Answer([text("a")]).stop == "end_turn"
    assert Answer([thinking("a"), tool("T")]).stop == "tool_use"
    assert Answer([text("a")], stop_reason="max_tokens").stop == "max_tokens"


def test_a_request_for_json_is_answered_aside_and_satisfies_its_schema():
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "kind": {"enum": ["a", "b"]},
            "version": {"const": 2},
            "n": {"type": "integer"},
            "x": {"type": "number"},
            "ok": {"type": "boolean"},
            "tags": {"type": "array"},
            "inner": {"type": "object", "properties": {"deep": {"type": "string"}}},
            "none": {"type": "null"},
        },
    }
    script = Script([text("one")])
    for ask in (Ask({}, schema=schema), Ask({}, schema=schema, tools=True)):
        assert script.is_aside(ask)
        (block,) = script.reply(ask).blocks
        assert json.loads(block["text"]) == {
            "title": "Scripted session",
            "kind": "a",
            "version": 2,
            "n": 1,
            "x": 1,
            "ok": False,
            "tags": [],
            "inner": {"deep": "Scripted session"},
            "none": None,
        }
    assert script.left == 1


@pytest.mark.parametrize("turn", [[tool("Bash")], Answer([text("a"), tool("Bash")]), [tool("Bash") | {"id": "toolu_1"}]])
def test_without_tools_a_request_is_aside_if_the_script_calls_tools(turn):
    script = Script(turn)
    assert script.is_aside(WITHOUT)
    assert not script.is_aside(WITH_TOOLS)
    assert script.reply(WITHOUT).blocks == [text("Noted.")]
    assert script.left == 1


def test_without_tools_a_script_of_texts_goes_on():
    script = Script([text("one")], overloaded(), lambda _: [text("three")])
    assert not script.is_aside(WITHOUT)
    assert script.reply(WITHOUT).blocks == [text("one")]


def test_what_is_aside_can_be_decided_by_the_caller():
    script = Script([text("one")], aside=lambda request: request["model"] == "small")
    assert script.is_aside(Ask({"model": "small"}, tools=True))
    assert not script.is_aside(Ask({"model": "big"}, schema={}))


def test_filling_the_cache_costs_no_turn():
    script = Script([text("one")])
    assert (script.reply(Ask({}, silent=True)).stop, script.left) == ("max_tokens", 1)


def test_compacting_costs_no_turn_whatever_the_caller_says_is_aside():
    script = Script([text("one")], aside=lambda _: False)
    ask = Ask({}, tools=True, compacts=True)
    assert script.is_aside(ask)
    assert (script.reply(ask).blocks, script.left) == ([{"type": "compaction"}], 1)


def test_faults():
    blocks = [text("x")]
    gate = Gate()
    assert slow(blocks, 0.5).pause == 0.5
    assert broken(blocks, 3).error_after == 3
    assert broken(blocks).error.status == 529
    assert (held(blocks, gate, 2).gate, held(blocks, gate, 2).gate_at) == (gate, 2)
    for error, status, kind in (
        (rate_limited(3), 429, "rate_limit_error"),
        (overloaded(), 529, "overloaded_error"),
        (server_error(), 500, "api_error"),
    ):
        assert isinstance(error, ApiError)
        assert (error.status, error.type) == (status, kind)
    assert rate_limited(3).retry_after == 3


def test_a_gate_lets_through_whoever_waits_and_whoever_comes_later():
    gate, woken = Gate(), []
    gate.wait(lambda: woken.append("early"))
    assert (gate.reached.is_set(), woken) == (True, [])
    releaser = threading.Thread(target=gate.release)
    releaser.start()
    releaser.join()
    gate.wait(lambda: woken.append("late"))
    assert woken == ["early", "late"]


def test_ids_are_given_where_they_are_missing():
    ids = iter(["a", "b"])
    answer = with_ids(Answer([text("x"), tool("T"), tool("U") | {"id": "mine"}, tool("V")], pause=1.0), lambda: next(ids))
    assert [b.get("id") for b in answer.blocks] == [None, "a", "mine", "b"]
    assert answer.pause == 1.0


def test_a_conversation_is_named_by_its_session_or_by_how_it_begins():
    assert [Ask({}, "s", "w").conversation, Ask({}, "", "w").conversation] == ["s", "w"]


def test_instances_of_schemas_in_capitals_and_with_a_least_value():
    schema = {"type": "OBJECT", "properties": {"score": {"type": "INTEGER", "minimum": 3}, "why": {"type": "STRING"}, "other": 3}}
    assert instance(schema, "w") == {"score": 3, "why": "w"}
