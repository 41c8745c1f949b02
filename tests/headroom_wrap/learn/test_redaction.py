from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.learn.redaction import REDACTED, redacted

KEY = "sk-ant-" + "api03-" + "Ab3" * 10


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"ANTHROPIC_API_KEY={KEY} claude", KEY),
        ("curl -H 'Authorization: Bearer abcdefghijk' x", "abcdefghijk"),
        ("gh" + "p_" + "a1B2" * 9, "a1B2a1B2"),
        ("aws --key " + "AKIA" + "ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP"),
        ("psql postgres://ada:lovelace@db/x", "lovelace"),
        ("mysql --password=geheim", "geheim"),
        ("mysql --password geheim", "geheim"),
        ("login -u ada:lovelace", "lovelace"),
        ('{"client_secret": "xyzzy"}', "xyzzy"),
        ("eyJ" + "hbGciOiJI.eyJzdWIiOiIx.SflKxwRJSM", "SflKxwRJSM"),
        ("deploy 4f9c2a7e1b8d3c6f5a0e9b7d2c4f8a1e", "4f9c2a7e1b8d3c6f"),
        ("-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE\n", "MIIE"),
    ],
)
def test_secrets_go(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redacted(text)
    assert REDACTED in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "pytest -q tests/headroom_wrap/learn/test_redaction.py", "python3 -m http.server 8000", "npm run token list", "src/authentication/token_store.py",
        "git log --author ada", "make test-integration-and-everything-else-too", "docker exec app_web_1 sh", "pip install tiktoken",
        "CI=1 pnpm test", "AUTH=$TOKEN make", "cargo test --package my-long-package-name-for-things",
    ],
)  # fmt: skip
def test_commands_stay(text: str) -> None:
    assert redacted(text) == text


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_any_text_is_taken_and_once_is_enough(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once


def test_hostile_texts_take_no_time() -> None:
    for text in ("a" * 5_000_000, "token=" * 1000, "://" * 2000, "-" * 100_000, "eyJ." * 5000):
        assert len(redacted(text)) <= 8192
