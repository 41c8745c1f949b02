"""``headroom_retrieve`` as applications offer it to their models."""

from __future__ import annotations

import inspect
import pickle
import re
from pathlib import Path

import pytest

import headroom
from headroom import compress_text, headroom_retrieve, retriever, tools
from headroom_wrap.mcp.tools import Tools
from headroom_wrap.proxy.retrieval.tool import DESCRIPTION, SCHEMA
from pipeline import markers
from pipeline.store.sqlite import SqliteStore

LOG = "\n".join(f"2026-01-01T00:00:{n % 60:02d}Z INFO worker[{n % 7}] request {n} done in {n % 9} ms" for n in range(400))


@pytest.fixture
def store(tmp_path: Path):
    kept = SqliteStore.open(tmp_path / "state" / "headroom.db")
    yield kept
    kept.close()


def test_it_is_one_tool_whichever_way_it_is_reached():
    assert tools("anthropic") == [{"name": "headroom_retrieve", "description": DESCRIPTION, "input_schema": SCHEMA}]


def test_declarations():
    declared = {
        "openai-chat": tools("openai-chat")[0]["function"],
        "openai-responses": tools("openai-responses")[0],
        "gemini": tools("gemini")[0]["function_declarations"][0],
    }
    for said in declared.values():
        assert (said["name"], said["description"]) == ("headroom_retrieve", DESCRIPTION)
        assert SCHEMA in (said.get("parameters"), said.get("parameters_json_schema"))
    with pytest.raises(ValueError, match="No API 'telex'"):
        tools("telex")


@pytest.mark.parametrize("api", ["openai-chat", "openai-responses"])
def test_strict_declarations_require_all(api):
    said = tools(api, strict=True)[0]
    said = said.get("function", said)
    assert said["strict"]
    schema = said["parameters"]
    assert schema["required"] == [*schema["properties"]] == ["handle", "lines", "pattern"]
    assert schema["properties"]["lines"]["type"] == ["string", "null"]
    assert schema["additionalProperties"] is False
    assert SCHEMA["required"] == ["handle"]


def test_it_is_a_plain_function_that_frameworks_make_a_tool_of():
    assert headroom_retrieve.__name__ == "headroom_retrieve"
    assert pickle.loads(pickle.dumps(headroom_retrieve)) is headroom.headroom_retrieve
    parameters = inspect.signature(headroom_retrieve).parameters.values()
    assert [(p.name, p.annotation, p.default) for p in parameters] == [
        ("handle", str, inspect.Parameter.empty),
        ("lines", str, ""),
        ("pattern", str, ""),
    ]
    assert inspect.getdoc(headroom_retrieve).startswith(DESCRIPTION)


def test_whole_and_in_part(store):
    small = compress_text(LOG, store=store)
    (handle,) = markers.handles(small)
    retrieve = retriever(store)
    assert retrieve(handle) == LOG
    assert retrieve(f"[headroom {handle}:", None, None) == LOG, "copied with what stands around it; null for what is not said"
    lines = retrieve(handle, lines="7").split("\n")
    assert lines[0] == f"7\t{LOG.splitlines()[6]}"
    assert markers.carries_marker(lines[1]), "so that it is not shortened again"
    assert retrieve(handle, 7) == "\n".join(lines)
    assert retrieve(handle, pattern="request 39[0-9] ").count("request 39") == 10
    assert retrieve(handle, pattern=404) == retrieve(handle, pattern="404") == f"Nothing in {handle} matches; it has 400 lines."
    assert retrieve(handle, pattern=0) == retrieve(handle, pattern="0")
    assert retrieve(handle, pattern=["a"]) == retrieve(handle, pattern="['a']")
    assert retrieve(handle, "", "") == LOG
    assert retrieve(handle, pattern="nowhere") == f"Nothing in {handle} matches; it has 400 lines."


def test_what_a_model_gets_wrong_is_told_to_it(store):
    retrieve = retriever(store)
    (handle,) = markers.handles(compress_text(LOG, store=store))
    assert "No original with handle" in retrieve("00000000")
    assert "is not a handle" in retrieve("the log")
    assert "is no range" in retrieve(handle, "all")
    assert "is outside" in retrieve(handle, "9000")
    assert "outside" in retrieve(handle, 0)
    assert "regular expression" in retrieve(handle, pattern="(")
    assert "No original" in headroom_retrieve("00000000"), "over the user's own store"


def test_an_answer_has_a_limit(store):
    text = "\n".join(f"{n} {'x' * 90}" for n in range(900))
    handle = store.put_original(text)
    kept, _, note = retriever(store)(handle).rpartition("\n")
    assert text.startswith(f"{kept}\n")
    assert 49_900 < len(kept) <= 50_000
    assert note.startswith(f"[headroom {handle}: cut here, {len(text) - len(kept) - 1:,} of {len(text):,} characters follow: go on with lines=")
    assert markers.carries_marker(note)


def test_a_line_of_any_length_is_fetched_whole(store):
    text = "short\n" + "".join(map(str, range(30_000)))
    handle = store.put_original(text)
    retrieve = retriever(store)
    first, note = retrieve(handle, "2").rsplit("\n", 1)
    got = first.removeprefix("2\t")
    while onward := re.search(r"go on with lines=(2:\d+-) ", note):
        piece, note = retrieve(handle, onward[1]).rsplit("\n", 1)
        got += piece
    assert f"short\n{got}" == text
    assert f"characters 99999-138890 of {len(got):,} of line 2" in note


def test_both_tools_say_the_same_of_a_part(store):
    """An application's model and an agent's: but for the command, which only the agent may have."""
    handle = store.put_original("\n".join(f"{n} {'x' * 90}" for n in range(900)))
    agents = Tools(lambda: store, lambda text, query, store: text)
    for asked in ({}, {"lines": "1-5"}, {"lines": "5:3-9"}, {"lines": "1-"}, {"pattern": "^77 "}):
        answer = agents.call("headroom_retrieve", {"handle": handle, **asked})
        assert answer.replace(f", or run: headroom show {handle}", "") == retriever(store)(handle, **asked)
