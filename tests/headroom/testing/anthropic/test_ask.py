from __future__ import annotations

import pytest

from headroom.testing import text
from headroom.testing.anthropic.provider import ask, first_user_text, session_of

SCHEMA = {"type": "object"}


@pytest.mark.parametrize(
    ("request_", "schema"),
    [
        ({"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}, SCHEMA),
        ({"output_format": {"type": "json_schema", "schema": SCHEMA}}, SCHEMA),
        ({"output_format": {"type": "json_schema", "schema": 3}}, {}),
        ({"output_config": {"effort": "low"}}, None),
        ({}, None),
    ],
)
def test_schemas(request_, schema):
    assert ask(request_, {}).schema == schema


def test_what_only_fills_the_cache():
    assert ask({"max_tokens": 0}, {}).silent
    assert not ask({"max_tokens": 1, "tools": [{}]}, {}).silent
    assert ask({"tools": [{}]}, {}).tools


@pytest.mark.parametrize(
    ("user_id", "headers", "session"),
    [
        ('{"device_id":"d","session_id":"s1"}', {}, "s1"),
        ("user_abc_account__session_s2", {}, "s2"),
        ("somebody", {}, ""),
        ("[]", {"x-claude-code-session-id": "s3"}, "s3"),
        (None, {"x-claude-code-session-id": "s3", "x-claude-code-agent-id": "f00"}, "s3/f00"),
    ],
)
def test_sessions(user_id, headers, session):
    request = {} if user_id is None else {"metadata": {"user_id": user_id}}
    assert session_of(request, headers) == session


def test_the_first_user_text():
    messages = [
        {"role": "system", "content": "no"},
        {"role": "user", "content": [text("a"), {"type": "image"}, text("b")]},
        {"role": "user", "content": "c"},
    ]
    assert first_user_text({"messages": messages}) == "a\nb"
    assert first_user_text({"messages": messages[2:]}) == "c"
    assert first_user_text({"messages": messages[:1]}) == first_user_text({}) == ""
