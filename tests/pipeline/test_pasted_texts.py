"""Data pasted into a user's text, in every dialect: the promises of ARCHITECTURE §1 hold for it as for tool results."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import cache_aligner, ccr, markers, tokens
from pipeline.compressors.api import Content
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.bedrock_converse import BedrockConverse
from pipeline.dialects.gemini import Gemini
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.dialects.openai_responses import OpenAIResponses
from pipeline.outcome import Reason
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.router import route_pasted
from pipeline.store.api import Decision
from pipeline.transcript import LEAST_PASTED
from tests.memory_store import MemoryStore
from tests.pipeline.segments.test_pasted import BUILD, CSV, DATA, JSON, LOG, MARKDOWN, RECORDS, SAID, SEARCH, SOURCE

Text = str | list[str]
TOOLS = [{"name": "headroom_retrieve"}]
MARK = {"cache_control": {"type": "ephemeral"}}
OWN = "<system-reminder>\nContents of CLAUDE.md\n" + LOG + "\n</system-reminder>"


def anthropic(turns: list[Text], tools: bool) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    for text in turns:
        content: Any = text if isinstance(text, str) else [{"type": "text", "text": t, **MARK} for t in text]
        messages += [{"role": "user", "content": content}, {"role": "assistant", "content": "I see."}]
    return {"messages": messages[:-1], "tools": TOOLS if tools else [], "system": "be kind"}


def chat(turns: list[Text], tools: bool) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": LOG}]
    for text in turns:
        content: Any = text if isinstance(text, str) else [{"type": "text", "text": t} for t in text]
        messages += [{"role": "user", "content": content}, {"role": "assistant", "content": "I see."}]
    return {"messages": messages[:-1], **({"tools": TOOLS} if tools else {})}


def responses(turns: list[Text], tools: bool) -> dict[str, Any]:
    items: list[dict[str, Any]] = [{"type": "message", "role": "developer", "content": LOG}]
    for text in turns:
        content: Any = text if isinstance(text, str) else [{"type": "input_text", "text": t} for t in text]
        items += [{"type": "message", "role": "user", "content": content}, {"type": "message", "role": "assistant", "content": "I see."}]
    return {"input": items[:-1], "tools": TOOLS if tools else []}


def gemini(turns: list[Text], tools: bool) -> dict[str, Any]:
    contents: list[dict[str, Any]] = []
    for text in turns:
        parts = [{"text": t} for t in ([text] if isinstance(text, str) else text)]
        contents += [{"role": "user", "parts": [*parts, {"inlineData": {"data": "aGk="}}]}, {"role": "model", "parts": [{"text": "I see."}]}]
    return {"contents": contents[:-1], "tools": TOOLS if tools else []}


def assist(turns: list[Text], tools: bool) -> dict[str, Any]:
    return {"model": "gemini-3", "project": "p", "request": gemini(turns, tools)}


def converse(turns: list[Text], tools: bool) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    for text in turns:
        content = [{"text": t} for t in ([text] if isinstance(text, str) else text)]
        messages += [
            {"role": "user", "content": [*content, {"cachePoint": {"type": "default"}}]},
            {"role": "assistant", "content": [{"text": "I see."}]},
        ]
    return {"messages": messages[:-1], **({"toolConfig": {"tools": TOOLS}} if tools else {}), "system": [{"text": "be kind"}]}


DIALECTS = {
    "anthropic": (Anthropic, anthropic),
    "chat": (OpenAIChat, chat),
    "responses": (OpenAIResponses, responses),
    "gemini": (Gemini, gemini),
    "code assist": (Gemini, assist),
    "converse": (BedrockConverse, converse),
}
dialects = st.sampled_from(list(DIALECTS.values()))
profiles = st.sampled_from(list(Profile))


@st.composite
def pastes(draw: st.DrawFn) -> str:
    said = st.sampled_from([SAID, "Why?", "Bitte sieh dir das an, es ist dringend.", "# Report\n\n1. it fails\n2. on Tuesdays", ""])
    data = draw(st.sampled_from([LOG, JSON, RECORDS, CSV, SEARCH, BUILD, SOURCE, MARKDOWN, "nothing"]))
    form = draw(st.sampled_from(["{0}\n\n{1}\n\n{2}", "{0}\n{1}\n{2}", "{0}\n```\n{1}\n```\n{2}", "{0}\r\n\r\n{1}\r\n{2}"]))
    return form.format(draw(said), data, draw(said))


texts: st.SearchStrategy[Text] = st.one_of(pastes(), st.lists(pastes(), min_size=1, max_size=2), st.just([OWN, SAID]))
conversations = st.lists(texts, min_size=1, max_size=3)


def decide(dialect: Any, raw: bytes, policy: Policy, store: MemoryStore, record: dict[str, Decision] | None = None, *, new: bool = True) -> bytes:
    transcript = dialect.read(raw, policy)
    if new:
        transcript = replace(transcript, turn=0)
    keys = cache_aligner.lineage(transcript.items)
    alignment = cache_aligner.align(transcript, keys, record if record is not None else {}, policy)
    outcomes = list(cache_aligner.run(alignment.job)) if alignment.job else []
    decided = cache_aligner.settle(store, alignment, outcomes)
    return bytes(dialect.write(raw, transcript, {i: d.text for i, d in decided.items() if d.text is not None}))


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inside for text in strings(one)]


@settings(max_examples=50)
@given(dialects, conversations, profiles, st.booleans())
def test_only_data_changes_and_comes_back(kind: Any, turns: list[Text], profile: Profile, tools: bool) -> None:
    dialect, build = kind
    store = MemoryStore()
    body = build(turns, tools)
    raw = json.dumps(body).encode()
    written = decide(dialect(), raw, Policy(profile=profile), store)
    before, after = strings(body), strings(json.loads(written))
    assert len(before) == len(after)
    if before == after:
        assert written is raw or written == raw
    for old, new in zip(before, after, strict=True):
        if old == new:
            continue
        assert len(old) >= LEAST_PASTED
        assert "system-reminder" not in old
        assert SOURCE not in old
        assert MARKDOWN not in old
        assert tokens.count(new) < tokens.count(old)
        assert ccr.retrieve(store, markers.handles(new)[-1]).text == old
        assert tools or not markers.elides(new)
        assert profile is not Profile.LOSSLESS or not markers.elides(new)
        for said in old.replace("\r", "").split("\n"):
            if said and any(said in words.split("\n") for words in (SAID, "Bitte sieh dir das an, es ist dringend.", "1. it fails")):
                assert Counter(new.replace("\r", "").split("\n"))[said] == Counter(old.replace("\r", "").split("\n"))[said]


@settings(max_examples=25)
@given(dialects, conversations, profiles, st.data())
def test_a_prefix_is_a_prefix_for_ever(kind: Any, turns: list[Text], profile: Profile, data: st.DataObject) -> None:
    dialect, build = kind
    policy = Policy(profile=profile)
    cut = data.draw(st.integers(1, len(turns)))
    whole = strings(json.loads(decide(dialect(), json.dumps(build(turns, True)).encode(), policy, MemoryStore())))
    part = strings(json.loads(decide(dialect(), json.dumps(build(turns[:cut], True)).encode(), policy, MemoryStore())))
    sent = len(strings(build(turns[:cut], True))) - len(strings(TOOLS)) - 1 - 2
    assert part[:sent] == whole[:sent]
    # On record: another policy, another day, the same bytes.
    store = MemoryStore()
    raw = json.dumps(build(turns, True)).encode()
    first = decide(dialect(), raw, policy, store)
    assert decide(dialect(), raw, Policy(profile=Profile.LOSSLESS, floor_tokens=9999), store, store.frozen) == first


@pytest.mark.parametrize(("dialect", "build"), DIALECTS.values(), ids=DIALECTS)
def test_a_string_and_a_lone_part_are_the_same_text(dialect: Any, build: Any) -> None:
    text = f"{SAID}\n\n{LOG}"
    forms = []
    for turns in ([text], [[text]]):
        transcript = dialect().read(json.dumps(build(turns, True)).encode(), Policy())
        alignment = cache_aligner.align(transcript, cache_aligner.lineage(transcript.items), {}, Policy())
        assert alignment.job is not None
        forms.append((alignment.keys, [o.text for o in cache_aligner.run(alignment.job)]))
    assert forms[0] == forms[1]
    assert forms[0][1][0] is not None


@pytest.mark.parametrize(("dialect", "build"), DIALECTS.values(), ids=DIALECTS)
def test_what_was_answered_before_us_stays(dialect: Any, build: Any) -> None:
    raw = json.dumps(build([f"{SAID}\n\n{LOG}", "And now?"], True)).encode()
    store = MemoryStore()
    assert decide(dialect(), raw, Policy(), store, new=False) == raw
    assert [d.reason for d in store.frozen.values()] == [Reason.HISTORY.value]


@pytest.mark.parametrize(("dialect", "build"), DIALECTS.values(), ids=DIALECTS)
def test_short_texts_and_those_of_the_agent_need_no_decision(dialect: Any, build: Any) -> None:
    raw = json.dumps(build(["x " * (LEAST_PASTED // 2 - 1), [OWN, "Why?"]], True)).encode()
    transcript = dialect().read(raw, Policy())
    assert cache_aligner.blocks(transcript) == []
    assert cache_aligner.blocks(dialect().read(raw.replace(b"x x", b"x x x x x"), Policy())) != []


@pytest.mark.parametrize(("dialect", "build"), DIALECTS.values(), ids=DIALECTS)
def test_whether_tools_are_offered(dialect: Any, build: Any) -> None:
    for tools in (True, False):
        assert dialect().read(json.dumps(build(["Why?"], tools)).encode(), Policy()).tools is tools


@pytest.mark.parametrize("none", ["[]", "[ ]", "[\n]", "null", "{}", "false", '""'])
@pytest.mark.parametrize(("dialect", "build"), DIALECTS.values(), ids=DIALECTS)
def test_a_list_without_a_tool_offers_none(dialect: Any, build: Any, none: str) -> None:
    raw = json.dumps(build(["Why?"], True))
    assert not dialect().read(raw.replace(json.dumps(TOOLS), none).encode(), Policy()).tools
    assert dialect().read(raw.replace(json.dumps(TOOLS), "[\n {}]").encode(), Policy()).tools


def test_a_frame_that_goes_on_from_another_and_tools_in_the_input_offer_tools() -> None:
    for body in ({"previous_response_id": "r1", "input": "Why?"}, {"input": [{"type": "additional_tools", "role": "developer", "tools": TOOLS}]}):
        assert OpenAIResponses().read(json.dumps(body).encode(), Policy()).tools


def test_a_text_with_half_a_surrogate_pair_is_not_written() -> None:
    raw = json.dumps(anthropic([f"\ud83d {LOG}"], True)).encode()
    assert cache_aligner.blocks(Anthropic().read(raw, Policy())) == []


def test_the_question_is_what_stands_beside_the_data() -> None:
    line = LOG.split("\n")[122]
    asked = f"What happened to {line.split(' ')[4]} on that day, do you know?\n\n{LOG}"
    outcome = route_pasted(Content(asked), Policy())
    assert outcome.text is not None
    assert line in outcome.text
    assert line not in (route_pasted(Content(f"{SAID}\n\n{LOG}"), Policy()).text or "")
    other = route_pasted(Content(f"{SAID}\n\n{LOG}", Query.of(f"Look for {line.split(' ')[4]}", None)), Policy())
    assert line in (other.text or "")


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_the_same_paste_gives_the_same_bytes_and_is_never_taken_again(data: str) -> None:
    first, second = (route_pasted(Content(f"{SAID}\n\n{data}"), Policy()) for _ in range(2))
    assert first == second
    if first.text is not None:
        assert first.compressor.startswith("pasted+")
        assert route_pasted(Content(first.text), Policy()).reason is Reason.MARKED


def test_why_a_text_stays() -> None:
    assert route_pasted(Content(f"{SAID}\n\n{LOG}"), Policy(disabled=frozenset({"pasted"}))).reason is Reason.OFF
    assert route_pasted(Content(f"{SAID}\n\n{LOG}"), Policy(floor_tokens=100_000)).reason is Reason.TOO_SMALL
    assert route_pasted(Content(MARKDOWN), Policy()).reason is Reason.WORDS
    assert route_pasted(Content(f"{SAID}\n\n{LOG}"), Policy(disabled=frozenset({"log", "repeats", "padding", "segments"}))).text is None


def test_two_pastes_in_one_text_have_one_footer_in_the_text_s_own_numbers() -> None:
    text = f"{SAID}\n\n{LOG}\n\nThis is what the other one of them says:\n\n{JSON}\n\n{LOG.replace('svc', 'web')}"
    store = MemoryStore()
    outcome = route_pasted(Content(text), Policy())
    assert outcome.text is not None
    assert outcome.rewrite is not None
    store.put_original(text, unit=outcome.rewrite.unit, spans=outcome.rewrite.spans)
    assert len(markers.handles(outcome.text)) == 1
    lines = text.split("\n")
    for found in list(markers.IN_PLACE.finditer(outcome.text))[:20]:
        shown = ccr.retrieve(store, outcome.handle, found[1]).text
        assert shown == f"{found[1]}\t{lines[int(found[1]) - 1]}"
    assert "\n\nThis is what the other one of them says:\n\n" in outcome.text
