from __future__ import annotations

import pytest

from headroom_wrap.proxy.quick import IN_A_THREAD, is_quick
from tests.headroom_wrap.proxy.harness import body_of, conversation

PARTS = b"[]," * 60_000


@pytest.mark.parametrize(
    ("body", "quick"),
    [
        (b"", True),
        (body_of(conversation(3)), True),
        (b"x" * (IN_A_THREAD - 1), True),
        (b"x" * IN_A_THREAD, False),
        (PARTS, False),
        (b"1," * 60_000, False),
        (b'{"a":1},' * 60_000, False),
        (b'{"type":"","text":""},' * 30_000, False),
        (b"x" * 500_000 + PARTS + b"x" * 300_000, False),
        (PARTS[:20_000], True),
    ],
)
def test_what_is_read_at_once(body: bytes, quick: bool) -> None:
    assert is_quick(body) == quick
