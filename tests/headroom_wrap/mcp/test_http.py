from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from headroom_wrap.mcp import http
from headroom_wrap.mcp.protocol import HANDSHAKE, Protocol
from headroom_wrap.mcp.tools import TOOLS, ToolError, UnknownTool

NEW = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": NEW, "io.modelcontextprotocol/clientCapabilities": {}}


class FakeTools:
    offered = TOOLS

    def call(self, name, arguments):
        if name == "echo":
            return json.dumps(arguments)
        if name == "fail":
            raise ToolError("no")
        raise UnknownTool(name)


spoken = Protocol(FakeTools())


def post(message, **headers):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    reply = http.reply(spoken, body, CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}))
    return reply.status, json.loads(reply.body) if reply.body else None


def request(method, **params):
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def new(method, name=None, meta=META, **params):
    headers = {"mcp_protocol_version": NEW, "mcp_method": method, **({"mcp_name": name} if name else {})}
    return post(request(method, **({"name": name} if name else {}), _meta=meta, **params), **headers)


def test_a_handshake_needs_no_headers():
    assert post(request("initialize", protocolVersion="2025-11-25"))[1]["result"]["protocolVersion"] == "2025-11-25"
    assert post({"jsonrpc": "2.0", "method": "notifications/initialized"}) == (202, None)
    assert post({"jsonrpc": "2.0", "id": 1, "result": {}}) == (202, None)
    assert post(request("tools/list"))[1]["result"] == {"tools": TOOLS}


@pytest.mark.parametrize("version", HANDSHAKE)
def test_revisions_may_be_named(version):
    assert post(request("ping"), mcp_protocol_version=version) == (200, {"jsonrpc": "2.0", "id": 1, "result": {}})


@pytest.mark.parametrize("version", ["1999-01-01", "", "x", "2026-07-29"])
@pytest.mark.parametrize("message", [request("ping"), {"method": "notifications/initialized"}])
def test_other_revisions_are_a_bad_request(version, message):
    status, answer = post(message, MCP_Protocol_Version=version)
    assert (status, answer["error"]["code"], answer["error"]["data"]["requested"]) == (400, -32022, version)


@pytest.mark.parametrize(
    ("body", "code"), [(b"{", -32700), (b"", -32700), (b"[]", -32600), (b'[{"id":1,"method":"ping"}]', -32600), (b'{"id":1}', -32600)]
)
def test_what_is_no_message_is_a_bad_request(body, code):
    status, answer = post(body)
    assert (status, answer["error"]["code"]) == (400, code)


def test_errors_of_a_session_are_answers():
    assert post(request("x"))[0] == 200
    assert post(request("tools/call", name="nothing"))[0] == 200
    assert post(request("tools/call", name="fail"))[1]["result"]["isError"]


def test_without_a_session_headers_say_what_the_body_says():
    status, answer = new("tools/call", "echo", arguments={"a": 1})
    assert (status, answer["result"]["content"][0]["text"]) == (200, '{"a": 1}')
    assert new("server/discover")[0] == 200
    encoded = f"=?base64?{base64.b64encode(b'echo').decode()}?="
    message = request("tools/call", name="echo", _meta=META)
    assert post(message, mcp_protocol_version=NEW, mcp_method="tools/call", mcp_name=encoded)[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"mcp_protocol_version": NEW},
        {"mcp_protocol_version": NEW, "mcp_method": "tools/list", "mcp_name": "echo"},
        {"mcp_protocol_version": NEW, "mcp_method": "tools/call"},
        {"mcp_protocol_version": NEW, "mcp_method": "tools/call", "mcp_name": "other"},
        {"mcp_protocol_version": NEW, "mcp_method": "tools/call", "mcp_name": "=?base64?%?="},
        {"mcp_protocol_version": NEW, "mcp_method": "tools/call", "mcp_name": "=?base64?/w==?="},
        {"mcp_protocol_version": NEW, "mcp_method": "tools/call", "mcp_name": "=?base64?é?="},
        {"mcp_protocol_version": "2025-11-25", "mcp_method": "tools/call", "mcp_name": "echo"},
    ],
)
def test_headers_that_do_not_are_refused(headers):
    status, answer = post(request("tools/call", name="echo", _meta=META), **headers)
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32020, 1)


def test_a_header_alone_makes_no_such_request():
    status, answer = post(request("tools/list"), mcp_protocol_version=NEW, mcp_method="tools/list")
    assert (status, answer["error"]["code"]) == (400, -32020)


def test_errors_have_statuses_there():
    assert new("prompts/list")[0] == 404
    assert new("tools/call", "nothing")[0] == 400
    assert new("tools/list", meta={"io.modelcontextprotocol/protocolVersion": NEW})[0] == 400
    assert post({"jsonrpc": "2.0", "method": "notifications/cancelled"}, mcp_protocol_version=NEW) == (202, None)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "method", "params", "_meta", "name", *META]), inner, max_size=4)
    ),
    max_leaves=8,
)
names = st.sampled_from([http.VERSION_HEADER, http.METHOD_HEADER, http.NAME_HEADER])


@pytest.mark.slow
@settings(max_examples=100)
@given(
    values | st.binary(max_size=30),
    st.dictionaries(
        names,
        st.sampled_from([NEW, "2025-06-18", "ping", "=?base64??="]) | st.text(max_size=5) | st.text(max_size=5).map("=?base64?{}?=".format),
        max_size=3,
    ),
)
def test_anything_is_answered(message, headers):
    status, answer = post(message, **headers)
    assert status in (200, 202, 400, 404)
    assert (answer is None) == (status == 202)
