from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dialects import brackets
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.brackets import container_end
from pipeline.policy import Policy

DEEP = 150_000


def events(work: Callable[[], object]) -> int:
    """How often Python calls something while work is done, or comes back from it: what C does in one call is one."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.fixture(params=[True, False], ids=["in small pieces", "as it is"])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        monkeypatch.setattr(brackets, "_FEW", 2)
        monkeypatch.setattr(brackets, "_LEAST", 3)
        monkeypatch.setattr(brackets, "_MOST", 50)


TEXTS = st.text(st.sampled_from('\\"[]{}a,:é'), max_size=8)
VALUES = st.recursive(TEXTS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=3)), max_leaves=12)


@pytest.mark.usefixtures("pieces")
@settings(max_examples=40)
@given(VALUES.filter(lambda value: not isinstance(value, str)), st.booleans(), st.integers(0, 40), st.integers(0, 40))
def test_the_end_is_that_of_the_value(value: object, ascii_only: bool, before: int, around: int) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    nested = ("[" * around + text + "]" * around).encode()
    buf = b"\\]" * before + nested + b'],"]"]'
    assert container_end(buf, 2 * before, len(buf)) == 2 * before + len(nested)
    assert container_end(buf, 2 * before, 2 * before + len(nested)) == 2 * before + len(nested)
    assert container_end(buf, 2 * before, 2 * before + len(nested) - 1) is None


@pytest.mark.usefixtures("pieces")
@settings(max_examples=40)
@given(st.binary(max_size=200).map(lambda junk: b"[" + junk), st.text(st.sampled_from('\\"[]{}'), max_size=200))
def test_junk_has_an_end_or_none(junk: bytes, brackets_only: str) -> None:
    for buf in (junk, b"{" + brackets_only.encode()):
        end = container_end(buf, 0, len(buf))
        assert end is None or buf[end - 1 : end] in {b"]", b"}"}


@pytest.mark.parametrize(
    "buf",
    [
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'["]\\"[\\\\",' * DEEP + b"1" + b"]" * DEEP,
        b"[" + b'{"a":[1,{"b":[]}]},' * (DEEP // 4) + b"1]",
    ],
    ids=["arrays", "objects", "strings", "beside each other"],
)
def test_many_brackets_are_not_gone_over_one_by_one(buf: bytes) -> None:
    assert container_end(buf, 0, len(buf)) == len(buf)
    assert events(lambda: container_end(buf, 0, len(buf))) < len(buf) // 100
    assert container_end(buf, 0, len(buf) - 1) is None
    assert events(lambda: container_end(buf, 0, len(buf) - 1)) < len(buf) // 100


def test_a_request_of_brackets_is_not_read_one_by_one() -> None:
    deep = b"[" * DEEP + b"]" * DEEP
    result = b'{"type":"tool_result","tool_use_id":"a","content":' + deep + b"}"
    body = b'{"messages":[{"role":"user","content":"hi"},{"role":"user","content":[' + result + b"]}]}"
    assert events(lambda: Anthropic().read(body, Policy())) < len(body) // 20
