from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.mcp.protocol import HANDSHAKE, STATELESS
from headroom_wrap.mcp.server import Server
from headroom_wrap.mcp.tools import INSTRUCTIONS, TOOLS, ToolError, UnknownTool

META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


class FakeTools:
    offered = TOOLS

    def call(self, name, arguments):
        if name == "echo":
            return json.dumps(arguments)
        if name == "surrogate":
            return "a\ud800b\u2028é"
        if name == "fail":
            raise ToolError("It cannot be done. Do something else.")
        if name == "broken":
            raise RuntimeError("nobody expected this")
        if name == "lookup":
            return {}["what is no tool's name"]
        raise UnknownTool(name)


server = Server(FakeTools())


def send(message, **options):
    line = server.answer(json.dumps(message, **options).encode())
    if line is None:
        return None
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return json.loads(line)


def call(method, params=None, request=1):
    return send({"jsonrpc": "2.0", "id": request, "method": method, **({} if params is None else {"params": params})})


# ----- with a handshake


@pytest.mark.parametrize("version", HANDSHAKE)
def test_known_revisions_are_agreed_on(version):
    answer = call("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}})
    assert answer["result"]["protocolVersion"] == version
    assert answer["result"]["capabilities"] == {"tools": {}}
    assert answer["result"]["serverInfo"]["name"] == "headroom"
    assert answer["result"]["instructions"] == INSTRUCTIONS


@pytest.mark.parametrize("version", ["2026-07-28", "2030-01-01", "1.0", None, 7, []])
def test_other_revisions_get_the_newest_with_a_handshake(version):
    assert call("initialize", {"protocolVersion": version})["result"]["protocolVersion"] == "2025-11-25"


def test_results_before_2026_have_no_type():
    assert call("tools/list") == {"jsonrpc": "2.0", "id": 1, "result": {"tools": TOOLS}}
    assert call("tools/list", {"_meta": {"progressToken": 5}})["result"] == {"tools": TOOLS}
    assert call("ping", request="p") == {"jsonrpc": "2.0", "id": "p", "result": {}}


def test_calls():
    assert call("tools/call", {"name": "echo", "arguments": {"a": [1]}})["result"] == {"content": [{"type": "text", "text": '{"a": [1]}'}]}
    assert call("tools/call", {"name": "echo"})["result"]["content"][0]["text"] == "{}"


def test_a_tool_that_fails_is_a_result():
    result = call("tools/call", {"name": "fail"})["result"]
    assert result == {"content": [{"type": "text", "text": "It cannot be done. Do something else."}], "isError": True}


@pytest.mark.parametrize(("broken", "said"), [("broken", "nobody expected this"), ("lookup", "what is no tool's name")])
def test_a_tool_that_fails_as_nobody_expected_takes_no_other_with_it(caplog, broken, said):
    source = io.BytesIO(
        b"".join(
            json.dumps({"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": {"name": name, "arguments": {}}}).encode() + b"\n"
            for n, name in enumerate((broken, "echo"))
        )
    )
    target = io.BytesIO()
    server.serve(source, target)
    failed, answered = map(json.loads, target.getvalue().splitlines())
    assert (failed["id"], failed["error"]["code"]) == (0, -32603)
    assert said in failed["error"]["message"]
    assert said in caplog.text
    assert answered["result"]["content"][0]["text"] == "{}"


def test_lone_surrogates_do_not_spoil_the_line():
    assert call("tools/call", {"name": "surrogate"})["result"]["content"][0]["text"] == "a?b\u2028é"


# ----- without


def test_discover():
    result = call("server/discover", {"_meta": META})["result"]
    assert result["supportedVersions"] == [*STATELESS, *HANDSHAKE]
    assert result["capabilities"] == {"tools": {}}
    assert result["instructions"] == INSTRUCTIONS
    assert result["resultType"] == "complete"
    assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "headroom"
    assert (result["ttlMs"], result["cacheScope"]) == (3_600_000, "public")


def test_stateless_requests_need_no_handshake():
    result = call("tools/list", {"_meta": META})["result"]
    assert (result["resultType"], result["tools"], result["cacheScope"]) == ("complete", TOOLS, "public")
    result = call("tools/call", {"name": "fail", "_meta": META})["result"]
    assert (result["resultType"], result["isError"]) == ("complete", True)
    assert "ttlMs" not in result


@pytest.mark.parametrize(
    ("method", "meta", "code"),
    [
        ("tools/list", {**META, "io.modelcontextprotocol/protocolVersion": "2030-01-01"}, -32022),
        ("tools/list", {**META, "io.modelcontextprotocol/protocolVersion": 5}, -32602),
        ("tools/list", {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}, -32602),
        ("server/discover", {}, -32602),
        ("server/discover", None, -32602),
        ("ping", META, -32601),
        ("prompts/list", META, -32601),
    ],
)
def test_stateless_errors(method, meta, code):
    error = call(method, {"_meta": meta})["error"]
    assert error["code"] == code
    if code == -32022:
        assert error["data"] == {"supported": [*STATELESS, *HANDSHAKE], "requested": "2030-01-01"}


def test_a_request_that_names_an_older_revision_is_taken_as_such():
    meta = {"io.modelcontextprotocol/protocolVersion": "2025-11-25"}
    assert call("tools/list", {"_meta": meta})["result"] == {"tools": TOOLS}


# ----- JSON-RPC


@pytest.mark.parametrize(
    ("line", "code", "request_id"),
    [
        (b"{", -32700, None),
        (b"\xff\xfe", -32700, None),
        (b'{"a":' * 100_000, -32700, None),
        (b"[]", -32600, None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600, None),
        (b"7", -32600, None),
        (b'{"id":1}', -32600, 1),
        (b'{"id":1,"method":7}', -32600, 1),
        (b'{"id":null,"method":"ping"}', -32600, None),
        (b'{"id":true,"method":"ping"}', -32600, None),
        (b'{"id":1e999,"method":"ping"}', -32600, None),
        (b'{"id":1,"method":"ping","params":[]}', -32602, 1),
        (b'{"id":"x","method":"resources/list"}', -32601, "x"),
        (b'{"id":1,"method":"tools/call"}', -32602, 1),
        (b'{"id":1,"method":"tools/call","params":{"name":"echo","arguments":[]}}', -32602, 1),
        (b'{"id":1,"method":"tools/call","params":{"name":"nothing"}}', -32602, 1),
    ],
)
def test_errors(line, code, request_id):
    answer = json.loads(server.answer(line + b"\n"))
    assert answer["error"]["code"] == code
    assert answer["id"] == request_id
    assert answer["error"]["message"]


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"  \r\n",
        b'{"method":"notifications/initialized"}',
        b'{"method":"nonsense","params":7}',
        b'{"id":1,"result":{}}',
        b'{"id":1,"error":{}}',
    ],
)
def test_nothing_is_answered(line):
    assert server.answer(line) is None


def test_serves_until_the_input_ends():
    out = io.BytesIO()
    lines = [b'{"id":1,"method":"ping"}\r\n', b"{\n", b'{"method":"notifications/initialized"}\n', b'{"id":2,"method":"ping"}']
    server.serve(io.BytesIO(b"".join(lines)), out)
    assert [json.loads(line).get("id") for line in out.getvalue().splitlines()] == [1, None, 2]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "method", "params", "_meta", "name", "x", *META]), inner, max_size=4)
    ),
    max_leaves=8,
)
methods = st.sampled_from(["initialize", "ping", "tools/list", "tools/call", "server/discover", "x"])
requests = json_values | st.fixed_dictionaries({"method": methods}, optional={"id": json_values, "params": json_values})


@settings(max_examples=60, deadline=None)
@given(requests)
def test_any_message_is_answered_by_one_line_or_none(message):
    answer = send(message)
    if answer is not None:
        assert answer["jsonrpc"] == "2.0"
        assert ("result" in answer) != ("error" in answer)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_line_is_survived(line):
    answer = server.answer(line)
    assert answer is None or json.loads(answer)
