"""``headroom store`` over the user's own store and over a server's."""

from __future__ import annotations

import time

import pytest
from click.testing import CliRunner

from benchmarks import fleet
from headroom_wrap import config, state
from headroom_wrap.cli import store as commands
from headroom_wrap.errors import UserError
from pipeline.store.api import Decision


@pytest.fixture(scope="module")
def redis():
    if said := fleet.missing().get("redis"):
        pytest.skip(said)
    with fleet.running(fleet.Redis) as server:
        yield server


@pytest.fixture(params=["file", "server"])
def where(request, tmp_path):
    return str(tmp_path / "s" / "headroom.db") if request.param == "file" else request.getfixturevalue("redis").database()


@pytest.fixture
def filled(where, monkeypatch):
    """Two texts of a hundred days ago, one of which a young decision names."""
    now = time.time()
    store = state.open_store(config.load(config.surroundings(), {"store": where}))
    monkeypatch.setattr(time, "time", lambda: now - 100 * 86400)
    free, named = store.put_original("free " * 999), store.put_original("named " * 999)
    store.freeze([Decision("old", "form", "r", handle=free)])
    monkeypatch.undo()
    store.freeze([Decision("new", "form", "r", handle=named)])
    yield store, free, named
    store.close()


def told(*arguments, status=0):
    result = CliRunner().invoke(commands.command, list(arguments), catch_exceptions=False, standalone_mode=False)
    assert (result.return_value or 0) == status, result.output
    assert "a-secret" not in result.output
    return result.output


def test_how_much_there_is(filled, where):
    lines = told("du", "--store", where).splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["originals", "2"], ["decisions", "2"], ["receipts", "0"], ["memories", "0"]]


def test_a_whole_store(filled, where):
    assert "every original is what was kept" in told("verify", "--store", where)


def test_old_things_go_when_that_is_asked(filled, where):
    store, free, named = filled
    assert "0 originals and 0 decisions" in told("gc", "--older-than", "15w", "--store", where)
    assert "1 originals and 1 decisions" in told("gc", "--older-than", "90d", "--store", where)
    assert (store.original(free), store.original(named).text) == (None, "named " * 999)


def test_a_quota(filled, where):
    store, _, named = filled
    assert "0 originals" in told("gc", "--quota", "1G", "--store", where)
    assert "1 originals" in told("gc", "--quota", "0", "--store", where)
    assert store.original(named) is not None, "what a young conversation names stays"


def test_an_original_that_is_damaged_is_named(tmp_path):
    in_force = config.load(config.surroundings())
    store = state.open_store(in_force)
    handle = store.put_original("text")
    store._file._db.execute("UPDATE originals SET body = x'00'")
    store.close()
    assert f"The original {handle} is not the text that was kept." in told("verify", status=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gc",), "Nothing is removed unasked"),
        (("gc", "--older-than", "soon"), "no age"),
        (("gc", "--quota", "-1"), "no size"),
        (("du", "--store", "mysql://user:a-secret@host/x"), "of a kind that there is not"),
        (("du", "--store", "redis://:a-secret@127.0.0.1:1/0"), "cannot be reached"),
        (("du", "--store", "postgresql://me:a-secret@host:port/x"), "not written as a URL"),
    ],
)
def test_mistakes(arguments, said):
    with pytest.raises(UserError, match=said) as refused:
        told(*arguments)
    assert "a-secret" not in str(refused.value)
