"""The npm package ``headroom-ai``: its types, its own tests, and the real client libraries with it against a real ``headroom proxy``."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, GeminiProvider, OpenAIProvider, Recorded, Script, rate_limited, text, tool
from headroom.testing.server import Provider
from tests.headroom_wrap.proxy.sdks.running import Running, standing

PACKAGE = Path(__file__).parents[2] / "sdk" / "typescript"
NODE = shutil.which("node")
pytestmark = [
    pytest.mark.skipif(
        NODE is None or not (PACKAGE / "node_modules").is_dir(),
        reason="THE TYPESCRIPT SDK IS NOT TESTED: no node, or no npm install in sdk/typescript",
    ),
    pytest.mark.slow,
]

DEADLINE = 240
TURNS = 30
VENDORS: dict[str, type[AnthropicProvider | OpenAIProvider | GeminiProvider]] = {
    "anthropic": AnthropicProvider,
    "openai": OpenAIProvider,
    "gemini": GeminiProvider,
}
LISTS = {"anthropic": "messages", "openai_chat": "messages", "openai_responses": "input", "gemini": "contents", "vercel": "messages"}
APIS = (
    *("openai_chat", "openai_chat_oldest", "openai_responses", "anthropic", "anthropic_oldest", "gemini", "gemini_chat", "gemini_oldest"),
    *("vercel_v7", "vercel_v6", "vercel_v5"),
)
TOOL = "Bash"
SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"], "additionalProperties": False}


def log_text(seed: int, lines: int) -> str:
    """A log of a service; every 97th line is an error."""
    return "\n".join(
        f"2026-01-02T03:{n // 60:02d}:{n % 60:02d}Z {'ERROR' if (n + seed) % 97 == 0 else 'INFO'} svc[{seed}] request {seed * 31 + n * 17} took {n % 90} ms"
        for n in range(lines)
    )


BULK = tuple(log_text(n, 60) for n in range(TURNS))
MARKER = re.compile(r"\[headroom [0-9a-f]{8}: ")
LIMITED = "Is there room?"


def answers(conversation: str) -> Script:
    if conversation.startswith("What failed"):
        return Script(*[[tool("read_log")], [text("Done.")]] * 2)
    if LIMITED in conversation:
        return Script(rate_limited(7))
    if "Turns: " not in conversation:
        return Script(*[[text("Answered.")]] * 3)
    turns = int(conversation.partition("Turns: ")[2].split()[0])
    return Script(*[[text(f"I look, {n}: äöü 漢字."), tool(TOOL, command=f"cat app{n}.log")] for n in range(turns)], [text("Done.")])


class Leader:
    """A process of node that leads conversations one after the other: to load the libraries takes longer than most conversations."""

    def __init__(self) -> None:
        assert NODE is not None
        surroundings = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
        self._errors = tempfile.TemporaryFile()  # closed with the process
        self._process = subprocess.Popen(
            [NODE, "tests/e2e/lead.mjs"], cwd=PACKAGE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, env=surroundings
        )

    def lead(self, talks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What came of conversations."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(talks).encode() + b"\n")
        self._process.stdin.flush()
        overdue = threading.Timer(DEADLINE, self._process.kill)
        overdue.start()
        try:
            line = self._process.stdout.readline()
        finally:
            overdue.cancel()
        assert line, self._said()
        told: list[dict[str, Any]] = json.loads(line)
        return told

    def close(self) -> None:
        """It ends when there is nothing more to lead, and has nothing to say of it."""
        self._process.communicate(timeout=DEADLINE)
        status, said = self._process.returncode, self._said()
        self._errors.close()
        assert status == 0, said

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode()


@dataclass
class Street:
    """A proxy and the providers of wrapped clients, and the same providers again for bare ones.

    Args:
        proxy: its upstreams are ``providers``.
        providers: by vendor.
        direct: likewise.
        leader: of the conversations.
    """

    proxy: Running
    providers: dict[str, Provider]
    direct: dict[str, Provider]
    leader: Leader

    def provider(self, api: str, *, bare: bool) -> Provider:
        return (self.direct if bare else self.providers)["openai" if api.startswith("vercel") else api.partition("_")[0]]


@pytest.fixture(scope="module")
def built() -> Path:
    node("build.mjs")
    return PACKAGE


@pytest.fixture(scope="module")
def typed(built: Path) -> None:
    """The programs written against the package's types, of which TypeScript has nothing to complain."""
    node("node_modules/typescript/bin/tsc", "-p", "tests/types")


def node(*arguments: str, environ: dict[str, str] | None = None) -> str:
    """Runs node in the package's folder; it must end well."""
    assert NODE is not None
    surroundings = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **(environ or {})}
    done = subprocess.run([NODE, *arguments], cwd=PACKAGE, input="", capture_output=True, text=True, timeout=DEADLINE, check=False, env=surroundings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def street(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    made: list[dict[str, Provider]] = [{name: make(answers, count=len) for name, make in VENDORS.items()} for _ in range(2)]
    providers, direct = made
    for provider in (*providers.values(), *direct.values()):
        provider.__enter__()
    addresses = [a for name, provider in providers.items() for a in (f"--{name}-upstream", provider.url)]
    try:
        with standing(tmp_path_factory.mktemp("street"), *addresses) as proxy:
            leader = Leader()
            try:
                yield Street(proxy, providers, direct, leader)
            finally:
                leader.close()
    finally:
        for provider in (*providers.values(), *direct.values()):
            provider.__exit__(None, None, None)


@dataclass
class Told:
    """One conversation: its answers, how it failed, and what the provider had of it."""

    answers: list[Any]
    failure: dict[str, Any] | None
    requests: list[Recorded]


def lead(street: Street, api: str, question: str, results: tuple[str, ...], *hows: dict[str, Any] | None, stream: bool = False) -> list[Told]:
    """The same conversation once for each of ``hows``: None is the bare client, else the options of its wrapper. At most one of each kind."""
    asked = [street.provider(api, bare=how is None) for how in hows]
    before = [len(provider.requests) for provider in asked]
    talk = {"api": api, "question": question, "results": results, "stream": stream, "tool": TOOL, "schema": SCHEMA}
    talks = [{**talk, "base": provider.url, "headroom": how} for provider, how in zip(asked, hows, strict=True)]
    told = street.leader.lead(talks)
    return [Told(t["answers"], t["failure"], p.requests[n:]) for t, p, n in zip(told, asked, before, strict=True)]


def through(street: Street, **options: Any) -> dict[str, Any]:
    return {"baseUrl": street.proxy.origin, "token": street.proxy.token, **options}


def absent(**options: Any) -> dict[str, Any]:
    return {"baseUrl": nobody(), "token": "t", "retries": 0, **options}


def nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def messages(api: str, request: Recorded) -> list[Any]:
    name = next(name for name in sorted(LISTS, reverse=True) if api.startswith(name))
    listed = request.body[LISTS[name]]
    assert isinstance(listed, list)
    return listed


def marked(api: str, request: Recorded) -> int:
    return len(MARKER.findall(json.dumps(messages(api, request))))


def test_types_fit_every_version_of_what_they_are_for(typed: None) -> None:
    assert (PACKAGE / "dist" / "tests" / "published.js").exists()


def test_unit(built: Path) -> None:
    tests = sorted(str(path.relative_to(PACKAGE)) for path in (PACKAGE / "tests" / "unit").glob("*.test.mjs"))
    assert len(tests) > 5
    node("--test", *tests)


def test_programs_written_for_other_versions_work(street: Street, typed: None) -> None:
    urls = {f"{name.upper()}_URL": provider.url for name, provider in street.providers.items()}
    environ = {
        "HEADROOM_BASE_URL": street.proxy.origin,
        "HEADROOM_STATE": str(street.proxy.state),
        "BULK": log_text(1, 300),
        "NOBODY": nobody(),
        **urls,
    }
    assert node("dist/tests/published.js", environ=environ).strip() == "all of it works"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("api", APIS)
def test_a_growing_conversation_keeps_its_beginning(street: Street, api: str, stream: bool) -> None:
    question = f"{api} {stream}: what fails? Turns: {TURNS} ."
    bare, wrapped = lead(street, api, question, BULK, None, through(street), stream=stream)
    assert wrapped.failure is None
    assert bare.failure is None
    assert len(wrapped.answers) == TURNS + 1
    assert [shape(a) for a in wrapped.answers] == [shape(a) for a in bare.answers]
    sent = [messages(api, r) for r in wrapped.requests]
    assert len(sent) == TURNS + 1
    for shorter, longer in zip(sent, sent[1:], strict=False):
        assert json.dumps(longer).startswith(json.dumps(shorter)[:-1])
    assert marked(api, wrapped.requests[-1]) >= TURNS - 2
    assert marked(api, bare.requests[-1]) == 0
    assert len(wrapped.requests[-1].raw) < 0.6 * len(bare.requests[-1].raw)
    assert outside(api, wrapped.requests[-1]) == outside(api, bare.requests[-1])


DOCUMENTED = PACKAGE.parents[1] / "docs" / "integrations" / "typescript.md"
GIVEN = """
import { HeadroomClient as Client } from "headroom-ai";
const LOG = process.env.BULK;
const retrieves = (call) => call.function.name === "headroom_retrieve";
const answer = async (call) => retrieves(call) ? new Client().handleToolCall({ toolCall: call }) : { role: "tool", tool_call_id: call.id, content: LOG };
const call = { id: "call_1", type: "function", function: { name: "read_log", arguments: "{}" } };
"""
EXAMPLES = (
    'const readLog = { type: "function", function: { name: "read_log", parameters: { type: "object", properties: {} } } };',
    'import { jsonSchema as js } from "ai"; const read_log = { inputSchema: js({ type: "object", properties: {} }), execute: () => LOG };',
    'const messages = [{ role: "user", content: "What failed?" }, { role: "assistant", content: null, tool_calls: [call] }, await answer(call)];',
)
PROOFS = (
    'if (messages.at(-1).content !== "Done." || messages.length !== 4) throw new Error(JSON.stringify(messages));',
    'if (text !== "Done.") throw new Error(text);',
    "if (!(tokensSaved > 0 && smaller.length === 3 && original.text === LOG && run.retrievals > 0)) throw new Error(JSON.stringify(run));",
)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_the_documentation_shows(street: Street, built: Path, number: int) -> None:
    examples = re.findall(r"```js\n(.*?)```", DOCUMENTED.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == len(EXAMPLES)
    program = built / "dist" / "tests" / f"documented{number}.mjs"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(GIVEN + EXAMPLES[number] + "\n" + examples[number] + PROOFS[number], encoding="utf-8")
    provider = street.providers["openai"]
    before = len(provider.requests)
    reaching = {"HEADROOM_BASE_URL": street.proxy.base, "OPENAI_BASE_URL": f"{provider.url}/v1", "OPENAI_API_KEY": "k"}
    node(str(program), environ={**reaching, "BULK": log_text(1, 300)})
    assert number == 2 or MARKER.search(provider.requests[-1].raw.decode())
    assert len(provider.requests) - before == (0 if number == 2 else 2)


def shape(value: Any) -> Any:
    """An answer without the names that are new in every conversation."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items() if k not in ("id", "call_id", "thoughtSignature")}
    if isinstance(value, list):
        return [shape(v) for v in value]
    return "…" if isinstance(value, str) and re.match(r"(?:call|toolu|msg|fc)_", value) else value


def outside(api: str, request: Recorded) -> dict[str, Any]:
    """A request without its messages."""
    name = next(name for name in sorted(LISTS, reverse=True) if api.startswith(name))
    return {k: v for k, v in request.body.items() if k != LISTS[name]}


@pytest.mark.parametrize("api", APIS)
def test_where_nothing_is_gained_requests_are_theirs_to_the_byte(street: Street, api: str) -> None:
    question = f"{api}: nothing to gain. Turns: 0 ."
    bare, wrapped = lead(street, api, question, (), None, through(street))
    assert (wrapped.failure, len(wrapped.requests)) == (None, 1)
    assert wrapped.requests[0].raw == bare.requests[0].raw
    assert headers(wrapped.requests[0]) == headers(bare.requests[0])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("api", APIS)
def test_without_a_proxy_requests_go_on_as_they_are(street: Street, api: str, stream: bool) -> None:
    question = f"{api} {stream}: no proxy. Turns: 2 ."
    bare, wrapped = lead(street, api, question, BULK[:2], None, absent(), stream=stream)
    assert wrapped.failure is None
    assert [shape(messages(api, r)) for r in wrapped.requests] == [shape(messages(api, r)) for r in bare.requests]
    assert len(wrapped.requests[0].raw) == len(bare.requests[0].raw)
    assert wrapped.requests[0].raw == bare.requests[0].raw


@pytest.mark.parametrize("api", APIS)
def test_without_a_proxy_a_typed_error_if_so_wished(street: Street, api: str) -> None:
    [told] = lead(street, api, f"{api}: no proxy, and none the less. Turns: 1 .", BULK[:1], absent(fallback=False))
    assert not told.requests
    assert told.failure is not None
    assert "HeadroomConnectionError" in told.failure["chain"], told.failure


@pytest.mark.parametrize("api", APIS)
def test_a_refusal_is_the_librarys_own(street: Street, api: str) -> None:
    bare, wrapped = lead(street, api, f"{api}: {LIMITED}", (), None, through(street))
    assert bare.failure is not None
    assert wrapped.failure is not None
    assert [wrapped.failure.get(name) for name in ("chain", "status")] == [bare.failure.get(name) for name in ("chain", "status")]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("api", ["openai_chat", "openai_responses", "anthropic", "gemini"])
def test_through_the_proxy_itself(street: Street, api: str, stream: bool) -> None:
    question = f"{api} {stream}: via the proxy. Turns: 3 ."
    bare, wrapped = lead(street, api, question, BULK[:3], None, through(street, via="proxy"), stream=stream)
    assert wrapped.failure is None
    assert [shape(a) for a in wrapped.answers] == [shape(a) for a in bare.answers]
    assert len(wrapped.requests[-1].raw) < 0.8 * len(bare.requests[-1].raw)
    assert "x-headroom-token" not in wrapped.requests[-1].headers
    [alone] = lead(street, api, f"Alone, {question}", BULK[:3], absent(via="proxy"), stream=stream)
    assert (alone.failure, len(alone.requests)) == (None, 4)


def headers(request: Recorded) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name not in ("host", "connection", "x-stainless-retry-count")}
