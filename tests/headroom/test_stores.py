"""The store that the library opens by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest

from headroom import _stores
from headroom._stores import default_store
from pipeline.store import opening

FORKING = """
import os, sys
from headroom import compress_text, retrieve
from headroom._stores import default_store

text = "\\n".join(f"2026-01-01T00:00:00Z INFO request {n} done" for n in range(400))
made = compress_text(text)
before = default_store()
child = os.fork()
if not child:
    ours = default_store()
    print(ours is before, ours is default_store(), compress_text(text) == made, flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(default_store() is before, compress_text(text) == made)
"""


@pytest.mark.slow
def test_a_process_that_was_forked_goes_on_with_it(private_home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ))
    assert done.stdout.splitlines() == ["True True True", "True True"], done.stderr


def test_settings_of_the_command_line_do_not_move_it(private_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_stores, "_opened", cache(_stores._opened.__wrapped__))
    handles = [default_store().put_original("text")]
    default_store().close()
    for name, value in (("HEADROOM_STATE", tmp_path / "state"), ("HEADROOM_STORE", tmp_path / "own.db")):
        monkeypatch.setenv(name, str(value))
    _stores._opened.cache_clear()
    assert default_store().original(handles[0]).text == "text"
    default_store().close()
    assert not list(tmp_path.glob("*.db"))


def test_it_is_opened_once(private_home: Path) -> None:
    assert default_store() is default_store()


def test_threads_that_ask_at_once_are_given_the_same(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(private_home / "state"))
    monkeypatch.setattr(_stores, "_opened", cache(_stores._opened.__wrapped__))
    open_store, opened, both = opening.open_store, [], Barrier(2)

    def slow(where: str | Path) -> object:
        try:
            both.wait(0.1)  # a second thread would come here too, while the first one is still opening
        except BrokenBarrierError:
            pass
        opened.append(open_store(where))
        return opened[-1]

    monkeypatch.setattr(opening, "open_store", slow)
    try:
        with ThreadPoolExecutor(2) as threads:
            first, second = threads.map(lambda _: default_store(), range(2))
        assert first is second
        assert opened == [first]
    finally:
        for store in opened:
            store.close()
