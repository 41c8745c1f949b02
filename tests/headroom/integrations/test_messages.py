"""The core that integrations share: requests in, requests out."""

from __future__ import annotations

import asyncio
import copy
import json
import sys
import threading
from dataclasses import field, make_dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import HeadroomError, tools
from headroom.integrations import decisions
from headroom.integrations.decisions import salt
from headroom.integrations.messages import Api, Compression, api_of, is_retrieval
from pipeline import markers
from pipeline.policy import Policy, Profile, Step
from pipeline.store.api import StoreError
from pipeline.store.sqlite import SqliteStore
from pipeline.transcript import ToolKind
from tests.forking import said
from tests.headroom.integrations.applications import result
from tests.headroom.integrations.test_asgi import body_of


@pytest.fixture
def store(tmp_path: Path):
    kept = SqliteStore.open(tmp_path / "state" / "headroom.db")
    yield kept
    kept.close()


class Memory:
    """A store in memory, for properties that make many."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.frozen: dict = {}

    def put_original(self, text, *, unit="line", spans=(), label=""):
        from pipeline import ccr

        self.texts.append(text)
        return ccr.handle_of(text)

    def freeze(self, decisions):
        return {d.key: self.frozen.setdefault(d.key, d) for d in decisions}

    def decisions(self, keys):
        return {key: self.frozen[key] for key in keys if key in self.frozen}


@pytest.mark.parametrize(
    ("method", "path", "api"),
    [
        ("POST", "/v1/messages", Api.ANTHROPIC),
        ("post", "/v1/messages?beta=true", Api.ANTHROPIC),
        ("POST", "/v1/messages/count_tokens", Api.ANTHROPIC),
        ("POST", "/chat/completions", Api.OPENAI_CHAT),
        ("POST", "/responses", Api.OPENAI_RESPONSES),
        ("POST", "/responses/input_tokens", Api.OPENAI_RESPONSES),
        ("POST", "/models/gemini-3.8-flash:generateContent", Api.GEMINI),
        ("POST", "/models/gemini-3.8-flash:streamGenerateContent?alt=sse", Api.GEMINI),
        ("POST", "/models/gemini-3.8-flash:countTokens", Api.GEMINI),
        ("GET", "/v1/messages", None),
        ("GET", "/v1/messages/count_tokens", None),
        ("POST", "/v1/messages/batches", None),
        ("POST", "/embeddings", None),
    ],
)
def test_whose_a_request_is(method, path, api):
    assert api_of(method, path) is api


@pytest.mark.parametrize("api", Api)
def test_bytes_and_values_say_the_same(api, store):
    body = body_of(api, 5)
    value = json.loads(body)
    compression = Compression(store=store)
    written = compression.encoded(api, body)
    made = compression.body(api, value)
    assert json.loads(written) == made
    assert len(written) < len(body) / 2
    assert value == json.loads(body), "what was given is not changed"
    assert list(made) == list(value)
    untouched = [new is old for new, old in zip(made[api.field], value[api.field], strict=True)]
    assert untouched.count(False) == 4, "the small result and the calls are the very objects"
    names = [tool.get("name") or tool["function"]["name"] if api is not Api.GEMINI else "headroom_retrieve" for tool in tools(api.value)]
    assert compression.messages(api, value[api.field], tools=names) == made[api.field]


@pytest.mark.parametrize("api", Api)
def test_what_may_be_left_out(api, store):
    offered, silent = json.loads(body_of(api, 1)), json.loads(body_of(api, 1, offered=False))

    def elides(body, **said):
        return markers.elides(json.dumps(Compression(store=store, **said).body(api, body), ensure_ascii=False))

    assert elides(offered)
    assert not elides(silent)
    assert elides(silent, elide=True)
    assert not elides(offered, elide=False)
    assert not elides(offered, profile="lossless")


def test_the_tool_is_known_by_its_name():
    assert is_retrieval("headroom_retrieve")
    assert is_retrieval("mcp__headroom__headroom_retrieve")
    assert not is_retrieval("retrieve")


ODD = st.one_of(
    st.none(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=8), st.none(), max_size=2)
)


@settings(max_examples=60)
@given(api=st.sampled_from(Api), conversation=st.one_of(ODD, st.lists(ODD, max_size=4)), declared=st.one_of(ODD, st.lists(ODD, max_size=3)))
def test_whatever_it_is_it_goes_on(api, conversation, declared):
    body = {api.field: conversation, "tools": declared, "functions": declared}
    compression = Compression(store=Memory())
    assert compression.body(api, body) == body
    encoded = json.dumps(body).encode()
    assert compression.encoded(api, encoded) == encoded


@settings(max_examples=40)
@given(data=st.binary(max_size=40))
def test_bytes_that_are_no_request_go_on(data):
    assert Compression(store=Memory()).encoded(Api.ANTHROPIC, data) is data
    with pytest.raises(HeadroomError) as caught:
        Compression(store=Memory(), fail_open=False).encoded(Api.ANTHROPIC, b"{" + data)
    assert caught.value.__cause__ is not None


@pytest.mark.slow
@settings(max_examples=25)
@given(turns=st.lists(st.integers(0, 20), min_size=2, max_size=6), api=st.sampled_from([Api.OPENAI_CHAT, Api.ANTHROPIC]))
def test_the_prefix_property(turns, api):
    """With one object over all turns, with a new one at each, and with another store at each."""
    messages = []
    for place, n in enumerate(turns):
        if api is Api.ANTHROPIC:
            messages += [
                {"role": "assistant", "content": [{"type": "tool_use", "id": f"c{place}", "name": "run", "input": {"n": n}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"c{place}", "content": result(n)}]},
            ]
        else:
            call = {"id": f"c{place}", "type": "function", "function": {"name": "run", "arguments": "{}"}}
            messages += [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": f"c{place}", "content": result(n)}]
    whole = Compression(store=Memory(), elide=True).messages(api, messages)
    one, shared = Compression(store=Memory(), elide=True), Memory()
    for end in range(0, len(messages) + 1, 2):
        assert one.messages(api, messages[:end]) == whole[:end]
        assert Compression(store=shared, elide=True).messages(api, messages[:end]) == whole[:end]


@pytest.mark.slow
def test_originals_are_kept_before_anything_is_said_of_them():
    store = Memory()
    body = json.loads(body_of(Api.OPENAI_CHAT, 3))
    made = Compression(store=store).body(Api.OPENAI_CHAT, body)
    texts = [m["content"] for m in body["messages"] if m["role"] == "tool"]
    changed = [m["content"] for m in made["messages"] if m["role"] == "tool"]
    assert [text for text, new in zip(texts, changed) if text != new] == store.texts != []


def test_a_store_that_fails_is_told_of_once(caplog):
    class Failing:
        def __getattr__(self, name):
            def fail(*args, **more):
                raise StoreError("It is full.")

            return fail

    compression = Compression(store=Failing())
    body = json.loads(body_of(Api.ANTHROPIC, 2))
    assert compression.body(Api.ANTHROPIC, body) is body
    assert compression.body(Api.ANTHROPIC, body) is body
    assert [r.message for r in caplog.records] == ["It is full. Until then what is new in requests is sent unchanged."]
    with pytest.raises(HeadroomError, match="could not be made smaller: It is full"):
        Compression(store=Failing(), fail_open=False).body(Api.ANTHROPIC, body)


def test_an_unforeseen_error_is_logged_or_raised(caplog):
    class Wrong:
        def __getattr__(self, name):
            raise ZeroDivisionError

    body = json.loads(body_of(Api.ANTHROPIC, 1))
    assert Compression(store=Wrong()).body(Api.ANTHROPIC, body) is body
    assert "goes on as it came" in caplog.text
    with pytest.raises(HeadroomError, match="ZeroDivisionError"):
        Compression(store=Wrong(), fail_open=False).body(Api.ANTHROPIC, body)


def test_objects_of_an_sdk_stand_for_what_they_say(store):
    class Model(SimpleNamespace):
        def model_dump(self, **said):
            assert said == {"mode": "json", "exclude_unset": True, "by_alias": True}
            return vars(self)

    call = Model(role="assistant", tool_calls=[{"id": "c0", "type": "function", "function": {"name": "run", "arguments": "{}"}}])
    given = [call, {"role": "tool", "tool_call_id": "c0", "content": result(0)}]
    made = Compression(store=store, elide=True).messages(Api.OPENAI_CHAT, given)
    assert made[0] is call
    assert "lines left out" in made[1]["content"]
    strange = [object(), given[1]]
    assert Compression(store=store).messages(Api.OPENAI_CHAT, strange) is strange


def test_tool_schemas_in_a_prompt_are_decided_once():
    schemas = [
        {"type": "function", "function": {"name": f"tool_{n}", "description": "d " * 20, "parameters": {"type": "object", "properties": {}}}}
        for n in range(40)
    ]
    store = Memory()
    given = [{"role": "system", "content": "Tools:\n" + json.dumps(schemas, indent=2)}, {"role": "user", "content": "hello"}]
    compression = Compression(store=store)
    first = compression.messages(Api.OPENAI_CHAT, given)
    assert len(first[0]["content"]) < len(given[0]["content"])
    assert compression.messages(Api.OPENAI_CHAT, given) == first
    assert Compression(store=store).messages(Api.OPENAI_CHAT, given) == first
    assert len(store.texts) == 1
    assert Compression(store=store, schemas_in_prompts=False).messages(Api.OPENAI_CHAT, given) is given


def test_every_policy_has_its_own_decisions():
    said = [
        Policy(),
        Policy(profile=Profile.LOSSLESS),
        Policy(elide=False),
        Policy(exclude_tools=frozenset({"a"})),
        Policy(exclude_tools=frozenset({"b"})),
        Policy(tool_kinds={"x": ToolKind.SHELL}),
        Policy(tool_kinds={"x": ToolKind.READ}),
        Policy(gentler={("log", ToolKind.SHELL): Step.LARGE}),
        Policy(gentler={("log", ToolKind.SHELL): Step.OFF}),
    ]
    assert len({salt(policy) for policy in said}) == len(said)
    assert salt(Policy(exclude_tools=frozenset("abcdef"))) == salt(Policy(exclude_tools=frozenset("fedcba")))
    kinds = {"a": ToolKind.READ, "b": ToolKind.SHELL}
    assert salt(Policy(tool_kinds=kinds)) == salt(Policy(tool_kinds=dict(reversed(kinds.items()))))


def test_what_is_not_said_is_no_part_of_a_policys_name(monkeypatch):
    """A field that comes with an upgrade leaves the decisions of all who do not use it where they are."""
    before = salt(Policy(floor_tokens=200))
    newer = make_dataclass("Policy", [("new", int, field(default=0))], bases=(Policy,), frozen=True)
    monkeypatch.setattr(decisions, "_DEFAULT", newer())
    assert salt(newer(floor_tokens=200)) == before
    assert salt(newer(floor_tokens=200, new=1)) != before


@pytest.mark.parametrize(
    "options",
    [
        {"exclude_tools": {"Foo", "Bar"}},
        {"exclude_tools": ["Foo"]},
        {"disabled": {"table"}},
        {"tool_kinds": {"Bash": ToolKind.SHELL}},
        {"gentler": {("table", ToolKind.SHELL): Step.LOSSLESS}},
    ],
)
def test_options_in_the_types_that_people_write_them_in(options):
    compression = Compression(store=Memory(), elide=True, fail_open=False, **options)
    given = json.loads(body_of(Api.OPENAI_CHAT, 1))
    assert compression.body(Api.OPENAI_CHAT, given) != given


@pytest.mark.slow
def test_many_threads(store):
    compression = Compression(store=store)
    body = json.loads(body_of(Api.OPENAI_CHAT, 6))
    want = Compression(store=Memory()).body(Api.OPENAI_CHAT, body)
    got: list = []
    threads = [threading.Thread(target=lambda: got.append(compression.body(Api.OPENAI_CHAT, body))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert got == [want] * 8


@pytest.mark.slow
@pytest.mark.parametrize(
    "slow",
    [
        "cache_aligner, 'run'",  # compresses
        "messages.MessageList, '_remembered'",  # reads a request
        "lzma, 'decompress'",  # loads the vocabulary
        "query, '_is_entity'",  # finds out what is asked
    ],
)
def test_a_process_that_is_forked_while_a_thread_compresses_compresses_too(tmp_path, slow):
    program = """
import json, lzma
from pathlib import Path
from headroom import open_store
from headroom.integrations.messages import Api, Compression
from pipeline import cache_aligner, query
from pipeline.dialects import messages
from tests.headroom.integrations.test_asgi import body_of

store = open_store(Path(sys.argv[1]))
compression = Compression(store=store, fail_open=False)
body = body_of(Api.ANTHROPIC, 1)
owner, name = SLOW
quick = getattr(owner, name)

def slow(*given, **said):
    middle()
    return quick(*given, **said)

def compress():
    return compression.encoded(Api.ANTHROPIC, body)

setattr(owner, name, slow)
fork_meanwhile(compress, lambda: print(len(compress()) < len(body) / 2))
print(len(compress()) < len(body) / 2)
store.close()
""".replace("SLOW", slow)
    assert said(program, tmp_path / "state" / "headroom.db") == ["True"] * 2


async def test_aside_leaves_the_loop_free(store):
    compression = Compression(store=store)
    began, go_on = threading.Event(), threading.Event()

    def work(given):
        began.set()
        assert go_on.wait(60)
        return given + 1

    task = asyncio.create_task(compression.aside(work, 1))
    assert await asyncio.to_thread(began.wait, 10)
    go_on.set()
    assert await task == 2


@pytest.mark.parametrize("old", [False, True], ids=["today's", "before 0.29"])
def test_aside_leaves_trios_loop_free_too(store, monkeypatch, old):
    trio = pytest.importorskip("trio")
    if old:
        monkeypatch.delattr(trio.lowlevel, "in_trio_task")
    compression = Compression(store=store)
    began, go_on = threading.Event(), threading.Event()

    def work(given):
        began.set()
        assert go_on.wait(60)
        return given + 1

    async def main():
        made = []

        async def wait():
            made.append(await compression.aside(work, 1))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            assert await trio.to_thread.run_sync(began.wait, 10)
            assert made == []
            go_on.set()
        return made

    assert trio.run(main) == [2]


@pytest.mark.parametrize("trio", [SimpleNamespace(), SimpleNamespace(lowlevel=SimpleNamespace())])
async def test_aside_is_asyncios_where_trio_is_another_module_or_half_imported(trio, store, monkeypatch):
    monkeypatch.setitem(sys.modules, "trio", trio)
    assert await Compression(store=store).aside(lambda given: (given, threading.get_ident()), 1) != (1, threading.get_ident())


def test_aside_without_asyncio_is_done_in_place(store):
    step = Compression(store=store).aside(lambda given: given + 1, 1)
    with pytest.raises(StopIteration) as done:
        step.send(None)
    assert done.value.value == 2


@pytest.mark.parametrize("api", Api)
def test_a_conversation_that_was_refused_is_left_alone(api, store, caplog):
    compression = Compression(store=store)
    early, late, other = (json.loads(body_of(api, turns)) for turns in (2, 4, 3))
    other[api.field] = other[api.field][2:]
    assert compression.body(api, early) != early
    compression.refuse(lambda noting: noting.body(api, early))
    assert compression.refusals == 1
    assert [r.message for r in caplog.records][-1].startswith("A model's API refused a request that had been made smaller (1 so far).")
    assert compression.body(api, early) is early
    assert compression.body(api, late) is late, "it goes on as it was"
    assert compression.encoded(api, json.dumps(late).encode()) == json.dumps(late).encode()
    assert compression.body(api, other) != other, "another conversation is not concerned"


def test_a_refusal_is_noted_whatever_the_store_does():
    class Failing:
        def __getattr__(self, name):
            def fail(*args, **more):
                raise StoreError("It is full.")

            return fail

    compression = Compression(store=Failing(), fail_open=False)
    compression.refuse(lambda noting: noting.body(Api.ANTHROPIC, json.loads(body_of(Api.ANTHROPIC, 1))))
    assert compression.refusals == 1


def test_it_is_one_whoever_copies_it():
    compression = Compression(store=Memory())
    assert copy.deepcopy([compression]) == [compression]
