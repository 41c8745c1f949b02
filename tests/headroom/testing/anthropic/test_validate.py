from __future__ import annotations

import copy

import pytest

from headroom.testing import ApiError, check, prompt_tokens

HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
MARK = {"type": "ephemeral"}
LONG = {"type": "ephemeral", "ttl": "1h"}
TOOL = {"name": "Bash", "input_schema": {"type": "object"}}


def request(*messages, **more):
    body = {"model": "claude-opus-4-8", "max_tokens": 100, "messages": list(messages) or [user("hello")]}
    return {name: value for name, value in (body | more).items() if value is not ...}


def user(*parts):
    return {"role": "user", "content": parts[0] if parts and isinstance(parts[0], str) else list(parts)}


def text(value, marker=None):
    return {"type": "text", "text": value} | ({"cache_control": marker} if marker else {})


def refusal(body, headers=HEADERS, **more):
    with pytest.raises(ApiError) as caught:
        check(body, headers, **more)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        request(),
        request(user(text("a", LONG), text("b", MARK)), system=[text("s", LONG)], tools=[TOOL | {"cache_control": LONG}]),
        request(system="", tools=[]),
        request(user(text("a"), {"type": "image", "source": {}}), thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2000),
        request(tools=[{"type": "web_search_20250305", "name": "web_search"}, TOOL | {"type": "custom"}]),
        request(tools=[TOOL, {"type": "mcp_toolset"}, {"type": "mcp_toolset"}]),
        request(max_tokens=0),
        request(cache_control=MARK, system=[text("s", MARK)]),
    ],
)
def test_valid_requests(body):
    check(body, HEADERS)
    check(body, {"authorization": "Bearer t", "anthropic-version": "2023-06-01"})


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"anthropic-version": "2023-06-01"}, 401, "x-api-key header is required"),
        ({"x-api-key": "k"}, 400, "anthropic-version: header is required"),
    ],
)
def test_headers(headers, status, message):
    error = refusal(request(), headers)
    assert (error.status, error.message) == (status, message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "Input should be a valid dictionary"),
        (request(model=...), "model: Field required"),
        (request(model=5), "model: Input should be a valid string"),
        (request(messages=...), "messages: Field required"),
        (request(max_tokens=...), "max_tokens: Field required"),
        (request(max_tokens="9"), "max_tokens: Input should be a valid integer"),
        (request(max_tokens=True), "max_tokens: Input should be a valid integer"),
        (request(max_tokens=-1), "max_tokens: -1 is not allowed here"),
        (request(max_tokens=0, stream=True), "max_tokens: 0 is not allowed here"),
        (request(messages=[]), "messages: at least one message is required"),
        (request(messages="hello"), "messages: Input should be a valid list"),
        (request(headroom=True), "headroom: Extra inputs are not permitted"),
        (request(thinking={"type": "enabled", "budget_tokens": 10}), "greater than or equal to 1024"),
        (request(thinking={"type": "enabled", "budget_tokens": 1024}), "must be greater than `thinking.budget_tokens`"),
        (request(system=5), "system: Input should be a valid list"),
        (request(system=[text("")]), "system: text content blocks must be non-empty"),
        (request(system=[text("", MARK)]), "system.0.text: cache_control cannot be set for empty text blocks"),
        (request(system=[{"type": "image"}]), "system.0: Input tag 'image' found"),
        (request(tools=[TOOL, TOOL]), "tools: Tool names must be unique."),
        (request(tools=[TOOL | {"name": "a b"}]), "tools.0.custom.name: String should match pattern"),
        (request(tools=[{"name": "A"}]), "tools.0.custom.input_schema: Field required"),
        (request(tools=[TOOL | {"input_schema": {}}]), "tools.0.custom.input_schema.type: Input should be 'object'"),
        (request(tools=[TOOL | {"defer_loading": True}]), "At least one tool must have defer_loading=false."),
        (request(user()), "messages.0: all messages must have non-empty content except"),
        (request(user("")), "messages.0: all messages must have non-empty content except"),
        (request(user(" \n")), "messages: text content blocks must contain non-whitespace text"),
        (request(user(text(""))), "messages: text content blocks must be non-empty"),
        (request(user(text("", MARK))), "messages.0.content.0.text: cache_control cannot be set for empty text blocks"),
        (request({"role": "user"}), "messages.0.content: Field required"),
        (request({"role": "user", "content": 5}), "messages.0.content: Input should be a valid string or list"),
        (request(user("x") | {"id": "m"}), "messages.0.id: Extra inputs are not permitted"),
        (request(user({"text": "x"})), "messages.0.content.0.type: Field required"),
        (request(user({"type": "blob"})), "messages.0.content.0: Input tag 'blob' found using 'type' does not match"),
        (request(user({"type": "text"})), "messages.0.content.0.text.text: Field required"),
        (request(user({"type": "text", "text": 5})), "messages.0.content.0.text.text: Input should be a valid string"),
        (request(user(text("x") | {"_headroom": 1})), "messages.0.content.0.text._headroom: Extra inputs are not permitted"),
        (request({"role": "user", "content": ["x"]}), "messages.0.content.0: Input should be an object"),
        (request(user({"type": "tool_use", "id": "t", "name": "n", "input": {}})), "`tool_use` blocks can only be in `assistant` messages"),
        (request(user({"type": "thinking", "thinking": "t", "signature": "s"})), "`thinking` is not allowed for the role user"),
        (request(*[user(text("x", MARK))] * 5), "A maximum of 4 blocks with cache_control may be provided. Found 5."),
        (request(*[user(text("x", MARK))] * 4, cache_control=MARK), "Found 5."),
        (request(user(text("x", {"type": "forever"}))), "messages.0.content.0.cache_control.type: Input should be 'ephemeral'"),
        (request(user(text("x", {"type": "ephemeral", "ttl": "2h"}))), "cache_control.ephemeral.ttl: Input should be '5m' or '1h'"),
        (
            request(user(text("x", MARK), text("y", LONG))),
            "messages.0.content.1.cache_control.ttl: a ttl='1h' cache_control block must not come after",
        ),
        (request(user(text("x", LONG)), tools=[TOOL | {"cache_control": MARK}]), "following order: `tools`, `system`, `messages`"),
    ],
)
def test_refused(body, message):
    error = refusal(body)
    assert message in error.message
    assert (error.status, error.type) == (400, "invalid_request_error")
    assert str(error) == f"400 invalid_request_error: {error.message}"


def result(content):
    call = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "n", "input": {}}]}
    return request(user("q"), call, user({"type": "tool_result", "tool_use_id": "t", "content": content}))


def test_content_of_results():
    check(result("x"), HEADERS)
    check(result([text("x"), {"type": "tool_reference", "tool_name": "n"}, text("y", MARK)]), HEADERS)
    assert "expected tags" in refusal(result([{"type": "tool_use"}])).message
    assert "must be set on the `tool_result`" in refusal(result([text("x", MARK), text("y")])).message
    assert "valid string or list" in refusal(result(5)).message


def test_a_marker_inside_a_result_counts():
    many = [user(text("x", MARK))] * 4
    body = result([text("x", MARK)])
    assert "Found 5" in refusal(body | {"messages": [*body["messages"], *many]}).message


def test_counting_needs_no_max_tokens():
    check(request(max_tokens=...), HEADERS, counting=True)


RICH = result([text("x"), {"type": "tool_reference", "tool_name": "late"}, text("y", MARK)]) | {
    "system": [text("s", LONG)],
    "tools": [TOOL, TOOL | {"name": "late", "defer_loading": True, "type": "custom"}],
    "tool_choice": {"type": "auto"},
    "thinking": {"type": "adaptive"},
    "cache_control": MARK,
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
}
STRANGE = [None, True, -1, 10**30, 1.5, "", "x", [], [1], [[]], {}, {"type": []}, {"type": "text"}, [{"type": "tool_result"}]]


def spots(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from spots(inner, (*path, key))


@pytest.mark.parametrize("path", list(spots(RICH))[1:], ids=str)
def test_whatever_stands_anywhere_is_refused_or_can_be_counted(path):
    check(RICH, HEADERS)
    for strange in STRANGE:
        body = copy.deepcopy(RICH)
        spot = body
        for key in path[:-1]:
            spot = spot[key]
        spot[path[-1]] = strange
        try:
            check(body, HEADERS)
        except ApiError as error:
            assert error.message  # noqa: PT017
        else:
            assert prompt_tokens(body) > 0
