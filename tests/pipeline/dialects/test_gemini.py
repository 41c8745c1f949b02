from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cache_aligner import lineage
from pipeline.dialects.api import PathInfo, Transcript, Unreadable
from pipeline.dialects.gemini import Gemini
from pipeline.policy import Policy
from pipeline.transcript import ItemKind, ToolKind
from tests.transcripts import conversations

CONTENTS: list[dict[str, Any]] = [
    {"role": "user", "parts": [{"text": "<session_context>\nToday is Sunday.\n</session_context>"}, {"text": "Why?"}]},
    {
        "role": "model",
        "parts": [
            {"text": "hm", "thought": True},
            {"functionCall": {"id": "f1", "name": "run_shell_command", "args": {"command": "cat a.log"}}, "thoughtSignature": "sig"},
            {"functionCall": {"id": "f2", "name": "grep_search", "args": {"pattern": "x"}}},
        ],
    },
    {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "f1", "name": "run_shell_command", "response": {"output": "a\n“b”"}}},
            {"functionResponse": {"id": "f2", "name": "grep_search", "response": {"error": "no such file"}}},
        ],
    },
]


def body(contents: Any, *, wrapped: bool = False, **fields: Any) -> bytes:
    request = {"contents": contents, "systemInstruction": {"parts": [{"text": "s"}]}, **fields}
    return json.dumps({"model": "gemini-4-argon", "project": "p", "request": request} if wrapped else request, ensure_ascii=False).encode()


def read(contents: Any, **fields: Any) -> Transcript:
    return Gemini().read(body(contents, **fields), Policy())


def gemini(messages: list[dict[str, Any]], *, ids: bool, snake: bool) -> list[dict[str, Any]]:
    """An Anthropic conversation as contents."""
    call, response = ("function_call", "function_response") if snake else ("functionCall", "functionResponse")
    found = []
    for message in messages:
        parts: list[dict[str, Any]] = []
        for part in [{"type": "text", "text": message["content"]}] if isinstance(message["content"], str) else message["content"]:
            if part["type"] == "text":
                parts.append({"text": part["text"]})
            elif part["type"] == "tool_use":
                named = {"id": part["id"]} if ids else {}
                parts.append({call: {**named, "name": "run_shell_command", "args": part["input"]}})
            else:
                named = {"id": part["tool_use_id"]} if ids else {}
                text = part["content"] if isinstance(part["content"], str) else part["content"][0]["text"]
                parts.append({response: {**named, "name": "run_shell_command", "response": {"output": text}}})
        found.append({"role": "model" if message["role"] == "assistant" else "user", "parts": parts})
    return found


def test_where_it_is_spoken() -> None:
    dialect = Gemini()
    for path in ("/v1beta/models/m:streamGenerateContent", "/v1beta/models/m:generateContent", "/v1internal:streamGenerateContent"):
        assert dialect.recognises("POST", path)
    assert not dialect.recognises("POST", "/v1beta/models/m:countTokens")
    assert not dialect.recognises("GET", "/v1beta/models/m:generateContent")
    assert dialect.session({}) == ""


@pytest.mark.parametrize("wrapped", [False, True])
def test_items_calls_and_the_open_turn(wrapped: bool) -> None:
    transcript = read(CONTENTS, wrapped=wrapped)
    kinds = [ItemKind.OTHER, ItemKind.USER_TEXT, ItemKind.OTHER, ItemKind.TOOL_CALL, ItemKind.TOOL_CALL, ItemKind.TOOL_RESULT, ItemKind.TOOL_RESULT]
    assert [i.kind for i in transcript.items] == kinds
    assert (transcript.turn, transcript.model) == (5, "gemini-4-argon" if wrapped else "")
    result, failed = transcript.items[5:]
    assert result.call is not None
    assert failed.call is not None
    assert (result.text, result.is_error, result.call.kind, result.call.path) == ("a\n“b”", False, ToolKind.READ, "a.log")
    assert (failed.text, failed.is_error, failed.call.name) == ("no such file", True, "grep_search")
    assert [s is not None for s in transcript.spans] == [False] * 5 + [True, False]


def test_calls_without_ids_are_paired_by_name_and_place() -> None:
    def call(command: str, **named: str) -> dict[str, Any]:
        return {"functionCall": {"name": "shell", "args": {"command": command}, **named}}

    answer = {"functionResponse": {"name": "shell", "response": {"result": "x"}}}
    turns = [{"role": "model", "parts": [call("cat a"), call("cat b")]}, {"parts": [answer, answer]}]
    assert [i.call.path for i in read(turns).items if i.call] == ["a", "b", "a", "b"]
    later = [*turns, {"role": "model", "parts": [call("cat c", id="named")]}, {"role": "function", "parts": [answer]}]
    assert [i.call.path for i in read(later).items if i.call][4:] == ["c", "c"]


LONG = "x" * 2000


@pytest.mark.parametrize(
    ("response", "text"),
    [
        ({"content": "longer text", "output": "short"}, "longer text"),
        ({"output": "x", "exit_code": 2}, "x"),
        ({"result": "x", "error": None}, "x"),
        ({"output": {"rows": []}}, None),
        ({"result": ["x"]}, None),
        ({"stdout": "x"}, None),
        ({"stdout": "x" * 999, "code": 1}, "x" * 999),
        ({"result": {"stdout": LONG, "stderr": "", "code": 1}}, LONG),
        ({"result": {"stdout": LONG, "stderr": LONG}}, json.dumps({"stdout": LONG, "stderr": LONG})),
        ({"result": ["ä", LONG]}, json.dumps(["ä", LONG], ensure_ascii=False)),
        ({"rows": [LONG], "total": 1}, json.dumps([LONG])),
        ({"result": {"a": {"b": {"c": {"d": {"e": LONG}}}}}}, json.dumps({"e": LONG})),
        ({"result": [LONG], "error": "x"}, None),
        ({"result": 10**1200}, None),
        ({}, None),
    ],
)
def test_which_text_may_be_replaced(response: dict[str, Any], text: str | None) -> None:
    transcript = read([{"parts": [{"functionResponse": {"name": "t", "response": response}}]}])
    found = [i.text for i, s in zip(transcript.items, transcript.spans) if s is not None]
    assert found == ([] if text is None else [text])
    assert transcript.items[0].kind is ItemKind.TOOL_RESULT
    assert transcript.items[0].is_error == bool(response.get("error"))


def test_what_a_function_returned_as_data_is_replaced_by_a_text_and_nothing_else_is() -> None:
    returned = {"functionResponse": {"name": "t", "id": "f", "response": {"result": [{"a": 1, "b": LONG}], "total": 1.10}}}
    raw = body([{"role": "user", "parts": [returned, {"text": "x"}]}])
    transcript = Gemini().read(raw, Policy())
    assert Gemini().write(raw, transcript, {}) is raw
    returned["functionResponse"]["response"]["result"] = "table\n“b”"
    assert json.loads(Gemini().write(raw, transcript, {0: "table\n“b”"})) == json.loads(body([{"role": "user", "parts": [returned, {"text": "x"}]}]))
    again = Gemini().read(Gemini().write(raw, transcript, {0: "table"}), Policy())
    assert again.items[0].text == "table"


def test_unknown_parts_pass() -> None:
    parts = [{"inlineData": {"data": "x"}}, {"functionCall": {}}, {"functionResponse": {"name": "t"}}, {"text": 3}, {"executableCode": {"code": "x"}}]
    transcript = read([{"role": "user", "parts": parts}, {"role": "model"}])
    assert [i.kind for i in transcript.items] == [ItemKind.OTHER] * 5


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[1]["parts"][1].pop("thoughtSignature"),
        lambda c: c[1]["parts"][0].update(thoughtSignature="sig"),
        lambda c: c[2]["parts"][0]["functionResponse"].update(willContinue=False),
        lambda c: c[2]["parts"].__setitem__(0, {"functionResponse": dict(reversed(c[2]["parts"][0]["functionResponse"].items()))}),
        lambda c: c[2]["parts"].__setitem__(0, {"function_response": c[2]["parts"][0]["functionResponse"]}),
        lambda c: c[0].pop("role"),
    ],
)
def test_another_spelling_is_the_same_lineage(change: Any) -> None:
    contents = json.loads(json.dumps(CONTENTS))
    before = lineage(read(contents).items)
    change(contents)
    assert lineage(read(contents, wrapped=True).items) == before


@pytest.mark.parametrize("change", [{"output": "a"}, {"output": "a\n“b”", "exit": 1}, {"output": "a\n“b”", "error": "x"}])
def test_another_content_is_another_lineage(change: dict[str, Any]) -> None:
    contents = json.loads(json.dumps(CONTENTS))
    contents[2]["parts"][0]["functionResponse"]["response"] = change
    a, b = lineage(read(CONTENTS).items), lineage(read(contents).items)
    assert a[:5] == b[:5]
    assert a[6] != b[6]


@pytest.mark.slow
@settings(max_examples=30)
@given(conversations(), st.booleans(), st.booleans(), st.booleans(), st.data())
def test_only_the_text_of_a_result_is_replaced(messages: list[dict[str, Any]], ids: bool, snake: bool, wrapped: bool, data: st.DataObject) -> None:
    dialect = Gemini()
    raw = body(gemini(messages, ids=ids, snake=snake), wrapped=wrapped)
    transcript = dialect.read(raw, Policy())
    assert dialect.write(raw, transcript, {}) is raw
    results = [i for i in transcript.items if i.kind is ItemKind.TOOL_RESULT]
    commands = [p["input"]["command"] for m in messages for p in m["content"] if isinstance(p, dict) and p["type"] == "tool_use"]
    assert [i.call.arguments["command"] if i.call else None for i in results] == commands
    index = data.draw(st.sampled_from([i for i, s in enumerate(transcript.spans) if s is not None]))
    span = transcript.spans[index]
    assert span is not None
    assert json.loads(raw[span.start : span.end]) == transcript.items[index].text
    written = dialect.write(raw, transcript, {index: 'new "text"\n…'})
    assert written == raw[: span.start] + '"new \\"text\\"\\n…"'.encode() + raw[span.end :]
    assert lineage(dialect.read(written, Policy()).items)[:index] == lineage(transcript.items)[:index]


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[1]", b'{"contents": 3}', b'{"contents": [3]}', b'{"request": {}}', b'{"request": 1}', b'{"contents":[],"contents":[]}']
)
def test_other_bodies_are_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        Gemini().read(raw, Policy())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["user", "model", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "parts", "text", "functionCall", "functionResponse", "name", "id", "args", "response", "output", "error"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@pytest.mark.slow
@settings(max_examples=200)
@given(st.binary(max_size=200) | st.lists(JSON, max_size=4).map(body))
def test_any_body_is_read_or_refused(raw: bytes) -> None:
    dialect = Gemini()
    try:
        transcript = dialect.read(raw, Policy())
    except Unreadable:
        return
    assert dialect.write(raw, transcript, {}) is raw


@pytest.mark.parametrize(
    ("path", "info"),
    [
        ("/v1beta/models/gemini-x:generateContent", PathInfo("gemini-x")),
        ("/v1beta/models/gemini-x:streamGenerateContent", PathInfo("gemini-x", stream=True)),
        ("/v1/projects/p/locations/l/publishers/google/models/gemini-y:streamGenerateContent", PathInfo("gemini-y", stream=True)),
        ("/v1internal:streamGenerateContent", PathInfo(stream=True)),
        ("/v1internal:generateContent", PathInfo()),
        ("/v1beta/tunedModels/t:generateContent", PathInfo()),
        ("/v1beta/models/m:countTokens", PathInfo()),
    ],
)
def test_what_the_path_says(path: str, info: PathInfo) -> None:
    assert Gemini().path_info(path) == info


def test_the_session_of_code_assist() -> None:
    body = json.dumps({"model": "m", "request": {"contents": [], "session_id": "s1"}}).encode()
    assert Gemini().read(body, Policy()).session == "s1"
