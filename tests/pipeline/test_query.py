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


@pytest.mark.parametrize(
    ("question", "entities"),
    [
        ("where does ./a/b.py use it?", ("./a/b.py", "a/b.py")),
        ("where does ../lib/x.c use it?", ("../lib/x.c",)),
        ("what is in .env, (.npmrc) and .github/workflows/ci.yml?", (".env", ".npmrc", ".github/workflows/ci.yml")),
        ("well ...then .. or …so, .5 and :foo_bar", ("foo_bar",)),
        ("which .py files, and which with the .json extension?", ()),
    ],
)
def test_a_dot_that_begins_a_name_belongs_to_it(question: str, entities: tuple[str, ...]) -> None:
    assert Query(question).entities == entities


@pytest.mark.parametrize("name", ["aardvark-dns", "api-gateway", "pyenv-init", "svc-billing", "unix-socket-url"])
def test_a_name_with_hyphens_is_an_entity(name: str) -> None:
    assert Query(f"What happened to {name}? Anything?").entities == (name,)
    assert Query(f"{name}: what happened?").entities == (name,)


@pytest.mark.parametrize(
    "word", ["end-to-end", "up-to-date", "read-only", "long-running", "user-defined", "e-mail", "non-zero", "thread-safe", "one-off"]
)
def test_plain_english_with_hyphens_is_none(word: str) -> None:
    assert Query(f"Is there a {word} thing?").entities == ()


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
