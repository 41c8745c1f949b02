from __future__ import annotations

import pytest

from headroom_wrap.doctor.traces import in_environment, in_text

TOKEN = "abcdefghijklmnopqrstuvwx"


@pytest.mark.parametrize(
    "line",
    [
        '"headroom": {',
        "[mcp_servers.headroom]",
        '"command": "/x/bin/headroom hook cursor --account f"',
        'command = ["/x/headroom", "mcp", "serve"]',
        '"args": ["-m", "headroom_wrap.mcp"]',
        f'"ANTHROPIC_BASE_URL": "http://127.0.0.1:40123/{TOKEN}"',
        "base_url = 'http://localhost:8787/v1'",
        *(f'"url": "http://[::1]:1/{TOKEN[:-1]}{end}{more}' for end in "-_x" for more in ("", '"', "/v1", " ")),
    ],
)
def test_ours_is_found_with_its_line(line: str) -> None:
    (trace,) = in_text("f.json", f"{{\n{line}\n}}", ("localhost:8787",))
    assert trace.where == "f.json:2"
    assert trace.what == line.strip()


@pytest.mark.parametrize(
    "line",
    [
        '"projects": {"/home/ada/headroom": {}}',
        "# some headroom for growth",
        f"http://127.0.0.1:1/{TOKEN}-more",
        '"url": "http://127.0.0.1:11434/v1"',
        "",
        "x" * 100_000,
    ],
)
def test_what_is_not_ours_is_not(line: str) -> None:
    assert not list(in_text("f", line, ("localhost:8787",)))


def test_variables() -> None:
    environ = {
        "ANTHROPIC_BASE_URL": "http://localhost:8787/x",
        "HEADROOM_STATE": "localhost:8787",
        "PWD": "localhost:8787",
        "OPENAI_BASE_URL": "https://x",
    }
    assert [t.where for t in in_environment(environ, ("localhost:8787",))] == ["ANTHROPIC_BASE_URL"]
