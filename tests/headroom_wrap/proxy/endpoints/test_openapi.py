from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from headroom_wrap.proxy.endpoints import openapi
from headroom_wrap.proxy.endpoints.table import SERVED
from pipeline.store.api import Original
from tests.headroom_wrap.proxy.endpoints.client import NOWHERE, client
from tests.headroom_wrap.proxy.harness import DEADLINE, SECRET, proxy
from tests.memory_store import MemoryStore

DOCUMENT = openapi.document()
HANDLE = "3f9a2c7b"


def test_the_file_is_the_documents():
    path = Path(__file__).parents[4] / "docs" / "openapi.json"
    assert json.loads(path.read_text(encoding="utf-8")) == DOCUMENT, f"run: python -m headroom_wrap.proxy.endpoints.openapi > {path.name}"


def test_it_names_every_endpoint_and_method():
    assert {path: {m.upper() for m in methods} for path, methods in DOCUMENT["paths"].items()} == {
        path: set(methods) - {"HEAD"} for path, methods in SERVED.items()
    }
    ids = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_what_is_sent_is_explained():
    for name in ("CompressRequest", "Options", "RetrieveRequest", "CompressAnswer", "RetrieveAnswer"):
        schema = DOCUMENT["components"]["schemas"][name]
        assert "Args" not in schema["description"]
        assert [n for n, p in schema["properties"].items() if not p.get("description")] == []


def test_every_reference_leads_somewhere():
    text = json.dumps(DOCUMENT)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named == set(DOCUMENT["components"]["schemas"]) - {"CompressSettings"}


@pytest.mark.slow
def test_it_is_openapi():
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(DOCUMENT)


async def test_it_is_served():
    async with client() as c:
        reply = await c.get("/openapi.json")
    assert reply.json == json.loads(json.dumps(DOCUMENT))


# ----- fuzz


@contextmanager
def served():
    """A proxy in a thread of its own; yields its base URL."""
    ready = threading.Event()
    loops = []

    def run():
        async def main():
            loops.append((asyncio.get_running_loop(), stop := asyncio.Event()))
            store = MemoryStore()
            store.originals[HANDLE] = Original(HANDLE, "one\ntwo\nthree")
            async with proxy(NOWHERE, store=store) as p:
                loops.append(p.port)
                ready.set()
                await stop.wait()

        asyncio.run(main())

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(DEADLINE)
    (loop, stop), port = loops
    try:
        yield f"http://127.0.0.1:{port}/{SECRET}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(DEADLINE)


# What a schema cannot say: which objects are messages of a provider's API, and that JSON-RPC has errors of its own in answers with status 200.
UNSAID = {"POST /v1/compress": "positive_data_acceptance", "POST /mcp": "negative_data_rejection"}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_no_request_gets_an_answer_that_is_not_documented():
    """Requests that fit the document and requests that break it: no 5xx, no other status, body or content type than the document says."""
    schemathesis = pytest.importorskip("schemathesis")
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    sent = 0
    with served() as base:
        for operation in (found.ok() for found in schema.get_all_operations()):
            asks = operation.body or operation.query or operation.path_parameters
            for mode in schemathesis.GenerationMode if asks else [schemathesis.GenerationMode.POSITIVE]:
                excluded = [getattr(schemathesis.checks, name) for name in ("ignored_auth", UNSAID.get(operation.label)) if name]

                @settings(
                    max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
                )
                @given(case=operation.as_strategy(generation_mode=mode))
                def one(case):
                    nonlocal sent
                    sent += 1
                    case.validate_response(case.call(base_url=base), excluded_checks=excluded)

                one()
    assert sent > 200


@pytest.mark.slow
def test_no_range_or_pattern_breaks_a_retrieval():
    from hypothesis import strategies as st

    parts = st.text("0123456789-,. x[](*+?{2}\\|^$\x00é", max_size=12)

    async def ask(c, lines, pattern):
        reply = await c.post("/v1/retrieve", {"handle": HANDLE, "lines": lines, "pattern": pattern})
        assert reply.status in (200, 400), reply.message

    store = MemoryStore()
    store.originals[HANDLE] = Original(HANDLE, "one\ntwo\nthree")

    async def main():
        async with client(store=store) as c:
            examples = []
            settings(max_examples=60, database=None)(given(st.none() | parts, st.none() | parts)(lambda a, b: examples.append((a, b))))()
            for lines, pattern in examples:
                await ask(c, lines, pattern)

    asyncio.run(main())
