"""Volatile instructions at the conversation's end: nothing of them is lost, and prefixes hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headroom.testing import OpenAICache, PromptCache, check
from headroom_wrap.proxy.cache_aid import relocation as relocating
from headroom_wrap.proxy.cache_aid import volatile
from headroom_wrap.proxy.cache_aid.relocation import MARK, Relocation
from tests.headroom_wrap.proxy.cache_aid.clients import HEADERS

WORDS = "You are an agent that helps with a shop. " * 150
EPHEMERAL = {"type": "ephemeral"}


def messages(turns, *, listed=False):
    made = []
    for n in range(turns):
        said = f"question {n} " + "words " * 50
        made.append({"role": "user", "content": [{"type": "text", "text": said}] if listed else said})
        made.append({"role": "assistant", "content": f"answer {n}"})
    return made[:-1]


def request(dialect, turns, system, **more):
    if dialect == "anthropic":
        return {"model": "claude-opus-4-8", "max_tokens": 9, "system": system, "messages": messages(turns, **more)}
    if dialect == "openai-chat":
        return {"model": "gpt-5.2", "messages": [{"role": "system", "content": system}, *messages(turns)]}
    return {"model": "gpt-5.2", "instructions": system, "store": False, "input": messages(turns)}


def moved(relocation, made, dialect, at):
    return json.loads(relocation.moved(json.dumps(made).encode(), dialect, b"", at))


def system_at(n):
    return f"It is 10:{n:02}:00 now.\n{WORDS}"


def test_instructions_that_come_again_are_looked_through_once(monkeypatch):
    texts = []

    def noting(text):
        texts.append(text)
        return volatile.read(text)

    monkeypatch.setattr(relocating, "read", noting)
    relocation = Relocation()
    system = [{"type": "text", "text": text} for text in (WORDS, system_at(1))]
    for turns in range(1, 4):
        moved(relocation, request("anthropic", turns, system), "anthropic", 10.0 * turns)
    assert texts == [WORDS, system_at(1)]
    assert moved(relocation, request("anthropic", 4, system_at(2)), "anthropic", 40.0)["system"] != system_at(2)
    assert texts[2:] == [system_at(2)]


def test_what_is_too_long_for_instructions_stays_as_it_is():
    relocation = Relocation()
    for n in range(3):
        body = json.dumps(request("anthropic", n + 1, system_at(n) + "x" * (300 << 10))).encode()
        assert relocation.moved(body, "anthropic", b"", float(n)) is body


@pytest.mark.parametrize("listed", [False, True])
def test_with_anthropic_it_is_read_from_the_cache_again(listed):
    relocation, plain, ours = Relocation(), PromptCache(), PromptCache()
    read = [0, 0]
    for n in range(1, 9):
        body = request("anthropic", n, system_at(n), listed=listed)
        made = moved(relocation, body, "anthropic", 10.0 * n)
        check(made, HEADERS)
        for place, (cache, one) in enumerate(((plain, body), (ours, made))):
            read[place] += cache.charge({**one, "cache_control": EPHEMERAL}, 10.0 * n).usage.cache_read
    assert read[0] == 0
    assert read[1] > 5 * len(WORDS) // 4
    assert json.dumps(made).count(MARK) == 1
    assert f"It is 10:0{n}:00 now." in json.dumps(made["messages"][-1])


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-responses"])
def test_with_openai_it_is_read_from_the_cache_again(dialect):
    relocation, plain, ours = Relocation(), OpenAICache(), OpenAICache()
    read = [0, 0]
    for n in range(1, 9):
        body = request(dialect, n, system_at(n))
        made = moved(relocation, body, dialect, 10.0 * n)
        read[0] += plain.charge(body, 10.0 * n).usage.cache_read
        read[1] += ours.charge(made, 10.0 * n).usage.cache_read
    assert read[0] == 0
    assert read[1] > 5 * len(WORDS) // 4
    assert "It is 10:08:00 now." in json.dumps((made.get("messages") or made["input"])[-1])


@pytest.mark.parametrize(
    ("one", "other"),
    [("Nothing moves.", "Nothing moves."), ("Be kind.", "Be quick."), ("Today is 2026-03-01.", "Today is 2026-03-01.")],
)
def test_what_does_not_move_is_left(one, other):
    relocation = Relocation()
    for text in (one, other):
        body = json.dumps(request("anthropic", 1, text)).encode()
        assert relocation.moved(body, "anthropic", b"", 0.0) is body


def test_what_moves_seldom_is_left():
    relocation = Relocation()
    for day in (1, 2):
        body = json.dumps(request("anthropic", 1, f"Today is 2026-03-0{day}.")).encode()
        assert relocation.moved(body, "anthropic", b"", 86_400.0 * day) is body


def test_gits_status_goes_with_it_even_where_there_is_none_left():
    relocation, texts = Relocation(), ["Status:\n M a.py\nDone.", "Status:\n M a.py\n?? b.py\nDone.", "Status:\nDone."]
    made = [moved(relocation, request("anthropic", 1 + n, text), "anthropic", float(n)) for n, text in enumerate(texts)]
    assert made[0]["system"] == texts[0]
    assert made[1]["system"] == made[2]["system"] == texts[2]
    assert "M a.py\n?? b.py" in made[1]["messages"][-1]["content"][-1]["text"]
    assert made[1]["messages"][-1] == made[2]["messages"][-3]
    assert "nothing" in made[2]["messages"][-1]["content"][-1]["text"]


def test_a_retry_says_the_same_and_what_has_not_changed_is_not_said_again():
    relocation = Relocation()
    for n in (1, 2):
        moved(relocation, request("anthropic", 1, system_at(n)), "anthropic", float(n))
    first = moved(relocation, request("anthropic", 2, system_at(3)), "anthropic", 3.0)
    assert moved(relocation, request("anthropic", 2, system_at(4)), "anthropic", 4.0) == first
    later = moved(relocation, request("anthropic", 3, system_at(3)), "anthropic", 5.0)
    assert later["messages"][:3] == first["messages"]
    assert later["messages"][-1]["content"] == request("anthropic", 3, "")["messages"][-1]["content"]


@pytest.mark.parametrize("given_", ["q", [], 3])
def test_where_there_is_no_place_for_it_nothing_is_moved(given_):
    relocation = Relocation()
    for n in (1, 2):
        body = json.dumps({"model": "m", "instructions": system_at(n), "input": given_}).encode()
        assert relocation.moved(body, "openai-responses", b"", float(n)) is body


@given(
    st.lists(st.integers(0, 59), min_size=2, max_size=8),
    st.sampled_from(["anthropic", "openai-chat", "openai-responses"]),
    st.sampled_from(["It is 10:{:02}. ", "Status:\n M file{}.py\n", "id: abcdef{:02}. At 2026-03-01T10:{:02}:00Z. ", "Günther 😀 {}:10 "]),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.slow
def test_prefixes_hold_and_nothing_is_lost(minutes, dialect, pattern):
    relocation = Relocation()
    sent = []
    for n, minute in enumerate(minutes, 1):
        said = pattern.format(minute, minute)
        body = request(dialect, n, said + "And so on.")
        made = moved(relocation, body, dialect, float(n))
        if dialect == "anthropic":
            check(made, HEADERS)
        shown = json.dumps(made, ensure_ascii=False)
        assert all(line.strip() in shown.replace("\\n", "\n") for line in said.split("\n"))
        head = made.get("system") or made.get("instructions") or made["messages"][0]
        tail = made.get("input") or made["messages"]
        if sent and sent[-1][0] == head:  # from then on all that was sent begins what is sent
            assert tail[: len(sent[-1][1])] == sent[-1][1]
        sent.append((head, tail))
    heads = [json.dumps(head) for head, _ in sent]
    assert len(set(heads)) <= 1 + len(set(minutes[: heads.index(heads[-1]) + 1]))
