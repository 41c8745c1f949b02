"""Where a conversation's turns are and what they are called."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.proxy.retrieval import outline as outlining
from headroom_wrap.proxy.retrieval.outline import Reader
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.gemini import Gemini
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.dialects.openai_responses import OpenAIResponses

MARK = {"cache_control": {"type": "ephemeral"}}
MESSAGE = st.one_of(
    st.builds(lambda words: {"role": "user", "content": words}, st.sampled_from(["a", "b", ""])),
    st.builds(lambda words: {"role": "assistant", "content": [{"type": "text", "text": words}]}, st.sampled_from(["a", "b c", "b  c\n"])),
    st.builds(lambda n: {"role": "assistant", "content": [{"type": "tool_use", "id": f"t{n}", "name": "x", "input": {}}]}, st.integers(0, 2)),
)


def outline(messages, dialect=Anthropic, member="messages"):
    return Reader(dialect(), {}).read(json.dumps({member: messages}).encode())


@settings(max_examples=80, deadline=None)
@given(st.lists(MESSAGE, max_size=9), st.lists(MESSAGE, max_size=4))
def test_what_follows_changes_no_name_of_what_stands_before(messages, more):
    more = [{"role": "user", "content": "and"}, *more]
    before, after = outline(messages), outline([*messages, *more])
    assert after.turns[: len(before.turns)] == before.turns
    if before.turns:
        assert after.root == before.root
    by_model = [n for turn in after.turns for n in turn.messages]
    assert by_model == [n for n, m in enumerate([*messages, *more]) if m["role"] == "assistant"]


def test_the_root_of_a_first_request_is_that_of_all_later_ones():
    first = [{"role": "user", "content": [{"type": "text", "text": "x"} | MARK]}]
    later = [{"role": "user", "content": [{"type": "text", "text": "x"}]}, {"role": "assistant", "content": "y"}]
    assert outline(first).root == outline(later).root == outline(first).end != ""
    assert outline([]).root == ""


def chat(*messages):
    return outline([{"role": role, "content": content} for role, content in messages], OpenAIChat)


def test_instructions_that_a_conversation_begins_with_name_nothing_in_it():
    said = [("user", "x"), ("assistant", "y"), ("user", "z")]
    bare, first, later = chat(*said), chat(("system", "It is 10:00."), *said), chat(("system", "It is 10:01."), ("developer", "Be brief."), *said)
    assert bare.root == first.root == later.root
    assert bare.end == first.end == later.end
    assert [one.turns[0].key for one in (bare, first)] == [later.turns[0].key] * 2
    assert [one.turns[0].messages for one in (bare, first, later)] == [range(1, 2), range(2, 3), range(3, 4)]
    assert bare.former is None
    assert first.former.root != later.former.root
    assert first.former.turns[0].key != first.turns[0].key
    assert chat(said[0], ("system", "10:00"), *said[1:]).root != bare.root, "further on they are said within it"


def test_a_conversation_of_instructions_alone_is_known_by_them():
    alone = chat(("system", "a"))
    assert alone.root == chat(("system", "a"), ("assistant", "y"), ("user", "z")).root != chat(("system", "b")).root
    assert alone.former is None


def test_a_turn_is_known_by_what_was_said_whatever_else_a_client_drops():
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    said = [{"type": "text", "text": "a "}, {"type": "text", "text": "b"}]
    ours = {"type": "tool_use", "id": "t9", "name": "headroom_retrieve", "input": {}}
    asked = {"type": "tool_use", "id": "t1", "name": "x", "input": {}}

    def key(*content, before="x"):
        return outline([{"role": "user", "content": before}, {"role": "assistant", "content": list(content)}]).turns[0].key

    whole = key(thought, *said, ours, asked)
    assert whole == key({"type": "text", "text": "ab\n"}, asked)
    assert whole != key(thought, *said, ours)
    assert whole != key(*said, asked | {"id": "t2"})
    assert whole != key(*said, asked, before="y")


class Counting(Anthropic):
    """Counts the messages that it reads."""

    count = 0

    def any_message(self, raw, kinds):
        self.count += 1
        return super().any_message(raw, kinds)


def test_messages_with_images_are_read_once(monkeypatch):
    monkeypatch.setattr(outlining, "_REMEMBERED", 40_000)
    dialect = Counting()
    reader = Reader(dialect, {})
    images = [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": letter * 5000}} for letter in "abcdefghijkl"]
    body = json.dumps({"messages": [{"role": "user", "content": [image]} for image in images]}).encode()
    assert reader.read(body) == reader.read(body)
    assert dialect.count == len(images)


def test_what_is_remembered_of_messages_is_bounded(monkeypatch):
    monkeypatch.setattr(outlining, "_REMEMBERED", 40_000)
    dialect = Counting()
    reader = Reader(dialect, {})
    texts = json.dumps({"messages": [{"role": "user", "content": letter * 15_000} for letter in "abcd"]}).encode()
    assert reader.read(texts) == reader.read(texts)
    assert dialect.count == 8


def test_turns_whose_calls_have_no_ids_are_known_by_what_they_ask_for():
    def key(*parts):
        contents = [{"role": "user", "parts": [{"text": "x"}]}, {"role": "model", "parts": list(parts)}]
        return outline(contents, Gemini, "contents").turns[0].key

    def call(name="read_file", **arguments):
        return {"functionCall": {"name": name, "args": arguments}}

    asked = call(path="a.py", start=1)
    assert key(asked) == key(call("headroom_retrieve", handle="3f9a2c7b"), call(start=1, path="a.py") | {"thoughtSignature": "s"})
    assert len({key(asked), key(call(path="b.py", start=1)), key(call("glob", path="a.py", start=1)), key(asked, asked), key()}) == 5


def test_items_that_the_model_made_one_after_another_are_one_turn():
    items = [
        {"role": "user", "content": "x"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "o"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "y"}]},
    ]
    assert [turn.messages for turn in outline(items, OpenAIResponses, "input").turns] == [range(1, 3), range(4, 5)]
