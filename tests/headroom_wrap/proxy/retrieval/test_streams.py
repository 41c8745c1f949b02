"""Streams, fed in all manners: what goes to the client, what is heard."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.testing import Answer, text, thinking, tool
from headroom.testing.anthropic import stream as anthropic
from headroom.testing.gemini import answers as gemini
from headroom.testing.openai import chat_answers, response_answers
from headroom.testing.script import with_ids
from headroom_wrap.proxy.retrieval.api import NAME_BYTES, Form, Unclear
from headroom_wrap.proxy.retrieval.events import RawEvents, document
from headroom_wrap.proxy.retrieval.wires.anthropic import AnthropicWire
from headroom_wrap.proxy.retrieval.wires.chat import ChatWire
from headroom_wrap.proxy.retrieval.wires.gemini import GeminiWire
from headroom_wrap.proxy.retrieval.wires.responses import ResponsesWire
from pipeline.usage import Usage

USAGE = Usage(input=10, cache_read=5, output=7)
OURS = tool("headroom_retrieve", handle="3f9a2c7b", lines="1-3")
THEIRS = tool("run", command='echo "ä" && ls\n' + "x" * 40)


def named(blocks):
    numbers = iter(range(99))
    return with_ids(Answer(blocks), lambda: f"call_{next(numbers)}")


def of_anthropic(blocks, name="msg_1"):
    answer = named(blocks)
    body = anthropic.message(name, "m", answer.blocks, answer.stop, USAGE)
    return [anthropic.encode(event) for event in anthropic.events(body)]


def of_chat(blocks, name="c_1"):
    answer = named(blocks)
    body = chat_answers.body(name, "m", chat_answers.message(answer), answer.stop, 0)
    return [*map(chat_answers.encode, chat_answers.chunks(body, chat_answers.usage_fields(USAGE))), chat_answers.DONE]


def of_responses(blocks, name="resp_1"):
    answer = named(blocks)
    numbers = iter(range(99))
    items = response_answers.items(answer, lambda prefix: f"{prefix}_{name}_{next(numbers)}")
    body = response_answers.body(name, {"model": "m"}, items, answer.stop, 0)
    body["usage"] = response_answers.usage_fields(USAGE)
    return [response_answers.encode(event) for event in response_answers.events(body)]


def of_gemini(blocks, name="g_1"):
    answer = named(blocks)
    body = gemini.body(name, "m", gemini.parts(answer, thoughts=True), answer.stop, gemini.usage_fields(USAGE, 0))
    return [gemini.encode(chunk) for chunk in gemini.chunks(body)]


def of_gemini_listed(blocks, name="g_1"):
    answer = named(blocks)
    body = gemini.body(name, "m", gemini.parts(answer, thoughts=True), answer.stop, gemini.usage_fields(USAGE, 0))
    return list(gemini.listed(gemini.chunks(body)))


APIS = {
    "anthropic": (AnthropicWire(), b'{"messages":[]}', of_anthropic),
    "chat": (ChatWire(), b'{"messages":[]}', of_chat),
    "responses": (ResponsesWire(), b'{"input":[],"store":false}', of_responses),
    "gemini": (GeminiWire(), b'{"contents":[]}', of_gemini),
    "gemini, listed": (GeminiWire(), b'{"contents":[]}', of_gemini_listed),
}
EVENTS = [api for api in APIS if api != "gemini, listed"]
BLOCKS = st.lists(st.sampled_from([text("I say: " + "ü" * 30), text("headroom_retrieve"), thinking("hm " * 9), THEIRS, OURS]), max_size=6)
each = pytest.mark.parametrize("api", list(APIS))
modest = settings(max_examples=40, deadline=None)


def machine(api):
    wire, body, _ = APIS[api]
    return wire.answer(body, Form.EVENTS if api in EVENTS else Form.ARRAY)


def through(api, *rounds):
    """What the client gets for responses given as lists of chunks, and what was heard."""
    answer = machine(api)
    out = b""
    heard = []
    for number, chunks in enumerate(rounds):
        if number:
            answer.resume()
        out += b"".join(answer.feed(chunk) for chunk in chunks)
        heard.append(answer.end())
    return out + answer.finish(), heard


def cut(data, places):
    places = sorted({p % (len(data) + 1) for p in places})
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)])]


def values(data):
    parser = RawEvents()
    return [found[1] for event in parser.feed(data) if (found := document(event)) is not None]


def calls_ours(blocks):
    return OURS in blocks


@each
@modest
@given(blocks=BLOCKS, places=st.lists(st.integers(0, 10_000), max_size=30))
def test_where_it_is_split_makes_no_difference(api, blocks, places):
    data = b"".join(APIS[api][2](blocks))
    whole, heard = through(api, [data])
    split, heard_split = through(api, cut(data, places))
    assert split == whole
    assert heard_split == heard
    if not calls_ours(blocks):
        assert whole == data
    else:
        assert b"3f9a2c7b" not in whole
        assert [call.arguments for call in heard[0].calls] == [OURS["input"]] * blocks.count(OURS)
        assert heard[0].others == (THEIRS in blocks)


@pytest.mark.slow
@pytest.mark.parametrize("api", EVENTS)
@modest
@given(blocks=BLOCKS, after=BLOCKS, ends=st.sampled_from([b"\r\n", b"\n", b"\r"]))
def test_several_responses_are_one_whatever_their_line_ends_and_pings(api, blocks, after, ends):
    ping = b": ping\n\n"
    one = [line for event in APIS[api][2]([*blocks, OURS]) for line in (ping, event)]
    two = [line for event in APIS[api][2](after, "second") for line in (event, ping)]
    plain, heard = through(api, one, two)
    other, heard_other = through(api, *([chunk.replace(b"\r\n", b"\n").replace(b"\n", ends) for chunk in chunks] for chunks in (one, two)))
    assert values(other) == values(plain)
    assert [made and (made.elements, made.calls) for made in heard_other] == [made and (made.elements, made.calls) for made in heard]
    assert b"3f9a2c7b" not in plain
    kinds = [value.get("type") for value in values(plain)]
    if api == "anthropic":
        assert (kinds.count("message_start"), kinds.count("message_delta"), kinds.count("message_stop")) == (1, 1, 1)
        indices = [value["index"] for value in values(plain) if value["type"] == "content_block_start"]
        assert indices == list(range(len(indices)))
        ended = next(value for value in values(plain) if value["type"] == "message_delta")
        assert (ended["usage"]["output_tokens"], ended["usage"]["cache_read_input_tokens"]) == (14, 10)
    if api == "chat":
        assert {value["id"] for value in values(plain)} == {"c_1"}
        assert values(plain)[-1]["usage"]["completion_tokens"] == 14
        assert plain.count(b"[DONE]") == 1
    if api == "responses":
        assert [value["sequence_number"] for value in values(plain)] == list(range(len(kinds)))
        assert (kinds.count("response.created"), kinds.count("response.completed")) == (1, 1)
        assert values(plain)[-1]["response"]["id"] == "resp_1"
        assert values(plain)[-1]["response"]["usage"]["output_tokens"] == 14
    if api == "gemini":
        assert [bool(value["candidates"][0].get("finishReason")) for value in values(plain)] == [False] * (len(kinds) - 1) + [True]
        assert values(plain)[-1]["usageMetadata"]["promptTokenCount"] == 30


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_an_event_has_all_of_the_line_that_ends_it_wherever_it_is_split(end):
    events = [b"data: 1" + 2 * end, b"data: 2" + 2 * end]
    data = b"".join(events)
    for place in range(len(data) + 1):
        parser = RawEvents()
        assert [*parser.feed(data[:place]), *parser.feed(data[place:])] == events
        assert parser.rest() == b""


SPACES = st.sampled_from([b"", b"\n", b" \r\n\t"])


@modest
@given(first=BLOCKS, second=BLOCKS, third=BLOCKS, spaces=st.tuples(SPACES, SPACES, SPACES), pretty=st.booleans())
def test_several_arrays_are_one(first, second, third, spaces, pretty):
    """However they are laid out and wherever our calls stand: first, last, alone."""
    before, between, after = spaces

    def written(blocks, name):
        events = of_gemini_listed(blocks, name)
        values = json.loads(b"".join(events))
        texts = [json.dumps(value, indent=2 if pretty else None).encode() for value in values]
        return before + b"[" + (between + b"," + after).join(texts) + after + b"]" + before

    blocks = ([*first, OURS], [OURS, *second, OURS], third)
    responses = [written(each, f"g_{number}") for number, each in enumerate(blocks)]
    out, heard = through("gemini, listed", *([response] for response in responses))
    got = json.loads(out)
    assert b"3f9a2c7b" not in out
    assert [made.usage["promptTokenCount"] for made in heard] == [15] * 3
    assert [bool(value["candidates"][0].get("finishReason")) for value in got] == [False] * (len(got) - 1) + [True]
    assert got[-1]["usageMetadata"]["promptTokenCount"] == 45
    said = "".join(part.get("text", "") for value in got for part in value["candidates"][0]["content"]["parts"] if not part.get("thought"))
    assert said == "".join(block["text"] for each in blocks for block in each if block["type"] == "text")
    calls = [part["functionCall"]["name"] for value in got for part in value["candidates"][0]["content"]["parts"] if "functionCall" in part]
    assert calls == ["run"] * sum(each.count(THEIRS) for each in blocks)


@modest
@given(first=BLOCKS, second=BLOCKS)
def test_an_array_that_cannot_go_on_is_one_still(first, second):
    answer = machine("gemini, listed")
    out = answer.feed(b"".join(of_gemini_listed([*first, OURS])))
    assert answer.end().calls
    got = json.loads(out + answer.failed("no"))
    assert got[-1] == {"error": {"code": 500, "message": "no", "status": "INTERNAL"}}
    answer.resume()
    out += answer.feed(b"".join(of_gemini_listed(second)))
    assert json.loads(out + answer.failed("no"))[-1]["error"]["message"] == "no"


def test_an_array_whose_end_is_missing_is_closed_once_and_sent_again_as_it_was():
    """Our call in a response that does not say why it ended, and that cannot be read."""
    odd = b'[{"candidates":[{"content":{"parts":[{"text":"a"},{"functionCall":{"name":"headroom_retrieve","args":3}}]}}]}\n]\n'
    out, heard = through("gemini, listed", [odd])
    assert json.loads(out) == [{"candidates": [{"content": {"parts": [{"text": "a"}]}}]}]
    assert not heard[0].whole
    answer = machine("gemini, listed")
    out = answer.feed(odd.replace(b'"args":3', b'"args":{}').replace(b'{"text":"a"}', b'{"text":3},{"text":"a"},{"text":"b"}'))
    with pytest.raises(Unclear):
        answer.end()
    answer.resume()
    out += answer.feed(b'[{"candidates":[]}]')
    answer.end()
    assert len(json.loads(out + answer.finish())) == 2


@each
@modest
@given(blocks=BLOCKS, at=st.integers(0, 10_000))
def test_a_stream_that_is_cut_off_anywhere(api, blocks, at):
    data = b"".join(APIS[api][2](blocks))
    data = data[: at % (len(data) + 1)]
    answer = machine(api)
    out = answer.feed(data)
    try:
        made = answer.end()
    except Unclear:
        made = None
    if made is not None and made.answerable:  # then it is whole, but for the marks that end it
        assert [call.arguments for call in made.calls] == [OURS["input"]] * blocks.count(OURS)
    out += answer.finish()
    if NAME_BYTES not in data:
        assert out == data


@each
@modest
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(
                [b"\n\n", b"\r\n\r\n", b"data: ", b"data: {}", b'data: {"type":"content_block_start"}\n\n', b"data: [headroom_retrieve]\n\n"]
            ),
            st.sampled_from(
                [
                    b'data: {"choices":[{"delta":{"tool_calls":[{"function":"headroom_retrieve"}]}}]}\n\n',
                    b'data: {"candidates":["headroom_retrieve"]}\n\n',
                ]
            ),
            st.sampled_from(
                [b'data: {"type":"response.output_item.added","item":"headroom_retrieve"}\n\n', b'data: {"type":"headroom_retrieve"}\n\n']
            ),
            st.sampled_from([b"[", b"]", b",", b'{"a":"headroom_retrieve', b'"}', b'{"candidates":["headroom_retrieve"]}', b"\\", b'"']),
        ),
        max_size=20,
    )
)
def test_what_is_no_answer_goes_on_byte_for_byte(api, pieces):
    answer = machine(api)
    out = b"".join(answer.feed(piece) for piece in pieces)
    assert answer.end() is None
    assert out + answer.finish() == b"".join(pieces)


@each
@modest
@given(blocks=BLOCKS, noise=st.lists(st.tuples(st.integers(0, 99), st.sampled_from(list('{}[]",:0na\\'))), max_size=4))
def test_damaged_responses_never_raise_but_where_they_end(api, blocks, noise):
    data = bytearray(b"".join(APIS[api][2]([*blocks, OURS, THEIRS])))
    for place, mark in noise:
        data[place * len(data) // 100] = ord(mark)
    answer = machine(api)
    answer.feed(bytes(data))
    try:
        answer.end()
    except Unclear:
        pass
    answer.resume()
    answer.feed(b"".join(APIS[api][2](blocks)))
    try:
        answer.end()
    except Unclear:
        pass
    answer.finish()


@each
def test_nothing_is_kept_back_but_what_is_ours(api):
    """Each event before our call is out before the next one comes in."""
    answer = machine(api)
    events = APIS[api][2]([text("x" * 100), OURS])
    for event in events[:4]:
        assert answer.feed(event) == event


KEPT = (ResponsesWire(), b'{"input":[]}')
UNREADABLE = [
    b"",
    b"[]",
    b"<html>",
    b'{"error":{"message":"The tool \\"headroom_retrieve\\" is busy."}}',
    b'{"id":"r","status":"completed","output":null}',
    b'{"id":"r","status":"completed"}',
    b'{"id":"r","status":"completed","output":["headroom"]}',
    b'{"id":"r","status":"completed","output":[],"id":"r"}',
    b'\xef\xbb\xbf{"id":"r","status":"completed","output":[]}',
    b'{"id":"r","output":[' + b"[" * 20_000 + b"]" * 20_000 + b"]}",
]


@pytest.mark.parametrize("odd", UNREADABLE)
def test_a_document_that_calls_nothing_of_ours_is_the_answer_whatever_its_shape(odd):
    wire, body = KEPT
    answer = wire.answer(body, Form.WHOLE)
    answer.feed(odd)
    assert answer.end() is None
    assert answer.finish() == odd


def whole(api, blocks):
    answer = named(blocks)
    return json.dumps(
        {
            "anthropic": lambda: anthropic.message("m", "m", answer.blocks, answer.stop, USAGE),
            "chat": lambda: chat_answers.body("c", "m", chat_answers.message(answer), answer.stop, 0) | {"usage": chat_answers.usage_fields(USAGE)},
            "responses": lambda: response_answers.body("r", {"model": "m"}, response_answers.items(answer, lambda p: f"{p}_1"), answer.stop, 0),
            "gemini": lambda: gemini.body("g", "m", gemini.parts(answer, thoughts=True), answer.stop, gemini.usage_fields(USAGE, 0)),
        }[api]()
    ).encode()


@pytest.mark.parametrize("api", EVENTS)
@pytest.mark.parametrize("odd", [odd for odd in UNREADABLE if b"status" not in odd])
def test_so_is_a_later_one(api, odd):
    wire, body, _ = APIS[api]
    answer = wire.answer(body, Form.WHOLE)
    answer.feed(whole(api, [text("I say."), OURS]))
    assert answer.end().calls
    answer.resume()
    answer.feed(odd)
    assert answer.end() is None
    assert answer.finish() == odd


def test_a_document_that_may_call_ours_and_cannot_be_read_is_none():
    for wire, body in (KEPT, *((wire, body) for wire, body, _ in APIS.values())):
        answer = wire.answer(body, Form.WHOLE)
        answer.feed(b'{"name":"headroom_retrieve"}')
        with pytest.raises(Unclear):
            answer.end()


ODD_ENDS = [
    b'data: {"type":"response.completed"}\n\n',
    b'data: {"type":"response.completed","response":null}\n\n',
    b'data: {"type":"response.incomplete","response":"r"}\n\n',
]


@pytest.mark.parametrize("odd", ODD_ENDS)
def test_a_stream_that_calls_nothing_of_ours_is_the_answer_however_it_ends(odd):
    wire, body = KEPT
    answer = wire.answer(body, Form.EVENTS)
    data = b"".join(of_responses([text("I say.")])[:-1]) + odd
    out = answer.feed(data)
    assert answer.end() is None
    assert out + answer.finish() == data


ODD_EVENTS = {
    "anthropic": b'data: {"type":"content_block_delta","index":0,"delta":{"type":"a_new_delta"}}\n\n',
    "chat": b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"id":"no index"}]}}]}\n\n',
    "responses": b'data: {"type":"response.output_item.done"}\n\n',
    "gemini": b'data: {"candidates":[{"content":{"parts":[{"text":3}]}}]}\n\n',
    "gemini, listed": b',{"candidates":[{"content":{"parts":[{"text":3}]}}]}',
}


@each
def test_a_later_stream_that_cannot_be_read_goes_out_once(api):
    events = APIS[api][2]([text("I say: once."), text("And that.")], "second")
    out, heard = through(api, APIS[api][2]([text("Let me see."), OURS]), [*events[:-2], ODD_EVENTS[api], *events[-2:]])
    assert heard[0].calls
    assert heard[1] is None
    assert b"3f9a2c7b" not in out
    if api.startswith("gemini"):
        said = json.loads(out) if api == "gemini, listed" else values(out)
        texts = [value["candidates"][0]["content"]["parts"][0]["text"] for value in said]
        assert [texts.count(once) for once in ("I say: once.", 3, "And that.")] == [1, 1, 1]
    else:
        assert out.endswith(events[-1])


@pytest.mark.slow
@pytest.mark.parametrize("api", EVENTS)
@modest
@given(blocks=BLOCKS)
def test_whole_documents(api, blocks):
    wire, body, _ = APIS[api]
    data = whole(api, blocks)
    one = wire.answer(body, Form.WHOLE)
    assert one.feed(data[:10]) + one.feed(data[10:]) == b""
    heard = one.end()
    if OURS not in blocks:
        assert one.finish() == data
        return
    assert len(heard.calls) == blocks.count(OURS)
    assert b"3f9a2c7b" not in one.finish()
    one.resume()
    one.feed(data)
    one.end()
    assert b"3f9a2c7b" not in one.finish()


@pytest.mark.slow
def test_an_event_without_an_end_is_let_go():
    parser = RawEvents()
    piece = b"data: " + b"x" * (1 << 20)
    out = [event for _ in range(40) for event in parser.feed(piece)]
    assert b"".join(out) + parser.rest() == piece * 40
    assert len(out) > 1
