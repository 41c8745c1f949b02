from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys

import pytest

from headroom_wrap.mcp import __main__ as program
from headroom_wrap.mcp.tools import ToolError
from pipeline import markers
from pipeline.store.api import Memory
from pipeline.store.sqlite import SqliteStore


class Client:
    """The agent's side of the pipe."""

    def __init__(self, state, prelude=""):
        code = f"import sys\nsys.argv = ['mcp', '--state', {str(state)!r}]\n{prelude}\nimport runpy\nrunpy.run_module('headroom_wrap.mcp', run_name='__main__')"
        self.process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ask(self, method, **params):
        self.send({"jsonrpc": "2.0", "id": method, "method": method, "params": params})
        ready, _, _ = select.select([self.process.stdout], [], [], 30)
        assert ready
        answer = json.loads(self.process.stdout.readline())
        assert answer["id"] == method
        return answer["result"]

    def tool(self, name, **arguments):
        return self.ask("tools/call", name=name, arguments=arguments)

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.mark.slow
def test_a_session(tmp_path):
    store = SqliteStore.open(tmp_path / "state" / "headroom.db")
    handle = store.put_original("one\ntwo \ud800é\nthree")
    client = Client(tmp_path / "state")
    assert client.ask("initialize", protocolVersion="2025-11-25")["protocolVersion"] == "2025-11-25"
    client.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert len(client.ask("tools/list")["tools"]) == 3
    assert client.tool("headroom_retrieve", handle=handle, lines="2")["content"][0]["text"].startswith("2\ttwo ?é\n")
    later = store.put_original("kept while the server runs")
    assert client.tool("headroom_retrieve", handle=later)["content"][0]["text"] == "kept while the server runs"
    assert client.tool("headroom_retrieve", handle="00000000")["isError"]
    assert "no response" in client.tool("headroom_stats")["content"][0]["text"]
    # the interrupt key is meant for the agent
    os.kill(client.process.pid, signal.SIGINT)
    assert client.ask("ping") == {}
    assert client.end() == (0, b"", b"")
    store.close()


@pytest.mark.slow
def test_what_was_compressed_can_be_retrieved(tmp_path):
    client = Client(tmp_path / "state")
    text = "".join(f"2026-01-02T03:04:{i % 60:02d}Z INFO worker-{i % 4} processed order {i} in {i % 9} ms\n" for i in range(600))
    short = client.tool("headroom_compress", text=text, query="errors")["content"][0]["text"]
    assert len(short) < len(text) / 4
    assert client.tool("headroom_retrieve", handle=markers.handles(short)[0])["content"][0]["text"] == text
    assert client.end()[0] == 0


@pytest.mark.slow
def test_a_state_that_cannot_be_opened_is_a_tool_error(tmp_path):
    (tmp_path / "file").write_text("")
    client = Client(tmp_path / "file" / "state")
    result = client.tool("headroom_stats")
    assert result["isError"]
    assert "cannot be opened" in result["content"][0]["text"]
    assert client.end()[0] == 0


@pytest.mark.slow
def test_only_the_protocol_goes_to_standard_output(tmp_path):
    """A compressor that prints, by Python or by C, does not break the line."""
    prelude = "import types, os\nm = types.ModuleType('headroom')\ndef f(t, q, store):\n    print('noise'); os.write(1, b'more')\n    return 'short'\nm.compress_text = f\nsys.modules['headroom'] = m"
    client = Client(tmp_path, prelude)
    assert client.tool("headroom_compress", text="long")["content"][0]["text"] == "short"
    status, out, err = client.end()
    assert (status, out) == (0, b"")
    assert b"noise" in err
    assert b"more" in err


@pytest.mark.slow
def test_initialize_waits_for_nothing_heavy(tmp_path):
    """What takes long to import is not imported before the answer: 0.1 s is all an agent's start may wait."""
    prelude = (
        "import atexit\n"
        "atexit.register(lambda: print(*(m for m in ('sqlite3', 'pathlib', 'dataclasses', 'argparse', 'tiktoken', 'asyncio', 'msgspec') if m in sys.modules), file=sys.stderr))"
    )
    client = Client(tmp_path, prelude)
    client.ask("initialize", protocolVersion="2025-11-25")
    status, _, err = client.end()
    assert status == 0
    # an editable installation may bring some of them along before our first line runs
    bare = subprocess.run([sys.executable, "-c", "import runpy, sys; print(*sys.modules)"], capture_output=True, text=True, check=True).stdout.split()
    assert set(err.decode().split()) <= set(bare)


@pytest.mark.slow
def test_a_client_that_is_gone(tmp_path):
    client = Client(tmp_path)
    client.ask("ping")
    client.process.stdout.close()
    client.process.stdout = None
    client.send({"id": 1, "method": "ping"})
    assert client.end() == (0, None, b"")


@pytest.mark.parametrize("arguments", [[], ["--state"], ["--help", "x"], ["--state", "a", "b"]])
def test_usage(arguments, capsys):
    assert program.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "--state DIR" in captured.err


def test_compression_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "headroom", None)
    with pytest.raises(ToolError, match="not available"):
        program.shorten("x", "", None)
    monkeypatch.setitem(sys.modules, "headroom", object())
    with pytest.raises(ToolError, match="not available"):
        program.shorten("x", "", None)


def test_memory_answers_through_the_server(tmp_path):
    store = SqliteStore.open(tmp_path / "state" / "headroom.db")
    handle = store.put_original("def rule_7(amount): ...")
    store.remember([Memory("git-1", "ledger.py", "d" * 64, handle, "file", "claude", "s", 1.0, 9, "1:1")])
    assert "ledger.py: ~9 tokens, read by claude" in program.recalled("git-1", str(tmp_path), "ledger", store)
    assert "Nothing has been read" in program.recalled("git-2", str(tmp_path), "", store)
    with pytest.raises(ToolError, match="no regular expression"):
        program.recalled("git-1", str(tmp_path), "rule_(", store)
    store.close()
