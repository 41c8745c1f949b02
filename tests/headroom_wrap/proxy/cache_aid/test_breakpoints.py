"""Breakpoints are written where the API takes them, change nothing else, and never where the client has set any."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headroom.testing import PromptCache, check
from headroom.testing import minimum_tokens as simulated_minimum
from headroom_wrap.proxy.cache_aid import breakpoints
from pipeline.dialects.json_spans import Malformed

HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
TOOL = {"name": "Bash", "description": "Runs.", "input_schema": {"type": "object"}}
MARK = {"type": "ephemeral"}


def body_of(messages, **more):
    return json.dumps({"model": "claude-opus-4-8", "max_tokens": 10, **more, "messages": messages}).encode()


def everywhere(body):
    """The body with all breakpoints that its outline has room for, as far as four."""
    seen = breakpoints.outline(body)
    places = [*seen.heads, *seen.ends[: seen.last + 1][-2:]]
    return breakpoints.written(body, places, seen)


def unmarked(value):
    """Content without breakpoints; a text that stands for one text block is that block."""
    if isinstance(value, dict):
        made = {key: unmarked(inner) for key, inner in value.items() if key != "cache_control"}
        for key in ("content", "system"):
            if isinstance(made.get(key), str):
                made[key] = [{"type": "text", "text": made[key]}]
        return made
    return [unmarked(inner) for inner in value] if isinstance(value, list) else value


def test_marks_stand_at_the_ends_of_tools_system_and_turns():
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": [{"type": "text", "text": "c"}]}]
    made = json.loads(everywhere(body_of(messages, tools=[TOOL, {**TOOL, "name": "Read"}], system="s")))
    assert [tool.get("cache_control") for tool in made["tools"]] == [None, MARK]
    assert made["system"] == [{"type": "text", "text": "s", "cache_control": MARK}]
    assert made["messages"][1]["content"][-1]["cache_control"] == MARK
    assert made["messages"][2]["content"] == [{"type": "text", "text": "c", "cache_control": MARK}]


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "x"}, {"type": "text", "text": " \n"}],
        [{"type": "text", "text": "x"}, {"type": "thinking", "thinking": "t", "signature": "s"}],
        [{"type": "text", "text": "x"}, {"type": "container_upload", "file_id": "f"}],
    ],
)
def test_what_can_carry_none_is_passed_over(content):
    made = json.loads(everywhere(body_of([{"role": "user", "content": content}])))
    assert [block.get("cache_control") for block in made["messages"][0]["content"]] == [MARK, None]


@pytest.mark.parametrize("content", ["", "  ", [], [{"type": "text", "text": ""}], [{"type": "thinking", "thinking": "t", "signature": "s"}]])
def test_where_nothing_can_carry_one_none_is_written(content):
    body = body_of([{"role": "user", "content": content}])
    assert everywhere(body) == body


def test_a_prefill_is_left_alone_and_the_turn_before_it_marked():
    made = json.loads(everywhere(body_of([{"role": "user", "content": "q"}, {"role": "assistant", "content": "{"}])))
    assert made["messages"][1]["content"] == "{"
    assert made["messages"][0]["content"][0]["cache_control"] == MARK


def test_a_deferred_tool_carries_none():
    tools = [TOOL, {**TOOL, "name": "Later", "defer_loading": True}]
    made = json.loads(everywhere(body_of([{"role": "user", "content": "q"}], tools=tools)))
    assert [tool.get("cache_control") for tool in made["tools"]] == [MARK, None]


@pytest.mark.parametrize(
    "body",
    [
        body_of([{"role": "user", "content": "q"}], cache_control=MARK),
        body_of([{"role": "user", "content": "q"}], tools=[{**TOOL, "cache_control": MARK}]),
        body_of([{"role": "user", "content": "q"}], system=[{"type": "text", "text": "s", "cache_control": MARK}]),
        body_of([{"role": "user", "content": [{"type": "text", "text": "q", "cache_control": MARK}]}]),
        body_of(
            [
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {}}]},
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "q", "cache_control": MARK}]}],
                },
            ]
        ),
    ],
)
def test_a_client_that_sets_any_is_left_alone(body):
    assert breakpoints.outline(body) is None


def test_a_text_that_speaks_of_breakpoints_is_none():
    body = body_of([{"role": "user", "content": 'set "cache_control" there'}, {"role": "assistant", "content": [{"type": "text", "text": "ok"}]}])
    assert breakpoints.outline(body) is not None


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"nonsense", b'{"messages": 3}'])
def test_what_is_no_request_is_refused(body):
    with pytest.raises((Malformed, KeyError)):
        breakpoints.outline(body)


def test_no_minimum_is_below_the_providers():
    known = [
        *("claude-opus-4-8", "claude-opus-4-7", "claude-opus-4-6", "claude-opus-4-5-20251101", "claude-opus-4-1", "claude-opus-5", "claude-fable-5"),
        *("claude-sonnet-5", "claude-sonnet-4-6", "claude-sonnet-4-5", "claude-haiku-4-5", "claude-3-5-haiku-20241022", "claude-3-7-sonnet-latest"),
    ]
    assert all(breakpoints.minimum_tokens(model) >= simulated_minimum(model) for model in known)
    assert breakpoints.minimum_tokens("us.anthropic.claude-haiku-4.5-v1:0") == 4096
    assert [breakpoints.minimum_tokens(model) for model in ("claude-2.1", "claude-instant-1", "deepseek-chat", "")] == [0, 0, 0, 0]


def test_what_is_rendered_in_front_changes_all_that_follows():
    messages = [{"role": "user", "content": "q"}]
    plain = breakpoints.outline(body_of(messages, tools=[TOOL], system="s"))
    thinks = breakpoints.outline(body_of(messages, tools=[TOOL], system="s", thinking={"type": "adaptive"}))
    assert (thinks.tools, thinks.system) == (plain.tools, plain.system)
    assert thinks.ends[0].link != plain.ends[0].link


TEXT = st.text(max_size=30)
BLOCK = st.one_of(
    TEXT.filter(str.strip).map(lambda t: {"type": "text", "text": t}),
    st.just({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}),
)


@st.composite
def requests(draw):
    messages = []
    for n in range(draw(st.integers(1, 5))):
        content = draw(st.one_of(TEXT.filter(str.strip), st.lists(BLOCK, min_size=1, max_size=3)))
        if n and draw(st.booleans()):
            call = {"type": "tool_use", "id": f"toolu_{n}", "name": "Bash", "input": {"command": draw(TEXT)}}
            result = {"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": content}
            messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
        else:
            messages += [{"role": "assistant", "content": "said"}] * bool(n) + [{"role": "user", "content": content}]
    more = {}
    if draw(st.booleans()):
        more["tools"] = [{**TOOL, "name": f"T{n}"} for n in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        more["system"] = draw(
            st.one_of(TEXT.filter(str.strip), st.lists(TEXT.filter(str.strip).map(lambda t: {"type": "text", "text": t}), min_size=1))
        )
    return {"model": "claude-opus-4-8", "max_tokens": 10, **more, "messages": messages}


@given(requests(), st.sampled_from([None, 1, "\t"]), st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.slow
def test_valid_in_valid_out_and_the_same_content(request, indent, ascii_only):
    body = json.dumps(request, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    made = json.loads(everywhere(body))
    check(request, HEADERS)
    check(made, HEADERS)
    assert unmarked(made) == unmarked(request)
    cache = PromptCache(minimum=0)
    cache.charge(made, 0.0)
    again = cache.charge(made, 1.0).usage
    assert again.cache_read == again.prompt
    assert len(breakpoints.outline(body).ends) == len(request["messages"])
    assert breakpoints.outline(everywhere(body)) is None


@given(requests(), requests())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.slow
def test_links_are_those_of_the_prompts_beginning(one, other):
    longer = {**one, "messages": [*one["messages"], {"role": "assistant", "content": "said"}, *other["messages"]]}
    short, long = (breakpoints.outline(json.dumps(request).encode()) for request in (one, longer))
    assert long.ends[: len(short.ends)] == short.ends
    assert long.heads == short.heads
