from __future__ import annotations

import pytest

from headroom_wrap.doctor.traces import in_environment, in_text

TOKEN = "abcdefghijklmnopqrstuvwx"


KNOWN = ("localhost:8787", "127.0.0.1:8787", "a-secret", "/state/sessions")
OURS = [
    ('"headroom": {', '"headroom":'),
    ("[mcp_servers.headroom]", "[mcp_servers.headroom"),
    ('"command": "/x/bin/headroom hook cursor --account f"', "headroom hook"),
    ('command = ["/x/headroom", "mcp", "serve"]', 'headroom", "mcp'),
    ('"args": ["-m", "headroom_wrap.mcp"]', "headroom_wrap"),
    (f'"ANTHROPIC_BASE_URL": "http://127.0.0.1:40123/{TOKEN}"', "http://127.0.0.1:40123/…"),
    ("base_url = 'http://localhost:8787/v1'", "localhost:8787"),
    ('"x-headroom-token": "a-secret"', "the proxy's token"),
    ('"path": "/state/sessions/1/settings.json"', "/state/sessions"),
    *((f'"url": "http://[::1]:1/{TOKEN[:-1]}{end}{more}', "http://[::1]:1/…") for end in "-_x" for more in ("", '"', "/v1", " ")),
]


@pytest.mark.parametrize(("line", "found"), OURS)
def test_ours_is_found_with_its_line(line: str, found: str) -> None:
    (trace,) = in_text("f.json", f"{{\n{line}\n}}", KNOWN)
    assert (trace.where, trace.what) == ("f.json:2", found)


@pytest.mark.parametrize(("line", "found"), OURS)
def test_what_stands_beside_ours_is_not_told(line: str, found: str) -> None:
    """A user's key, in front of it or behind."""
    for beside in (f'{{"env": {{"KEY": "sk-1"}}, {line}', f'{line}, "env": {{"KEY": "sk-1"}}}}', f"sk-1 {'x' * 200} {line} sk-1"):
        (trace,) = in_text("f.json", beside, KNOWN)
        assert (trace.where, trace.what) == ("f.json:1", found)


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


@pytest.mark.parametrize("proxy", ["http://ada:pw@127.0.0.1:8787", "http://127.0.0.1:8787/pw", f"http://127.0.0.1:8787/{TOKEN}?key=pw"])
def test_what_a_variable_says_beside_ours_is_not_told(proxy: str) -> None:
    (trace,) = in_environment({"HTTP_PROXY": proxy}, KNOWN)
    assert trace.what in ("127.0.0.1:8787", "http://127.0.0.1:8787/…")
