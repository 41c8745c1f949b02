from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.proxy import shell
from headroom_wrap.proxy.settings import ProxyConfig
from pipeline import ccr, markers
from pipeline.compressors.api import Gap, Rewrite
from pipeline.outcome import Outcome, Reason
from tests.headroom_wrap.proxy.harness import RawUpstream, body_of, conversation, log_text, proxy
from tests.headroom_wrap.proxy.test_compression import texts
from tests.memory_store import MemoryStore

SHELLS = frozenset({"Bash", "exec", "local_shell"})
BASH = {"name": "Bash", "description": "Runs a command.", "input_schema": {"type": "object"}}
READ = {"name": "Read", "input_schema": {"type": "object"}}
ADDED = {"type": "additional_tools", "tools": [{"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}]}]}
KINDS = {"Bash": "shell", "Read": "read"}


def body(**members: object) -> bytes:
    return json.dumps({"messages": [], **members}, ensure_ascii=False).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "members",
    [
        {"tools": [READ, BASH]},
        {"tools": [{"type": "function", "function": BASH}]},
        {"functions": [BASH]},
        {"tools": [{"type": "local_shell"}]},
        {"tools": [{"functionDeclarations": [READ, BASH]}]},
        {"request": {"contents": [], "tools": [{"functionDeclarations": [READ, BASH]}]}},
        {"toolConfig": {"tools": [{"toolSpec": BASH}]}},
        {"input": [ADDED]},
        {"tools": [BASH], "messages": [{"role": "user", "content": "\ud800"}]},
        {"tools": [], "input": [ADDED]},
        {"tools": None, "input": [ADDED]},
        {"tools": [READ], "functions": [], "toolConfig": {}, "input": [{"type": 1, "text": "additional_tools"}, ADDED]},
        {"tools": None, "request": {"tools": [{"functionDeclarations": [BASH]}]}},
        {"input": [{"type": "message", "content": "\ud800"}, ADDED]},
    ],
)
def test_every_way_to_offer_a_shell_is_known(members: dict[str, object]) -> None:
    assert shell.offered(body(**members), SHELLS)


@pytest.mark.parametrize(
    "raw",
    [
        body(),
        body(tools=[READ]),
        body(tools=[READ], messages=[{"role": "user", "content": '{"tools": [{"name": "Bash"}], "type": "additional_tools"}'}]),
        body(
            input=[
                {"type": "message", "content": "additional_tools"},
                {"type": "function_call_output", "tools": [BASH], "output": "additional_tools"},
            ]
        ),
        body(tools="Bash"),
        body(tools=[{"name": {"name": "Bash"}}, 1, None]),
        body(input="additional_tools"),
        body(request={"tools": []}),
        b"Bash",
        b"[" * 5000,
        b'{"tools": ' + b"[" * 5000,
    ],
)
def test_a_shell_that_is_only_spoken_of_is_none(raw: bytes) -> None:
    assert not shell.offered(raw, SHELLS)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.booleans() | st.text(max_size=5), lambda v: st.lists(v) | st.dictionaries(st.sampled_from(
    ["tools", "input", "type", "request", "functions", "name", "function", "additional_tools"]), v), max_leaves=12))  # fmt: skip
@settings(max_examples=150)
def test_whatever_comes_it_answers(value: object) -> None:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    assert shell.offered(raw, SHELLS) in (True, False)


def test_an_outcome_tells_of_the_command() -> None:
    rewrite = Rewrite("kept\n[… 2-9]", 10, (Gap(2, 9),))
    made = Outcome(Reason.COMPRESSED, ccr.render(rewrite, "3f9a2c7b"), rewrite, "log", "3f9a2c7b", 100, 50)
    text = shell.told(made).text
    assert text is not None
    assert text.startswith("kept\n[… 2-9]\n[headroom 3f9a2c7b: 8 of 10 lines left out")
    assert text.endswith("full text: run headroom show 3f9a2c7b --lines 2-9]")
    assert "headroom_retrieve" not in text
    untouched = Outcome(Reason.NO_GAIN)
    assert shell.told(untouched) is untouched
    strange = Outcome(Reason.COMPRESSED, "other words", rewrite, "log", "3f9a2c7b")
    assert shell.told(strange) is strange


def test_the_settings_name_the_shells() -> None:
    kinds = {"Bash": "shell", "PowerShell": "shell", "Read": "read"}
    assert ProxyConfig(state="/s", tool_kinds=kinds, retrieve="shell").shells == {"Bash", "PowerShell"}
    assert ProxyConfig(state="/s", tool_kinds=kinds).shells is None


async def test_with_a_shell_lines_are_left_out_and_without_one_none_from_the_first_request_on() -> None:
    store = MemoryStore()
    async with RawUpstream() as up, proxy(up.url, store=store, retrieve="shell", tool_kinds=KINDS) as p:
        for tools, elided in (([READ], False), ([READ, BASH], True), ([], False)):
            messages = [{"role": "user", "content": f"With {len(tools)} tools."}, *conversation(1)[1:]]
            assert (await p.post(body_of(messages, tools=tools))).status == 200
            text = texts(up.requests[-1].body)[0]
            assert markers.elides(text) is elided
            assert "headroom_retrieve" not in text
            assert ("; full text: run headroom show " in text) is elided


async def test_an_original_that_is_counted_in_other_units_is_told_of_by_the_command_too() -> None:
    store = MemoryStore()
    first = store.put_original(log_text(0), unit="record", spans=[(0, 9)])
    async with RawUpstream() as up, proxy(up.url, store=store, retrieve="shell", tool_kinds=KINDS) as p:
        assert (await p.post(body_of(conversation(1), tools=[BASH]))).status == 200
    text = texts(up.requests[-1].body)[0]
    (handle,) = markers.handles(text)
    assert handle != first
    assert f"; full text: run headroom show {handle} --lines " in text
    assert "headroom_retrieve" not in text
    assert store.original(handle).unit == "line"
