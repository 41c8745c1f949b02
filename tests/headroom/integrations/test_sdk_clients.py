"""The official clients with ``with_headroom``, against scripted providers."""

from __future__ import annotations

import contextlib
import copy
import gc
import inspect
import json
import logging
import sys
from pathlib import Path

import pytest

from headroom import HeadroomError, headroom_retrieve, retriever, tools, with_headroom
from headroom.testing import GeminiProvider, OpenAIProvider, Script, broken, cut, rate_limited, server_error, text, tool
from headroom.testing.errors import invalid
from pipeline import ccr, markers
from pipeline.store.api import StoreError
from pipeline.store.sqlite import SqliteStore
from tests.headroom.integrations.applications import APPLICATIONS, TURNS, Chat, Gemini, Messages, Responses, broken_prefixes, once, result, sent

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")
genai = pytest.importorskip("google.genai")

pytestmark = [
    pytest.mark.slow,
    # google-genai subclasses what aiohttp does not want subclassed.
    pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning"),
]


@pytest.fixture
def store(tmp_path: Path):
    kept = SqliteStore.open(tmp_path / "state" / "headroom.db")
    yield kept
    kept.close()


_made: list = []


def bare(application, provider, *, sync: bool = True, retries: int = 0):
    """The SDK's client for an application, at a provider. It is closed when the test ends."""
    if application is Gemini:
        made = genai.Client(api_key="k", http_options={"base_url": provider.url})
    elif application is Messages:
        made = (anthropic.Anthropic if sync else anthropic.AsyncAnthropic)(base_url=provider.url, api_key="k", max_retries=retries)
    else:
        made = (openai.OpenAI if sync else openai.AsyncOpenAI)(base_url=provider.url + "/v1", api_key="k", max_retries=retries)
    _made.append(made)
    return made


@pytest.fixture(autouse=True)
async def closed_clients():
    yield
    while _made:
        client = _made.pop()
        if isinstance(client, genai.Client):
            await client.aio.aclose()
        await once(client.close())


def calling(turns: int) -> Script:
    return Script(*([tool("run", command=f"cat part-{n}.log")] for n in range(turns - 1)), [text("Done.")])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
@pytest.mark.parametrize("application", APPLICATIONS)
async def test_a_growing_conversation_keeps_its_beginning(application, sync, stream, store):
    with application.provider(calling(TURNS)) as provider:
        given = bare(application, provider, sync=sync)
        client = with_headroom(given, store=store)
        app = application(client if sync or application is not Gemini else client.aio, stream=stream)
        await app.run(TURNS)
        assert len(provider.requests) == TURNS
        assert broken_prefixes(provider.requests, app.field) == []
        assert len(provider.requests[-1].raw) < 0.6 * sum(len(result(turn)) for turn in range(TURNS))
        assert b"[headroom " in provider.requests[-1].raw


@pytest.mark.parametrize("application", APPLICATIONS)
async def test_another_process_sends_the_same(application, store, tmp_path):
    """Neither memory nor store are needed to come to the same forms."""
    with application.provider(calling(9)) as provider:
        app = application(with_headroom(bare(application, provider), store=store))
        await app.run(8)
        before = sent(provider.requests[-1], app.field)
        other = SqliteStore.open(tmp_path / "other" / "headroom.db")
        app.client = with_headroom(bare(application, provider), store=other)
        await app.ask()
        assert sent(provider.requests[-1], app.field)[: len(before)] == before
        other.close()


@pytest.mark.parametrize("application", APPLICATIONS)
async def test_nothing_is_left_out_that_the_model_cannot_get_back(application, store):
    with application.provider(calling(4)) as provider:
        app = application(with_headroom(bare(application, provider), store=store), retrieval=False)
        await app.run(4)
        lossless = provider.requests[-1].raw
        assert not markers.elides(lossless.decode())
        assert b"[headroom " in lossless, "what is loss-free is done"


@pytest.mark.parametrize("application", APPLICATIONS)
async def test_the_model_gets_back_what_was_left_out(application, store):
    handle = ccr.handle_of(result(0))
    script = Script([tool("run", command="cat x.log")], [tool("headroom_retrieve", handle=handle, lines="70-90")], [text("Done.")])
    with application.provider(script) as provider:
        app = application(with_headroom(bare(application, provider), store=store))
        await app.run(3, answer=lambda call: retriever(store)(**call[2]))
        assert b"lines left out" in sent(provider.requests[1], app.field)[-1]
        got = sent(provider.requests[2], app.field)[-1]
        assert b"78\\t2026-01-01T00:01:17Z ERROR worker[3]" in got
        assert got.count(b"INFO worker") == 20, "what was asked for is not shortened again"


@pytest.mark.parametrize("application", APPLICATIONS)
async def test_the_applications_own_list_is_not_touched(application, store):
    with application.provider(calling(3)) as provider:
        app = application(with_headroom(bare(application, provider), store=store))
        await app.run(2)
        held = list(app.messages)
        said = repr(held)
        await app.ask()
        assert repr(held) == said
        assert all(one is two for one, two in zip(held, app.messages))


@pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
@pytest.mark.parametrize("application", [Chat, Responses, Messages])
async def test_copies_are_wrapped_and_the_given_client_is_not(application, sync, store):
    with application.provider(Script(final="ok")) as provider:
        given = bare(application, provider, sync=sync)
        client = with_headroom(given, store=store)
        assert type(client) is type(given)
        app = application(client)
        app.start("Look.")
        prompt(app)

        async def size(used):
            app.client = used
            del app.messages[3:]
            await app.ask()
            return len(provider.requests[-1].raw)

        plain = await size(given)
        small = await size(client)
        assert small < plain / 2
        assert await size(client.with_options(timeout=30)) == small
        assert await size(client.with_options(timeout=30).copy(max_retries=1)) == small
        assert await size(with_headroom(client, store=store)) == small
        assert await size(given) == plain
        del app.messages[3:]
        resource = {"Chat": "chat.completions", "Responses": "responses", "Messages": "messages"}[application.__name__]
        for name in resource.split("."):
            client = getattr(client, name)
        raw = await once(client.with_raw_response.create(**app.arguments()))
        assert raw.http_response.status_code == 200
        assert await once(raw.parse())
        assert len(provider.requests[-1].raw) == small


def prompt(app):
    """A tool call and its long result, as they stand in a message list."""
    if isinstance(app, Chat):
        call = {"id": "c1", "type": "function", "function": {"name": "run", "arguments": '{"command": "cat x.log"}'}}
        app.messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
    elif isinstance(app, Responses):
        app.messages.append({"type": "function_call", "call_id": "c1", "name": "run", "arguments": '{"command": "cat x.log"}'})
    else:
        app.messages.append({"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "run", "input": {"command": "cat x.log"}}]})
    app.tell(("c1",), result(0))


async def test_anthropic_counts_what_it_would_send_and_its_beta_is_wrapped(store):
    with Messages.provider(Script(final="ok")) as provider:
        client = with_headroom(bare(Messages, provider), store=store)
        app = Messages(client)
        app.start("Look.")
        prompt(app)
        client.messages.create(**app.arguments())
        want = sent(provider.requests[-1], "messages")
        client.beta.messages.create(**app.arguments())
        assert sent(provider.requests[-1], "messages") == want
        asked = app.arguments()
        del asked["max_tokens"]
        client.messages.count_tokens(**asked)
        assert provider.requests[-1].path.endswith("/count_tokens")
        assert sent(provider.requests[-1], "messages") == want


@pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
async def test_openai_parses_structured_output(sync, store):
    pydantic = pytest.importorskip("pydantic")

    class Verdict(pydantic.BaseModel):
        cause: str

    with OpenAIProvider(Script(final="ok")) as provider:
        client = with_headroom(bare(Chat, provider, sync=sync), store=store)
        app = Chat(client)
        app.start("Look.")
        prompt(app)
        asked = {**app.arguments(), "tools": tools("openai-chat", strict=True)}
        parsed = await once(client.chat.completions.parse(**asked, response_format=Verdict))
        assert isinstance(parsed.choices[0].message.parsed, Verdict)
        assert b"lines left out" in provider.requests[-1].raw


@pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
@pytest.mark.parametrize("application", APPLICATIONS)
async def test_a_gemini_chat_and_others_see_errors_as_their_own(application, sync, store):
    failures = {
        Gemini: (genai.errors.APIError, genai.errors.APIError),
        Messages: (anthropic.RateLimitError, anthropic.InternalServerError),
    }.get(application, (openai.RateLimitError, openai.InternalServerError))
    script = Script([tool("run", command="cat x.log")], rate_limited(0.01), server_error(), [text("Done.")])
    with application.provider(script) as provider:
        client = with_headroom(bare(application, provider, sync=sync), store=store)
        app = application(client if sync or application is not Gemini else client.aio)
        await app.run(1)
        for failure in failures:
            with pytest.raises(failure):
                await app.ask()
        await app.ask()
        assert len({b"".join(sent(request, app.field)) for request in provider.requests[1:]}) == 1, "a retry is what it was"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
@pytest.mark.parametrize("application", APPLICATIONS)
async def test_what_the_api_refuses_is_sent_as_it_was(application, sync, stream, store):
    """Once; from there on its conversation goes unchanged, and others do not."""
    calls = [tool("run", command=f"cat part-{n}.log") for n in range(3)]
    script = Script([calls[0]], *[picky([calls[1]])] * 2, picky([calls[2]]), picky([text("Done.")]))
    with application.provider(script) as provider:
        client = with_headroom(bare(application, provider, sync=sync), store=store)
        app = application(client if sync or application is not Gemini else client.aio, stream=stream)
        await app.run(4)
        assert [request.status for request in provider.requests] == [200, 400, 200, 200, 200]
        assert [b"lines left out" in request.raw for request in provider.requests] == [False, True, False, False, False]


@pytest.mark.parametrize("application", APPLICATIONS)
async def test_a_request_that_was_wrong_fails_with_its_own_error(application, store):
    failure = {Gemini: genai.errors.ClientError, Messages: anthropic.BadRequestError}.get(application, openai.BadRequestError)
    script = Script([tool("run", command="cat x.log")], *[invalid("No such model.")] * 2, picky([text("Done.")]), [text("Done.")])
    with application.provider(script) as provider:
        app = application(with_headroom(bare(application, provider), store=store))
        await app.run(1)
        with pytest.raises(failure, match="No such model"):
            await app.ask()
        assert [b"lines left out" in request.raw for request in provider.requests[1:]] == [True, False]
        await app.ask()
        assert b"lines left out" in provider.requests[3].raw, "it was not at fault, and is shortened as before"


def picky(blocks):
    """An answer of an API that takes nothing in which something was left out."""
    return lambda request: invalid("This cannot be read.") if markers.elides(json.dumps(request, ensure_ascii=False)) else blocks


def test_under_trio(store):
    trio = pytest.importorskip("trio")

    async def main(provider):
        app = Chat(with_headroom(bare(Chat, provider, sync=False), store=store))
        await app.run(3)
        await app.client.close()

    with OpenAIProvider(calling(3)) as provider:
        trio.run(main, provider)
        assert b"lines left out" in provider.requests[-1].raw
        _made.clear()  # closed, in the loop in which it lived


def connection_errors():
    """What a broken connection raises below the SDKs, which use the one or the other."""
    found = [sys.modules[name] for name in ("httpx", "httpx2") if name in sys.modules]
    return [module.HTTPError for module in found]


@pytest.mark.parametrize("fault", [cut, broken])
@pytest.mark.parametrize("application", APPLICATIONS)
async def test_a_stream_that_breaks_is_sent_again_the_same(application, fault, store):
    script = Script([tool("run", command="cat x.log")], fault([text("word " * 50)], 2), [text("Done.")])
    with application.provider(script) as provider:
        app = application(with_headroom(bare(application, provider), store=store), stream=True)
        await app.run(1)
        held = list(app.messages)
        with contextlib.suppress(RuntimeError, openai.APIError, anthropic.APIError, genai.errors.APIError, *connection_errors()):
            await app.ask()
        app.messages[:] = held
        await app.ask()
        assert sent(provider.requests[-1], app.field) == sent(provider.requests[1], app.field)


def test_a_retry_by_the_client_itself_sends_the_same(store):
    with OpenAIProvider(Script(rate_limited(0.01), server_error(), final="ok")) as provider:
        app = Chat(with_headroom(bare(Chat, provider, retries=3), store=store))
        app.start("Look.")
        prompt(app)
        app.client.chat.completions.create(**app.arguments())
        assert [request.status for request in provider.requests] == [429, 500, 200]
        assert len({request.raw for request in provider.requests}) == 1
        assert b"lines left out" in provider.requests[0].raw


class Failing:
    """A store that cannot be used."""

    def __getattr__(self, name):
        def fail(*args, **more):
            raise StoreError("The store is on fire.")

        return fail


@pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
@pytest.mark.parametrize("application", APPLICATIONS)
async def test_failure_is_open_or_typed(application, sync, caplog):
    with application.provider(calling(4)) as provider:
        given = bare(application, provider, sync=sync)
        pick = (lambda c: c) if sync or application is not Gemini else (lambda c: c.aio)
        app = application(pick(given))
        await app.run(1)
        await app.ask()
        unchanged = sent(provider.requests[-1], app.field)
        app.messages.pop()
        app.client = pick(with_headroom(given, store=Failing()))
        with caplog.at_level(logging.WARNING, "headroom"):
            await app.ask()
        assert sent(provider.requests[-1], app.field) == unchanged
        assert [record.message.split(" Until")[0] for record in caplog.records if record.name.startswith("headroom.")] == ["The store is on fire."]
        app.messages.pop()
        app.client = pick(with_headroom(given, store=Failing(), fail_open=False))
        count = len(provider.requests)
        with pytest.raises(HeadroomError, match="on fire"):
            await app.ask()
        assert len(provider.requests) == count, "nothing was sent"


def test_a_store_that_fails_for_a_while_breaks_no_prefix(store):
    """What was sent whole while it failed is sent whole from there on; what was shortened before stays so."""

    class Flaky:
        failing = False

        def __getattr__(self, name):
            return getattr(Failing() if self.failing else store, name)

    flaky = Flaky()
    with OpenAIProvider(Script(final="ok")) as provider:
        app = Chat(with_headroom(bare(Chat, provider), store=flaky))
        app.start("Look.")
        for turn in range(4):
            flaky.failing = turn == 2
            call = {"id": f"c{turn}", "type": "function", "function": {"name": "run", "arguments": json.dumps({"command": f"cat {turn}.log"})}}
            app.messages += [{"role": "assistant", "content": None, "tool_calls": [call]}]
            app.tell((f"c{turn}",), result(turn * 5))
            app.client.chat.completions.create(**app.arguments())
        assert broken_prefixes(provider.requests, "messages") == []
        shortened = [b"left out" in message for message in sent(provider.requests[-1], "messages") if b'"tool"' in message]
        assert shortened == [True, True, False, True]


def test_google_connections_live_as_long_as_anybody_uses_them(store):
    with Gemini.provider(Script(final="ok")) as provider:
        place = {"api_key": "k", "http_options": {"base_url": provider.url}}
        client = with_headroom(genai.Client(**place), store=store)  # the one that was given is held by nobody else
        gc.collect()
        assert client.models.generate_content(model="gemini-3.8-flash", contents="hello").text == "ok"
        client.close()
        given = bare(Gemini, provider)
        copied = with_headroom(given, store=store)
        assert isinstance(copied, genai.Client)
        del copied
        gc.collect()
        assert given.models.generate_content(model="gemini-3.8-flash", contents="hello").text == "ok"
        with with_headroom(with_headroom(given, store=store), store=store) as twice:
            assert twice.models.generate_content(model="gemini-3.8-flash", contents="hello").text == "ok"


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
async def test_a_chat_of_gemini_calls_functions_by_itself(asynchronous, store):
    def run(command: str) -> str:
        """Runs a command."""
        return result(0)

    run.__annotations__ = {"command": str, "return": str}  # older versions do not resolve their names
    handle = ccr.handle_of(result(0))
    calls = (tool("run", command="cat x.log"), tool("headroom_retrieve", handle=handle, lines="78"))
    # The SDK answers calls without their ids, as the API lets it.
    script = Script(*([{**call, "id": None}] for call in calls), [text("Done.")])
    with GeminiProvider(script, signatures=False) as provider:
        client = with_headroom(bare(Gemini, provider), store=store)
        config = genai.types.GenerateContentConfig(tools=[run, retriever(store)])
        chat = (client.aio if asynchronous else client).chats.create(model="gemini-2.5-pro", config=config)
        assert (await once(chat.send_message("Look."))).text == "Done."
        assert b"lines left out" in provider.requests[1].raw
        assert b"78\\t2026-01-01T00:01:17Z ERROR worker[3]" in provider.requests[2].raw
        assert broken_prefixes(provider.requests, "contents") == []


def test_other_clients_are_refused(store):
    with pytest.raises(TypeError, match="takes a client of openai, anthropic or google-genai, not builtins.dict"):
        with_headroom({})
    with pytest.raises(TypeError, match="colour"):
        with_headroom(openai.OpenAI(api_key="k"), colour="red")
    with pytest.raises(ValueError, match="reckless"):
        with_headroom(openai.OpenAI(api_key="k"), profile="reckless")


def test_requests_without_a_conversation_pass(store):
    with OpenAIProvider(Script(final="ok")) as provider:
        client = with_headroom(bare(Chat, provider), store=Failing())
        assert client.models.list().data
        assert client.responses.create(model="gpt-5.5", input="hello").output_text == "ok"
        assert client.chat.completions.create(model="gpt-5.5", messages=[{"role": "user", "content": "hi"}]).choices[0].message.content == "ok"


def test_azure_and_vertex_are_wrapped_before_they_sign_and_rewrite(store):
    client = with_headroom(openai.AzureOpenAI(azure_endpoint="http://localhost:1", api_key="k", api_version="2024-10-21"), store=store)
    assert type(client) is openai.AzureOpenAI
    app = Chat(client)
    app.start("Look.")
    prompt(app)
    seen = []
    client._build_request = lambda options, **more: seen.append(copy.copy(options.json_data)) or (_ for _ in ()).throw(InterruptedError)
    with pytest.raises(InterruptedError):
        client.chat.completions.create(**app.arguments())
    assert "lines left out" in seen[0]["messages"][2]["content"]


def test_the_tool_is_a_plain_function():
    assert headroom_retrieve.__name__ == "headroom_retrieve"
    assert [*inspect.signature(headroom_retrieve).parameters] == ["handle", "lines", "pattern"]
    assert "No original with handle" in headroom_retrieve("00000000")
