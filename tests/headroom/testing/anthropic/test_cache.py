from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.testing import PromptCache, minimum_tokens, prompt_tokens
from pipeline.usage import Usage

MARK = {"type": "ephemeral"}
LONG = {"type": "ephemeral", "ttl": "1h"}


def text(value, marker=None):
    return {"type": "text", "text": value} | ({"cache_control": marker} if marker else {})


def user(*parts):
    return {"role": "user", "content": list(parts)}


def request(*messages, system="", tools=(), model="claude-opus-4-8", **more):
    return {"model": model, "max_tokens": 10, "messages": list(messages), "system": system, "tools": list(tools), **more}


def marked(req, where, marker=MARK):
    """A copy with the breakpoint on the last block of the message at ``where``."""
    req = copy.deepcopy(req)
    req["messages"][where]["content"][-1]["cache_control"] = marker
    return req


def cache(**kw):
    return PromptCache(len, minimum=kw.pop("minimum", 0), **kw)


def classes(charge):
    u = charge.usage
    return u.input, u.cache_write_5m, u.cache_write_1h, u.cache_read


def conversation(turns):
    """Requests of a session whose last block is marked, each the one before plus two messages."""
    messages = [user(text("q0"))]
    for n in range(turns):
        yield marked(request(*messages, system="sys"), -1)
        messages.append({"role": "assistant", "content": [text(f"a{n}")]})
        messages.append(user(text(f"q{n + 1}")))


def test_a_growing_conversation_reads_all_that_was_written_and_writes_what_is_new():
    c = cache()
    charges = [c.charge(r, now) for now, r in enumerate(conversation(4))]
    assert [classes(x) for x in charges] == [(0, 5, 0, 0), (0, 4, 0, 5), (0, 4, 0, 9), (0, 4, 0, 13)]
    assert [x.reason for x in charges] == ["new", "grew", "grew", "grew"]
    assert charges[1].read_to == "messages[0].content[0]"
    assert charges[1].written_to == "messages[2].content[0]"
    assert charges[1].broke_at == "messages[1].content[0]"
    assert "read 5 up to messages[0].content[0], wrote 4" in charges[1].explanation


def test_the_same_request_again_is_a_hit():
    c, (r, *_) = cache(), conversation(1)
    c.charge(r, 0)
    again = c.charge(r, 1, output=7)
    assert again.usage == Usage(cache_read=5, output=7)
    assert (again.reason, again.written_to, again.broke_at) == ("hit", "", "")


def test_what_stands_after_the_last_breakpoint_is_plain_input():
    r = request(user(text("aaaa", MARK), text("bbb")), {"role": "system", "content": "cc"})
    assert classes(cache().charge(r, 0)) == (5, 4, 0, 0)


def test_an_entry_lives_five_minutes_from_its_last_use():
    c, (r, *_) = cache(), conversation(1)
    c.charge(r, 0)
    assert c.charge(r, 299).usage.cache_read == 5
    assert c.charge(r, 598).usage.cache_read == 5
    late = c.charge(r, 898)
    assert (late.reason, classes(late)) == ("expired", (0, 5, 0, 0))


def test_a_slow_request_does_not_shorten_what_a_later_one_prolonged():
    c, (r, *_) = cache(), conversation(1)
    c.charge(r, 0)
    c.charge(r, 200)
    c.charge(r, 100)
    assert c.charge(r, 499).reason == "hit"


def test_an_hour_is_asked_for_and_billed_apart():
    c = cache()
    r = request(user(text("ssss", LONG), text("mm", MARK)))
    assert classes(c.charge(r, 0)) == (0, 2, 4, 0)
    assert classes(c.charge(r, 400)) == (0, 2, 0, 4)
    assert classes(c.charge(r, 3999)) == (0, 2, 0, 4)
    assert classes(c.charge(r, 7600)) == (0, 2, 4, 0)


def test_a_breakpoint_within_what_was_read_is_kept_alive_but_not_for_longer_than_was_paid_for():
    c = cache()
    tail = request(user(text("ssss"), text("mm", MARK)))
    both = request(user(text("ssss", LONG), text("mm", MARK)))
    c.charge(tail, 0)
    assert classes(c.charge(both, 100)) == (0, 0, 0, 6)
    head = request(user(text("ssss", LONG), text("other")))
    assert classes(c.charge(head, 200)) == (5, 0, 0, 4)
    assert classes(c.charge(head, 501)) == (5, 0, 4, 0)


@pytest.mark.parametrize(("steps", "read"), [(10, 2), (19, 2), (20, 0), (30, 0)])
def test_the_look_back_checks_twenty_positions(steps, read):
    c = cache()
    parts = [text("a"), text("b")]
    c.charge(request(user(parts[0], text("b", MARK))), 0)
    parts += [text(str(n % 10)) for n in range(steps)]
    charge = c.charge(marked(request(user(*parts)), 0), 1)
    assert charge.usage.cache_read == read
    assert charge.reason == ("grew" if read else "lookback")


def test_a_second_breakpoint_has_its_own_look_back():
    c = cache()
    c.charge(request(user(text("a"), text("b", MARK))), 0)
    parts = [text("a"), text("b"), *(text("x") for _ in range(20)), text("y", MARK), *(text("z") for _ in range(25))]
    parts[4] = text("x", MARK)
    assert c.charge(marked(request(user(*parts)), 0), 1).usage.cache_read == 2


def test_runs_of_calls_and_of_results_count_as_one_position_each():
    c = cache()
    ids = [f"t{n}" for n in range(15)]
    calls = {"role": "assistant", "content": [{"type": "tool_use", "id": i, "name": "T", "input": {}} for i in ids]}
    results = user(*({"type": "tool_result", "tool_use_id": i, "content": "r"} for i in ids))
    c.charge(marked(request(user(text("q"))), 0), 0)
    assert c.charge(marked(request(user(text("q")), calls, results), -1), 1).usage.cache_read == 1


def test_only_breakpoints_write():
    c = cache()
    c.charge(request(user(text("stable"), text("12:00", MARK))), 0)
    second = c.charge(request(user(text("stable"), text("12:01", MARK))), 1)
    assert (second.usage.cache_read, second.reason, second.broke_at) == (0, "changed", "messages[0].content[1]")


BASE = request(
    user(text("hello", MARK)),
    system=[text("sys", MARK)],
    tools=[{"name": "A", "input_schema": {"type": "object"}, "cache_control": MARK}],
    thinking={"type": "adaptive"},
)
LEVELS = {"nothing": "", "tools": "tools[0]", "system": "system[0]", "all": "messages[0].content[0]"}


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"max_tokens": 99, "stream": True, "metadata": {"user_id": "u"}, "temperature": 1}, "all"),
        ({"output_config": {"effort": "high"}}, "all"),
        ({"model": "claude-opus-4-7"}, "nothing"),
        ({"tools": [{"name": "B", "input_schema": {"type": "object"}, "cache_control": MARK}]}, "nothing"),
        ({"system": [text("Sys", MARK)]}, "tools"),
        ({"speed": "fast"}, "tools"),
        ({"output_config": {"format": {"type": "json_schema", "schema": {}}}}, "tools"),
        ({"tool_choice": {"type": "any"}}, "system"),
        ({"thinking": {"type": "disabled"}}, "system"),
        ({"output_config": {"effort": "low"}}, "system"),
    ],
)
def test_a_change_loses_its_level_and_those_after_it(change, kept):
    c = cache()
    c.charge(BASE, 0)
    assert c.charge(BASE | change, 1).read_to == LEVELS[kept]


SAME = [
    (request(user(text("x", MARK))), request({"role": "user", "content": "x"})),
    (request(user(text("x")), system="s"), request(user(text("x")), system=[text("s", MARK)])),
    (request(user(text("x"), text("y"))), request(user(text("x")), user(text("y")))),
    (
        request(user({"type": "tool_result", "tool_use_id": "t", "content": "r", "is_error": True})),
        request(user({"is_error": True, "content": [text("r", MARK)], "tool_use_id": "t", "type": "tool_result"})),
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_prompt_written_differently_is_the_same(one, other):
    c = cache()
    c.charge(one | {"cache_control": MARK}, 0)
    assert c.charge(other | {"cache_control": MARK}, 1).reason == "hit"
    assert prompt_tokens(one) == prompt_tokens(other)


def test_the_order_of_keys_in_arguments_is_content():
    def call(arguments):
        return request(
            user(text("q")),
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "T", "input": arguments}]},
            user(text("r", MARK)),
        )

    c = cache()
    c.charge(call({"a": 1, "b": 2}), 0)
    assert c.charge(call({"b": 2, "a": 1}), 1).broke_at == "messages[1].content[0]"


def test_deferred_tools_are_no_part_of_the_prefix_and_appear_where_they_are_referred_to():
    inline = {"name": "A", "input_schema": {"type": "object"}}
    late = {"name": "mcp__x", "description": "d" * 50, "input_schema": {"type": "object"}, "defer_loading": True}
    c = cache()
    c.charge(marked(request(user(text("q")), tools=[inline]), 0), 0)
    found = user({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "tool_reference", "tool_name": "mcp__x"}]})
    charge = c.charge(marked(request(user(text("q")), found, tools=[inline, late]), -1), 1)
    assert charge.read_to == "messages[0].content[0]"
    assert charge.usage.cache_write_5m > 50


def thought(model, **more):
    messages = [
        user(text("q")),
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hmm", "signature": "s"}, text("a")]},
        user(text("r")),
    ]
    return request(*messages, model=model, thinking={"type": "enabled", "budget_tokens": 2000}, **more)


@pytest.mark.parametrize(
    ("model", "kept"),
    [
        ("claude-opus-4-8", True),
        ("claude-opus-4-5-20251101", True),
        ("claude-sonnet-4-6", True),
        ("claude-sonnet-4-5-20250929", False),
        ("claude-opus-4-1-20250805", False),
        ("claude-opus-4-20250514", False),
        ("claude-haiku-4-5-20251001", False),
    ],
)
def test_earlier_models_forget_their_thinking_when_the_user_speaks(model, kept):
    assert (prompt_tokens(thought(model), len) == 6) is kept
    everything = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    assert prompt_tokens(thought(model, context_management=everything), len) == 6
    assert prompt_tokens(thought(model) | {"thinking": {"type": "disabled"}}, len) == 3


def test_thinking_of_the_tool_loop_that_is_going_on_is_kept():
    call = {"type": "tool_use", "id": "t", "name": "T", "input": {}}
    answer = {"role": "assistant", "content": [{"type": "thinking", "thinking": "hmm", "signature": "s"}, call]}
    result = user({"type": "tool_result", "tool_use_id": "t", "content": "r"})
    mode = {"thinking": {"type": "enabled", "budget_tokens": 2000}}
    body = request(user(text("q")), answer, result, model="claude-haiku-4-5-20251001", **mode)
    assert prompt_tokens(body, len) - prompt_tokens(body | {"thinking": None}, len) == len("hmm")
    assert prompt_tokens(request(result, model="claude-haiku-4-5-20251001", **mode), len) == 1


def test_the_automatic_breakpoint_goes_to_the_last_block_that_can_carry_one():
    answer = {"role": "assistant", "content": [text("a"), {"type": "thinking", "thinking": "hmm", "signature": "s"}]}
    body = request(user(text("q")), answer, thinking={"type": "adaptive"}, cache_control=LONG)
    assert classes(cache().charge(body, 0)) == (3, 0, 2, 0)
    assert cache().charge(body | {"messages": []}, 0).reason == "unmarked"
    explicit = marked(request(user(text("q")), cache_control=LONG), 0)
    assert classes(cache().charge(explicit, 0)) == (0, 1, 0, 0)


def test_short_prompts_are_not_cached():
    c = PromptCache(len)
    charge = c.charge(request(user(text("x" * 1023, MARK))), 0)
    assert (charge.reason, classes(charge)) == ("too small", (1023, 0, 0, 0))
    assert c.charge(request(user(text("x" * 1024, MARK))), 0).usage.cache_write_5m == 1024
    assert c.charge(request(user(text("x" * 2000))), 0).reason == "unmarked"


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("claude-opus-5", 512),
        ("claude-fable-5", 512),
        ("claude-opus-4-8", 1024),
        ("claude-sonnet-5", 1024),
        ("claude-sonnet-4-5-20250929", 1024),
        ("claude-opus-4-7", 2048),
        ("claude-3-5-haiku-20241022", 2048),
        ("claude-opus-4-5-20251101", 4096),
        ("claude-haiku-4-5-20251001", 4096),
        ("a-new-one", 1024),
    ],
)
def test_minimum_sizes(model, tokens):
    assert minimum_tokens(model) == tokens


def test_conversations_share_what_they_have_in_common():
    c = cache()
    c.charge(request(user(text("one", MARK)), system=[text("sys", MARK)]), 0)
    other = c.charge(request(user(text("two", MARK)), system=[text("sys", MARK)]), 1)
    assert (other.read_to, other.reason, other.usage.cache_write_5m) == ("system[0]", "changed", 3)


def test_images_have_one_size_and_strings_any_characters():
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    assert prompt_tokens(request(user(image))) == 1500
    assert prompt_tokens(request(user(text("\ud800" * 8)))) == 6


WORDS = st.text("ab\n\u00e9", min_size=1, max_size=6)
PARTS = st.builds(text, WORDS, st.sampled_from([None, None, MARK]))
MESSAGES = st.lists(
    st.builds(lambda parts, role: {"role": role, "content": parts}, st.lists(PARTS, min_size=1, max_size=3), st.sampled_from(["user", "assistant"])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(MESSAGES, st.integers(0, 400), st.text("ab", max_size=2)), min_size=1, max_size=6), st.integers(0, 8))
def test_the_classes_always_add_up_to_the_prompt(requests, minimum):
    c, now = cache(minimum=minimum), 0
    for messages, wait, system in requests:
        now += wait
        r = request(*messages, system=system)
        usage = c.charge(r, now).usage
        assert usage.prompt == prompt_tokens(r, len)
        assert min(usage.input, usage.cache_write_5m, usage.cache_write_1h, usage.cache_read) >= 0


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=2, max_size=12), st.data())
def test_a_prefix_marked_at_its_end_reads_everything_before(words, data):
    """However a conversation grows, if by less than a look-back: what was in the prompt before is read, all of it."""
    c, sent = cache(), 0
    total = 0
    while sent < len(words):
        sent += data.draw(st.integers(1, 5))
        usage = c.charge(marked(request(user(*map(text, words[:sent]))), 0), 0).usage
        assert usage.cache_read == total
        total = usage.prompt
        assert usage.input == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=15), st.data())
def test_a_change_is_paid_from_its_block_on(words, data):
    """Every block marked as sessions do, one after the other; then one is changed."""
    c = cache()
    for n in range(len(words)):
        c.charge(marked(request(user(*map(text, words[: n + 1]))), 0), 0)
    k = data.draw(st.integers(0, len(words) - 1))
    changed = [*words[:k], words[k] + "!", *words[k + 1 :]]
    charge = c.charge(marked(request(user(*map(text, changed))), 0), 0)
    assert charge.usage.cache_read == sum(map(len, words[:k]))
    assert charge.broke_at == f"messages[0].content[{k}]"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([MARK, LONG]))
def test_lifetimes(wait, marker):
    c = cache()
    r = request(user(text("xyz", marker)))
    c.charge(r, 0)
    wait *= 5
    assert (c.charge(r, wait).usage.cache_read == 3) is (wait < (3600 if "ttl" in marker else 300))


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("headroom.testing.anthropic.cache._FORGET_ABOVE", 50)
    c = cache()
    for n in range(200):
        c.charge(request(user(text(str(n), MARK))), n * 1000)
    assert len(c._seen) <= 54
    assert len(c._entries) <= 51
