"""Plain Gemini clients behind the proxy."""

from __future__ import annotations

import json

import aiohttp
import pytest

from headroom.testing import GeminiProvider, Script, overloaded, text, thinking, tool
from headroom_wrap.events import Finished
from tests.headroom_wrap.proxy.harness import SECRET, log_text, proxy
from tests.memory_store import MemoryStore

genai = pytest.importorskip("google.genai")
types = pytest.importorskip("google.genai.types")
errors = pytest.importorskip("google.genai.errors")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning"),  # the library subclasses what aiohttp does not want subclassed
]

MODEL = "gemini-3.1-pro-preview"
DECLARED = {"functionDeclarations": [{"name": "run", "parametersJsonSchema": {"type": "object"}}]}
LOG = log_text(lines=600)


def fetch(request):
    return tool("headroom_retrieve", handle=json.dumps(request["contents"]).rpartition("[headroom ")[2][:8], lines="1-3")


def client(p):
    return genai.Client(api_key="k", http_options={"base_url": f"http://127.0.0.1:{p.port}/{SECRET}", "retry_options": {"attempts": 1}}).aio


def behind(provider, **settings):
    return proxy(provider.url, retrieve="proxy", elide=False, **settings)


CONFIG = types.GenerateContentConfig(
    tools=[DECLARED], system_instruction="sys", automatic_function_calling={"disable": True}, thinking_config={"include_thoughts": True}
)


async def ask(gemini, contents, *, streamed):
    """The contents of the answer, the text, the calls, the usage."""
    if not streamed:
        made = await gemini.models.generate_content(model=MODEL, contents=contents, config=CONFIG)
        chunks = [made]
    else:
        chunks = [c async for c in await gemini.models.generate_content_stream(model=MODEL, contents=contents, config=CONFIG)]
        assert [chunk.candidates[0].finish_reason is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts or ()]
    said = "".join(part.text for part in parts if part.text and not part.thought)
    calls = [part.function_call for part in parts if part.function_call]
    # As the library's own chats keep it: chunk by chunk, but for what is empty.
    kept = [types.Content(role="model", parts=[part]) for part in parts if part.text or part.function_call]
    return kept, said, calls, chunks[-1].usage_metadata


def question(words):
    return types.Content(role="user", parts=[{"text": words}])


def results(calls, value=LOG):
    return types.Content(
        role="user", parts=[types.Part(function_response={"id": c.id, "name": c.name, "response": {"output": value}}) for c in calls]
    )


def assert_prefixes(provider):
    requests = [turn.body for turn in provider.turns]
    assert [f["name"] for f in requests[0]["tools"][0]["functionDeclarations"]] == ["run", "headroom_retrieve"]
    assert len({json.dumps(r["tools"]) for r in requests}) == 1
    flat = [[(c["role"], json.dumps(part, sort_keys=True)) for c in r["contents"] for part in c["parts"]] for r in requests]
    for before, after in zip(flat, flat[1:]):
        assert after[: len(before)] == before
    charged = [turn.usage for turn in provider.turns]
    for before, after in zip(charged, charged[1:]):
        assert after.cache_read >= before.prompt


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_conversation_with_a_retrieval_in_it(streamed):
    script = Script(
        [thinking("look"), text("I look."), tool("run", command="cat app.log")],
        lambda request: [thinking("more"), text("Let me see. "), fetch(request)],
        [text("It is the pool."), tool("run", command="ls")],
        [text("Done.")],
    )
    async with GeminiProvider(script, count=len, minimum=0) as provider, behind(provider) as p:
        gemini = client(p)
        contents = [question("What fails?")]
        kept, said, calls, _ = await ask(gemini, contents, streamed=streamed)
        contents += [*kept, results(calls)]
        kept, said, calls, usage = await ask(gemini, contents, streamed=streamed)
        assert said == "Let me see. It is the pool."
        assert [call.name for call in calls] == ["run"]
        contents += [*kept, results(calls, "a.txt")]
        kept, said, calls, _ = await ask(gemini, contents, streamed=streamed)
        assert (said, calls) == ("Done.", [])
        assert len(provider.turns) == 4
        assert_prefixes(provider)
        charged = [turn.usage for turn in provider.turns]
        assert usage.prompt_token_count == charged[1].prompt + charged[2].prompt
        await p.event(Finished, 4)
        assert not p.troubles()


@pytest.mark.parametrize("streamed", [False, True])
async def test_calls_of_ours_and_of_the_clients_together(streamed):
    script = Script(
        [tool("run", command="cat app.log")],
        lambda request: [thinking("both"), tool("run", command="ls"), fetch(request), text("So.")],
        [text("Done.")],
        [text("Bye.")],
    )
    store = MemoryStore()
    async with GeminiProvider(script, count=len, minimum=0) as provider:
        async with behind(provider, store=store) as p:
            gemini = client(p)
            contents = [question("What fails?")]
            kept, _, calls, _ = await ask(gemini, contents, streamed=streamed)
            contents += [*kept, results(calls)]
            kept, said, calls, _ = await ask(gemini, contents, streamed=streamed)
            assert ([call.name for call in calls], said) == (["run"], "So.")
            contents += [*kept, results(calls, "a.txt")]
        async with behind(provider, store=store) as p:
            gemini = client(p)
            kept, said, _, _ = await ask(gemini, contents, streamed=streamed)
            assert said == "Done."
            contents += [*kept, question("Thanks.")]
            await ask(gemini, contents, streamed=streamed)
            assert_prefixes(provider)
            assert not p.troubles()


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_model_that_will_not_stop_fetching(streamed):
    script = Script([tool("run", command="cat app.log")], *[lambda request: [text("a"), fetch(request)]] * 5, [text("Well.")])
    async with GeminiProvider(script, count=len, minimum=0) as provider, behind(provider) as p:
        gemini = client(p)
        contents = [question("What fails?")]
        kept, _, calls, _ = await ask(gemini, contents, streamed=streamed)
        contents += [*kept, results(calls)]
        kept, said, calls, _ = await ask(gemini, contents, streamed=streamed)
        assert (said, calls) == ("aaaaa", [])
        contents += [*kept, question("And?")]
        _, said, _, _ = await ask(gemini, contents, streamed=streamed)
        assert said == "Well."
        assert_prefixes(provider)


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_follow_up_that_fails(streamed):
    script = Script([tool("run", command="cat app.log")], lambda request: [text("Hm. "), fetch(request)], overloaded())
    async with GeminiProvider(script, count=len, minimum=0) as provider, behind(provider) as p:
        gemini = client(p)
        contents = [question("What fails?")]
        kept, _, calls, _ = await ask(gemini, contents, streamed=streamed)
        contents += [*kept, results(calls)]
        with pytest.raises(errors.APIError):
            await ask(gemini, contents, streamed=streamed)


async def listed(p, contents):
    """The chunks of an answer for a client that asks for no server-sent events: it gets one array."""
    url = f"http://127.0.0.1:{p.port}/{SECRET}/v1beta/models/{MODEL}:streamGenerateContent"
    asked = {"contents": contents, "tools": [DECLARED], "generationConfig": {"thinkingConfig": {"includeThoughts": True}}}
    async with aiohttp.ClientSession() as session, session.post(url, json=asked, headers={"x-goog-api-key": "k"}) as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        return json.loads(await answer.read())


def said_in(chunks):
    parts = [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]
    return "".join(part.get("text", "") for part in parts if not part.get("thought")), [part for part in parts if part != {"text": ""}]


def results_of(parts, value=LOG):
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    return {"role": "user", "parts": [{"functionResponse": {"id": c["id"], "name": c["name"], "response": {"output": value}}} for c in calls]}


async def test_an_answer_that_is_one_array():
    script = Script(
        [text("I look."), tool("run", command="cat app.log")],
        lambda request: [thinking("more"), text("Let me see. "), fetch(request)],
        [text("It is the pool."), tool("run", command="ls")],
        lambda request: [fetch(request)],
        [text("Done.")],
    )
    async with GeminiProvider(script, count=len, minimum=0) as provider, behind(provider) as p:
        contents = [{"role": "user", "parts": [{"text": "What fails?"}]}]
        for value, expected in ((LOG, "I look."), ("a.txt", "Let me see. It is the pool."), (None, "Done.")):
            chunks = await listed(p, contents)
            assert [bool(chunk["candidates"][0].get("finishReason")) for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
            said, parts = said_in(chunks)
            assert said == expected
            assert "headroom_retrieve" not in json.dumps(parts)
            contents += [{"role": "model", "parts": parts}, results_of(parts, value)]
        assert len(provider.turns) == 5
        assert_prefixes(provider)
        charged = [turn.usage for turn in provider.turns]
        assert chunks[-1]["usageMetadata"]["promptTokenCount"] == charged[3].prompt + charged[4].prompt
        await p.event(Finished, 5)
        assert not p.troubles()


async def test_an_array_whose_follow_up_fails():
    script = Script([tool("run", command="cat app.log")], lambda request: [text("Hm. "), fetch(request)], overloaded())
    async with GeminiProvider(script, count=len, minimum=0) as provider, behind(provider) as p:
        contents = [{"role": "user", "parts": [{"text": "What fails?"}]}]
        _, parts = said_in(await listed(p, contents))
        *chunks, last = await listed(p, [*contents, {"role": "model", "parts": parts}, results_of(parts)])
        assert said_in(chunks)[0] == "Hm. "
        assert last["error"]["code"] == 500
