"""``headroom_retrieve`` as applications offer it to their models."""

from __future__ import annotations

import inspect
import pickle
from pathlib import Path

import pytest

import headroom
from headroom import compress_text, headroom_retrieve, retriever, tools
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
    answer = retriever(store)(handle)
    assert answer.startswith(text[:50_000])
    assert f"cut here: {len(text) - 50_000:,} characters follow" in answer
    assert markers.carries_marker(answer)
