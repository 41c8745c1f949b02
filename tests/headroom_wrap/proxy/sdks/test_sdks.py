"""The official clients through ``headroom proxy``: the answers that they would have had without it, of requests that are theirs to the byte."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from headroom.testing import AnthropicProvider, GeminiProvider, OpenAIProvider, Recorded, Script, rate_limited, text
from headroom.testing.server import Provider
from headroom_wrap.proxy.headers import HOP_BY_HOP
from tests.headroom_wrap.proxy.harness import log_text
from tests.headroom_wrap.proxy.sdks.running import DEADLINE, Running, standing
from tests.headroom_wrap.proxy.sdks.talk import AFTER, BEFORE, TOOL, Talk, fetching, script


def installed(name: str) -> bool:
    """Whether a client is there; importing all of them takes five seconds, and only a test that runs should."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


pytestmark = [
    pytest.mark.skipif(not all(map(installed, ("anthropic", "openai", "google.genai"))), reason="not all official clients are installed"),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning"),  # google-genai subclasses what aiohttp does not want subclassed
    pytest.mark.filterwarnings("ignore:connect:DeprecationWarning"),  # openai opens WebSockets in a way that the library gives up
]

NODE = Path(__file__).with_name("node")
VENDORS = {"anthropic": AnthropicProvider, "openai": OpenAIProvider, "gemini": GeminiProvider}
APIS = ("anthropic_messages", "openai_chat", "openai_responses", "gemini")
SMALL = ("a.txt\nb.txt", "nothing here")
BULK = (log_text(1), log_text(2))
LIMITED = "Is there room?"
MISSED = "What was left out?"
MARKER = re.compile(r"\[headroom [0-9a-f]{8}: ")
NOT_COMPARED = HOP_BY_HOP | {"host"}  # what belongs to one connection


@dataclass
class Street:
    """Two proxies between clients and providers, and the same providers again for whoever asks directly.

    Args:
        proxy: one whose clients fetch by themselves what was left out: requests are theirs, but for what is smaller.
        fetching: one that fetches it for them, with a tool of its own in their requests.
        behind: providers behind both.
        direct: the others.
    """

    proxy: Running
    fetching: Running
    behind: dict[str, Provider]
    direct: dict[str, Provider]


def answers(conversation: str) -> Script:
    if MISSED in conversation:
        return fetching()
    return Script(rate_limited(7), [text("Now.")]) if LIMITED in conversation else script(2)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    home = tmp_path_factory.mktemp("street")
    made = [{name: make(answers, count=len) for name, make in VENDORS.items()} for _ in range(2)]
    providers = [p for each in made for p in each.values()]
    for provider in providers:
        provider.__enter__()
    addresses = [a for name, provider in made[0].items() for a in (f"--{name}-upstream", provider.url)]
    try:
        with standing(home / "a", "--retrieve", "client", *addresses) as proxy, standing(home / "b", *addresses) as fetching:
            yield Street(proxy, fetching, *made)
    finally:
        for provider in providers:
            provider.__exit__(None, None, None)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, dict[str, Provider]]]:
    """A proxy that fetches, and providers that nobody else asks: what those of a street make is numbered alike, directly and behind a proxy."""
    with ExitStack() as stack:
        providers: dict[str, Provider] = {name: stack.enter_context(make(answers, count=len)) for name, make in VENDORS.items()}
        addresses = [a for name, provider in providers.items() for a in (f"--{name}-upstream", provider.url)]
        yield stack.enter_context(standing(tmp_path_factory.mktemp("alone"), *addresses)), providers


def in_python(api: str, base: str, talk: Talk) -> list[dict[str, Any]]:
    from tests.headroom_wrap.proxy.sdks import python_clients

    return list(getattr(python_clients, api)(base, talk))


def in_node(api: str, base: str, talk: Talk) -> list[dict[str, Any]]:
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules").is_dir():
        pytest.skip(f"no node, or nothing installed by npm install --prefix {NODE.name}")
    done = subprocess.run(
        [node, NODE / f"{api}.mjs"], input=json.dumps(talk.values(base)), capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


LANGUAGES: dict[str, Callable[..., list[dict[str, Any]]]] = {"python": in_python, "node": in_node}


@dataclass
class Told:
    """One talk: its answers, and what the provider had of it."""

    answers: list[dict[str, Any]]
    requests: list[Recorded]


def lead(client: Callable[..., list[dict[str, Any]]], api: str, provider: Provider, base: str, talk: Talk) -> Told:
    before = len(provider.requests)
    answers = client(api, base, talk)
    return Told(answers, provider.requests[before:])


def both(street: Street, language: str, api: str, talk: Talk, proxy: Running | None = None) -> tuple[Told, Told]:
    """A talk directly and through a proxy."""
    vendor = api.partition("_")[0]
    client = LANGUAGES[language]
    direct = lead(client, api, street.direct[vendor], street.direct[vendor].url, talk)
    return direct, lead(client, api, street.behind[vendor], (proxy or street.proxy).base, talk)


def untimed(answers: list[dict[str, Any]], *, usage: bool) -> Any:
    """Answers without the clock of the provider and, where requests differ in length, without their price."""
    dropped = {"created", "created_at", "completed_at", "createTime", "create_time"} | (
        set() if usage else {"usage", "usage_metadata", "usageMetadata"}
    )

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: without(v) for k, v in value.items() if k not in dropped}
        return [without(v) for v in value] if isinstance(value, list) else value

    return without(answers)


def headers(request: Recorded) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name not in NOT_COMPARED}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_changed_where_nothing_is_gained(street: Street, language: str, api: str, stream: bool) -> None:
    talk = Talk(f"Look around, {language} {api} {stream}", SMALL, stream)
    direct, proxied = both(street, language, api, talk)
    assert len(direct.requests) == len(proxied.requests) == 3
    assert untimed(proxied.answers, usage=True) == untimed(direct.answers, usage=True)
    for ours, theirs in zip(proxied.requests, direct.requests, strict=True):
        assert (ours.method, ours.path, ours.raw) == (theirs.method, theirs.path, theirs.raw)
        assert headers(ours) == headers(theirs)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_bulk_is_made_smaller_and_stays_so(street: Street, language: str, api: str, stream: bool) -> None:
    talk = Talk(f"What fails, {language} {api} {stream}?", BULK, stream)
    direct, proxied = both(street, language, api, talk)
    assert untimed(proxied.answers, usage=False) == untimed(direct.answers, usage=False)
    assert [len(MARKER.findall(r.raw.decode())) for r in proxied.requests] == [0, 1, 2]
    assert len(proxied.requests[2].raw) < len(direct.requests[2].raw) / 2
    assert markers(proxied.requests[2])[0] == markers(proxied.requests[1])[0], "what was sent once is sent again"
    for ours, theirs in zip(proxied.requests, direct.requests, strict=True):
        assert headers(ours) | {"content-length": ""} == headers(theirs) | {"content-length": ""}


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_does_not_see_that_the_proxy_fetches_for_it(street: Street, language: str, api: str) -> None:
    talk = Talk(f"What fails there, {language} {api}?", BULK, stream=True)
    direct, proxied = both(street, language, api, talk, street.fetching)
    for answer in (*direct.answers, *proxied.answers):
        answer.pop("tools", None)  # the Responses API echoes what was declared, ours too
    assert untimed(proxied.answers, usage=False) == untimed(direct.answers, usage=False)
    assert [len(MARKER.findall(r.raw.decode())) for r in proxied.requests] == [0, 1, 2]
    assert [r.raw.count(b'"headroom_retrieve"') for r in proxied.requests] == [1, 1, 1]
    assert [b"headroom_retrieve" in r.raw for r in direct.requests] == [False] * 3


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_model_fetches_is_between_it_and_the_proxy(
    alone: tuple[Running, dict[str, Provider]], language: str, api: str, stream: bool
) -> None:
    proxy, providers = alone
    talk = Talk(f"{MISSED} {language} {api} {stream}", BULK, stream)
    told = lead(LANGUAGES[language], api, providers[api.partition("_")[0]], proxy.base, talk)
    assert [said(api, answer) for answer in told.answers] == [
        ("I look.", [TOOL]),
        (BEFORE + AFTER, [TOOL]),
        ("Done: " + "y" * 200, []),
    ]
    assert len(told.requests) == 5
    first = json.dumps(BULK[0].split("\n")[0])[1:-1]
    assert told.requests[2].raw.decode().count(first) == told.requests[1].raw.decode().count(first) + 1, "the lines that were asked for"
    for before, after in zip(told.requests, told.requests[1:]):
        assert listed(api, after)[: len(listed(api, before))] == listed(api, before), "what was sent once is sent again"


LISTS = {"anthropic_messages": "messages", "openai_chat": "messages", "openai_responses": "input", "gemini": "contents"}


def listed(api: str, request: Recorded) -> list[Any]:
    """The messages of a request."""
    found: list[Any] = request.body[LISTS[api]]
    return found


def said(api: str, answer: dict[str, Any]) -> tuple[str, list[str]]:
    """The text of an answer, and the tools that it calls."""
    if api == "openai_chat":
        message = answer["choices"][0]["message"]
        return message["content"] or "", [call["function"]["name"] for call in message.get("tool_calls") or ()]
    if api == "gemini":
        parts = [part for chunk in answer["chunks"] for part in chunk["candidates"][0]["content"].get("parts") or ()]
        calls = [part.get("functionCall") or part.get("function_call") for part in parts]
        return "".join(part.get("text") or "" for part in parts if not part.get("thought")), [call["name"] for call in calls if call]
    blocks = answer["content"] if api == "anthropic_messages" else answer["output"]
    texts = [block for block in blocks if block["type"] in ("text", "message")]
    calls = [block["name"] for block in blocks if block["type"] in ("tool_use", "function_call")]
    return "".join(block["text"] if "text" in block else block["content"][0]["text"] for block in texts), calls


def markers(request: Recorded) -> list[str]:
    """The texts with a marker in a request."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for each in value:
                yield from texts(each)

    return [text for text in texts(request.body) if MARKER.search(text)]


@pytest.mark.parametrize("results", [SMALL, BULK], ids=["small", "bulk"])
def test_a_socket(street: Street, results: tuple[str, ...]) -> None:
    talk = Talk(f"By socket, {len(results[0])}", results, stream=True)
    direct, proxied = both(street, "python", "openai_socket", talk)
    assert untimed(proxied.answers, usage=False) == untimed(direct.answers, usage=False)
    frames = [[r.raw for r in told.requests if r.method == "WEBSOCKET"] for told in (direct, proxied)]
    if results is SMALL:
        assert frames[0] == frames[1]
    else:
        assert [len(MARKER.findall(frame.decode())) for frame in frames[1]] == [0, 1, 1]


def test_refusals_and_what_is_no_conversation(street: Street) -> None:
    import anthropic
    import openai

    with anthropic.Anthropic(base_url=street.proxy.base, api_key="k", max_retries=0) as client:
        asked: Any = {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": [{"role": "user", "content": LIMITED}]}
        with pytest.raises(anthropic.RateLimitError) as caught:
            client.messages.create(**asked)
        assert caught.value.response.headers["retry-after"] == "7"
        assert client.messages.create(**asked).content[0].text == "Now."
        asked.pop("max_tokens")
        assert client.messages.count_tokens(**asked).input_tokens > 0
        with pytest.raises(anthropic.NotFoundError):
            client.beta.files.list()
    with openai.OpenAI(base_url=f"{street.proxy.base}/v1", api_key="k", max_retries=0) as client:
        assert [model.id for model in client.models.list()]
        with pytest.raises(openai.BadRequestError):
            client.responses.create(model="gpt-6.1-sol", input=[{"role": "robot", "content": "x"}])


def test_the_token_may_stand_in_a_header_and_without_it_the_client_is_told(street: Street) -> None:
    import anthropic

    asked: Any = {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}
    with anthropic.Anthropic(base_url=street.proxy.origin, api_key="k", max_retries=0) as client:
        said = client.messages.create(**asked, extra_headers={"x-headroom-token": street.proxy.token})
        assert said.content[0].text == "Noted."
        assert "x-headroom-token" not in street.behind["anthropic"].requests[-1].headers
        with pytest.raises(anthropic.AuthenticationError, match="lacks its token"):
            client.messages.create(**asked)
