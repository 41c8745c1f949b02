from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.testing import OpenAICache
from headroom.testing.openai.prompt import flatten, version
from pipeline.usage import Usage

OLD, NEW = "gpt-5.4", "gpt-5.6-sol"
MARK = {"prompt_cache_breakpoint": {"mode": "explicit"}}


def user(text, **more):
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text} | more]}


def called(n, output):
    call = {"type": "function_call", "id": f"fc_{n}", "call_id": f"call_{n}", "name": "run", "arguments": "{}"}
    return [call, {"type": "function_call_output", "call_id": f"call_{n}", "output": output}]


def ask(*items, model=NEW, **more):
    return {"model": model, "input": list(items), "instructions": "i" * 100} | more


def cache(**more):
    return OpenAICache(len, **{"minimum": 0, "step": 1} | more)


def classes(charge):
    usage = charge.usage
    return usage.input, usage.cache_write_5m, usage.cache_read


def session(turns, **more):
    items = [user("q" * 50)]
    for n in range(turns):
        yield ask(*items, **more)
        items += called(n, "o" * (20 + n))


outputs = st.lists(st.text("xy", min_size=1, max_size=400), min_size=1, max_size=6)


@settings(max_examples=40)
@given(outputs, st.sampled_from([OLD, NEW]))
def test_every_turn_reads_what_the_one_before_sent(given_outputs, model):
    simulated, items, before = cache(), [user("q" * 50)], 0
    for n, output in enumerate(given_outputs):
        charge = simulated.charge(ask(*items, model=model), float(n))
        assert charge.usage.cache_read == before
        assert charge.usage.cache_write_5m == (charge.usage.prompt - before if model == NEW else 0)
        assert charge.usage.input + charge.usage.cache_write_5m + charge.usage.cache_read == charge.usage.prompt
        before = charge.usage.prompt
        items += called(n, output)


@settings(max_examples=40)
@given(outputs, st.data())
def test_a_change_in_the_history_loses_what_follows(given_outputs, data):
    items = [user("q" * 50)]
    for n, output in enumerate(given_outputs):
        items += called(n, output)
    at = data.draw(st.integers(0, len(given_outputs) - 1))
    for model in (OLD, NEW):
        simulated = cache()
        for n in range(len(given_outputs) + 1):
            simulated.charge(ask(*items[: 1 + 2 * n], model=model), float(n))
        changed = copy.deepcopy(items)
        changed[2 + 2 * at]["output"] = "zzz"
        charge = simulated.charge(ask(*changed, model=model), 99.0)
        kept = cache().charge(ask(*items[: 1 + 2 * at], model=model), 0.0).usage.prompt
        call = cache().charge(ask(*items[: 2 + 2 * at], model=model), 0.0).usage.prompt - kept
        assert charge.usage.cache_read == kept + (0 if model == NEW else call), "the newer models read up to breakpoints only"
        assert charge.reason == "changed"
        assert charge.broke_at == f"input[{2 + 2 * at}].output[0]"


@pytest.mark.parametrize(
    ("model", "more", "lifetime"),
    [
        (OLD, {}, 300),
        (OLD, {"prompt_cache_retention": "24h"}, 86_400),
        ("gpt-5.5", {"prompt_cache_retention": "in_memory"}, 86_400),
        (NEW, {}, 1800),
        (NEW, {"prompt_cache_options": {"ttl": "12h"}}, 43_200),
    ],
)
def test_lifetimes(model, more, lifetime):
    simulated = cache()
    request = ask(user("q"), model=model, **more)
    simulated.charge(request, 0.0)
    assert simulated.charge(request, lifetime - 1.0).reason == "hit"
    assert simulated.charge(request, 2 * lifetime - 2.0).reason == "hit", "use prolongs it"
    late = simulated.charge(request, 3 * lifetime - 2.0)
    assert (late.reason, late.usage.cache_read) == ("expired", 0)


def test_the_organisation_decides_where_the_request_does_not():
    simulated = cache(retention="24h")
    simulated.charge(ask(user("q"), model=OLD), 0.0)
    assert simulated.charge(ask(user("q"), model=OLD), 80_000.0).reason == "hit"


def test_steps_and_the_least_size_of_the_older_models():
    simulated = OpenAICache(len)
    first = simulated.charge(ask(user("q" * 1200), model=OLD), 0.0)
    second = simulated.charge(ask(user("q" * 1200), user("r"), model=OLD), 1.0)
    assert first.usage.prompt > 1200
    assert second.usage.cache_read == first.usage.prompt // 128 * 128
    short = OpenAICache(len)
    for now in (0.0, 1.0):
        charge = short.charge(ask(user("q" * 500), model=OLD), now)
        assert (charge.reason, charge.usage.cache_read) == ("too small", 0)
        charge = short.charge(ask(user("q" * 500)), now)
        assert (charge.reason, charge.usage.cache_write_5m) == ("too small", 0)


@pytest.mark.parametrize("model", [OLD, NEW])
@pytest.mark.parametrize(
    "more",
    [
        {"tools": [{"type": "function", "name": "a"}]},
        {"instructions": "j" * 100},
        {"reasoning": {"effort": "high"}},
        {"text": {"verbosity": "low"}},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}},
        {"prompt_cache_key": "k"},
        {"model": "gpt-5.6-luna"},
    ],
)
def test_what_else_is_part_of_the_prefix(model, more):
    simulated = cache()
    simulated.charge(ask(user("q"), model=model), 0.0)
    assert simulated.charge(ask(user("q")) | {"model": model} | more, 1.0).usage.cache_read == 0


def test_what_is_no_part_of_the_prefix():
    plain = ask(*called(1, "out"), {"role": "user", "content": "x"})
    other = ask(*called(1, [{"type": "input_text", "text": "out"}]), user("x"), store=False, client_metadata={"t": 1}, metadata={}, stream=True)
    other["input"][0] |= {"status": "completed", "id": "fc_other", "call_id": "call_9"}
    other["input"][1] |= {"id": "fco_1", "internal_chat_message_metadata_passthrough": {}, "call_id": "call_9"}
    other |= {"reasoning": {"effort": "medium"}, "text": {"format": {"type": "text"}}}
    simulated = cache()
    simulated.charge(plain, 0.0)
    assert simulated.charge(other, 1.0).reason == "hit"


def test_chat_and_responses_of_the_same_words():
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "x"}]
    call = {"id": "c", "type": "function", "function": {"name": "run", "arguments": "{}"}}
    messages += [{"role": "assistant", "content": None, "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c", "content": "out"}]
    simulated = cache()
    first = simulated.charge({"model": NEW, "messages": messages[:2]}, 0.0)
    second = simulated.charge({"model": NEW, "messages": messages}, 1.0)
    assert second.usage.cache_read == first.usage.prompt
    assert second.written_to == "messages[3].content[0]"
    call["id"] = messages[3]["tool_call_id"] = "other"
    assert simulated.charge({"model": NEW, "messages": messages}, 2.0).reason == "hit"


def test_marked_parts():
    simulated = cache()
    shared = user("shared", **MARK)
    simulated.charge(ask(shared, user("one")), 0.0)
    other = simulated.charge(ask(shared, user("two")), 1.0)
    assert (other.read_to, other.written_to, other.reason) == ("input[0].content[0]", "input[1].content[0]", "changed")


def test_explicit_mode_writes_and_reads_only_what_is_marked():
    simulated, explicit = cache(), {"prompt_cache_options": {"mode": "explicit"}}
    nothing = simulated.charge(ask(user("x"), **explicit), 0.0, output=5)
    assert (nothing.reason, nothing.usage) == ("unmarked", Usage(input=nothing.usage.prompt, output=5))
    parts = [user(str(n), **MARK) for n in range(6)]
    first = simulated.charge(ask(*parts, user("end"), **explicit), 1.0)
    assert (first.written_to, first.usage.input) == ("input[5].content[0]", len("user end"))
    early = simulated.charge(ask(*parts[:2], **explicit), 2.0)
    assert (early.read_to, early.written_to) == ("", "input[1].content[0]"), "only the latest four were written"
    assert simulated.charge(ask(*parts[:3], **explicit), 3.0).read_to == "input[2].content[0]"


def test_only_the_latest_breakpoints_are_looked_at():
    simulated = cache()
    simulated.charge(ask(user("q")), 0.0)
    many = [user(str(n)) for n in range(100)]
    far = simulated.charge(ask(user("q"), *many), 1.0)
    assert (far.reason, far.usage.cache_read) == ("lookback", 0)
    near = simulated.charge(ask(user("q"), *many, *many[:79]), 2.0)
    assert near.read_to == "input[100].content[0]"


@pytest.mark.parametrize(("model", "read"), [(NEW, True), ("gpt-5.1", False)])
def test_reasoning_of_earlier_turns(model, read):
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e" * 50}
    items = [user("q"), thought, *called(1, "o")]
    kept = len(flatten(ask(*items, model=model))) - len(flatten(ask(*items, user("next"), model=model)))
    assert kept == (-1 if read else 0)
    current = ask(*items, user("next"), model=model, reasoning={"context": "all_turns"})
    assert len(flatten(current)) - len(flatten(ask(*items, model=model))) == 1


def test_images_have_a_size_of_their_own():
    image = {"type": "input_image", "image_url": "data:" + "x" * 100_000}
    assert cache().charge(ask({"role": "user", "content": [image]}), 0.0).usage.prompt == 100 + 1000


@pytest.mark.parametrize(
    ("model", "number"),
    [
        ("gpt-5.6-sol", (5, 6)),
        ("gpt-6.1-terra", (6, 1)),
        ("openai/gpt-5", (5, 0)),
        ("gpt-4o", (4, 0)),
        ("gpt-4.1", (4, 1)),
        ("o3", (0, 0)),
        ("xgpt-5", (0, 0)),
    ],
)
def test_versions(model, number):
    assert version(model) == number
