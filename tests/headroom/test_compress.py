from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings

import headroom
from headroom import compress, compress_text, retrieve
from pipeline.store.api import StoreError
from tests.memory_store import MemoryStore
from tests.transcripts import conversations

LOG = "\n".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO svc request {n} served in {n % 90} ms" for n in range(300))
ANTHROPIC: list[dict[str, Any]] = [
    {"role": "user", "content": "What happened?"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "cat app.log"}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": LOG}]},
]
OPENAI: list[dict[str, Any]] = [
    {"role": "system", "content": "You help."},
    {"role": "user", "content": "What happened?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "shell", "arguments": '{"command": ["bash", "-lc", "cat app.log"]}'}}],
    },
    {"role": "tool", "tool_call_id": "c1", "content": LOG},
]


@pytest.mark.parametrize("messages", [ANTHROPIC, OPENAI], ids=["anthropic", "openai"])
def test_both_shapes(messages: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(messages)
    store = MemoryStore()
    result = compress(messages, model="m", store=store)
    assert messages == before
    assert result.messages[:-1] == messages[:-1]
    assert result.tokens_saved > result.tokens_before / 2
    assert result.savings_ratio == result.tokens_saved / result.tokens_before
    assert [b.reason for b in result.blocks] == ["compressed"]
    assert retrieve(result.handles[0], store=store) == LOG
    assert retrieve(result.handles[0], "2-3", store=store).splitlines() == [f"{n}\t{LOG.splitlines()[n - 1]}" for n in (2, 3)]


def test_the_users_own_store_is_the_default() -> None:
    result = compress(ANTHROPIC)
    assert retrieve(result.handles[0]) == LOG


def test_frozen_messages_stay() -> None:
    result = compress(ANTHROPIC, frozen_message_count=3, store=MemoryStore())
    assert result.messages == ANTHROPIC
    assert result.tokens_saved == 0


def test_of_what_was_sent_before_it_is_said_that_it_was() -> None:
    short = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "ok"}]}
    result = compress([*ANTHROPIC, short, *ANTHROPIC], frozen_message_count=4, store=MemoryStore())
    assert [b.reason for b in result.blocks] == ["stood there before us", "too small", "compressed"]


BYTES = "iVBORw0KGgo" * 30_000
SEALED: dict[str, list[dict[str, Any]]] = {
    "anthropic": [
        {"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BYTES}}]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": BYTES}, {"type": "redacted_thinking", "data": BYTES}]},
    ],
    "openai-chat": [
        {"role": "system", "content": ""},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{BYTES}"}}]},
        {"role": "user", "content": [{"type": "file", "file": {"file_data": f"data:application/pdf;base64,{BYTES}"}}]},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": BYTES, "format": "wav"}}]},
    ],
    "openai-responses": [
        {"type": "reasoning", "summary": [], "encrypted_content": BYTES},
        {"role": "user", "content": [{"type": "input_image", "image_url": f"data:image/png;base64,{BYTES}"}]},
    ],
    "gemini": [
        {"role": "user", "parts": [{"inlineData": {"mimeType": "", "data": BYTES}}]},
        {"role": "model", "parts": [{"text": "", "thoughtSignature": BYTES}]},
    ],
}


@pytest.mark.parametrize("messages", SEALED.values(), ids=SEALED)
def test_bytes_are_no_text(messages: list[dict[str, Any]]) -> None:
    assert compress(messages, store=MemoryStore()).tokens_before < 20


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {"data": LOG}}]}],
        [{"role": "user", "content": [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": LOG}}]}],
        [{"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"signature": LOG}}}]}],
        [{"role": "user", "content": f"data: {LOG}"}],
    ],
)
def test_what_is_called_data_and_is_text_counts(messages: list[dict[str, Any]]) -> None:
    assert compress(messages, store=MemoryStore()).tokens_before > 5_000


def test_a_text_counts_once_however_its_pieces_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's text that holds what the agent says in the person's name: all of it is what a decision counted."""
    text = f"<system-reminder>\n{'Mind the gap. ' * 50}\n</system-reminder>\n{LOG}"
    given = [{"role": "user", "content": text}]
    result = compress(given, store=MemoryStore())
    counted: list[str] = []
    monkeypatch.setattr(headroom._compress.tokens, "about", lambda text: counted.append(text) or 1)
    assert compress(given, store=MemoryStore()).tokens_before == result.blocks[0].tokens_before
    assert counted == []


def test_idempotent() -> None:
    store = MemoryStore()
    once = compress(ANTHROPIC, store=store).messages
    assert compress(once, store=store).messages == once


@settings(max_examples=25)
@given(conversations())
def test_untouched_messages_are_the_same_and_roles_stand(messages: list[dict[str, Any]]) -> None:
    result = compress(messages, store=MemoryStore(), floor_tokens=100)
    assert [m["role"] for m in result.messages] == [m["role"] for m in messages]
    assert json.loads(json.dumps(result.messages)) == result.messages
    assert len(result.blocks) == sum(1 for m in messages if isinstance(m["content"], list) for b in m["content"] if b["type"] == "tool_result")


def test_text() -> None:
    store = MemoryStore()
    smaller = compress_text(LOG, "what failed?", store=store)
    assert len(smaller) < len(LOG) / 2
    assert compress_text("short", store=store) == "short"


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="nope"):
        compress(ANTHROPIC, profile="nope")
    with pytest.raises(TypeError):
        compress(ANTHROPIC, store=MemoryStore(), unknown_option=1)
    with pytest.raises(ValueError, match="cannot be read"):
        compress([{"role": "user"}], store=MemoryStore())
    broken = MemoryStore()
    broken.broken = True
    with pytest.raises(StoreError):
        compress(ANTHROPIC, store=broken)


def test_lone_surrogates_come_through() -> None:
    messages = [{"role": "user", "content": "\ud800"}]
    assert compress(messages, store=MemoryStore()).messages == messages


def test_exported_names() -> None:
    for name in headroom.__all__:
        assert getattr(headroom, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = headroom.nothing_like_it


TOOLS = json.dumps([
    {
        "type": "function",
        "function": {
            "name": f"tool_{n}",
            "description": f"Does thing number {n} for the user.",
            "parameters": {
                "type": "object",
                "properties": {"path": {"type": "string", "description": "Where to look."}, "limit": {"type": "integer", "description": "How many."}},
                "required": ["path"],
                "additionalProperties": False,
            },
        },
    }
    for n in range(40)
])  # fmt: skip
PROMPTED: list[dict[str, Any]] = [{"role": "system", "content": TOOLS}, {"role": "user", "content": "go"}]


def test_what_is_saved_in_a_prompt_is_counted_and_can_be_had_back() -> None:
    store = MemoryStore()
    result = compress(PROMPTED, store=store)
    assert result.messages[0] != PROMPTED[0]
    assert result.tokens_after == pytest.approx(compress(result.messages, store=store, schemas_in_prompts=False).tokens_before, abs=5)
    assert retrieve(result.handles[0], store=store) == TOOLS


def test_a_frozen_prompt_stays() -> None:
    assert compress(PROMPTED, frozen_message_count=1, store=MemoryStore()).messages == PROMPTED


def test_messages_in_which_nothing_was_compressed_are_the_very_objects() -> None:
    odd: list[dict[str, Any]] = [
        {"role": "user", "content": ({"type": "text", "text": "a tuple"},)},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t0", "name": "f", "input": {1: math.nan, "n": 2**70, "x": 1e400}}]},
    ]
    result = compress([*odd, *ANTHROPIC], store=MemoryStore())
    assert [a is b for a, b in zip(result.messages, [*odd, *ANTHROPIC], strict=True)] == [True, True, True, True, False]


def test_arguments_nested_deep_and_objects_that_are_no_json() -> None:
    deep: Any = 1
    for _ in range(450):
        deep = [deep]
    call = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "cat app.log", "more": deep}}
    assert compress([{"role": "assistant", "content": [call]}, ANTHROPIC[2]], store=MemoryStore()).tokens_saved > 1000
    with pytest.raises(ValueError, match="cannot be read"):
        compress([{"role": "assistant", "content": [object()]}], store=MemoryStore())


def test_the_handle_in_a_text_is_the_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    monkeypatch.setattr(store, "put_original", lambda text, **_: "0123456789ab")  # another text has the first eight digits
    assert "[headroom 0123456789ab: " in compress_text(LOG, store=store)


def test_what_a_function_returned_as_data_is_made_smaller_and_counted_as_the_json_that_it_is() -> None:
    rows = [{"id": i, "name": f"order {i}", "status": "open" if i % 50 else "failed", "mail": f"ä{i}@x.org"} for i in range(300)]
    contents = [
        {"role": "user", "parts": [{"text": "Which orders failed?"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "list_orders", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "list_orders", "response": {"result": rows}}}]},
    ]
    store = MemoryStore()
    made = compress(contents, model="m", store=store)
    form = made.messages[2]["parts"][0]["functionResponse"]["response"]["result"]
    assert isinstance(form, str)
    assert all(f"order {i}" in form or f"\n{i}\t" in form for i in range(0, 300, 50))
    assert json.loads(store.original(made.handles[0]).text) == rows
    assert 0 < made.tokens_after < made.tokens_before / 5
    again = compress(made.messages, model="m", store=store)
    assert again.messages == made.messages
    assert again.tokens_before == made.tokens_after


def test_what_was_asked_for_again_stays_whole_in_messages_that_were_compressed_before() -> None:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Why is it slow?"}]
    for n in range(2):
        messages += [
            {"role": "assistant", "content": [{"type": "tool_use", "id": f"t{n}", "name": "Bash", "input": {"command": "cat app.log"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{n}", "content": LOG}]},
        ]
    store = MemoryStore()
    made = compress(messages, store=store)
    assert made.messages[2] != messages[2]
    assert made.messages[4] == messages[4]
    assert compress(made.messages, store=store).messages == made.messages
