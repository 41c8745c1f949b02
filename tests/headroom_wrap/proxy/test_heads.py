from __future__ import annotations

import json

import pytest

from headroom_wrap.mcp.tools import INSTRUCTIONS, TOOLS
from headroom_wrap.proxy import heads
from pipeline import tokens
from pipeline.cache_misses import NO_HEAD

BASH = {"name": "Bash", "description": "Runs a command.", "input_schema": {"type": "object"}}
OURS = [{"name": f"mcp__headroom__{t['name']}", "description": t["description"], "input_schema": t["inputSchema"]} for t in TOOLS]
EACH = sum(tokens.estimate(json.dumps(t, ensure_ascii=False, separators=(",", ":"))) for t in OURS)


def read(ensure_ascii=True, **members):
    return heads.read(json.dumps({"messages": [], **members}, ensure_ascii=ensure_ascii).encode("utf-8", "surrogatepass"))


def test_counted_is_what_is_declared():
    assert read(tools=[BASH])[1] == 0
    assert read(tools=[BASH, *OURS])[1] == EACH
    one = read(tools=[BASH, OURS[0]])[1]
    assert 0 < one < EACH
    assert read(tools=[BASH, *OURS], system=f"Be brief.\n{INSTRUCTIONS}")[1] == EACH + tokens.estimate(INSTRUCTIONS)
    assert read(messages=[{"role": "user", "content": "headroom_retrieve 3f9a2c7b lines=1-2"}], tools=[BASH])[1] == 0


@pytest.mark.parametrize(
    "tools",
    [
        [{"type": "namespace", "name": "mcp__headroom", "tools": [{**OURS[0], "name": "headroom_retrieve"}]}],  # Codex
        [{"functionDeclarations": [{"name": "read_file"}, {**OURS[0], "name": "mcp_headroom_headroom_retrieve"}]}],  # Gemini CLI
        [{"type": "function", "function": {**OURS[0], "name": "headroom_headroom_retrieve"}}],  # opencode, over chat
    ],
)
def test_every_way_to_declare_them_is_known(tools):
    assert read(tools=tools)[1] == pytest.approx(tokens.estimate(json.dumps(OURS[0])), rel=0.3)
    assert read(tools=tools)[0].ours != read(tools=[BASH])[0].ours


def test_codex_in_code_mode_names_them_in_its_own_instructions():
    """The tools are deferred there: the model sees the namespace and our instructions, and looks the rest up."""
    deferred = {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": f"- mcp__headroom: {INSTRUCTIONS}"}]}
    assert read(input=[deferred])[1] == tokens.estimate(INSTRUCTIONS)
    assert read(ensure_ascii=False, input=[deferred])[1] == tokens.estimate(INSTRUCTIONS)


def test_tools_that_must_be_looked_for_are_not_in_the_prompt():
    assert read(tools=[BASH, *({**t, "defer_loading": True} for t in OURS)])[1] == 0


def test_a_breakpoint_that_moves_changes_nothing_and_all_else_does():
    system = [{"type": "text", "text": "x-anthropic-billing-header: cc_version=1.abc;"}, {"type": "text", "text": "Be brief."}]
    first = read(tools=[BASH, *OURS], system=system)[0]
    marked = read(
        tools=[{**BASH, "cache_control": {"type": "ephemeral"}}, *OURS],
        system=[{**system[0], "text": "x-anthropic-billing-header: 2"}, {**system[1], "cache_control": {"type": "ephemeral"}}],
    )[0]
    assert marked == first
    assert read(tools=[BASH, *OURS], system="Be brief.")[0] == first
    other_tool = read(tools=[{**BASH, "description": "x"}, *OURS], system=system)[0]
    assert (other_tool.tools != first.tools, other_tool.system, other_tool.ours) == (True, first.system, first.ours)
    fewer = read(tools=[BASH, OURS[0]], system=system)[0]
    assert (fewer.tools, fewer.ours != first.ours) == (first.tools, True)
    assert read(tools=[BASH, *OURS], system="Be long.")[0].system != first.system


def test_an_other_spelling_of_the_same_is_the_same():
    body = json.dumps({"tools": [BASH, *OURS], "system": "é"})
    assert heads.read(body.encode()) == heads.read(json.dumps(json.loads(body), ensure_ascii=False, indent=1).encode())


def test_a_body_with_lone_surrogates_is_read_too():
    body = json.dumps({"messages": ["\ud800"], "tools": [BASH, *OURS], "system": "\udc00"}).encode()
    assert heads.read(body)[1] == EACH
    assert heads.read(body)[0].system


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"tools":1}', b'{"tools":' + b"[" * 5000 + b"]" * 5000 + b"}", b"\xff"])
def test_what_is_no_request_has_nothing_of_ours(body):
    head, declared = heads.read(body)
    assert declared == 0
    assert head.ours in (NO_HEAD.ours, heads.read(b'{"tools":[]}')[0].ours)


def test_the_tools_of_converse_stand_in_a_member_of_another_name():
    ours = {"toolSpec": {"name": "mcp__headroom__headroom_retrieve", "description": "x" * 400, "inputSchema": {"json": {"type": "object"}}}}
    theirs = {"toolSpec": {"name": "Bash", "inputSchema": {"json": {"type": "object"}}}}
    head, declared = read(toolConfig={"tools": [theirs, ours]}, system=[{"text": "Be brief."}])
    assert declared == tokens.estimate(json.dumps(ours, separators=(",", ":")))
    assert head.tools == read(toolConfig={"tools": [theirs]})[0].tools != read(toolConfig={"tools": []})[0].tools
    assert head.system != read(toolConfig={"tools": [theirs]}, system=[{"text": "Be verbose."}])[0].system


def test_a_body_is_looked_through_when_it_is_asked_for_and_only_once(monkeypatch):
    body = json.dumps({"messages": [], "tools": [BASH, OURS[0]]}).encode()
    seen = []
    real = heads.read
    monkeypatch.setattr(heads, "read", lambda given: seen.append(given) or real(given))
    front = heads.Front(body)
    assert not seen
    assert front.read() == front.read() == real(body)
    assert seen == [body]
    assert heads.Front().read() == (NO_HEAD, 0)
    assert heads.Front.known(NO_HEAD, 7).read() == (NO_HEAD, 7)
    assert len(seen) == 1
