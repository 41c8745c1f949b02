"""The code of the pages in docs/integrations, run as it stands there against scripted providers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headroom.testing import AnthropicProvider, GeminiProvider, OpenAIProvider, Script, text, tool
from pipeline import ccr
from tests.headroom.integrations.applications import result

PAGES = Path(__file__).parents[2] / "docs" / "integrations"
SCHEMA = {"type": "object", "properties": {"service": {"type": "string"}}, "required": ["service"]}
CALLS = (tool("read_log", service="api"), tool("headroom_retrieve", handle=ccr.handle_of(result(0)), lines="78"))
ANSWER = "A connection was reset."

pytestmark = pytest.mark.slow


def read_log(service: str) -> str:
    """The log of a service."""
    return result(0)


def code(page: str) -> str:
    (block,) = re.findall(r"^```python\n(.*?)^```", (PAGES / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return block


def shown(page, given, provider, capsys):
    """Run the page's code, and see that the model was sent little, asked for a line, got it, and that its answer was printed."""
    place = {"read_log": read_log, **given}
    exec(compile(code(page), page, "exec"), place)
    place["client"].close()
    assert capsys.readouterr().out == f"{ANSWER}\n"
    _, second, third = provider.requests
    assert b"lines left out" in second.raw
    assert b"78\\t2026-01-01T00:01:17Z ERROR worker[3]" in third.raw


def test_openai(monkeypatch, capsys):
    pytest.importorskip("openai")
    with OpenAIProvider(Script(*([call] for call in CALLS), [text(ANSWER)])) as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", provider.url + "/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        declared = {"type": "function", "function": {"name": "read_log", "parameters": SCHEMA}}
        shown("openai.md", {"READ_LOG": declared}, provider, capsys)


def test_anthropic(monkeypatch, capsys):
    pytest.importorskip("anthropic")
    with AnthropicProvider(Script(*([call] for call in CALLS), [text(ANSWER)])) as provider:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", provider.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
        shown("anthropic.md", {"READ_LOG": {"name": "read_log", "input_schema": SCHEMA}}, provider, capsys)


def test_gemini(monkeypatch, capsys):
    pytest.importorskip("google.genai")
    # The SDK answers calls without their ids, as the API lets it.
    with GeminiProvider(Script(*([{**call, "id": None}] for call in CALLS), [text(ANSWER)]), signatures=False) as provider:
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", provider.url)
        monkeypatch.setenv("GEMINI_API_KEY", "k")
        shown("gemini.md", {}, provider, capsys)


async def test_asgi(capsys):
    pytest.importorskip("starlette")
    from starlette.responses import PlainTextResponse

    from tests.headroom.integrations.test_asgi import Api, body_of, post

    got = []

    async def forward(request):
        got.append((await request.body(), int(request.headers["content-length"])))
        return PlainTextResponse("ok")

    place = {"forward": forward}
    exec(compile(code("asgi.md"), "asgi.md", "exec"), place)

    async def app(scope, receive, send):
        await place["app"]({"http_version": "1.1", "query_string": b"", "root_path": "", "scheme": "http", **scope}, receive, send)

    answered = await post(app, "/v1/messages", body_of(Api.ANTHROPIC, 1))
    assert answered[0]["status"] == 200
    ((body, length),) = got
    assert b"lines left out" in body
    assert length == len(body) < 2500


@pytest.mark.parametrize("page", sorted(path.name for path in PAGES.glob("*.md") if "| `store` |" in path.read_text("utf-8")))
def test_where_headroom_show_looks_is_said_where_a_store_may_be_given(page):
    (row,) = re.findall(r"^\| `store` \|.*$", (PAGES / page).read_text("utf-8"), re.MULTILINE)
    for word in ("HEADROOM_STATE", "HEADROOM_STORE", "config.toml", "headroom show", "open_store"):
        assert word in row
