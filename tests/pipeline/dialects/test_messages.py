from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dialects.messages import named_session, text_piece
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.policy import Policy
from pipeline.transcript import ItemKind, ToolKind

AGENTS = "# AGENTS.md instructions for /home/u/p\n\n<INSTRUCTIONS>\nBe brief.\n</INSTRUCTIONS>"
ENVIRONMENT = "<environment_context>\n  <cwd>/home/u/p</cwd>\n</environment_context>"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Why?", "Why?"),
        (AGENTS, ""),
        (AGENTS + "\n" + ENVIRONMENT, ""),
        (AGENTS + "\nWhy?", "Why?"),
        ("<current_datetime>2026-11-22T10:00:00Z</current_datetime>\n\n<prompt>Why does `a` fail?\n</prompt>", "Why does `a` fail?"),
        ("<session_context>\nToday is Sunday.\n</session_context>", ""),
        ("<system-reminder>\nnever closed\nWhy?", ""),
        ("What is an <environment_context> good for?", "What is an <environment_context> good for?"),
        ("# AGENTS.md instructions\nare missing", "# AGENTS.md instructions\nare missing"),
    ],
)
def test_the_harness_is_not_the_user(text: str, asked: str) -> None:
    item = text_piece(text, "user").item
    assert (item.kind, item.text) == (ItemKind.USER_TEXT if asked else ItemKind.OTHER, asked)
    assert item.digest != text_piece(text + " ", "user").item.digest


@pytest.mark.parametrize("unit", ["<environment_context>\n", "# AGENTS.md instructions", "# AGENTS.md instructions\n", "\n<prompt>", "</prompt><"])
def test_hostile_texts_are_read_in_linear_time(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    began = time.process_time()
    text_piece(text, "user")
    assert time.process_time() - began < 2  # it is a few milliseconds; its square would be minutes


@settings(max_examples=30)
@given(st.text(max_size=200), st.sampled_from(["user", "assistant", "system", ""]))
def test_any_text_is_a_piece(text: str, role: str) -> None:
    item = text_piece(text, role).item
    assert item.span is None
    assert item.digest == text_piece(text, role).item.digest


def test_sessions() -> None:
    assert named_session({"session-id": "a", "thread-id": "b"}) == "a"
    assert named_session({"x-client-session-id": "c", "session-id": ""}) == "c"
    assert named_session({"authorization": "x"}) == ""


def test_what_was_read_with_other_tool_kinds_is_read_again() -> None:
    """Mappings that live one after the other may have one identity."""
    dialect = OpenAIChat()
    call = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function", "function": {"name": "t", "arguments": "{}"}}]}
    raw = json.dumps({"messages": [call]}).encode()
    for n in range(20):
        kind = ToolKind.READ if n % 2 else ToolKind.SEARCH
        found = dialect.read(raw, Policy(tool_kinds={"t": kind})).items[0].call
        assert found is not None
        assert found.kind is kind
