"""``HeadroomModel`` in Pydantic AI's agents, against scripted providers."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, UsageLimits
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, ToolCallPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.tools import ToolDefinition

from headroom import HeadroomError, retriever
from headroom.integrations.pydantic_ai import HeadroomModel
from headroom.testing import Script, cut, rate_limited, server_error, text, tool
from pipeline.markers import elides
from tests.frameworks.scripted import MARKER, PROVIDERS, TURNS, check_prefix, check_refusal, code, log, reading, reading_pickily
from tests.memory_store import MemoryStore

pytestmark = pytest.mark.slow


def openai_client(provider):
    return OpenAIProvider(openai_client=AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="k", max_retries=0))


def chat(provider):
    return OpenAIChatModel("gpt-4.1", provider=openai_client(provider))


def responses(provider):
    return OpenAIResponsesModel("gpt-4.1", provider=openai_client(provider))


def claude(provider):
    client = AsyncAnthropic(base_url=provider.url, api_key="k", max_retries=0)
    return AnthropicModel("claude-sonnet-5", provider=AnthropicProvider(anthropic_client=client))


MODELS = {"openai": chat, "openai-responses": responses, "anthropic": claude}


def read_log(number: int) -> str:
    """A log."""
    return log(number)


async def run(agent, words):
    return await agent.run(words, usage_limits=UsageLimits(request_limit=TURNS + 2))


async def stream(agent, words):
    async with agent.run_stream(words, usage_limits=UsageLimits(request_limit=TURNS + 2)) as result:
        output = await result.get_output()
    assert output
    return result


@pytest.mark.parametrize("ask", [run, stream])
@pytest.mark.parametrize("api", MODELS)
async def test_growing_conversation_keeps_its_prefix(api, ask):
    store = MemoryStore()
    script = reading() if ask is run else Script(*([tool("read_log", number=n)] for n in range(TURNS)), [text("All read.")])  # text ends a stream
    with PROVIDERS[api.partition("-")[0]](script) as provider:
        result = await ask(Agent(HeadroomModel(MODELS[api](provider), store=store), tools=[read_log, retriever(store)]), "Read all logs.")
        parts = [part for message in result.all_messages() for part in message.parts]
        assert [part.content for part in parts if isinstance(part, TextPart)][-1] == "All read."
        assert [part.content for part in parts if isinstance(part, ToolReturnPart)] == [log(n) for n in range(TURNS)]
        check_prefix(provider.requests)


@pytest.mark.parametrize("ask", [run, stream])
@pytest.mark.parametrize("api", MODELS)
async def test_what_the_api_refuses_is_sent_as_it_was(api, ask):
    store = MemoryStore()
    with PROVIDERS[api.partition("-")[0]](reading_pickily()) as provider:
        await ask(Agent(HeadroomModel(MODELS[api](provider), store=store), tools=[read_log, retriever(store)]), "Read both logs.")
        check_refusal(provider.requests)


def test_without_an_event_loop_of_ones_own():
    store = MemoryStore()
    with PROVIDERS["openai"](reading(3)) as provider:
        agent = Agent(HeadroomModel(chat(provider), store=store), tools=[read_log, retriever(store)])
        assert agent.run_sync("Read all logs.").output == "All read."
        check_prefix(provider.requests, 3)


class Verdict(BaseModel):
    """What is wrong."""

    service: str
    errors: int


async def test_structured_output():
    store = MemoryStore()
    script = Script([tool("read_log", number=1)], [tool("final_result", service="svc-1", errors=2)])
    with PROVIDERS["openai"](script) as provider:
        agent = Agent(HeadroomModel(chat(provider), store=store), tools=[read_log, retriever(store)], output_type=Verdict)
        assert (await agent.run("What is wrong?")).output == Verdict(service="svc-1", errors=2)
        assert elides(provider.requests[1].body["messages"][-1]["content"])


def recorder():
    sent = []

    def answer(messages, info):
        sent.append(messages)
        return ModelResponse([TextPart("ok")])

    async def answers(messages, info):
        sent.append(messages)
        yield "ok"

    model = FunctionModel(answer, stream_function=answers)
    model.sent = sent
    return model


def returned(content: Any, **more: Any) -> ToolReturnPart:
    return ToolReturnPart("read_log", content, tool_call_id="c1", **more)


def called(*results):
    return [
        ModelRequest([UserPromptPart("What failed?")]),
        ModelResponse([ToolCallPart("read_log", '{"number": 1}', tool_call_id="c1")]),
        ModelRequest(list(results or [returned(log(1))])),
    ]


OFFERED = ModelRequestParameters(function_tools=[ToolDefinition(name="headroom_retrieve", parameters_json_schema={"type": "object"})])


async def ask_one(model, messages, parameters=ModelRequestParameters()):
    await model.request(messages, None, parameters)
    async with model.request_stream(messages, None, parameters) as found:
        assert [event async for event in found]


async def test_what_is_not_shortened_is_the_very_object_and_nothing_given_changes():
    inner = recorder()
    model = HeadroomModel(inner, store=MemoryStore(), elide=True)
    rows = [{"id": n, "state": "ok", "host": f"web-{n}", "note": "all checks green"} for n in range(200)]
    picture = [log(3), BinaryContent(b"png", media_type="image/png")]
    results = [returned(log(1), metadata={"rows": 9}), returned(rows), returned(picture), returned("short"), returned(None)]
    messages = called(*results)
    before = copy.deepcopy(messages)
    await ask_one(model, messages)
    assert messages == before
    for sent in inner.sent:
        assert [n for n, (a, b) in enumerate(zip(messages, sent, strict=True)) if a is not b] == [2]
        parts = sent[2].parts
        assert [n for n, (a, b) in enumerate(zip(results, parts, strict=True)) if a is not b] == [0, 1]
        assert elides(parts[0].content)
        assert (parts[0].metadata, parts[0].tool_call_id, parts[0].timestamp) == (results[0].metadata, "c1", results[0].timestamp)
        assert len(parts[1].content) < len(results[1].model_response_str()) / 2
    assert model.model_name == inner.model_name
    with pytest.raises(TypeError):
        HeadroomModel(inner, no_such_option=1)


async def test_nothing_is_left_out_where_the_model_cannot_get_it_back():
    inner = recorder()
    model = HeadroomModel(inner, store=MemoryStore())
    await ask_one(model, called())
    await ask_one(model, called(), OFFERED)
    assert [elides(sent[-1].parts[0].content) for sent in inner.sent] == [False, False, True, True]
    assert len(inner.sent[0][-1].parts[0].content) < len(log(1)) / 2


async def test_a_store_that_fails():
    store = MemoryStore()
    store.broken = True
    inner, strict, messages = recorder(), recorder(), called()
    await ask_one(HeadroomModel(inner, store=store, elide=True), messages)
    assert [sent[-1] is messages[-1] for sent in inner.sent] == [True, True]
    with pytest.raises(HeadroomError, match="the disk is full"):
        await ask_one(HeadroomModel(strict, store=store, elide=True, fail_open=False), messages)
    assert strict.sent == []


@pytest.mark.parametrize("ask", [run, stream])
@pytest.mark.parametrize("api", MODELS)
@pytest.mark.parametrize(("fault", "status"), [(rate_limited(), 429), (server_error(), 500)])
async def test_refusals_are_the_models_own(api, ask, fault, status):
    with PROVIDERS[api.partition("-")[0]](lambda _: Script(fault)) as provider, pytest.raises(ModelHTTPError) as refused:
        await ask(Agent(HeadroomModel(MODELS[api](provider), store=MemoryStore())), "Read all logs.")
    assert refused.value.status_code == status


async def test_a_stream_that_breaks_does_so_as_without():
    seen = []
    with PROVIDERS["openai"](lambda _: Script(*[cut([text("All is well. " * 20)], after=6)] * 2)) as provider:
        for model in (chat(provider), HeadroomModel(chat(provider), store=MemoryStore())):
            with pytest.raises(Exception) as broke:
                await stream(Agent(model), "Read.")
            seen.append(type(broke.value))
    assert seen[0] is seen[1]


def test_the_page(monkeypatch):
    with PROVIDERS["anthropic"](Script([tool("read_log", name="app")], [text("All is well.")])) as provider:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", provider.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
        names = {"LOG": log()}
        for block in code("pydantic-ai.md"):
            exec(compile(block, "pydantic-ai.md", "exec"), names)
        assert MARKER in str(provider.requests[1].body["messages"][-1]["content"])
        assert names["answer"].output == "All is well."
