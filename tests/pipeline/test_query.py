from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.query import Query, entity_pattern, stem
from pipeline.transcript import ToolCall, ToolKind


def test_entities_are_things_named_exactly() -> None:
    query = Query(
        "Why does `retry policy` fail in test_client_http.py:57 for 10.0.0.12 and blk_388? See src/app.ts, Foo::bar, ServiceMap and a@b.org."
    )
    assert "test_client_http.py:57" in query.entities
    for entity in ("10.0.0.12", "blk_388", "src/app.ts", "Foo::bar", "ServiceMap", "a@b.org"):
        assert entity in query.entities
    assert "retry policy" in query.quoted
    assert "Why" not in query.entities


def test_intent_words_are_no_content() -> None:
    query = Query("What errors or unusual, slow requests are in this log of the scheduler?")
    assert query.severity
    assert query.rarity
    assert query.slowness
    assert query.words == ("requests", "scheduler")
    assert query.trouble == ("errors",)


def test_nothing_asked() -> None:
    query = Query("")
    assert query.entities == query.words == query.numbers == ()
    assert not query.severity
    assert entity_pattern(query.entities) is None


@pytest.mark.parametrize(
    ("entity", "text", "found"),
    [
        ("1.2.3.4", "from 1.2.3.4 port", True),
        ("1.2.3.4", "from 1.2.3.40 port", False),
        ("1.2.3.4", "from 1.2.3.4.5 port", False),
        ("blk_38", "blk_388", False),
        ("ServiceMap", "servicemap", False),
        ("app.ts", "src/App.ts:3", True),
        ("/v1/x", "GET /v1/x HTTP", True),
    ],
)
def test_entities_match_whole(entity: str, text: str, found: bool) -> None:
    pattern = entity_pattern((entity,))
    assert pattern is not None
    assert (pattern.search(text) is not None) is found


def test_call_arguments_are_part_of_the_query() -> None:
    call = ToolCall("t", "Grep", ToolKind.SEARCH, {"pattern": "retry_policy", "paths": ["src", "tests"], "n": 3})
    assert Query.of("find it", call).call == "retry_policy\nsrc tests"


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    query = Query(text)
    pattern = entity_pattern(query.entities)
    assert all(e == e.strip() or " " not in e for e in query.entities)
    if pattern is not None:
        pattern.search(text)


@given(st.from_regex(r"[a-z]{4,12}", fullmatch=True))
def test_stem_is_a_beginning(word: str) -> None:
    assert word.startswith(stem(word))
