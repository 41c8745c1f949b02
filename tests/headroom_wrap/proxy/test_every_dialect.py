"""Each API's requests through the proxy: made smaller in any coding, named as their path or body names them, refused in their own words."""

from __future__ import annotations

import gzip
import json
import socket
import sys

import pytest

from headroom_wrap.events import Began, Finished, Trouble
from pipeline import markers
from pipeline.usage import Usage
from tests.headroom_wrap.proxy.harness import RawUpstream, conversation, log_text, proxy, sse
from tests.pipeline.dialects.aws_frames import event, invoked

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MARKER = b"[headroom "
LOG = log_text(1)
CLAUDE = {"max_tokens": 9, "messages": conversation(1)}
CHAT = {
    "model": "gpt-6",
    "prompt_cache_key": "c1",
    "messages": [
        {"role": "user", "content": "What fails?"},
        {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "Bash", "arguments": '{"command": "cat a.log"}'}}]},
        {"role": "tool", "tool_call_id": "c", "content": LOG},
    ],
}
RESPONSES = {
    "model": "gpt-6",
    "input": [
        {"role": "user", "content": "What fails?"},
        {"type": "function_call", "call_id": "c", "name": "Bash", "arguments": '{"command": "cat a.log"}'},
        {"type": "function_call_output", "call_id": "c", "output": LOG},
    ],
}
GEMINI = {
    "contents": [
        {"role": "user", "parts": [{"text": "What fails?"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "Bash", "args": {"command": "cat a.log"}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "Bash", "response": {"output": LOG}}}]},
    ]
}
CONVERSE = {
    "messages": [
        {"role": "user", "content": [{"text": "What fails?"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "Bash", "input": {"command": "cat a.log"}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"text": LOG}]}}]},
    ]
}
VERTEX = "/v1/projects/p/locations/us-east5/publishers"

REQUESTS = [
    pytest.param("/v1/messages", {"model": "claude-x", **CLAUDE}, "claude-x", id="anthropic"),
    pytest.param(f"{VERTEX}/anthropic/models/claude-x@1:streamRawPredict", CLAUDE, "claude-x@1", id="vertex-anthropic"),
    pytest.param("/model/anthropic.claude-x%3A0/invoke", CLAUDE, "anthropic.claude-x:0", id="bedrock"),
    pytest.param("/model/eu.amazon.nova-x%3A0/converse", CONVERSE, "eu.amazon.nova-x:0", id="bedrock-converse"),
    pytest.param("/v1/chat/completions", CHAT, "gpt-6", id="chat"),
    pytest.param("/chat/completions", CHAT, "gpt-6", id="copilot-chat"),
    pytest.param("/openai/deployments/d/chat/completions?api-version=1", CHAT, "gpt-6", id="azure"),
    pytest.param("/v1/responses", RESPONSES, "gpt-6", id="responses"),
    pytest.param("/responses", RESPONSES, "gpt-6", id="copilot-responses"),
    pytest.param("/backend-api/codex/responses", RESPONSES, "gpt-6", id="chatgpt"),
    pytest.param("/v1beta/models/gemini-x:generateContent", GEMINI, "gemini-x", id="gemini"),
    pytest.param(f"{VERTEX}/google/models/gemini-x:streamGenerateContent?alt=sse", GEMINI, "gemini-x", id="vertex-gemini"),
    pytest.param("/v1internal:streamGenerateContent?alt=sse", {"model": "gemini-y", "request": GEMINI}, "gemini-y", id="code-assist"),
]


@pytest.mark.parametrize(("path", "request_", "model"), REQUESTS)
async def test_a_log_goes_on_smaller_in_every_coding(path, request_, model):
    body = json.dumps(request_).encode()
    async with RawUpstream() as up, proxy(up.url) as p:
        for coding, packed in (("", body), ("gzip", gzip.compress(body)), ("zstd", zstd.compress(body))):
            reply = await p.post(packed, path, {"Content-Encoding": coding} if coding else {})
            assert reply.status == 200
    assert [r.start for r in up.requests] == [f"POST {path} HTTP/1.1".encode()] * 3
    assert len({r.body for r in up.requests}) == 1
    assert MARKER in up.requests[0].body
    assert len(up.requests[0].body) < len(body) / 2
    assert [e.model for e in p.of(Began)] == [model] * 3
    assert not up.requests[1].field(b"content-encoding")


@pytest.mark.parametrize(("path", "request_", "model"), REQUESTS)
async def test_what_is_no_request_goes_on_as_it_came(path, request_, model):
    for body in (b"", b"{", b"[]", b'{"messages": 1, "input": 1, "contents": 1}', json.dumps(request_).encode()[:-1], b"\xff" * 99):
        async with RawUpstream() as up, proxy(up.url) as p:
            assert (await p.post(body, path)).status == 200
        assert up.requests[0].body == body


@pytest.mark.parametrize(
    ("path", "body", "session"),
    [
        ("/v1/messages", {"metadata": {"user_id": '{"session_id": "s1"}'}, "model": "m", **CLAUDE}, "s1"),
        ("/v1/messages", {"metadata": {"user_id": "user_ab_account__session_s2"}, "model": "m", **CLAUDE}, "s2"),
        ("/v1/chat/completions", CHAT, "c1"),
        ("/v1/responses", {"prompt_cache_key": "c2", **RESPONSES}, "c2"),
    ],
)
async def test_the_session_that_the_body_names(path, body, session):
    usage = {"input_tokens": 9, "output_tokens": 1}
    anthropic = {"id": "m", "type": "message", "model": "m", "usage": usage}
    chat = {"id": "m", "model": "m", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 1}}
    responses = {"id": "m", "object": "response", "status": "completed", "model": "m", "usage": usage}
    said = json.dumps({"/v1/messages": anthropic, "/v1/responses": responses}.get(path, chat)).encode()
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))
        await p.post(json.dumps(body).encode(), path)
        assert (await p.event(Finished)).session == session


async def test_the_model_in_the_path_is_the_one_that_is_priced():
    body = sse({"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 9}}}, {"type": "message_stop"})
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await p.post(json.dumps(CLAUDE).encode(), f"{VERTEX}/anthropic/models/claude-opus-4-8:streamRawPredict")
        assert (await p.event(Finished)).model == "claude-opus-4-8"


def message(body):
    found = json.loads(body)
    return found["error"]["message"] if "error" in found else found["message"]


SHAPES = [
    ("/v1/messages", {}, {"type": "error", "error": {"type": "api_error"}}),
    ("/v1/models", {"anthropic-version": "1"}, {"type": "error", "error": {"type": "api_error"}}),
    ("/v1/chat/completions", {}, {"error": {"type": "server_error", "code": None, "param": None}}),
    ("/responses", {}, {"error": {"type": "server_error", "code": None, "param": None}}),
    ("/v1beta/models/g:generateContent", {}, {"error": {"code": 502, "status": "UNAVAILABLE"}}),
    ("/v1beta/cachedContents", {}, {"error": {"code": 502, "status": "UNAVAILABLE"}}),
    ("/model/m/converse", {}, {}),
    ("/what/ever", {}, {"error": {"type": "server_error", "code": None, "param": None}}),
]


@pytest.mark.parametrize(("path", "headers", "shape"), SHAPES)
async def test_an_upstream_that_is_not_there_is_named_in_the_words_of_the_api(path, headers, shape):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with proxy(f"http://127.0.0.1:{taken.getsockname()[1]}") as p:
            reply = await p.post(b"{}", path, headers)
    assert reply.status == 502
    assert "--upstream" in message(reply.body)
    found = json.loads(reply.body)
    (found["error"] if "error" in found else found).pop("message")
    assert found == shape


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/responses", "/v1beta/models/g:generateContent", "/model/m/converse", "/v1/files"])
async def test_too_large_and_no_route_are_said_so_too(path):
    async with RawUpstream() as up, proxy(up.url, body_limit=10) as p:
        reply = await p.post(b"x" * 11, path)
        assert (reply.status, "10 bytes" in message(reply.body)) == (413, True)
    async with proxy("", mounts={"p-x": "http://127.0.0.1:9"}) as p:
        reply = await p.post(b"x" * 11, path)
        assert (reply.status, "upstream" in message(reply.body)) == (404, True)
        assert reply.field(b"x-should-retry") == b"false"


async def test_a_path_with_bytes_that_are_no_text_is_refused_and_no_crash():
    async with proxy("") as p:
        reply = await p.raw(f"GET /s3cret/\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1:{p.port}\r\n\r\n".encode("latin-1"), "GET")
    assert reply.status in (400, 404)


async def test_several_upstreams_of_one_agent():
    async with RawUpstream() as one, RawUpstream() as two, proxy(one.url, mounts={"p-two": two.url + "/base"}) as p:
        await p.post(json.dumps(CHAT).encode(), "/p-two/v1/chat/completions")
        await p.post(json.dumps(CLAUDE).encode(), "/v1/messages")
    assert [r.start for r in two.requests] == [b"POST /base/v1/chat/completions HTTP/1.1"]
    assert MARKER in two.requests[0].body
    assert [r.start for r in one.requests] == [b"POST /v1/messages HTTP/1.1"]


SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-3/bedrock/aws4_request, SignedHeaders=host, Signature=0"}


async def test_a_signed_request_passes_and_that_is_said_once():
    body = json.dumps(CLAUDE).encode()
    said = [json.dumps({"id": n, "type": "message", "usage": {"input_tokens": 9, "output_tokens": 1}}).encode() for n in "ab"]
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(*(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(s), s) for s in said))
        for _ in range(2):
            await p.post(body, "/model/m/invoke", SIGNED)
        await p.event(Finished, 2)
        assert p.troubles() == ["signed"]
        assert [dict(e.new_reasons) for e in p.of(Began)] == [{"signed": 1}] * 2
    assert [r.body for r in up.requests] == [body, body]
    assert [r.reasons for r in p.store.rows.values()] == [(("signed", 1),)] * 2
    assert "bearer token" in p.of(Trouble)[0].message


def framed(data):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(data[at : at + 50]), data[at : at + 50]) for at in range(0, len(data), 50)) + b"0\r\n\r\n"


STARTS = {"type": "message_start", "message": {"id": "m", "model": "claude-opus-4-8", "usage": {"input_tokens": 900, "output_tokens": 1}}}
INVOKED = invoked(STARTS, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 70}})
CONVERSED = event("metadata", {"usage": {"inputTokens": 900, "outputTokens": 70, "totalTokens": 970}})
NAMED = "/model/eu.anthropic.claude-opus-4-8-v1%3A0"


@pytest.mark.parametrize("headers", [SIGNED, {"Authorization": "Bearer k"}], ids=["signed", "bearer"])
@pytest.mark.parametrize(
    ("path", "body", "said"), [(f"{NAMED}/invoke-with-response-stream", CLAUDE, INVOKED), (f"{NAMED}/converse-stream", CONVERSE, CONVERSED)]
)
async def test_what_bedrock_streams_in_frames_is_booked_and_goes_on_byte_for_byte(path, body, said, headers):
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(framed(said))
        assert (await p.post(json.dumps(body).encode(), path, headers)).body == said
        told = await p.event(Finished)
        assert told.usage == Usage(input=900, output=70)
        assert told.cost == pytest.approx((900 * 5 + 70 * 25) / 1e6)
    assert (MARKER in up.requests[0].body) == (headers is not SIGNED)


async def test_frames_that_are_damaged_go_on_too():
    damaged = CONVERSED[:30] + b"!" + CONVERSED[31:]
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(framed(damaged))
        assert (await p.post(b"{}", f"{NAMED}/converse-stream", SIGNED)).body == damaged
        assert p.troubles() == ["signed"]
    assert not p.of(Finished)


async def test_where_the_tool_cannot_be_offered_nothing_is_left_out():
    tools = {"toolConfig": {"tools": [{"toolSpec": {"name": "Bash", "inputSchema": {"json": {"type": "object"}}}}]}}
    body = json.dumps({**CONVERSE, **tools}).encode()
    async with RawUpstream() as up:
        async with proxy(up.url, retrieve="proxy", elide=False) as p:
            for path in (f"{NAMED}/converse", f"{NAMED}/converse-stream"):
                assert (await p.post(body, path)).status == 200
        async with proxy(up.url) as p:
            assert (await p.post(body, f"{NAMED}/converse")).status == 200
    assert not any(b'"headroom_retrieve"' in request.body for request in up.requests[:2])
    sent = [json.loads(request.body)["messages"][2]["content"][0]["toolResult"]["content"][0]["text"] for request in up.requests]
    assert [markers.elides(text) for text in sent] == [False, False, True]


@pytest.mark.parametrize(("base", "kept"), [("https://bedrock-runtime.eu-west-3.amazonaws.com", True), ("https://gw.example", False)])
async def test_the_host_that_was_signed_goes_on_to_aws_alone(base, kept, monkeypatch):
    seen = []

    async def send(self, method, target, headers, body):
        seen.append(headers.get("Host"))
        raise OSError

    monkeypatch.setattr("headroom_wrap.proxy.upstream.Upstream.send", send)
    async with proxy(base) as p:
        await p.post(b"{}", "/model/m/invoke", SIGNED)
        assert seen == ([f"127.0.0.1:{p.port}"] if kept else [None])
