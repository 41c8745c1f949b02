"""``HeadroomChatModel`` and its kin, with LangChain's own classes and LangGraph's agents against scripted providers."""

from __future__ import annotations

import gc
import json
import sys
import warnings

import anthropic
import openai
import pytest
from langchain_anthropic import ChatAnthropic
from langchain_classic.retrievers import ContextualCompressionRetriever
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, FunctionMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import ToolException, tool
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

import headroom
from headroom import HeadroomError, retriever
from headroom.integrations.langchain import HeadroomChatModel, HeadroomDocumentCompressor, HeadroomTool
from headroom.testing import AnthropicProvider, OpenAIProvider, Script, broken, cut, rate_limited, server_error, text
from headroom.testing import tool as call
from pipeline.markers import elides
from tests.frameworks.scripted import MARKER, PROVIDERS, TURNS, check_prefix, check_refusal, code, log, reading, reading_pickily
from tests.memory_store import MemoryStore

with warnings.catch_warnings():  # LangGraph's own agent, which is deprecated and in use
    warnings.filterwarnings("ignore", message=".* has been moved to `langchain.agents`")
    from langchain.agents import create_agent
    from langgraph.prebuilt import create_react_agent

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")]  # google-genai's


@pytest.fixture(autouse=True)
def fresh_clients(closed_clients):
    """LangChain keeps HTTP clients for models that are made later, which must not get those that a test has closed."""
    yield
    for name in ("langchain_openai.chat_models._client_utils", "langchain_anthropic._client_utils"):
        for kept in vars(sys.modules[name]).values():
            if hasattr(kept, "cache_clear"):
                kept.cache_clear()


def chat(provider, **more):
    return ChatOpenAI(model="gpt-4.1", base_url=f"{provider.url}/v1", api_key="k", max_retries=0, stream_usage=True, **more)


def responses(provider):
    return chat(provider, use_responses_api=True, store=False)


def claude(provider):
    return ChatAnthropic(model="claude-sonnet-5", base_url=provider.url, api_key="k", max_retries=0)


def gemini(provider):
    made = ChatGoogleGenerativeAI(model="gemini-2.5-flash", base_url=provider.url, google_api_key="k", max_retries=1)
    made.client._api_client._http_options.headers.pop("User-Agent", None)  # beside a user-agent: two are more than the scripted server takes
    return made


MODELS = {"openai": chat, "openai-responses": responses, "anthropic": claude, "gemini": gemini}


@tool
def read_log(number: int) -> str:
    """A log."""
    return log(number)


async def invoke(model, messages):
    return model.invoke(messages)


async def ainvoke(model, messages):
    return await model.ainvoke(messages)


async def stream(model, messages):
    chunks = list(model.stream(messages))
    assert len(chunks) > 1
    return sum(chunks[1:], chunks[0])


async def astream(model, messages):
    chunks = [chunk async for chunk in model.astream(messages)]
    assert len(chunks) > 1
    return sum(chunks[1:], chunks[0])


@pytest.mark.parametrize("ask", [invoke, ainvoke, stream, astream])
@pytest.mark.parametrize("api", MODELS)
async def test_growing_conversation_keeps_its_prefix(api, ask):
    store = MemoryStore()
    with PROVIDERS[api.partition("-")[0]](reading()) as provider:
        model = HeadroomChatModel(MODELS[api](provider), store=store).bind_tools([read_log, retriever(store)])
        messages = [SystemMessage("You read logs."), HumanMessage("Read all logs.")]
        for _ in range(TURNS + 1):
            messages.append(await ask(model, list(messages)))
            messages += [read_log.invoke(each) for each in messages[-1].tool_calls]
        assert [m.content for m in messages if isinstance(m, ToolMessage)] == [log(n) for n in range(TURNS)]
        assert messages[-1].usage_metadata["input_tokens"] > 0
        check_prefix(provider.requests)


@pytest.mark.parametrize("api", ["openai", "anthropic"])
@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("make", [create_agent, create_react_agent])
async def test_agents(api, make, asynchronous):
    store = MemoryStore()
    with PROVIDERS[api](reading()) as provider:
        model = HeadroomChatModel(MODELS[api](provider), store=store)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="create_react_agent has been moved")
            agent = make(model, [read_log, retriever(store)])
        given = {"messages": [HumanMessage("Read all logs.")]}
        limit = {"recursion_limit": 3 * TURNS}
        state = await agent.ainvoke(given, limit) if asynchronous else agent.invoke(given, limit)
        assert state["messages"][-1].content == "All read."
        assert [m.content for m in state["messages"] if isinstance(m, ToolMessage)] == [log(n) for n in range(TURNS)]
        check_prefix(provider.requests)


@pytest.mark.parametrize("ask", [invoke, ainvoke, stream, astream])
@pytest.mark.parametrize("api", MODELS)
async def test_what_the_api_refuses_is_sent_as_it_was(api, ask):
    store = MemoryStore()
    with PROVIDERS[api.partition("-")[0]](reading_pickily()) as provider:
        model = HeadroomChatModel(MODELS[api](provider), store=store).bind_tools([read_log, retriever(store)])
        messages = [HumanMessage("Read both logs.")]
        for _ in range(3):
            messages.append(await ask(model, list(messages)))
            messages += [read_log.invoke(each) for each in messages[-1].tool_calls]
        check_refusal(provider.requests)


async def test_an_agent_gets_back_what_was_left_out():
    store = MemoryStore()

    def fetch(request):
        handle = request["messages"][-1]["content"].rpartition(MARKER)[2][:8]
        return [call("headroom_retrieve", handle=handle, lines="3-4")]

    with PROVIDERS["openai"](Script([call("read_log", number=1)], fetch, [text("Done.")], aside=lambda _: False)) as provider:
        create_agent(HeadroomChatModel(chat(provider), store=store), [read_log, retriever(store)]).invoke({"messages": [HumanMessage("Read.")]})
        answer = provider.requests[-1].body["messages"][-1]["content"]
        assert [line.partition("\t")[2] for line in answer.splitlines()[:2]] == log(1).splitlines()[2:4]


class Verdict(BaseModel):
    """What is wrong."""

    service: str
    errors: int


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
@pytest.mark.parametrize("raw", [False, True])
async def test_structured_output(method, raw):
    store = MemoryStore()
    asked = Script([call("Verdict", service="svc-1", errors=2)]) if method == "function_calling" else Script()
    with PROVIDERS["openai"](asked) as provider:
        model = HeadroomChatModel(chat(provider), store=store, elide=True).with_structured_output(Verdict, method=method, include_raw=raw)
        found = await model.ainvoke(read_once())
        assert isinstance(found["parsed"] if raw else found, Verdict)
        assert MARKER in provider.requests[0].body["messages"][-1]["content"]


def read_once(result=None, **more):
    return [
        HumanMessage("What failed?"),
        AIMessage("", tool_calls=[{"name": "read_log", "args": {"number": 1}, "id": "c1"}]),
        ToolMessage(log(1) if result is None else result, tool_call_id="c1", **more),
    ]


class Recorder(GenericFakeChatModel):
    """A model that says what it was sent."""

    sent: list = []

    def _generate(self, messages, stop=None, run_manager=None, **more):
        self.sent.append(messages)
        return super()._generate(messages, stop=stop, run_manager=run_manager, **more)


def recorder():
    return Recorder(messages=iter([AIMessage("ok")] * 9), sent=[])


def test_what_is_not_shortened_is_the_very_object_and_nothing_given_changes():
    model = HeadroomChatModel(recorder(), store=MemoryStore(), elide=True)
    blocks = [{"type": "text", "text": log(2), "cache_control": {"type": "ephemeral"}}, {"type": "image", "url": "https://a.b/c.png"}, log(3), "x"]
    messages = [
        SystemMessage("s"),
        *read_once(artifact={"rows": 9}, id="m1", name="read_log", response_metadata={"a": 1}),
        AIMessage("", tool_calls=[{"name": "read_log", "args": {}, "id": "c2"}, {"name": "f", "args": {}, "id": "c3"}]),
        ToolMessage(blocks, tool_call_id="c2"),
        ToolMessage("", tool_call_id="c3"),
        FunctionMessage(log(4), name="f"),
    ]
    before = [m.model_copy(deep=True) for m in messages]
    assert model.invoke(messages).content == "ok"
    assert messages == before
    (sent,) = model.sent
    assert [n for n, (a, b) in enumerate(zip(messages, sent, strict=True)) if a is not b] == [3, 5, 7]
    assert sent[3].model_dump(exclude={"content"}) == messages[3].model_dump(exclude={"content"})
    assert sent[3].artifact is messages[3].artifact
    assert [b if isinstance(b, str) else b.get("cache_control") for b in sent[5].content][3] == "x"
    assert sent[5].content[0]["cache_control"] == {"type": "ephemeral"}
    assert sent[5].content[1] is messages[5].content[1]
    for short in (sent[3].content, sent[5].content[0]["text"], sent[5].content[2], sent[7].content):
        assert MARKER in short


def test_it_is_a_model_of_its_own_class_and_the_given_one_stays_as_it_was():
    given = ChatOpenAI(model="gpt-4.1", api_key="k")
    model = HeadroomChatModel(given, store=MemoryStore())
    assert isinstance(model, ChatOpenAI)
    assert (type(model).__name__, model._llm_type, model.model_name) == ("ChatOpenAI", "openai-chat", "gpt-4.1")
    assert type(given) is ChatOpenAI
    assert model.model_copy(update={"temperature": 0.5}).temperature == 0.5
    assert model._get_ls_params() == given._get_ls_params()
    with pytest.raises(TypeError, match="wrap the model first"):
        HeadroomChatModel(given.bind_tools([read_log]))
    with pytest.raises(TypeError):
        HeadroomChatModel(given, no_such_option=1)
    with pytest.raises(ValueError):
        HeadroomChatModel(given, profile="none")


def test_the_client_outlives_either_model():
    with PROVIDERS["gemini"](Script(*[[text("Well.")]] * 3)) as provider:
        given = gemini(provider)
        model = HeadroomChatModel(given, store=MemoryStore())
        assert model.invoke("Are you there?").content == "Well."
        del model
        gc.collect()
        assert given.invoke("Are you there?").content == "Well."
        model = HeadroomChatModel(given, store=MemoryStore())
        del given
        gc.collect()
        assert model.invoke("Are you there?").content == "Well."


def test_a_model_that_cannot_stream_still_cannot():
    class Plain(BaseChatModel):
        _llm_type = "plain"

        def _generate(self, messages, stop=None, run_manager=None, **more):
            from langchain_core.outputs import ChatGeneration, ChatResult

            return ChatResult(generations=[ChatGeneration(message=AIMessage(str(len(messages[-1].content))))])

    model = HeadroomChatModel(Plain(), store=MemoryStore(), elide=True)
    (first, *_) = model.stream(read_once())
    assert int(first.content) < len(log(1)) / 2


def test_nothing_is_left_out_where_the_model_cannot_get_it_back():
    store = MemoryStore()
    model = HeadroomChatModel(recorder(), store=store)
    model.invoke(read_once())
    shortened = model.sent[0][-1].content
    assert len(shortened) < len(log(1)) / 2
    assert not elides(shortened)
    model.invoke(read_once(), tools=[{"type": "function", "function": {"name": "headroom_retrieve"}}])
    assert elides(model.sent[1][-1].content)
    model.invoke(read_once())
    assert model.sent[2][-1].content == shortened


async def test_errors_of_tools_are_told_as_errors():
    model = HeadroomChatModel(recorder(), store=MemoryStore(), elide=True)
    failure = "\n".join([*log(1).splitlines(), "Traceback (most recent call last):", "ValueError: no such log"])
    await model.ainvoke(read_once(failure, status="error"))
    assert "ValueError: no such log" in model.sent[0][-1].content
    assert model.sent[0][-1].status == "error"


async def test_a_store_that_fails():
    store = MemoryStore()
    store.broken = True
    model = HeadroomChatModel(recorder(), store=store, elide=True)
    messages = read_once()
    model.invoke(messages)
    await model.ainvoke(messages)
    assert [sent[-1] is messages[-1] for sent in model.sent] == [True, True]
    strict = HeadroomChatModel(recorder(), store=store, elide=True, fail_open=False)
    with pytest.raises(HeadroomError, match="the disk is full"):
        strict.invoke(messages)
    with pytest.raises(HeadroomError):
        await strict.ainvoke(messages)
    assert strict.sent == []


def test_a_message_of_unknown_shape(caplog):
    class Odd(ToolMessage):
        def model_copy(self, **more):
            raise RuntimeError("not to be copied")

    messages = [*read_once()[:2], Odd(log(1), tool_call_id="c1")]
    model = HeadroomChatModel(recorder(), store=MemoryStore(), elide=True)
    model.invoke(messages)
    assert model.sent[0][-1] is messages[-1]
    assert "goes on as it came" in caplog.text
    with pytest.raises(HeadroomError, match="not to be copied"):
        HeadroomChatModel(recorder(), store=MemoryStore(), elide=True, fail_open=False).invoke(messages)


@pytest.mark.parametrize("ask", [invoke, ainvoke, stream, astream])
@pytest.mark.parametrize(("fault", "status"), [(rate_limited(), 429), (server_error(), 500)])
async def test_refusals_are_the_clients_own(ask, fault, status):
    with OpenAIProvider(lambda _: Script(fault)) as provider, AnthropicProvider(lambda _: Script(fault)) as other:
        with pytest.raises(openai.APIStatusError) as refused:
            await ask(HeadroomChatModel(chat(provider), store=MemoryStore()), read_once())
        assert refused.value.status_code == status
        with pytest.raises(anthropic.APIStatusError) as refused:
            await ask(HeadroomChatModel(claude(other), store=MemoryStore()), read_once())
        assert refused.value.status_code == status


@pytest.mark.parametrize("ask", [stream, astream])
@pytest.mark.parametrize("end", [broken, cut])
async def test_streams_that_break_do_so_as_without(ask, end):
    answer = end([text("All is well, and more than that. " * 9)], after=6)
    with AnthropicProvider(lambda _: Script(answer)) as provider:
        seen = []
        for model in (claude(provider), HeadroomChatModel(claude(provider), store=MemoryStore())):
            with pytest.raises(Exception) as broke:
                await ask(model, [HumanMessage(str(len(seen)))])
            seen.append(type(broke.value))
        assert seen[0] is seen[1]


async def test_batches_and_events():
    store = MemoryStore()
    model = HeadroomChatModel(recorder(), store=store, elide=True)
    assert [m.content for m in model.batch([read_once(), read_once()])] == ["ok", "ok"]
    assert [m.content for m in await model.abatch([read_once()])] == ["ok"]
    assert len({sent[-1].content for sent in model.sent}) == 1
    kinds = [event["event"] async for event in model.astream_events(read_once(), version="v2")]
    assert (kinds[0], kinds[-1]) == ("on_chat_model_start", "on_chat_model_end")


def test_twice_is_once():
    once = HeadroomChatModel(recorder(), store=MemoryStore(), elide=True)
    once.invoke(read_once())
    twice = HeadroomChatModel(once, store=MemoryStore(), elide=True)
    twice.invoke(read_once())
    assert once.sent[0][-1].content == twice.sent[-1][-1].content


# ----- Tools and documents ---------------------------------------------------------------------------------------------------------------


@tool(response_format="content_and_artifact")
def audit(number: int) -> tuple[str, dict]:
    """A log and its number."""
    return log(number), {"number": number}


async def test_tools():
    store = MemoryStore()
    short = HeadroomTool(read_log, store=store, elide=True)
    assert (short.name, short.description, short.args) == (read_log.name, read_log.description, read_log.args)
    asked = {"name": "read_log", "args": {"number": 1}, "id": "c1", "type": "tool_call"}
    answers = [short.invoke(asked).content, (await short.ainvoke(asked)).content, short.invoke({"number": 1}), await short.ainvoke({"number": 1})]
    assert len(set(answers)) == 1
    assert MARKER in answers[0]
    handle = answers[0].rpartition(MARKER)[2][:8]
    assert headroom.retrieve(handle, store=store) == log(1)
    assert read_log.invoke({"number": 1}) == log(1)
    with_artifact = HeadroomTool(audit, store=store, elide=True).invoke({**asked, "name": "audit"})
    assert with_artifact.artifact == {"number": 1}
    assert len(with_artifact.content) < len(log(1)) / 2
    with pytest.raises(TypeError, match="takes a tool"):
        HeadroomTool(len)


def test_a_tool_leaves_out_nothing_unless_it_may():
    assert not elides(HeadroomTool(read_log, store=MemoryStore()).invoke({"number": 1}))


def test_a_tools_own_failure_stays():
    @tool
    def fail() -> str:
        """It fails."""
        raise ToolException(log(1))

    fail.handle_tool_error = True
    asked = {"name": "fail", "args": {}, "id": "c1", "type": "tool_call"}
    answer = HeadroomTool(fail, store=MemoryStore(), elide=True).invoke(asked)
    assert (answer.content, answer.status) == (log(1), "error")


def test_tools_in_an_agent():
    store = MemoryStore()
    with PROVIDERS["openai"](reading(2)) as provider:
        agent = create_agent(chat(provider), [HeadroomTool(read_log, store=store, elide=True), retriever(store)])
        state = agent.invoke({"messages": [HumanMessage("Read.")]})
        assert all(MARKER in m.content for m in state["messages"] if isinstance(m, ToolMessage))


class Shelf(BaseRetriever):
    """Two documents."""

    def _get_relevant_documents(self, query, *, run_manager):
        rows = [{"id": n, "state": "ok", "host": f"web-{n}", "note": "all checks green"} for n in range(200)]
        rows[77] |= {"state": "failed", "note": "disk is full"}
        return [Document(json.dumps(rows), metadata={"source": "fleet"}, id="d1"), Document("short", metadata={"source": "note"})]


async def test_documents():
    store = MemoryStore()
    whole = Shelf().invoke("")
    fleet = ContextualCompressionRetriever(base_retriever=Shelf(), base_compressor=HeadroomDocumentCompressor(store=store))
    for found in (fleet.invoke("Which host failed?"), await fleet.ainvoke("Which host failed?")):
        assert [(d.id, d.metadata) for d in found] == [(d.id, d.metadata) for d in whole]
        assert "disk is full" in found[0].page_content
        assert len(found[0].page_content) < len(whole[0].page_content) / 3
        assert found[1].page_content == "short"
        assert headroom.retrieve(found[0].page_content.rpartition(MARKER)[2][:8], store=store) == whole[0].page_content
    assert "web-133" in fleet.invoke("How is web-133?")[0].page_content


async def test_documents_where_the_store_fails():
    store = MemoryStore()
    store.broken = True
    documents = Shelf().invoke("")
    assert HeadroomDocumentCompressor(store=store).compress_documents(documents, "q") == documents
    with pytest.raises(HeadroomError):
        await HeadroomDocumentCompressor(store=store, fail_open=False).acompress_documents(documents, "q")


def test_the_page(monkeypatch):
    with PROVIDERS["openai"](Script([call("read_log", name="app")], [text("All is well.")])) as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{provider.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        names = {"LOG": log()}
        for block in code("langchain.md"):
            exec(compile(block, "langchain.md", "exec"), names)
        assert MARKER in provider.requests[1].body["messages"][-1]["content"]
        assert names["state"]["messages"][-1].content == "All is well."
