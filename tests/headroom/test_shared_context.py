"""What one agent puts, another gets: in other processes, compressed once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

import headroom
from headroom import SharedContext, retrieve, shared_context
from headroom_wrap.demo import samples
from pipeline import markers
from pipeline.store.api import Memory
from pipeline.store.sqlite import SqliteStore

LOG = samples.log(320)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(tmp_path / "state" / "headroom.db")
    yield opened
    opened.close()


def test_it_is_part_of_the_library() -> None:
    assert headroom.SharedContext is SharedContext
    assert "SharedContext" in headroom.__all__


def test_what_one_puts_another_gets(store: SqliteStore) -> None:
    first = SharedContext("p", agent="researcher", store=store, clock=lambda: 10.0).put("findings", LOG)
    other = SharedContext("p", agent="writer", store=store, clock=lambda: 20.0)
    shorter = other.get("findings")
    assert shorter is not None
    assert len(shorter) < len(LOG) / 2
    assert "LedgerOutOfBalance" in shorter
    assert f"[headroom {first.handle}: " in shorter
    assert other.get("findings", full=True) == LOG == retrieve(first.handle, store=store)
    assert other.get(digest=first.digest) == shorter
    assert other.find(LOG) == first
    assert (first.agents, first.time) == (("researcher",), 10.0)
    again = other.put("findings", LOG)
    assert (again.agents, again.time, again.handle) == (("writer", "researcher"), 20.0, first.handle)
    assert other.list() == (again,)


def test_a_text_is_compressed_once_whoever_puts_it(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    routed = []
    real = shared_context.route
    monkeypatch.setattr(shared_context, "route", lambda *given: routed.append(1) or real(*given))
    entries = [SharedContext("p", agent=agent, store=store).put(key, LOG) for agent, key in (("a", "x"), ("b", "x"), ("b", "y"))]
    assert routed == [1]
    assert len({entry.handle for entry in entries}) == 1
    assert len({SharedContext("p", store=store).get(key) for key in "xy"}) == 1


def test_nobody_gets_a_text_in_fewer_words_than_its_profile_allows(store: SqliteStore) -> None:
    contexts = {profile: SharedContext("p", agent=profile, profile=profile, store=store) for profile in ("lossless", "balanced", "aggressive")}
    got = {}
    for putter in ("balanced", "lossless", "aggressive"):
        entry = contexts[putter].put("x", LOG)
        got[putter] = {profile: context.get("x") or "" for profile, context in contexts.items()}
    assert got["balanced"]["lossless"] == LOG, "it was not put losslessly yet"
    assert got["balanced"]["aggressive"] == got["balanced"]["balanced"] != LOG, "the nearest gentler one there is"
    last = got["aggressive"]
    assert not markers.elides(last["lossless"])
    assert markers.elides(last["balanced"])
    assert len(last["aggressive"]) <= len(last["balanced"]) < len(last["lossless"]) < len(LOG)
    assert got["lossless"]["lossless"] == last["lossless"]
    assert last["balanced"] == got["balanced"]["balanced"], "what was made of it once stays"
    assert entry.agents == ("aggressive", "lossless", "balanced")


def test_the_newest_text_of_a_name_and_all_by_digest(store: SqliteStore) -> None:
    now = iter(range(10))
    context = SharedContext("p", store=store, clock=lambda: float(next(now)))
    old, new = context.put("x", "old"), context.put("x", "new")
    assert context.get("x") == "new"
    assert context.get(digest=old.digest) == "old"
    assert context.list() == (new, old)


def test_short_texts_and_lone_surrogates_come_back_as_they_are(store: SqliteStore) -> None:
    context = SharedContext("p", store=store)
    for text in ("", "short", "\udcff" * 300):
        context.put("x" + text[:1], text)
        assert context.get("x" + text[:1]) == context.get("x" + text[:1], full=True) == text


def test_projects_are_apart_and_what_is_forgotten_is_gone(store: SqliteStore) -> None:
    context, other = SharedContext("p", store=store), SharedContext("q", store=store)
    entry = context.put("x", LOG)
    assert (other.get("x"), other.find(LOG), other.list()) == (None, None, ())
    assert other.forget() == 0
    assert context.forget("x") == 1
    assert context.get("x") is None
    assert retrieve(entry.handle, store=store) == LOG


def test_who_puts_what_another_forgets_at_once_has_put_it(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    context, other, remember = SharedContext("p", agent="a", store=store, clock=lambda: 5.0), SharedContext("p", store=store), store.remember

    def and_forgotten(memories: list[Memory]) -> None:
        remember(memories)
        other.forget("findings")

    monkeypatch.setattr(store, "remember", and_forgotten)
    entry = context.put("findings", LOG)
    assert (entry.key, entry.agents, entry.time) == ("findings", ("a",), 5.0)
    assert retrieve(entry.handle, store=store) == LOG
    assert context.list() == ()


def test_files_that_agents_read_are_none_of_it(store: SqliteStore) -> None:
    context = SharedContext("p", store=store)
    context.put("x", "text")
    store.remember([Memory("p", "src/a.py", "d", "3f9a2c7b", "file", "claude", "s", 99.0, 1, "1:1")])
    assert [entry.key for entry in context.list()] == ["x"]
    assert context.get("src/a.py") is None
    assert context.forget() == 1
    assert [m.key for m in store.memories("p")] == ["src/a.py"]


def test_without_names_nothing_is_kept_or_told(store: SqliteStore) -> None:
    with pytest.raises(ValueError, match="name of its project"):
        SharedContext("", store=store)
    with pytest.raises(ValueError, match="needs a name"):
        SharedContext("p", store=store).put("", "x")
    with pytest.raises(ValueError, match="key or a digest"):
        SharedContext("p", store=store).get()
    with pytest.raises(ValueError, match="no such"):
        SharedContext("p", profile="no such", store=store)


def _put(path: Path, agent: str) -> None:
    store = SqliteStore.open(path)
    context = SharedContext("p", agent=agent, store=store)
    for n in range(20):
        context.put(f"key {n}", f"{n}\n{LOG}")
    store.close()


@pytest.mark.slow
def test_processes_that_put_at_once_share_one_form_of_each(tmp_path: Path) -> None:
    path = tmp_path / "state" / "headroom.db"
    start = multiprocessing.get_context("spawn")
    processes = [start.Process(target=_put, args=(path, f"agent {n}")) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    store = SqliteStore.open(path)
    context = SharedContext("p", store=store)
    entries = context.list()
    assert len(entries) == 20
    assert all(sorted(entry.agents) == ["agent 0", "agent 1", "agent 2"] for entry in entries)
    assert all(f"[headroom {entry.handle}: " in (context.get(entry.key) or "") for entry in entries)
    store.close()
