from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.learn import hook_log
from headroom_wrap.learn.hook_log import KEEPS_S, note, row


def said(**more: Any) -> bytes:
    return json.dumps({"hook_event_name": "postToolUse", "conversation_id": "c-1", **more}).encode()


def test_a_row_has_the_time_and_what_is_learned_from() -> None:
    found = row(said(tool_name="Shell", user_email="ada@example.org", transcript_path="/x"), 5.0)
    assert found is not None
    assert found[0] == "c-1"
    assert json.loads(found[1]) == {"time": 5.0, "hook_event_name": "postToolUse", "conversation_id": "c-1", "tool_name": "Shell"}


@pytest.mark.parametrize(
    "question", [b"", b"[]", b"{}", b"null", said(conversation_id="../x"), said(conversation_id=7), said(hook_event_name=""), b"\xff"]
)
def test_what_is_no_call_of_ours_is_not_kept(question: bytes) -> None:
    assert row(question, 0.0) is None


def test_long_texts_are_cut_and_stay_json() -> None:
    output = json.dumps({"output": "a" * 100_000 + "the end", "exitCode": 3})
    found = row(said(tool_output=output, tool_input={"contents": ["b" * 100_000]}), 0.0)
    assert found is not None
    assert len(found[1]) < 40_000
    kept = json.loads(found[1])
    inner = json.loads(kept["tool_output"])
    assert inner["exitCode"] == 3
    assert inner["output"].endswith("the end")
    assert len(kept["tool_input"]["contents"][0]) < 20_000


def test_a_conversation_is_a_file_of_its_own_that_grows_only_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        note(tmp_path, said(duration=n), 10.0 + n)
    note(tmp_path, said(conversation_id="c-2"), 10.0)
    file = tmp_path / "cursor" / "c-1.jsonl"
    assert [json.loads(line)["time"] for line in file.read_bytes().splitlines()] == [10.0, 11.0, 12.0]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    monkeypatch.setattr(hook_log, "MOST_BYTES", file.stat().st_size + 10)
    before = file.read_bytes()
    note(tmp_path, said(), 20.0)
    assert file.read_bytes() == before


def test_what_is_old_goes_when_a_conversation_begins(tmp_path: Path) -> None:
    note(tmp_path, said(conversation_id="old"), 0.0)
    note(tmp_path, said(conversation_id="new"), 0.0)
    old, new = (tmp_path / "cursor" / f"{name}.jsonl" for name in ("old", "new"))
    os.utime(old, (1000.0, 1000.0))
    os.utime(new, (2000.0, 2000.0))
    note(tmp_path, said(), 1500.0 + KEEPS_S)
    assert not old.exists()
    assert new.exists()


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x, max_size=3),
)


@settings(max_examples=100, deadline=None)
@given(json_values, json_values)
def test_whatever_is_said_a_row_is_one_line_of_json(tool_input: Any, output: Any) -> None:
    found = row(said(tool_input=tool_input, tool_output=json.dumps(output) * 2000), 1.0)
    assert found is not None
    assert found[1].count(b"\n") == 1
    assert json.loads(found[1])["hook_event_name"] == "postToolUse"
