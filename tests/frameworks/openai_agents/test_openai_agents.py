"""``HeadroomModel`` in the Agents SDK's runs, against scripted providers."""

from __future__ import annotations

import asyncio
import copy

import openai
import pytest
from agents import (
    Agent,
    Model,
    ModelSettings,
    ModelTracing,
    OpenAIChatCompletionsModel,
    OpenAIProvider,
    OpenAIResponsesModel,
    RunConfig,
    Runner,
    SQLiteSession,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI

from headroom import HeadroomError, retriever
from headroom.integrations.openai_agents import HeadroomModel, HeadroomProvider
from headroom.testing import Script, cut, rate_limited, server_error, text, tool
from pipeline.markers import elides
from tests.frameworks.scripted import MARKER, PROVIDERS, TURNS, check_prefix, check_refusal, code, log, reading, reading_pickily
from tests.memory_store import MemoryStore

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def untraced():
    set_tracing_disabled(True)


def client(provider):
    return AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="k", max_retries=0)


def close(made):
    """Closes a client in the loop in which ``run_sync`` used it: that one stays, for the next run."""
    asyncio.get_event_loop().run_until_complete(made.close())


def chat(provider):
    return OpenAIChatCompletionsModel("gpt-4.1", client(provider))


def responses(provider):
    return OpenAIResponsesModel("gpt-4.1", client(provider))


MODELS = {"chat": chat, "responses": responses}


@function_tool
def read_log(number: int) -> str:
    """A log."""
    return log(number)


def agent(model, store):
    return Agent("reader", model=model, tools=[read_log, function_tool(retriever(store))], model_settings=ModelSettings(store=False))


async def run(asked, words, **more):
    return await Runner.run(asked, words, max_turns=TURNS + 2, **more)


async def stream(asked, words, **more):
    result = Runner.run_streamed(asked, words, max_turns=TURNS + 2, **more)
    assert len([event async for event in result.stream_events()]) > 1
    return result


def outputs(items):
    return [item["output"] for item in items if item.get("type") == "function_call_output"]


@pytest.mark.parametrize("ask", [run, stream])
@pytest.mark.parametrize("api", MODELS)
async def test_growing_conversation_keeps_its_prefix(api, ask):
    store = MemoryStore()
    with PROVIDERS["openai"](reading()) as provider:
        session = SQLiteSession("s")
        result = await ask(agent(HeadroomModel(MODELS[api](provider), store=store), store), "Read all logs.", session=session)
        assert result.final_output == "All read."
        assert outputs(result.to_input_list()) == outputs(await session.get_items()) == [log(n) for n in range(TURNS)]
        check_prefix(provider.requests)
        session.close()


@pytest.mark.parametrize("ask", [run, stream])
@pytest.mark.parametrize("api", MODELS)
async def test_what_the_api_refuses_is_sent_as_it_was(api, ask):
    store = MemoryStore()
    with PROVIDERS["openai"](reading_pickily()) as provider:
        await ask(agent(HeadroomModel(MODELS[api](provider), store=store), store), "Read both logs.")
        check_refusal(provider.requests)


def test_without_an_event_loop_of_ones_own():
    store = MemoryStore()
    with PROVIDERS["openai"](reading(3)) as provider:
        made = client(provider)
        model = HeadroomModel(OpenAIChatCompletionsModel("gpt-4.1", made), store=store)
        assert Runner.run_sync(agent(model, store), "Read all logs.").final_output == "All read."
        check_prefix(provider.requests, 3)
        close(made)


async def test_models_by_name():
    store = MemoryStore()
    with PROVIDERS["openai"](reading(3)) as provider:
        models = HeadroomProvider(OpenAIProvider(openai_client=client(provider)), store=store)
        await run(agent("gpt-4.1", store), "Read all logs.", run_config=RunConfig(model_provider=models))
        assert isinstance(models.get_model("gpt-4.1"), HeadroomModel)
        check_prefix(provider.requests, 3)


class Recorder(Model):
    """A model that says what it was sent."""

    name = "recorder"

    def __init__(self):
        self.sent = []

    async def get_response(self, system_instructions, input, *args, **more):  # noqa: A002  # the SDK's name
        self.sent.append(input)

    async def stream_response(self, system_instructions, input, *args, **more):  # noqa: A002
        self.sent.append(input)
        yield "event"


def called(result=None):
    return [
        {"role": "user", "content": "What failed?"},
        {"type": "function_call", "call_id": "c1", "name": "read_log", "arguments": '{"number": 1}'},
        {"type": "function_call_output", "call_id": "c1", "output": log(1) if result is None else result},
    ]


async def ask_one(model, given, tools=()):
    settings = (ModelSettings(), list(tools), None, [], ModelTracing.DISABLED)
    more = {"previous_response_id": None, "conversation_id": None, "prompt": None}
    await model.get_response(None, given, *settings, **more)
    assert [event async for event in model.stream_response(None, given, *settings, **more)] == ["event"]


async def test_what_is_not_shortened_is_the_very_object_and_nothing_given_changes():
    recorder = Recorder()
    model = HeadroomModel(recorder, store=MemoryStore(), elide=True)
    parts = [{"type": "input_text", "text": log(2)}, {"type": "input_image", "image_url": "https://a.b/c.png"}]
    given = [*called(), {"type": "function_call_output", "call_id": "c2", "output": parts}, {"type": "reasoning", "id": "r", "summary": []}]
    before = copy.deepcopy(given)
    await ask_one(model, given)
    await ask_one(model, "only words")
    assert given == before
    assert recorder.sent[2:] == ["only words", "only words"]
    for sent in recorder.sent[:2]:
        assert [n for n, (a, b) in enumerate(zip(given, sent, strict=True)) if a is not b] == [2, 3]
        assert elides(sent[2]["output"])
        assert elides(sent[3]["output"][0]["text"])
        assert sent[3]["output"][1] == parts[1]
    assert model.name == "recorder"
    with pytest.raises(TypeError, match="HeadroomProvider"):
        HeadroomModel("gpt-4.1")


async def test_nothing_is_left_out_where_the_model_cannot_get_it_back():
    recorder = Recorder()
    model = HeadroomModel(recorder, store=MemoryStore())
    await ask_one(model, called())
    await ask_one(model, called(), [function_tool(retriever(MemoryStore()))])
    assert [elides(sent[-1]["output"]) for sent in recorder.sent] == [False, False, True, True]
    assert len(recorder.sent[0][-1]["output"]) < len(log(1)) / 2


async def test_a_store_that_fails():
    store = MemoryStore()
    store.broken = True
    recorder, strict, given = Recorder(), Recorder(), called()
    await ask_one(HeadroomModel(recorder, store=store, elide=True), given)
    assert [sent[-1] is given[-1] for sent in recorder.sent] == [True, True]
    with pytest.raises(HeadroomError, match="the disk is full"):
        await ask_one(HeadroomModel(strict, store=store, elide=True, fail_open=False), given)
    assert strict.sent == []


@pytest.mark.parametrize("ask", [run, stream])
@pytest.mark.parametrize("api", MODELS)
@pytest.mark.parametrize(("fault", "status"), [(rate_limited(), 429), (server_error(), 500)])
async def test_refusals_are_the_clients_own(api, ask, fault, status):
    store = MemoryStore()
    with PROVIDERS["openai"](lambda _: Script(fault)) as provider, pytest.raises(openai.APIStatusError) as refused:
        await ask(agent(HeadroomModel(MODELS[api](provider), store=store), store), "Read all logs.")
    assert refused.value.status_code == status


async def test_a_stream_that_breaks_does_so_as_without():
    store, seen = MemoryStore(), []
    with PROVIDERS["openai"](lambda _: Script(*[cut([text("All is well. " * 20)], after=6)] * 2)) as provider:
        for model in (chat(provider), HeadroomModel(chat(provider), store=store)):
            with pytest.raises(Exception) as broke:
                await stream(agent(model, store), "Read.")
            seen.append(type(broke.value))
    assert seen[0] is seen[1]


def test_the_page(monkeypatch):
    with PROVIDERS["openai"](Script([tool("read_log", name="app")], [text("All is well.")])) as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{provider.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        names = {"LOG": log()}
        for block in code("openai-agents.md"):
            exec(compile(block, "openai-agents.md", "exec"), names)
        assert MARKER in provider.requests[1].body["input"][-1]["output"]
        assert names["answer"].final_output == "All is well."
        close(names["model"]._client)
