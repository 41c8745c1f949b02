from __future__ import annotations

import pytest

from headroom import retrieve
from pipeline import tokens
from pipeline.store.api import Original, StoreError
from tests.headroom_wrap.proxy.endpoints.client import client
from tests.memory_store import MemoryStore

TEXT = "".join(f"line {i} {'error' if i % 7 == 0 else 'fine'}\n" for i in range(1, 41)) + "é \ud800"
RECORDS = '{"a": 1,\n"b": 2} {"a": 3}'


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def handle(store):
    return store.put_original(TEXT, label="Bash: make test")


@pytest.mark.parametrize(("lines", "pattern"), [(None, None), ("2-4,9", None), (None, "error$"), ("1-20", "err.r"), (None, "nowhere")])
async def test_it_gives_what_the_library_gives(store, handle, lines, pattern):
    wanted = retrieve(handle, lines, pattern, store=store)
    query = "&".join(f"{name}={value}" for name, value in (("lines", lines), ("pattern", pattern)) if value)
    async with client(store=store) as c:
        posted = (await c.post("/v1/retrieve", {"handle": handle, "lines": lines, "pattern": pattern})).json
        got = (await c.get(f"/v1/retrieve/{handle}?{query}")).json
    assert posted == got
    assert posted["text"] == wanted
    assert (posted["handle"], posted["unit"], posted["total"]) == (handle, "line", 41)
    assert posted["shown"] == (41 if lines is pattern is None else len(wanted.splitlines()))


async def test_handles_come_as_they_were_copied(store, handle):
    async with client(store=store) as c:
        for said in (handle, f"%5Bheadroom%20{handle}%3A", f"headroom_retrieve%20{handle}"):
            assert (await c.get(f"/v1/retrieve/{said}")).json["text"] == TEXT


@pytest.mark.parametrize("said", ["00000000", "stats", "%2e%2e", "a/b", "", "%00", "%ff"])
async def test_a_handle_that_is_not_known_is_not_found(store, said):
    async with client(store=store) as c:
        reply = await c.get(f"/v1/retrieve/{said}")
        assert (reply.status, reply.kind) == (404, "not_found")
        assert reply.json["error"]["message"]


@pytest.mark.parametrize(
    "query", ["lines=x", "lines=99", "pattern=%5B", "pattern=a&pattern=b", "line=3", "&".join(f"a{i}=1" for i in range(20)), "lines="]
)
async def test_parts_that_are_none_are_refused(store, handle, query):
    async with client(store=store) as c:
        reply = await c.get(f"/v1/retrieve/{handle}?{query}")
        assert (reply.status, reply.kind) == (400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"handle": null}',
        b'{"handle": 7}',
        b'{"handle": "a", "hash": "a"}',
        b'{"handle": "a", "query": "b"}',
        b'{"handl": "a"}',
        b"{" * 50_000,
    ],
)
async def test_requests_that_name_nothing_are_refused(body):
    async with client() as c:
        assert (await c.post("/v1/retrieve", body)).status == 400


async def test_the_words_of_the_npm_package(store, handle):
    records = store.put_original(RECORDS, unit="record", spans=((0, 16), (17, 25)))
    async with client(store=store) as c:
        assert (await c.post("/v1/retrieve", {"hash": handle})).json == {
            "hash": handle,
            "original_content": TEXT,
            "original_tokens": tokens.estimate(TEXT),
            "original_item_count": 41,
            "tool_name": "Bash: make test",
        }
        found = (await c.post("/v1/retrieve", {"hash": handle, "query": "ERROR (7"})).json
        assert found["results"][:2] == ["7\tline 7 error", "14\tline 14 error"]
        assert found["count"] == len(found["results"]) == 5
        assert (await c.post("/v1/retrieve", {"hash": handle, "query": "nowhere"})).json["results"] == []
        assert (await c.post("/v1/retrieve", {"hash": records, "query": "a"})).json["results"] == ['1\t{"a": 1,\n"b": 2}', '2\t{"a": 3}']


async def test_hits_are_not_told_apart_where_a_text_looks_like_them(store):
    handle = store.put_original("x\n9\ty z", unit="record", spans=((0, 5), (6, 7)))
    async with client(store=store) as c:
        found = (await c.post("/v1/retrieve", {"hash": handle, "query": "x z"})).json
    assert (found["results"], found["count"]) == (["1\tx\n9\ty\n2\tz"], 2)


async def test_a_store_that_cannot_be_read(store, monkeypatch):
    def broken(*_):
        raise StoreError("The store is locked. Look for a hanging process.")

    monkeypatch.setattr(store, "original", broken)
    async with client(store=store) as c:
        reply = await c.get("/v1/retrieve/00000000")
    assert (reply.status, reply.kind, reply.header("Retry-After")) == (503, "storage_error", "10")


async def test_large_bodies_are_not_read(store):
    async with client(store=store) as c:
        assert (await c.post("/v1/retrieve", b" " * 70_000)).status == 413


async def test_retrievals_are_counted(store):
    store.originals["0123abcd"] = Original("0123abcd", "x")
    async with client(store=store) as c:
        await c.get("/v1/retrieve/0123abcd")
        await c.get("/v1/retrieve/00000000")
        assert (await c.get("/stats")).json["run"]["retrievals"] == 1
