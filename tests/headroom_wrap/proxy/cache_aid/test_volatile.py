"""What changes in instructions that are otherwise the same is found and named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.proxy.cache_aid import volatile
from headroom_wrap.proxy.cache_aid.volatile import Volatile, instructions
from tests.cpu import cpu_seconds

TEXT = "You are an agent.\nWorking folder: /home/dev/shop\n{}\nBe brief, and answer in one paragraph of 3 to 5 sentences.\n"


def found(one, other, pause=10.0, among=b""):
    seen = Volatile()
    assert seen.found(one, among, 0.0) is None
    return seen.found(other, among, pause)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("time", "Now: 2026-03-01T10:00:01Z", "Now: 2026-03-01T10:00:09Z"),
        ("time", "It is 10:01 AM.", "It is 10:02 AM."),
        ("time", "epoch 1767225600", "epoch 1767225660"),
        ("time", "ts=1767225600123", "ts=1767225600999"),
        ("date", "Today is 2026-03-01.", "Today is 2026-03-02."),
        ("date", "Today: March 1, 2026", "Today: March 2, 2026"),
        ("date", "Today is Monday", "Today is Tuesday"),
        ("date", "1 March 2026", "2 March 2026"),
        ("id", "Session 3f1c2a9e-1111-4222-8333-444455556666", "Session 3f1c2a9e-1111-4222-8333-444455556667"),
        ("id", "request id: abcd", "request id: abce"),
        ("id", "trace 01HZX3V8K2M4N6P8Q0R2S4T6V8", "trace 01HZX3V8K2M4N6P8Q0R2S4T6V9"),
        ("id", "at commit 4f3a2b1", "at commit 4f3a2b2"),
        ("git status", " M src/app.py", " M src/app.py\n?? notes.md"),
        ("git status", "On branch main", "On branch feature/x"),
    ],
)
def test_each_kind_is_named(kind, one, other):
    change = found(TEXT.format(one), TEXT.format(other))
    assert change.kind == kind
    assert change.line in (3, 4)
    assert change.behind > 0
    assert str(change.line) in change.said


@settings(max_examples=200, deadline=None)
@given(st.text("aAdDfFiIymMoMn9:/-_. TZ", max_size=60))
def test_a_line_that_is_passed_over_has_nothing_in_it(line):
    assert volatile._MAYBE.search(line) or not volatile._KINDS.search(line)
    for word in (" Monday", " abcdefab-abcd-abcd-abcd-abcdefabcdef", " id: " + line.strip(" .:/")[:20]):
        assert volatile._MAYBE.search(line + word)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Be kind.", "Be kind."),
        ("Be kind.", "Be quick."),  # another text, and no figure in it
        ("Now: 10:00:01", "Now: 10:00:01"),
        ("Use 3 tools", "Use 4 tools"),
    ],
)
def test_what_is_the_same_or_another_text_is_not_told(one, other):
    assert found(TEXT.format(one), TEXT.format(other)) is None


def test_what_changes_seldom_breaks_no_cache():
    assert found(TEXT.format("Today is 2026-03-01."), TEXT.format("Today is 2026-03-02."), pause=3600.0) is None


def test_each_instructions_are_told_of_once():
    seen = Volatile()
    told = [seen.found(TEXT.format(f"Now: 10:00:{n:02}"), b"", float(n)) for n in range(20)]
    assert [change is not None for change in told] == [False, True] + [False] * 18


def test_other_tools_are_another_application():
    seen = Volatile()
    seen.found(TEXT.format("Now: 10:00"), b"one", 0.0)
    assert seen.found(TEXT.format("Now: 10:01"), b"two", 1.0) is None


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"system": "a", "messages": []}, "a"),
        ({"system": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "messages": []}, "a\nb"),
        ({"system": [{"type": "text", "text": "x-anthropic-billing-header: cch=1"}, {"type": "text", "text": "b"}]}, "b"),
        (
            {
                "instructions": "a",
                "input": [{"role": "developer", "content": [{"type": "input_text", "text": "b"}]}, {"role": "user", "content": "c"}],
            },
            "a\nb",
        ),
        ({"messages": [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}, {"role": "system", "content": "c"}]}, "a"),
        ({"systemInstruction": {"parts": [{"text": "a"}]}, "contents": []}, "a"),
        ({"input": "q"}, ""),
        ({"messages": [3]}, ""),
    ],
)
def test_where_instructions_stand(request_, said):
    assert instructions(json.dumps(request_).encode()) == said


@pytest.mark.parametrize(
    "text", ["a1" * 200_000, "1:" * 200_000, "a-" * 200_000, " M" * 200_000, "\n" * 200_000, "2026-01-01 " * 20_000, "f" * 400_000]
)
@pytest.mark.slow
def test_hostile_texts_take_linear_time(text):
    assert cpu_seconds(lambda: Volatile().found(text, b"", 0.0)) < 5
