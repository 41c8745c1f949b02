from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import cache_aligner
from pipeline.cache_aligner import lineage
from pipeline.dialects.api import Transcript, Unreadable
from pipeline.dialects.openai_responses import About, Event, OpenAIResponses, about, event
from pipeline.policy import Policy
from pipeline.tool_calls import ranged
from pipeline.transcript import Item, ItemKind, ToolKind
from tests.memory_store import MemoryStore
from tests.transcripts import conversations

SCRIPT = 'const r = await tools.exec_command({cmd:"cat \\"a b.log\\"", workdir: dir});\ntext(r.output);'
HEAD = "Script completed\nWall time 0.1 seconds\nOutput:\n"
LITE: list[dict[str, Any]] = [
    {"type": "additional_tools", "role": "developer", "id": "at_1", "tools": [{"type": "namespace", "name": "functions", "tools": []}]},
    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "You are Codex."}]},
    {
        "type": "message",
        "role": "user",
        "content": [
            {"type": "input_text", "text": "# AGENTS.md instructions for /p\n\n<INSTRUCTIONS>\nBe brief.\n</INSTRUCTIONS>"},
            {"type": "input_text", "text": "<environment_context>\n<cwd>/p</cwd>\n</environment_context>"},
        ],
    },
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Why?"}]},
    {"type": "reasoning", "id": "rs_1", "summary": [], "content": None, "encrypted_content": "gAAA"},
    {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "exec", "input": SCRIPT},
    {
        "type": "custom_tool_call_output",
        "id": "ctco_1",
        "call_id": "call_1",
        "output": [
            {"type": "input_text", "text": HEAD},
            {"type": "input_text", "text": "payload\n“x”"},
            {"type": "input_image", "image_url": "data:"},
        ],
        "internal_chat_message_metadata_passthrough": {"turn_id": "t"},
    },
]
KINDS = ["OTHER", "OTHER", "OTHER", "OTHER", "USER_TEXT", "OTHER", "TOOL_CALL", "TOOL_RESULT", "TOOL_RESULT", "OTHER"]


def body(items: Any, **fields: Any) -> bytes:
    return json.dumps({"model": "gpt-6.1-sol", "input": items, "stream": True, "store": False, **fields}, ensure_ascii=False).encode()


def read(items: Any, **fields: Any) -> Transcript:
    return OpenAIResponses().read(body(items, **fields), Policy())


def responses(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An Anthropic conversation as items."""
    found: list[dict[str, Any]] = []
    for message in messages:
        for part in [{"type": "text", "text": message["content"]}] if isinstance(message["content"], str) else message["content"]:
            if part["type"] == "text":
                kind = "output_text" if message["role"] == "assistant" else "input_text"
                found.append({"type": "message", "role": message["role"], "content": [{"type": kind, "text": part["text"]}]})
            elif part["type"] == "tool_use":
                given_ = json.dumps({"cmd": part["input"]["command"]})
                found.append({"type": "function_call", "call_id": part["id"], "name": "exec_command", "arguments": given_})
            else:
                content = part["content"]
                output = content if isinstance(content, str) else [{"type": "input_text", "text": p["text"]} for p in content]
                found.append({"type": "function_call_output", "call_id": part["tool_use_id"], "output": output})
    return found


def by_model(item: dict[str, Any]) -> bool:
    return item["type"] == "function_call" or item.get("role") == "assistant"


def test_where_it_is_spoken() -> None:
    dialect = OpenAIResponses()
    for path in ("/v1/responses", "/responses", "/backend-api/codex/responses"):
        assert dialect.recognises("POST", path)
    assert not dialect.recognises("GET", "/v1/responses")
    assert not dialect.recognises("POST", "/v1/responses/compact")
    assert dialect.session({"session-id": "s"}) == "s"


@pytest.mark.parametrize(
    ("fields", "forgets"),
    [
        ({"truncation": "auto"}, True),
        ({"truncation": "disabled"}, False),
        ({"truncation": None, "context_management": None}, False),
        ({"context_management": []}, False),
        ({"context_management": [{"type": "compaction", "compact_threshold": 200_000}]}, True),
        ({}, False),
    ],
)
def test_what_the_api_may_leave_out(fields: dict[str, Any], forgets: bool) -> None:
    assert read(LITE, **fields).forgets == forgets


def test_items_calls_and_the_open_turn() -> None:
    transcript = read(LITE)
    assert [i.kind.name for i in transcript.items] == KINDS
    assert (transcript.turn, transcript.stream, transcript.model, transcript.session) == (7, True, "gpt-6.1-sol", "")
    assert read(LITE, prompt_cache_key="k").session == "k"
    assert read(LITE, prompt_cache_key=7).session == ""
    head, payload = transcript.items[7:9]
    assert payload.text == "payload\n“x”"
    assert head.call is not None
    assert head.call == payload.call == transcript.items[6].call
    assert (head.call.name, head.call.kind, head.call.command, head.call.path) == ("exec_command", ToolKind.READ, 'cat "a b.log"', "a b.log")
    assert [s is not None for s in transcript.spans] == [k == "TOOL_RESULT" for k in KINDS]


def test_plain_tools_and_the_local_shell() -> None:
    items = [
        {"role": "user", "content": "Why?"},
        {"type": "function_call", "call_id": "a", "name": "exec_command", "arguments": '{"cmd": "sed -n 1,9p x.py"}'},
        {
            "type": "local_shell_call",
            "id": "l",
            "call_id": "b",
            "action": {"type": "exec", "command": ["bash", "-lc", "rg -n order"]},
            "status": "completed",
        },
        {
            "type": "function_call_output",
            "call_id": "a",
            "output": "Chunk ID: 6adef9\nWall time: 0.04 seconds\nProcess exited with code 1\nOutput:\nno",
        },
        {"type": "local_shell_call_output", "id": "b", "output": "src/a.py:1: order"},
    ]
    transcript = read(items)
    first, second = transcript.items[3:]
    assert first.call is not None
    assert second.call is not None
    assert (first.call.path, ranged(first.call), first.is_error) == ("x.py", True, True)
    assert (second.call.kind, second.call.command, second.is_error) == (ToolKind.SEARCH, "rg -n order", False)
    assert transcript.turn == 3


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("Script failed\nWall time 0.1 seconds\n", True),
        (HEAD, False),
        ("Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess.", False),
        ("Exit code: 127\nWall time: 0 seconds\n", True),
        ("Wall time: 1 seconds\nProcess exited with code -9\n", True),
        ("the manual says: Process exited with code 1", False),
    ],
)
def test_what_is_said_to_have_failed(text: str, failed: bool) -> None:
    parts = [{"type": "input_text", "text": text}, {"type": "input_text", "text": "Script error:\nx"}]
    items = read([{"type": "custom_tool_call_output", "call_id": "c", "output": parts}]).items
    assert [i.is_error for i in items] == [failed, failed]


def test_what_a_script_prints_is_no_report_of_its_own() -> None:
    parts = [{"type": "input_text", "text": HEAD}, {"type": "input_text", "text": "Script failed\nExit code: 1"}]
    items = read([{"type": "custom_tool_call_output", "call_id": "c", "output": parts}]).items
    assert [i.is_error for i in items] == [False, False]


@pytest.mark.parametrize("kind", ["reasoning", "compaction", "web_search_call", "function_call", "custom_tool_call", "local_shell_call"])
def test_whatever_the_model_made_ends_a_turn(kind: str) -> None:
    asked = {"role": "user", "content": "Why?"}
    assert read([asked, {"type": kind, "id": "x"}, asked, asked]).turn == 2
    assert read([asked, {"type": f"{kind}_result", "id": "x"}, asked]).turn == 0


@pytest.mark.parametrize(
    ("script", "name", "command"),
    [
        ('text((await tools.exec_command({cmd:"ls -l"})).output)', "exec_command", "ls -l"),
        ("await tools.exec_command({workdir:'/p', cmd:'rg -n \"a b\" src'})", "exec_command", 'rg -n "a b" src'),
        ('await tools.exec_command({"cmd": `make\ntest`, max: 3})', "exec_command", "make\ntest"),
        ('// tools.exec_command({cmd:"no"})\nawait tools . exec_command ( {cmd:"ls"} )', "exec_command", "ls"),
        ("await tools.exec_command({cmd:'tools.exec_command({cmd:1})'})", "exec_command", "tools.exec_command({cmd:1})"),
        (r'tools.exec_command({cmd:"\u0061\x62\u{63}\n\ud83d\ude00\"\q"})', "exec_command", 'abc\n😀"q'),
        ("tools.exec_command({cmd:`cat ${path}`})", "exec_command", "cat …"),
        ('tools.exec_command({cmd:"cat " + path})', "exec_command", "cat …"),
        ('tools.exec_command({cmd: first + "ls"})', "exec_command", ""),
        ('tools.exec_command({env:{cmd:"inner"}})', "exec_command", ""),
        ("tools.exec_command({cmd})", "exec_command", ""),
        ('tools.exec_command({cmd:"unclosed', "exec_command", ""),
        ('tools.exec_command({cmd:"ls"}); tools.exec_command({cmd:"ps"})', "exec_command", "ls\nps"),
        ('tools.exec_command({cmd:"rg x"}); tools.exec_command({cmd:"sed -n 1,9p a.py"})', "exec_command", "sed -n 1,9p a.py"),
        ('await tools.apply_patch("x"); text((await tools.exec_command({cmd:"make"})).output)', "exec_command", "make"),
        ('for (const cmd of ["cat a.py", "utf8", "ls"]) text(await tools.exec_command({cmd}))', "exec_command", "cat a.py"),
        ("tools.apply_patch(a); tools.view_image({path: b})", "exec", ""),
        ('await Promise.all(["a"].map((c) => tools[c]({cmd:"ls"})))', "exec", ""),
        ("text(1)", "exec", ""),
        ("tools", "exec", ""),
        ("tools.exec_command", "exec", ""),
        ('/* tools.x( */ text("tools.x(")', "exec", ""),
        ('tools.exec_command({cmd:"' + "x" * 40_000 + '"})', "exec", ""),
    ],
)
def test_the_command_in_a_script(script: str, name: str, command: str) -> None:
    call = read([{"type": "custom_tool_call", "call_id": "c", "name": "exec", "input": script}]).items[0].call
    assert call is not None
    assert (call.id, call.name, call.command) == ("c", name, command)


def test_other_tools_in_a_script() -> None:
    script = 'const r = await tools.mcp__headroom__headroom_retrieve({handle: "3f9a2c7b", lines: "1-9"}); text(r)'
    call = read([{"type": "custom_tool_call", "call_id": "c", "name": "exec", "input": script}]).items[0].call
    assert call is not None
    assert (call.kind, call.arguments) == (ToolKind.MCP, {"handle": "3f9a2c7b", "lines": "1-9"})
    call = read([{"type": "custom_tool_call", "call_id": "c", "name": "exec", "input": "tools.apply_patch(`*** Begin`)"}]).items[0].call
    assert call is not None
    assert call.kind is ToolKind.EDIT


@pytest.mark.parametrize("unit", ["`\\", "'\"`", "/*", "tools.x({", '{a:"b",', "\\", "((((", "tools", "${`"])
def test_hostile_scripts_are_read_in_linear_time(unit: str) -> None:
    script = (unit * 40_000)[:32_000]
    began = time.process_time()
    read([{"type": "custom_tool_call", "call_id": "c", "name": "exec", "input": script}])
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "change",
    [
        lambda i: i[0].pop("id"),
        lambda i: i[3].update(content="Why?", id="msg_9"),
        lambda i: i[3].pop("type"),
        lambda i: i[3].update(unknown={"x": 1}),
        lambda i: i[4].pop("content"),
        lambda i: i[4].update(status="completed", id="rs_2"),
        lambda i: i[5].update(status="completed"),
        lambda i: i[5].pop("id"),
        lambda i: i[6].pop("internal_chat_message_metadata_passthrough"),
        lambda i: i.__setitem__(6, dict(reversed(i[6].items()))),
        lambda i: i.insert(4, {"type": "configuration_update", "reasoning": {"effort": "low"}}),
    ],
)
def test_another_spelling_is_the_same_lineage(change: Any) -> None:
    items = json.loads(json.dumps(LITE))
    before = lineage(read(items).items)
    change(items)
    assert lineage(read(items, client_metadata={"t": 2}).items) == before


def test_another_content_is_another_lineage() -> None:
    for at, change in [(3, {"content": "How?"}), (4, {"encrypted_content": "gBBB"}), (5, {"input": "text(1)"}), (6, {"output": "other"})]:
        items = json.loads(json.dumps(LITE))
        items[at].update(change)
        a, b = lineage(read(LITE).items), lineage(read(items).items)
        first = next(n for n, (x, y) in enumerate(zip(a, b)) if x != y)
        assert a[first:] != b[first:]
        assert first == [0, 1, 2, 4, 5, 6, 7][at]


def test_references_to_items_differ_by_their_ids() -> None:
    a, b = (read([{"type": "item_reference", "id": i}]).items for i in "ab")
    assert a != b


def test_in_the_request_for_a_summary_nothing_is_new() -> None:
    for tail in ([{"type": "compaction_trigger"}], [{"type": "compaction_trigger"}, {"type": "configuration_update", "reasoning": {}}]):
        transcript = read([*LITE, *tail])
        assert transcript.turn == len(transcript.items)
        assert lineage(transcript.items)[: len(KINDS)] == lineage(read(LITE).items)
        assert transcript.spans[8] is not None, "what was sent smaller before is sent so again"
    told = [*LITE, {"type": "message", "role": "user", "content": 'What is a "compaction_trigger"?'}]
    assert read(told).turn < len(read(told).items)


def test_unknown_items_and_shapes_pass() -> None:
    items = [
        {"type": "compaction", "encrypted_content": "x"},
        {"type": "from_the_future", "output": "y" * 500},
        {"type": "function_call_output", "call_id": "c", "output": None},
        {"type": "function_call_output", "call_id": "c", "output": {"content": "x"}},
        {"type": "function_call", "call_id": "c"},
        {"type": "message", "role": "user", "content": 7},
        {"type": "web_search_call", "id": "w", "action": {"query": "q"}},
    ]
    transcript = read(items)
    assert {i.kind for i in transcript.items} == {ItemKind.OTHER}
    assert len(transcript.items) == transcript.turn == len(items)


def test_input_may_be_a_text() -> None:
    transcript = read("Why?")
    assert [(i.kind, i.text) for i in transcript.items] == [(ItemKind.USER_TEXT, "Why?")]
    assert lineage(transcript.items) == lineage(read([{"role": "user", "content": "Why?"}]).items)


def test_about() -> None:
    assert about(body([], previous_response_id="resp_1", prompt_cache_key="k", generate=False)) == About("", "", "resp_1", "k", generates=False)
    assert about(body([], type="response.create", stream_id="s", generate=True)) == About("response.create", "s")
    assert about(body([], previous_response_id=None)) == About()
    with pytest.raises(Unreadable):
        about(b"[]")
    with pytest.raises(Unreadable):
        about(b'{"prompt_cache_key": 3}')


@settings(max_examples=30)
@given(st.lists(st.binary(min_size=32, max_size=32), max_size=8), st.integers(0, 8))
def test_a_lineage_goes_on_where_it_ended(digests: list[bytes], cut: int) -> None:
    items = [Item(ItemKind.OTHER, d) for d in digests]
    cut = min(cut, len(items))
    keys = lineage(items)
    assert keys == cache_aligner.lineage(items)
    assert keys[:cut] + lineage(items[cut:], keys[cut - 1] if cut else "") == keys


@pytest.mark.slow
@settings(max_examples=25)
@given(conversations())
def test_over_a_websocket_the_conversation_is_the_same(messages: list[dict[str, Any]]) -> None:
    """Requests that list only new items, read after the items before them, have the lineage, calls and turn of the whole conversation."""
    items = responses(messages)
    dialect, policy = OpenAIResponses(), Policy()
    known: tuple[Item, ...] = ()
    end = ""
    at = 0
    while at < len(items):
        stop = next((n for n in range(at, len(items)) if by_model(items[n])), len(items))
        frame = body(items[at:stop], type="response.create", previous_response_id=f"resp_{at}")
        transcript = dialect.read_on(frame, policy, known)
        whole = dialect.read(body(items[:stop]), policy)
        assert (transcript.items, transcript.turn) == (whole.items, whole.turn)
        keys = lineage(transcript.items[len(known) :], end)
        assert keys == lineage(whole.items)[len(known) :]
        assert transcript.spans[: len(known)] == (None,) * len(known)
        known, end = transcript.items, keys[-1]
        at = stop
        while at < len(items) and by_model(items[at]):
            event = {"type": "response.output_item.done", "output_index": 0, "item": {"id": f"i_{at}", "status": "completed", **items[at]}}
            made = dialect.answered(json.dumps(event).encode(), policy)
            end = lineage(made, end)[-1]
            known += made
            at += 1


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"response.output_item.done",
        b'{"type":"response.output_item.done"}',
        b'{"type":"response.output_item.done","item":3}',
        b'{"type":"response.output_text.delta","delta":"response.output_item.done"}',
        b'{"type":"response.completed","response":{}}',
    ],
)
def test_other_events_make_no_items(event: bytes) -> None:
    assert OpenAIResponses().answered(event, Policy()) == ()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"type": "response.created", "response": {"id": "resp_1", "output": []}}, Event("response.created", response="resp_1")),
        ({"type": "response.failed", "stream_id": "s", "response": {}}, Event("response.failed", "s")),
        ({"type": "error", "status": 400, "error": {"code": "c", "message": "m"}}, Event("error", status=400, code="c")),
        ({"type": "error", "status_code": 429, "error": None}, Event("error", status=429)),
        ({"type": 3, "response": None, "stream_id": None, "status": "x"}, Event("")),
        ({"type": "error", "error": "odd"}, Event("error")),
        ({"type": "error", "response": "odd"}, None),
        ([], None),
    ],
)
def test_what_an_event_says(raw: Any, said: Event | None) -> None:
    assert event(json.dumps(raw).encode()) == said


def test_no_event() -> None:
    assert event(b"\xff") is None
    assert event(b'{"type": ') is None


def test_a_frame_streams() -> None:
    raw = json.dumps({"type": "response.create", "model": "m", "input": [], "generate": False}).encode()
    assert OpenAIResponses().read(raw, Policy()).stream


@pytest.mark.slow
@settings(max_examples=30)
@given(conversations(), st.data())
def test_only_the_text_of_a_result_is_replaced(messages: list[dict[str, Any]], data: st.DataObject) -> None:
    dialect = OpenAIResponses()
    raw = body(responses(messages))
    transcript = dialect.read(raw, Policy())
    assert dialect.write(raw, transcript, {}) is raw
    index = data.draw(st.sampled_from([i for i, s in enumerate(transcript.spans) if s is not None]))
    span = transcript.spans[index]
    assert span is not None
    assert json.loads(raw[span.start : span.end]) == transcript.items[index].text
    written = dialect.write(raw, transcript, {index: 'new "text"\n…'})
    assert written == raw[: span.start] + '"new \\"text\\"\\n…"'.encode() + raw[span.end :]
    assert lineage(dialect.read(written, Policy()).items)[:index] == lineage(transcript.items)[:index]


@pytest.mark.slow
@settings(max_examples=15)
@given(conversations())
def test_a_prefix_once_sent_is_a_prefix_for_ever(messages: list[dict[str, Any]]) -> None:
    items = responses(messages)
    store, policy, dialect = MemoryStore(), Policy(floor_tokens=100), OpenAIResponses()
    sent: list[Any] = []
    for n in range(1, len(items) + 1):
        if n < len(items) and not by_model(items[n]):
            continue
        raw = body(items[:n])
        transcript = dialect.read(raw, policy)
        keys = cache_aligner.lineage(transcript.items)
        alignment = cache_aligner.align(transcript, keys, store.decisions(keys), policy)
        decided = cache_aligner.settle(store, alignment, list(cache_aligner.run(alignment.job)) if alignment.job else [])
        now = json.loads(dialect.write(raw, transcript, {i: d.text for i, d in decided.items() if d.text is not None}))["input"]
        assert now[: len(sent)] == sent
        sent = now


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b'{"input": 3}', b'{"input": [3]}', b'{"input": [[]]}', b"\xff\xfe", b'{"input":[],"input":[]}'])
def test_other_bodies_are_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        OpenAIResponses().read(raw, Policy())


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["user", "assistant", "message", "input_text", "function_call", "function_call_output"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "role", "content", "output", "text", "call_id", "name", "arguments", "input", "action"]), inner, max_size=5
        )
    ),
    max_leaves=15,
)


@pytest.mark.slow
@settings(max_examples=200)
@given(st.binary(max_size=200) | st.lists(JSON, max_size=4).map(body))
def test_any_body_is_read_or_refused(raw: bytes) -> None:
    dialect = OpenAIResponses()
    try:
        transcript = dialect.read(raw, Policy())
    except Unreadable:
        return
    assert dialect.write(raw, transcript, {}) is raw


@pytest.mark.slow
def test_deep_nesting_is_read_or_refused() -> None:
    for depth in (900, 1000, 100_000):
        raw = b'{"input": [{"type": "x", "y": ' + b"[" * depth + b"]" * depth + b"}]}"
        try:
            OpenAIResponses().read(raw, Policy())
        except Unreadable:
            pass
