from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.testing import GeminiCache, gemini_minimum_tokens

MODEL = "gemini-3.8-flash"


def user(*texts):
    return {"role": "user", "parts": [{"text": text} for text in texts]}


def call(n):
    return {"role": "model", "parts": [{"functionCall": {"id": f"c{n}", "name": "run", "args": {}}, "thoughtSignature": "s"}]}


def result(n, output):
    return {"role": "user", "parts": [{"functionResponse": {"id": f"c{n}", "name": "run", "response": {"output": output}}}]}


def ask(*contents, **more):
    return {"contents": list(contents), "systemInstruction": user("s" * 20), "tools": [{"functionDeclarations": []}]} | more


@settings(max_examples=40)
@given(st.lists(st.text("xy", min_size=1, max_size=400), min_size=1, max_size=6))
def test_every_turn_reads_what_the_one_before_sent(outputs):
    cache, contents, before = GeminiCache(len, minimum=0), [user("q")], 0
    for n, output in enumerate(outputs):
        charge = cache.charge(ask(*contents), MODEL, float(n), output=2)
        assert (charge.usage.cache_read, charge.usage.output) == (before, 2)
        assert (charge.usage.cache_write_5m, charge.usage.cache_write_1h) == (0, 0), "writing costs nothing"
        before = charge.usage.prompt
        contents += [call(n), result(n, output)]


def test_a_change_loses_what_follows():
    cache = GeminiCache(len, minimum=0)
    cache.charge(ask(user("a" * 600), user("b")), MODEL, 0.0)
    changed = cache.charge(ask(user("a" * 600), user("c")), MODEL, 1.0)
    assert (changed.reason, changed.broke_at) == ("changed", "contents[1].parts[0]")
    assert changed.usage.input == 1
    assert cache.charge(ask(user("a" * 600), user("b")) | {"systemInstruction": user("t")}, MODEL, 2.0).reason == "new"
    assert cache.charge(ask(user("a" * 600), user("b")), "gemini-2.5-pro", 3.0).reason == "new"


def test_spelling_is_no_part_of_a_prompt():
    cache = GeminiCache(len, minimum=0)
    inline = {"inlineData": {"mimeType": "image/png", "data": "x" * 9000}}
    first = cache.charge(ask({"role": "user", "parts": [inline]}), MODEL, 0.0)
    snake = {"contents": [{"parts": [{"inline_data": inline["inlineData"]}]}], "system_instruction": user("s" * 20), "tools": ask()["tools"]}
    assert cache.charge(snake, MODEL, 1.0).reason == "hit"
    assert first.usage.prompt < 1100, "an image has a size of its own"


def test_lifetime_and_least_size():
    cache = GeminiCache(len, lifetime=60)
    for now, reason in ((0.0, "new"), (59.0, "hit"), (118.0, "hit"), (179.0, "expired")):
        assert cache.charge(ask(user("a" * 5000)), MODEL, now).reason == reason
    assert cache.charge(ask(user("b" * 3000)), MODEL, 0.0).reason == "too small"
    assert cache.charge(ask(user("b" * 3000)), "gemini-2.5-pro", 0.0).reason == "new"


@pytest.mark.parametrize(
    ("model", "size"), [("gemini-2.5-flash", 2048), ("models/gemini-2.5-pro", 2048), ("gemini-3-flash-preview", 1024), ("gemini-4-argon", 4096)]
)
def test_least_sizes(model, size):
    assert gemini_minimum_tokens(model) == size
