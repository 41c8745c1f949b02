"""LiteLLM, with the callback and with wrapped functions, against scripted providers."""

from __future__ import annotations

import ast
import functools
import inspect
import os
import re
import warnings
from pathlib import Path

import pytest

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else the import asks the network
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "open_text is deprecated", DeprecationWarning)  # in versions before 1.80
    import litellm
    from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER

from headroom import HeadroomError, tools
from headroom.integrations.litellm import HeadroomCallback, with_headroom
from headroom.testing import AnthropicProvider, OpenAIProvider, Script, rate_limited, server_error, text, tool
from pipeline.store.api import StoreError
from pipeline.store.sqlite import SqliteStore
from tests.frameworks.scripted import check_refusal, picky
from tests.headroom.integrations.applications import RUN, TURNS, broken_prefixes, drained, once, result, sent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:There is no current event loop:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Item .* on TypedDict class:UserWarning"),
    pytest.mark.filterwarnings("ignore:The `dict` method is deprecated:DeprecationWarning"),  # in versions before 1.80
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*was never awaited:RuntimeWarning"),  # its logging worker's, when a test's loop ends
]
DECLARED = [{"type": "function", "function": {"name": "run", "parameters": RUN}}]


@pytest.fixture
def store(tmp_path: Path):
    kept = SqliteStore.open(tmp_path / "state" / "headroom.db")
    yield kept
    kept.close()


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(litellm, "callbacks", [])
    monkeypatch.setattr(litellm, "num_retries", 0)


@pytest.fixture(autouse=True)
async def stopped_logging():
    """LiteLLM's logging worker lives in the loop in which it was first needed. Busy, it may survive being cancelled (before Python 3.12), and a loop
    waits for all that it cancelled."""
    yield
    if GLOBAL_LOGGING_WORKER._queue is not None:
        await GLOBAL_LOGGING_WORKER._queue.join()
        await GLOBAL_LOGGING_WORKER.stop()
        GLOBAL_LOGGING_WORKER._queue = None


class Application:
    """A tool loop in Chat Completions' words, whatever the API."""

    def __init__(self, function, provider, *, stream=False, retrieval=True):
        self.function = function
        openai = isinstance(provider, OpenAIProvider)
        self.place = {
            "model": "openai/gpt-5.5" if openai else "anthropic/claude-opus-4-8",
            "api_base": provider.url + ("/v1" if openai else ""),
            "api_key": "k",
            "stream": stream,
            "max_retries": 0,
            "tools": DECLARED + (tools("openai-chat") if retrieval else []),
        }
        self.messages = [{"role": "user", "content": "Find out why requests fail."}]

    async def ask(self, *args):
        said = {} if args else {"messages": self.messages}
        made = self.function(*args, **said, **(self.place if not args else {k: v for k, v in self.place.items() if k != "model"}))
        synchronous = not inspect.isawaitable(made)
        answer = await once(made)
        if self.place["stream"]:
            # Its streams have both protocols, whichever function they came from.
            chunks = list(answer) if synchronous else await drained(answer)
            answer = litellm.stream_chunk_builder(chunks, messages=self.messages)
        message = answer.choices[0].message
        self.messages.append(message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}))
        return message.tool_calls or ()

    async def run(self, turns):
        for turn in range(turns):
            for call in await self.ask():
                self.messages.append({"role": "tool", "tool_call_id": call.id, "content": result(turn)})


def calling(turns):
    return Script(*([tool("run", command=f"cat part-{n}.log")] for n in range(turns - 1)), [text("Done.")])


def providers():
    return (lambda script: OpenAIProvider(script, unchanged=False)), AnthropicProvider


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("way", ["callback", "sync", "async", "router"])
@pytest.mark.parametrize("make", providers(), ids=["openai", "anthropic"])
async def test_a_growing_conversation_keeps_its_beginning(make, way, stream, store):
    with make(calling(TURNS)) as provider:
        if way in ("callback", "router"):
            litellm.callbacks = [HeadroomCallback(store=store)]
        function = {
            "callback": litellm.acompletion,
            "sync": with_headroom(litellm.completion, store=store),
            "async": with_headroom(litellm.acompletion, store=store),
            "router": litellm.acompletion,
        }[way]
        app = Application(function, provider, stream=stream)
        if way == "router":
            params = {"model": app.place["model"], "api_base": app.place.pop("api_base"), "api_key": app.place.pop("api_key")}
            app.place["model"] = "mine"
            app.function = litellm.Router(model_list=[{"model_name": "mine", "litellm_params": params}], num_retries=0).acompletion
        await app.run(TURNS)
        assert len(provider.requests) == TURNS
        assert broken_prefixes(provider.requests, "messages") == []
        assert len(provider.requests[-1].raw) < 0.6 * sum(len(result(turn)) for turn in range(TURNS))
        assert b"lines left out" in provider.requests[-1].raw


async def test_lossless_where_the_tool_is_not_offered(store):
    with OpenAIProvider(calling(4), unchanged=False) as provider:
        await Application(with_headroom(litellm.completion, store=store), provider, retrieval=False).run(4)
        assert b"lines left out" not in provider.requests[-1].raw
        assert b"[headroom " in provider.requests[-1].raw


async def test_arguments_by_place(store):
    with OpenAIProvider(calling(2), unchanged=False) as provider:
        app = Application(with_headroom(litellm.completion, store=store), provider)
        await app.run(1)
        await app.ask(app.place["model"], app.messages)
        assert b"lines left out" in provider.requests[-1].raw


async def test_responses_and_anthropics_messages(store):
    litellm.callbacks = [HeadroomCallback(store=store)]
    with OpenAIProvider(Script(final="ok")) as provider:
        call = {"type": "function_call", "call_id": "c1", "name": "run", "arguments": '{"command": "cat x.log"}'}
        asked = [{"role": "user", "content": "Look."}, call, {"type": "function_call_output", "call_id": "c1", "output": result(0)}]
        place = {"model": "openai/gpt-5.5", "api_base": provider.url + "/v1", "api_key": "k", "tools": tools("openai-responses")}
        await litellm.aresponses(input=asked, **place)
        assert b"lines left out" in provider.requests[-1].raw
        litellm.callbacks = []
        with_headroom(litellm.responses, store=store)(asked, **place)
        assert sent(provider.requests[0], "input") == sent(provider.requests[1], "input")
    with AnthropicProvider(Script(final="ok")) as provider:
        litellm.callbacks = [HeadroomCallback(store=store)]
        messages = [
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "run", "input": {"command": "cat x.log"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": result(0)}]},
        ]
        place = {"model": "anthropic/claude-opus-4-8", "api_base": provider.url, "api_key": "k", "max_tokens": 100, "tools": tools("anthropic")}
        await litellm.anthropic_messages(messages=messages, **place)
        assert b"lines left out" in provider.requests[-1].raw


async def test_errors_are_its_own_and_a_retry_sends_the_same(store):
    litellm.callbacks = [HeadroomCallback(store=store)]
    with OpenAIProvider(Script([tool("run", command="cat x.log")], rate_limited(0.01), server_error(), final="ok"), unchanged=False) as provider:
        app = Application(litellm.acompletion, provider)
        await app.run(1)
        for failure in (litellm.RateLimitError, litellm.InternalServerError):
            with pytest.raises(failure):
                await app.ask()
        await app.ask()
        assert len({b"".join(sent(request, "messages")) for request in provider.requests[1:]}) == 1


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("function", [litellm.completion, litellm.acompletion])
async def test_what_the_api_refuses_is_sent_as_it_was(function, stream, store):
    script = Script([tool("run", command="cat x.log")], *[picky([tool("run", command="cat y.log")])] * 2, picky([text("Done.")]))
    with OpenAIProvider(script, unchanged=False) as provider:
        await Application(with_headroom(function, store=store), provider, stream=stream).run(3)
        check_refusal(provider.requests)


class Failing:
    def __getattr__(self, name):
        def fail(*args, **more):
            raise StoreError("The store is on fire.")

        return fail


@pytest.mark.parametrize("way", ["callback", "wrapped"])
async def test_failure_is_open_or_typed(way):
    with OpenAIProvider(Script([tool("run", command="cat x.log")], final="ok"), unchanged=False) as provider:
        app = Application(litellm.acompletion, provider)
        await app.run(1)
        await app.ask()
        unchanged = sent(provider.requests[-1], "messages")
        for fail_open in (True, False):
            app.messages.pop()
            if way == "callback":
                litellm.callbacks = [HeadroomCallback(store=Failing(), fail_open=fail_open)]
            else:
                app.function = with_headroom(litellm.acompletion, store=Failing(), fail_open=fail_open)
            if fail_open:
                await app.ask()
                assert sent(provider.requests[-1], "messages") == unchanged
            else:
                with pytest.raises(HeadroomError, match="on fire"):
                    await app.ask()
        assert len(provider.requests) == 3


@pytest.mark.parametrize("block", [0, 1], ids=["callback", "wrapped"])
async def test_the_page(block, monkeypatch, capsys):
    page = Path(__file__).parents[3] / "docs" / "integrations" / "litellm.md"
    code = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)[block]
    with OpenAIProvider(Script([tool("run", command="cat x.log")], final="A connection was reset."), unchanged=False) as provider:
        monkeypatch.setenv("OPENAI_API_BASE", provider.url + "/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        app = Application(litellm.completion, provider)
        await app.run(1)
        place = {"MODEL": "openai/gpt-5.5", "messages": app.messages, "READ_LOG": DECLARED[0]}
        await once(eval(compile(code, page.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), place))
        assert capsys.readouterr().out == "A connection was reset.\n"
        assert b"lines left out" in provider.requests[-1].raw


class Refused(Exception):
    status_code = 400


@pytest.mark.parametrize("refusing", [False, True])
@pytest.mark.parametrize("way", ["sync", "async"])
async def test_a_function_that_takes_any_arguments(way, refusing, store):
    call = {"id": "c1", "type": "function", "function": {"name": "run", "arguments": "{}"}}
    messages = [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c1", "content": result(0)}]
    seen = []

    def completion(model, **kw):
        seen.append(kw["messages"])
        if refusing and kw["messages"] is not messages:
            raise Refused
        return kw

    async def acompletion(**kw):
        return completion(**kw)

    function = with_headroom(completion if way == "sync" else acompletion, store=store)
    place = {"messages": messages, "tools": tools("openai-chat"), "more": 1}
    answer = await once(function(model="m", **place))
    assert "lines left out" in seen[0][1]["content"]
    assert answer == {**place, "messages": seen[-1]}
    assert [given is messages for given in seen] == ([False, True] if refusing else [False])


def test_other_functions_are_refused():
    with pytest.raises(TypeError, match=r"knows no function .functools\.partial"):
        with_headroom(functools.partial(litellm.completion, model="m"))
    with pytest.raises(TypeError, match="knows no function 'embedding'"):
        with_headroom(litellm.embedding)
