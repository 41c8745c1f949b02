"""Two conversations of one store: the second is given what the first had made, and what it reads is remembered."""

from __future__ import annotations

import asyncio
import threading

from headroom_wrap.events import Began, Trouble
from pipeline.memory import forms
from pipeline.memory.recall import shown_key
from pipeline.store.api import StoreError
from pipeline.store.sqlite import SqliteStore
from tests.headroom_wrap.proxy.harness import DEADLINE, RawUpstream, answer, body_of, conversation, log_text, proxy
from tests.headroom_wrap.proxy.test_compression import texts
from tests.memory_store import MemoryStore


def asking(question):
    messages = conversation(1)
    messages[0] = {"role": "user", "content": question}
    return body_of(messages)


async def sent(store, question, **settings):
    """What goes on of a first request, and what was said of it."""
    async with RawUpstream() as up, proxy(up.url, store=store, **settings) as p:
        up.answers(answer({"input_tokens": 3, "output_tokens": 1}))
        assert (await p.post(asking(question))).status == 200
        began = await p.event(Began)
        return texts(up.requests[-1].body), began, p.troubles()


async def test_the_second_conversation_is_given_the_forms_of_the_first():
    store = MemoryStore()
    first, began, _ = await sent(store, "Look around.")
    second, again, _ = await sent(store, "Look here, please.")
    assert second == first
    assert (began.new_reasons, again.new_reasons) == ({"compressed": 1}, {"compressed before": 1})
    assert again.compressed == 1
    assert again.last.startswith("Bash: cat app0.log ")
    assert "→" in again.last
    third, once_more, _ = await sent(store, "Look here, please.")
    assert third == second
    assert once_more.new_reasons == {}, "the same conversation, sent again: its decision is on record"


async def test_forms_are_put_on_record_beside_the_request_and_who_needs_one_waits_for_it():
    class Slow(MemoryStore):
        def __init__(self):
            super().__init__()
            self.go = threading.Event()

        def freeze(self, decisions):
            assert not any(d.key.startswith(forms.PREFIX) for d in decisions) or self.go.wait(DEADLINE)
            return super().freeze(decisions)

    store = Slow()
    async with RawUpstream() as up, proxy(up.url, store=store) as p:
        assert (await p.post(asking("Look around."))).status == 200, "although its form is not on record"
        assert not any(key.startswith(forms.PREFIX) for key in store.frozen)
        second = asyncio.create_task(p.post(asking("Look here, please.")))
        await p.event(Began)
        store.go.set()
        assert (await second).status == 200
        reasons = [event.new_reasons for event in p.of(Began)]
        assert texts(up.requests[0].body) == texts(up.requests[1].body)
    assert reasons == [{"compressed": 1}, {"compressed before": 1}]


async def test_a_form_that_cannot_be_kept_costs_nothing():
    class Full(MemoryStore):
        def freeze(self, decisions):
            if any(d.key.startswith(forms.PREFIX) for d in decisions):
                raise StoreError("the disk is full")
            return super().freeze(decisions)

    store = Full()
    first, _, _ = await sent(store, "Look around.")
    second, began, troubles = await sent(store, "Look here, please.")
    assert second == first
    assert (began.new_reasons, troubles) == ({"compressed": 1}, [])


async def test_a_store_that_does_not_tell_forms_costs_nothing_but_their_making():
    class Silent(MemoryStore):
        def decisions(self, keys):
            if any(key.startswith(forms.PREFIX) for key in keys):
                raise StoreError("slow")
            return super().decisions(keys)

    store = Silent()
    first, _, _ = await sent(store, "Look around.")
    second, began, troubles = await sent(store, "Look here, please.")
    assert second == first
    assert (began.new_reasons, troubles) == ({"compressed": 1}, [])


async def test_files_that_a_request_shows_are_remembered_after_it_was_answered(tmp_path):
    (tmp_path / "app0.log").write_text(log_text(0))
    settings = {"memory": "git-1", "memory_top": str(tmp_path.resolve()), "workspace": str(tmp_path)}
    path = tmp_path / "state" / "headroom.db"
    seen, _, troubles = await sent(SqliteStore.open(path), "Look around.", **settings)
    store = SqliteStore.open(path)
    (memory,) = store.memories("git-1")
    assert (memory.key, memory.agent, memory.kind, memory.label) == ("app0.log", "claude", "file", "")
    assert store.original(memory.handle).text == log_text(0)
    assert store.decisions([shown_key(memory.digest)])[shown_key(memory.digest)].text == seen[0]
    assert troubles == []
    store.close()


async def test_without_memory_nothing_is_remembered_and_what_cannot_be_is_told(tmp_path):
    class Forgetful(MemoryStore):
        def remember(self, memories):
            raise StoreError("the disk is full")

    (tmp_path / "app0.log").write_text(log_text(0))
    _, _, troubles = await sent(Forgetful(), "Look around.", workspace=str(tmp_path))
    assert troubles == []
    settings = {"memory": "git-1", "memory_top": str(tmp_path.resolve()), "workspace": str(tmp_path)}
    store = Forgetful()
    async with RawUpstream() as up, proxy(up.url, store=store, **settings) as p:
        up.answers(answer({"input_tokens": 3, "output_tokens": 1}))
        await p.post(asking("Look around."))
        trouble = await p.event(Trouble)
        assert "[headroom " in texts(up.requests[-1].body)[0], "the request went on as ever"
    assert (trouble.kind, trouble.message) == ("store", "the disk is full What was read now is not remembered.")
    assert len(store.rows) == 1, "and was booked"
