"""The middleware around an application that sees what reaches it, without a server."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from headroom import HeadroomError, tools
from headroom.integrations.asgi import HeadroomMiddleware
from headroom.integrations.messages import Api
from pipeline.store.api import StoreError
from pipeline.store.sqlite import SqliteStore
from tests.headroom.integrations.applications import TURNS, result

PATHS = {
    Api.ANTHROPIC: "/v1/messages",
    Api.OPENAI_CHAT: "/gateway/v1/chat/completions",
    Api.OPENAI_RESPONSES: "/v1/responses",
    Api.GEMINI: "/v1beta/models/gemini-3.8-flash:streamGenerateContent",
}


@pytest.fixture
def store(tmp_path: Path):
    kept = SqliteStore.open(tmp_path / "state" / "headroom.db")
    yield kept
    kept.close()


class Served:
    """An application that notes what it is given and streams an answer."""

    def __init__(self) -> None:
        self.scopes: list[dict] = []
        self.bodies: list[bytes] = []
        self.after: list[dict] = []

    async def __call__(self, scope, receive, send):
        self.scopes.append(scope)
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.after.append(message)
                return
            body += message["body"]
            more = message["more_body"]
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in (b"data: 1\n\n", b"data: 2\n\n"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        self.after.append(await receive())


async def post(app, path, body, headers=(), pieces=3, method="POST", end=()):
    size = len(body) // pieces + 1
    parts = [body[n : n + size] for n in range(0, len(body), size)] or [b""]
    waiting = [{"type": "http.request", "body": part, "more_body": n < len(parts) - 1} for n, part in enumerate(parts)] if not end else list(end)
    answered = []

    async def receive():
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message):
        answered.append(message)

    length = (b"content-length", str(len(body)).encode())
    await app({"type": "http", "method": method, "path": path, "headers": [(b"x-kept", b"1"), length, *headers]}, receive, send)
    return answered


def body_of(api, turns, *, offered=True):
    """A request after so many turns."""
    messages = []
    for n in range(turns):
        command = {"command": f"cat part-{n}.log"}
        if api is Api.ANTHROPIC:
            messages += [
                {"role": "user", "content": "Look."} if not n else None,
                {"role": "assistant", "content": [{"type": "tool_use", "id": f"c{n}", "name": "run", "input": command}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"c{n}", "content": result(n)}]},
            ]
        elif api is Api.OPENAI_CHAT:
            call = {"id": f"c{n}", "type": "function", "function": {"name": "run", "arguments": json.dumps(command)}}
            messages += [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": f"c{n}", "content": result(n)}]
        elif api is Api.OPENAI_RESPONSES:
            messages += [
                {"type": "function_call", "call_id": f"c{n}", "name": "run", "arguments": json.dumps(command)},
                {"type": "function_call_output", "call_id": f"c{n}", "output": result(n)},
            ]
        else:
            messages += [
                {"role": "model", "parts": [{"functionCall": {"name": "run", "args": command}}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "run", "response": {"output": result(n)}}}]},
            ]
    whole = {"model": "m", "stream": True, "note": "ä", api.field: [m for m in messages if m], "tools": tools(api.value) if offered else []}
    return json.dumps(whole, indent=1, ensure_ascii=False).encode()


@pytest.mark.slow
@pytest.mark.parametrize("api", Api)
async def test_thirty_turns(api, store):
    served = Served()
    app = HeadroomMiddleware(served, store=store)
    for turn in range(1, TURNS + 1):
        answered = await post(app, PATHS[api], body_of(api, turn))
        assert [message.get("body") for message in answered] == [None, b"data: 1\n\n", b"data: 2\n\n"]
    conversations = [json.loads(body)[api.field] for body in served.bodies]
    for one, two in zip(served.bodies, served.bodies[1:]):
        held = one[: one.rindex(b"\n ],\n")]
        assert two.startswith(held), "white space, keys and letters stay as they were"
    assert len(served.bodies[-1]) < len(body_of(api, TURNS)) * 0.6
    assert len(conversations[-1]) >= 2 * TURNS
    for scope, body in zip(served.scopes, served.bodies):
        assert [*map(tuple, scope["headers"])] == [(b"x-kept", b"1"), (b"content-length", str(len(body)).encode())]
    assert served.after == [{"type": "http.disconnect"}] * TURNS


async def test_lossless_where_the_tool_is_not_offered(store):
    served = Served()
    await post(HeadroomMiddleware(served, store=store), "/v1/messages", body_of(Api.ANTHROPIC, 2, offered=False))
    assert b"lines left out" not in served.bodies[0]


@pytest.mark.parametrize(
    ("path", "headers", "method"),
    [
        ("/v1/embeddings", (), "POST"),
        ("/v1/messages", (), "PUT"),
        ("/v1/messages", ((b"x-headroom-bypass", b"1"),), "POST"),
        ("/v1/messages", ((b"authorization", b"AWS4-HMAC-SHA256 Credential=x"),), "POST"),
        ("/v1/messages", ((b"content-md5", b"x"),), "POST"),
    ],
)
async def test_what_is_not_ours_is_not_even_read(path, headers, method, store):
    served = Served()
    body = body_of(Api.ANTHROPIC, 2)
    await post(HeadroomMiddleware(served, store=store), path, body, headers, method=method)
    assert served.bodies == [body]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"messages": 1}', b'{"messages": ["' + b"\xff" * 9 + b'"]}', b"[" * 9000])
async def test_what_cannot_be_read_is_passed_on_or_raised(body, store):
    served = Served()
    await post(HeadroomMiddleware(served, store=store), "/v1/messages", body)
    assert served.bodies == [body]
    with pytest.raises(HeadroomError, match="could not be made smaller"):
        await post(HeadroomMiddleware(served, store=store, fail_open=False), "/v1/messages", body)
    assert len(served.bodies) == 1


async def test_a_content_encoding_is_left_alone(store):
    served = Served()
    body = gzip.compress(body_of(Api.ANTHROPIC, 2))
    await post(HeadroomMiddleware(served, store=store), "/v1/messages", body, ((b"content-encoding", b"gzip"),))
    assert served.bodies == [body]


async def test_a_body_that_is_too_large_streams_through(store, monkeypatch):
    monkeypatch.setattr("headroom.integrations.asgi._LIMIT", 20_000)
    served = Served()
    body = body_of(Api.ANTHROPIC, 8)
    await post(HeadroomMiddleware(served, store=store), "/v1/messages", body, pieces=40)
    assert served.bodies == [body]


async def test_a_client_that_goes_while_it_sends_is_seen_to_go(store):
    served = Served()
    end = ({"type": "http.request", "body": b'{"mess', "more_body": True}, {"type": "http.disconnect"})
    await post(HeadroomMiddleware(served, store=store), "/v1/messages", b"", end=end)
    assert (served.bodies, served.after) == ([], [{"type": "http.disconnect"}])


async def test_a_store_that_fails(store):
    class Failing:
        def __getattr__(self, name):
            def fail(*args, **more):
                raise StoreError("It is locked.")

            return fail

    served = Served()
    body = body_of(Api.OPENAI_CHAT, 2)
    await post(HeadroomMiddleware(served, store=Failing()), PATHS[Api.OPENAI_CHAT], body)
    assert served.bodies == [body]
    with pytest.raises(HeadroomError, match="locked"):
        await post(HeadroomMiddleware(served, store=Failing(), fail_open=False), PATHS[Api.OPENAI_CHAT], body)


class Picky(Served):
    """An application whose upstream takes nothing of ours."""

    def __init__(self, *refuses: bytes) -> None:
        super().__init__()
        self.refuses = refuses

    async def __call__(self, scope, receive, send):
        async def answer(message):
            wrong = any(piece in self.bodies[-1] for piece in self.refuses)
            await send({**message, "status": 400} if wrong and message["type"] == "http.response.start" else message)

        await super().__call__(scope, receive, answer)


async def test_what_the_application_refuses_it_is_given_as_it_came(store, caplog):
    served = Picky(b"lines left out")
    app = HeadroomMiddleware(served, store=store)
    for turns, tries in ((2, 2), (3, 1)):
        body, before = body_of(Api.ANTHROPIC, turns), len(served.bodies)
        answered = await post(app, "/v1/messages", body)
        assert [message.get("status", message.get("body")) for message in answered] == [200, b"data: 1\n\n", b"data: 2\n\n"]
        assert served.bodies[-1] == body
        assert len(served.bodies) - before == tries, "the conversation is left alone from there on"
        assert dict(served.scopes[-1]["headers"])[b"content-length"] == str(len(body)).encode()
    assert "refused a request" in caplog.text


async def test_what_was_wrong_before_us_is_refused_once(store):
    served = Picky(b"tool_use")
    app = HeadroomMiddleware(served, store=store)
    answered = await post(app, "/v1/messages", body_of(Api.ANTHROPIC, 2))
    assert [message["status"] for message in answered if "status" in message] == [400]
    assert len(served.bodies) == 2


async def test_other_scopes_pass(store):
    served = Served()
    await HeadroomMiddleware(served, store=store)({"type": "lifespan"}, None, None)
    assert served.scopes == [{"type": "lifespan"}]
