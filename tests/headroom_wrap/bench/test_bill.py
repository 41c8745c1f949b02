"""Transcripts of Claude Code and Codex, whole and broken, and the two bills of their conversations."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.bench.bill import OUR_TOOLS, Bill, bill
from headroom_wrap.bench.transcripts import Conversation, Response, conversations
from headroom_wrap.cli.bench import command
from pipeline.usage import Usage
from tests.headroom_wrap.proxy.harness import conversation, log_text
from tests.memory_store import MemoryStore

MODEL = "claude-opus-4-8"
AT = "2026-03-01T12:00:00.000Z"


def claude(turns, *, logs=True):
    """Rows as Claude Code writes them: one for each block, the usage repeated."""
    rows = []
    for number, message in enumerate(conversation(turns, 300 if logs else 2)):
        blocks = message["content"] if isinstance(message["content"], list) else [{"type": "text", "text": message["content"]}]
        if message["role"] == "user":
            rows.append({"type": "user", "timestamp": AT, "message": {"role": "user", "content": message["content"]}})
            continue
        usage = {"input_tokens": 3, "cache_creation_input_tokens": 9000, "cache_read_input_tokens": 9000 * number, "output_tokens": 50}
        usage["cache_creation"] = {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 9000}
        said = {"id": f"msg_{number}", "model": MODEL, "role": "assistant", "usage": usage}
        rows += [{"type": "assistant", "timestamp": AT, "message": {**said, "content": [b]}} for b in ({"type": "text", "text": "I look."}, *blocks)]
    return rows


def codex():
    rows = [{"type": "session_meta", "payload": {"id": "x"}}, {"type": "turn_context", "payload": {"model": "gpt-5.2"}}]
    items = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "What fails?"}]},
        {"type": "function_call", "call_id": "c", "name": "shell", "arguments": '{"command": "cat app.log"}'},
    ]
    rows += [{"type": "response_item", "timestamp": AT, "payload": i} for i in items]
    rows.append({"type": "token_usage_record", "timestamp": AT, "payload": {"usage": {"input": 4000, "cached_input": 0, "output": 30}}})
    rows.append({"type": "response_item", "payload": {"type": "function_call_output", "call_id": "c", "output": log_text()}})
    rows.append({"type": "response_item", "payload": {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "This."}]}})
    used = {"input": 16000, "cached_input": 3840, "cache_write_input": 0, "output": 40}
    return [*rows, {"type": "token_usage_record", "timestamp": AT, "payload": {"usage": used}}]


def lines(rows):
    return [json.dumps(row).encode() for row in rows]


def test_a_message_of_many_rows_is_one_response():
    [read] = conversations(lines(claude(3)))
    assert [(r.before, r.usage.cache_read) for r in read.responses] == [(1, 9000), (3, 27000), (5, 45000)]
    assert [m["role"] for m in read.messages] == ["user", "assistant"] * 3 + ["user"]


def test_after_a_summary_a_new_conversation_begins():
    rows = [*claude(2), {"type": "system", "subtype": "compact_boundary"}, *claude(1)]
    assert [len(c.responses) for c in conversations(lines(rows))] == [2, 1]


def test_codex_responses_know_what_was_asked():
    [read] = conversations(lines(codex()))
    assert [(r.before, r.usage.input, r.usage.cache_read, r.model) for r in read.responses] == [(1, 4000, 0, "gpt-5.2"), (3, 12160, 3840, "gpt-5.2")]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_file_is_read_over(data):
    rows = lines(claude(2)) + lines(codex())
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(rows) - 1))
        rows[place] = data.draw(
            st.sampled_from([rows[place][: len(rows[place]) // 2], b"", b"[]", b"{}", b'{"type": "user", "message": {"content": 3}}'])
        )
    for read in conversations(rows):
        assert all(0 <= r.before <= len(read.messages) for r in read.responses)


def test_logs_are_cheaper_and_little_is_dearer_by_our_tools():
    [large], [small] = conversations(lines(claude(4))), conversations(lines(claude(1, logs=False)))
    one, other = bill(large, MemoryStore()), bill(small, MemoryStore())
    assert one.with_us < one.without
    assert one.removed > 10_000
    assert other.removed == 0
    assert 0 < other.with_us - other.without < 2 * OUR_TOOLS * 0.5 / 1e6


def test_what_is_fetched_back_is_paid_for():
    [read] = conversations(lines(claude(4)))
    never, often = (bill(read, MemoryStore(), retrievals=share) for share in (0.0, 0.5))
    assert never.with_us < often.with_us
    assert never.removed == pytest.approx(2 * often.removed, rel=0.01)


def test_a_model_without_a_price_and_messages_without_a_form():
    response = Response(1, "nobody-1", Usage(input=10))
    assert bill(Conversation("claude", [{"role": "user", "content": []}], [response]), MemoryStore()).unpriced == 1
    odd = Conversation("claude", [{"role": "nobody", "content": [{"type": "tool_result"}]}], [Response(1, MODEL, Usage(input=10))])
    assert bill(odd, MemoryStore()) == Bill(unread=1)


def test_the_command_reads_a_folder(tmp_path):
    folder = tmp_path / "projects" / "-p"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(b"\n".join(lines(claude(3))))
    (folder / "b.jsonl").write_bytes(b"\n".join(lines(codex())))
    (folder / "c.jsonl").write_bytes(b"nothing\n")
    shown = CliRunner().invoke(command, ["bill", "--sessions", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    assert "2 sessions, 5 responses" in shown.output
    assert "less" in shown.output
    rows = CliRunner().invoke(command, ["bill", "--sessions", str(tmp_path), "--json"]).output.splitlines()
    assert [json.loads(row).get("session", "all") if n < 2 else "all" for n, row in enumerate(rows)] == ["a.jsonl", "b.jsonl", "all"]
    empty = CliRunner().invoke(command, ["bill", "--sessions", str(tmp_path), "--days", "0"])
    assert "No response" in empty.output
