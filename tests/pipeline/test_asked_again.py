from __future__ import annotations

import pytest

from pipeline.asked_again import Wanted, wanted
from pipeline.transcript import ToolCall, ToolKind

HANDLE = "3f9a2c7b"


def call(name: str, command: str = "", **arguments: object) -> ToolCall:
    return ToolCall("t", name, ToolKind.OTHER, arguments, command)


@pytest.mark.parametrize(
    ("one", "whole"),
    [
        (call("headroom_retrieve", handle=HANDLE), True),
        (call("mcp__headroom__headroom_retrieve", handle=f"[headroom {HANDLE}00ff: "), True),
        (call("headroom_retrieve", handle=HANDLE, lines="", pattern=None), True),
        (call("headroom_retrieve", handle=HANDLE, lines="3-4"), False),
        (call("headroom_retrieve", handle=HANDLE, pattern="x"), False),
        (call("Bash", f"headroom show {HANDLE}"), True),
        (call("Bash", f"cd /p && headroom show '{HANDLE}' | tail -3"), True),
        (call("Bash", f"headroom show {HANDLE} --lines 3"), False),
        (call("Bash", f"headroom show {HANDLE} --grep 'a' 2>&1"), False),
        (call("exec", input=f'text(await tools.mcp__headroom__headroom_retrieve({{handle: "{HANDLE}"}}));'), True),
        (call("exec", input=f'await tools.mcp__headroom__headroom_retrieve({{"lines": "1-2", "handle": "{HANDLE}"}})'), False),
        (call("exec", input=f'headroom_retrieve({{\n  handle: "{HANDLE}",\n  pattern: "a|b",\n}})'), False),
    ],
)
def test_an_original_that_is_wanted(one: ToolCall, whole: bool) -> None:
    assert wanted(one) == [Wanted(HANDLE, whole)]


@pytest.mark.parametrize(
    "one",
    [
        call("headroom_retrieve"),
        call("headroom_retrieve", handle=7),
        call("headroom_retrieve", handle="deadbee"),
        call("Bash", "grep -rn 'headroom show ' ."),
        call("Bash", "headroom show"),
        call("exec", input=["headroom_retrieve", HANDLE]),
        call("exec", input="headroom_retrieve(handle)"),
        call("Read", handle=HANDLE, input=f"headroom_retrieve({HANDLE})"),
    ],
)
def test_nothing_is_wanted(one: ToolCall) -> None:
    assert wanted(one) == []


def test_several_in_one_line() -> None:
    assert wanted(call("Bash", f"headroom show {HANDLE}; headroom show 00000000 --lines 1")) == [Wanted(HANDLE, True), Wanted("0" * 8, False)]
    script = f'for (const h of []) {{}} headroom_retrieve("{HANDLE}"); headroom_retrieve("{"0" * 8}")'
    assert wanted(call("exec", input=script)) == [Wanted(HANDLE, True), Wanted("0" * 8, True)]


def test_hostile_texts_are_read_in_linear_time() -> None:
    """In any other it would not come back."""
    for text in ("headroom_retrieve(" * 200_000, "headroom_retrieve(" + "a" * 3_000_000, "headroom_retrieve( " + "a b " * 800_000):
        assert wanted(call("exec", input=text)) == []
    assert wanted(call("Bash", "headroom show " * 300_000)) == []
