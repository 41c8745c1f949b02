"""``HeadroomModel`` in Agno's agents, against scripted providers."""

from __future__ import annotations

import copy

import pytest
from agno.agent import Agent
from agno.exceptions import ModelProviderError
from agno.models.anthropic import Claude
from agno.models.base import Model
from agno.models.google import Gemini
from agno.models.message import Message
from agno.models.openai import OpenAIChat, OpenAIResponses
from agno.models.response import ModelResponse

from headroom import HeadroomError, retriever
from headroom.integrations.agno import HeadroomModel
from headroom.testing import Script, broken, rate_limited, server_error, text, tool
from pipeline.markers import elides
from tests.frameworks.scripted import MARKER, PROVIDERS, TURNS, check_prefix, check_refusal, code, log, reading, reading_pickily
from tests.memory_store import MemoryStore

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")]  # google-genai's


def chat(provider):
    return OpenAIChat(id="gpt-4.1", base_url=f"{provider.url}/v1", api_key="k", max_retries=0)


def responses(provider):
    return OpenAIResponses(id="gpt-4.1", base_url=f"{provider.url}/v1", api_key="k", max_retries=0, store=False)


def claude(provider):
    return Claude(id="claude-sonnet-5", api_key="k", client_params={"base_url": provider.url, "max_retries": 0})


def gemini(provider):
    return Gemini(id="gemini-2.5-flash", api_key="k", client_params={"http_options": {"base_url": provider.url}})


MODELS = {"openai": chat, "openai-responses": responses, "anthropic": claude, "gemini": gemini}


def read_log(number: int) -> str:
    """A log."""
    return log(number)


async def run(agent, words):
    return agent.run(words)


async def arun(agent, words):
    return await agent.arun(words)


async def stream(agent, words):
    *_, last = agent.run(words, stream=True, **yielding(agent))
    return last


async def astream(agent, words):
    return [event async for event in agent.arun(words, stream=True, **yielding(agent))][-1]


def yielding(agent):
    return {"yield_run_output": True} if hasattr(agent, "checkpoint") else {"yield_run_response": True}


@pytest.mark.parametrize("ask", [run, arun, stream, astream])
@pytest.mark.parametrize("api", MODELS)
async def test_growing_conversation_keeps_its_prefix(api, ask):
    store = MemoryStore()
    with PROVIDERS[api.partition("-")[0]](reading()) as provider:
        agent = Agent(model=HeadroomModel(MODELS[api](provider), store=store), tools=[read_log, retriever(store)], telemetry=False)
        answer = await ask(agent, "Read all logs.")
        assert str(answer.content).endswith("All read.")
        kept = [m.content if isinstance(m.content, str) else m.content[0] for m in answer.messages if m.role == "tool"]
        assert kept == [log(n) for n in range(TURNS)]
        check_prefix(provider.requests)


def called(result=None, **more):
    call = {"id": "c1", "type": "function", "function": {"name": "read_log", "arguments": '{"number": 1}'}}
    return [
        Message(role="user", content="What failed?"),
        Message(role="assistant", tool_calls=[call]),
        Message(role="tool", content=log(1) if result is None else result, tool_call_id="c1", tool_name="read_log", **more),
    ]


@pytest.mark.parametrize("ask", [run, arun, stream, astream])
@pytest.mark.parametrize("api", MODELS)
async def test_what_the_api_refuses_is_sent_as_it_was(api, ask):
    store = MemoryStore()
    with PROVIDERS[api.partition("-")[0]](reading_pickily()) as provider:
        agent = Agent(model=HeadroomModel(MODELS[api](provider), store=store), tools=[read_log, retriever(store)], telemetry=False)
        assert str((await ask(agent, "Read both logs.")).content).endswith("All read.")
        check_refusal(provider.requests)


class Recorder(Model):
    """A model that says what it was sent."""

    def __init__(self):
        super().__init__(id="recorder")
        self.sent = []

    def invoke(self, messages, *args, **more):
        self.sent.append(list(messages))
        return ModelResponse(content="ok")

    async def ainvoke(self, *args, **more):
        return self.invoke(*args, **more)

    def invoke_stream(self, *args, **more):
        yield self.invoke(*args, **more)

    async def ainvoke_stream(self, *args, **more):
        yield self.invoke(*args, **more)

    def _parse_provider_response(self, response, **more):
        return response

    def _parse_provider_response_delta(self, response):
        return response


def test_what_is_not_shortened_is_the_very_object_and_nothing_given_changes():
    model = HeadroomModel(Recorder(), store=MemoryStore(), elide=True)
    together = Message(
        role="tool", content=[log(2), "short"], tool_calls=[{"tool_name": "a", "content": log(2)}, {"tool_name": "b", "content": "short"}]
    )
    messages = [Message(role="system", content="s"), *called(), together, Message(role="tool", content=[{"odd": 1}])]
    before = copy.deepcopy(messages)
    model.invoke(messages)
    model.invoke(messages=messages, tools=[])
    assert messages == before
    for sent in model.sent:
        assert [n for n, (a, b) in enumerate(zip(messages, sent, strict=True)) if a is not b] == [3, 4]
        assert sent[3].model_dump(exclude={"content"}) == messages[3].model_dump(exclude={"content"})
        assert elides(sent[3].content)
        assert sent[4].content == [sent[4].tool_calls[0]["content"], "short"]
        assert elides(sent[4].content[0])
        assert sent[4].tool_calls[1] is together.tool_calls[1]


def test_it_is_a_model_of_its_own_class_and_copies_deeply():
    given = OpenAIChat(id="gpt-4.1", api_key="k")
    model = HeadroomModel(given, store=MemoryStore())
    assert isinstance(model, OpenAIChat)
    assert type(given) is OpenAIChat
    assert model.to_dict() == given.to_dict()
    assert isinstance(copy.deepcopy(model), type(model))
    with pytest.raises(TypeError, match="takes a model"):
        HeadroomModel("gpt-4.1")
    with pytest.raises(TypeError):
        HeadroomModel(given, no_such_option=1)


def test_nothing_is_left_out_where_the_model_cannot_get_it_back():
    model = HeadroomModel(Recorder(), store=MemoryStore())
    model.invoke(called())
    model.invoke(called(), tools=[{"type": "function", "function": {"name": "headroom_retrieve"}}])
    assert [elides(sent[-1].content) for sent in model.sent] == [False, True]
    assert len(model.sent[0][-1].content) < len(log(1)) / 2


async def test_a_store_that_fails():
    store = MemoryStore()
    store.broken = True
    messages = called()
    model = HeadroomModel(Recorder(), store=store, elide=True)
    model.invoke(messages)
    await model.ainvoke(messages)
    assert [sent[-1] is messages[-1] for sent in model.sent] == [True, True]
    strict = HeadroomModel(Recorder(), store=store, elide=True, fail_open=False)
    with pytest.raises(HeadroomError, match="the disk is full"):
        list(strict.invoke_stream(messages))
    with pytest.raises(HeadroomError):
        [piece async for piece in strict.ainvoke_stream(messages)]
    assert strict.sent == []


@pytest.mark.parametrize(("fault", "status"), [(rate_limited(), 429), (server_error(), 500)])
@pytest.mark.parametrize("api", ["openai", "anthropic"])
async def test_refusals_are_the_models_own(api, fault, status):
    with PROVIDERS[api](lambda _: Script(*[fault] * 4)) as provider:
        for model in (MODELS[api](provider), HeadroomModel(MODELS[api](provider), store=MemoryStore())):
            with pytest.raises(ModelProviderError) as refused:
                await model.aresponse(messages=called())
            assert refused.value.status_code == status
            with pytest.raises(ModelProviderError) as refused:
                list(model.response_stream(messages=called()))


def test_a_stream_that_breaks_does_so_as_without():
    with PROVIDERS["anthropic"](lambda _: Script(*[broken([text("All is well. " * 20)], after=6)] * 2)) as provider:
        for model in (claude(provider), HeadroomModel(claude(provider), store=MemoryStore())):
            with pytest.raises(ModelProviderError):
                list(model.response_stream(messages=called()))


def test_the_page(monkeypatch):
    with PROVIDERS["openai"](Script([tool("read_log", name="app")], [text("All is well.")])) as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{provider.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        monkeypatch.setenv("AGNO_TELEMETRY", "false")
        names = {"LOG": log()}
        for block in code("agno.md"):
            exec(compile(block, "agno.md", "exec"), names)
        assert MARKER in provider.requests[1].body["messages"][-1]["content"]
        assert names["answer"].content == "All is well."
