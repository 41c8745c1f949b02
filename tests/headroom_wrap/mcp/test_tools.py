from __future__ import annotations

import json
import re

import pytest

from headroom_wrap.mcp.tools import INSTRUCTIONS, LIMIT, RECALL, TOOLS, ToolError, Tools, UnknownTool
from pipeline import markers, tokens
from pipeline.store.api import Receipt, StoreError
from pipeline.store.sqlite import SqliteStore
from pipeline.usage import Usage

TEXT = "".join(f"line {i}\n" for i in range(1, 101)) + "end"


@pytest.fixture
def store(tmp_path):
    store = SqliteStore.open(tmp_path / "state" / "headroom.db")
    yield store
    store.close()


@pytest.fixture
def tools(store):
    return Tools(lambda: store, lambda text, query, kept: f"{query}:{len(text)}:{kept is store}", since=100.0)


def test_what_the_model_is_told_costs_little():
    """Every request of the session carries this: 400 tokens at most, annotations and JSON included."""
    assert tokens.count(json.dumps(TOOLS)) + tokens.count(INSTRUCTIONS) <= 400
    with_memory = Tools(lambda: None, lambda *_: "", recall=lambda *_: "").offered
    assert RECALL in with_memory
    assert tokens.count(json.dumps(with_memory)) + tokens.count(INSTRUCTIONS) <= 400


def test_a_wrapped_agent_is_told_of_what_it_has_use_for(store):
    """Nothing may make a session dearer in which nothing is left out: a request there carries this and no more."""
    tools = Tools(lambda: store, lambda *_: "short", only=frozenset({"headroom_retrieve", "headroom_recall"}))
    assert [t["name"] for t in tools.offered] == ["headroom_retrieve"]
    told = [{key: value for key, value in tool.items() if key != "annotations"} for tool in tools.offered]  # those are the agent's, not the model's
    assert tokens.count(json.dumps(told, separators=(",", ":"))) + tokens.count(INSTRUCTIONS) <= 140
    assert tools.call("headroom_compress", {"text": "long"}) == "short"


def test_memory_is_asked_only_where_there_is_one(tools, store):
    assert RECALL not in tools.offered
    with pytest.raises(UnknownTool):
        tools.call("headroom_recall", {})
    remembering = Tools(lambda: store, lambda *_: "", recall=lambda wanted, kept: f"{wanted}|{kept is store}")
    assert remembering.call("headroom_recall", {"pattern": "src"}) == "src|True"
    assert remembering.call("headroom_recall", {}) == "|True"
    assert "0 responses" in remembering.call("headroom_stats", {}) or "no response" in remembering.call("headroom_stats", {})


def test_names_and_hints():
    assert [t["name"] for t in TOOLS] == ["headroom_retrieve", "headroom_compress", "headroom_stats"]
    assert all(t["annotations"]["readOnlyHint"] for t in TOOLS)
    assert all(set(t["inputSchema"]["required"]) <= set(t["inputSchema"]["properties"]) for t in TOOLS)


def test_whole_originals_come_back_as_they_were(tools, store):
    assert tools.call("headroom_retrieve", {"handle": store.put_original(TEXT)}) == TEXT


def test_parts_carry_their_numbers_and_our_marker(tools, store):
    handle = store.put_original(TEXT)
    answer = tools.call("headroom_retrieve", {"handle": handle, "lines": "5-6"})
    assert answer == f"5\tline 5\n6\tline 6\n[headroom {handle}: 2 of 101 lines]"
    # so it is never compressed again, wherever it turns up
    assert markers.carries_marker(answer)
    assert tools.call("headroom_retrieve", {"handle": f"[headroom {handle}:", "pattern": "^line 1.$"}).count("\n") == 10
    assert tools.call("headroom_retrieve", {"handle": handle, "lines": 7, "pattern": "", "more": []}).startswith("7\tline 7\n")


def test_a_part_of_one(tools, store):
    handle = store.put_original("only")
    assert tools.call("headroom_retrieve", {"handle": handle, "lines": "1"}).endswith("1 of 1 line]")


def test_long_originals_are_cut_at_a_line(tools, store):
    text = "".join(f"{i} {'x' * 50}\n" for i in range(5000))
    handle = store.put_original(text)
    answer = tools.call("headroom_retrieve", {"handle": handle})
    kept, _, note = answer.rpartition("\n")
    assert text.startswith(kept + "\n")
    assert LIMIT - 100 < len(kept) <= LIMIT
    assert note.startswith(f"[headroom {handle}: cut here, ")
    assert f"headroom show {handle}" in note


def test_one_endless_line_is_cut_too(tools, store):
    handle = store.put_original("x" * 200_000)
    assert tools.call("headroom_retrieve", {"handle": handle}).startswith("x" * LIMIT + "\n[headroom")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "handle is missing"),
        ({"handle": ["x"]}, "must be a string"),
        ({"handle": True}, "must be a string"),
        ({"handle": "what?"}, "is not a handle"),
        ({"handle": "00000000"}, "No original with handle 00000000"),
        ({"handle": "HANDLE", "lines": "a-b"}, "is no range"),
        ({"handle": "HANDLE", "lines": "900-"}, "is outside"),
        ({"handle": "HANDLE", "pattern": "("}, "is no regular expression"),
        ({"handle": "HANDLE", "pattern": "absent"}, "matches 'absent'; it has 101 lines"),
    ],
)
def test_mistakes_are_explained(tools, store, arguments, said):
    handle = store.put_original(TEXT)
    given = {k: handle if v == "HANDLE" else v for k, v in arguments.items()}
    with pytest.raises(ToolError, match=re.escape(said)):
        tools.call("headroom_retrieve", given)


def test_compress(tools):
    assert tools.call("headroom_compress", {"text": "abc", "query": "q"}) == "q:3:True"
    assert tools.call("headroom_compress", {"text": "abc"}) == ":3:True"
    with pytest.raises(ToolError, match="text is missing"):
        tools.call("headroom_compress", {})


def test_a_failing_compressor_is_a_tool_error(store):
    def fail(text, query, store):
        raise ZeroDivisionError("x")

    with pytest.raises(ToolError, match="ZeroDivisionError"):
        Tools(lambda: store, fail).call("headroom_compress", {"text": "a"})


def test_stats(tools, store):
    for at, cost in ((50.0, 1.0), (150.0, 2.0)):
        store.add_receipt(Receipt(str(at), "s", at, "claude", "m", "/p", Usage(1), cost, cost))
    answer = tools.call("headroom_stats", {})
    assert "Since this agent started: 1 response" in answer
    assert "Cost $2.00" in answer
    assert "In all: 2 responses" in answer
    assert "Cost $3.00" in answer


def test_a_store_that_fails(tmp_path):
    def fail():
        raise StoreError("The store is locked.")

    for name, arguments in (("headroom_retrieve", {"handle": "00000000"}), ("headroom_stats", {}), ("headroom_recall", {"pattern": "a"})):
        with pytest.raises(ToolError, match="locked"):
            Tools(fail, lambda t, q, s: t, recall=lambda wanted, kept: wanted).call(name, arguments)


def test_unknown_tool(tools):
    with pytest.raises(UnknownTool):
        tools.call("headroom_delete", {})


def test_the_store_is_opened_late_and_closed_once(store):
    opened = []
    tools = Tools(lambda: opened.append(1) or store, lambda t, q, s: t)
    tools.close()
    assert opened == []
    tools.call("headroom_stats", {})
    tools.call("headroom_stats", {})
    assert opened == [1]
    tools.close()
    with pytest.raises(StoreError):
        store.receipts()
