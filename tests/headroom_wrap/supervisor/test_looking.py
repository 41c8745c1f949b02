from __future__ import annotations

from pathlib import Path

import pytest

from headroom_wrap import state
from headroom_wrap.config import Config, Surroundings
from headroom_wrap.events import Began, Block
from headroom_wrap.state import ensure, open_store
from headroom_wrap.supervisor import looking
from headroom_wrap.supervisor.view import SessionView
from pipeline.store.api import Decision, StoreError


def test_what_was_sent_is_found_in_the_store(tmp_path: Path) -> None:
    around = Surroundings({"NO_COLOR": "1"}, tmp_path, tmp_path)
    config = Config(state=ensure(tmp_path / "state"), surroundings=around)
    store = open_store(config)
    handle = store.put_original("one\ntwo\nthree", label="Bash: x")
    store.freeze([Decision("ab" * 16, "one\n[… 2-3]", "compressed", "log", handle, 9, 5)])
    store.close()
    view = SessionView("claude", panel=True, around=config.surroundings, hint=looking.hint(config))
    view.take(Began("m", "/", understood=True, decided=(Block("Bash: x", "compressed", "log", handle, "ab" * 16, 9, 5),)))
    details = looking.details(view, config, lambda: None)
    assert details.key == b"\x1c"
    details.opened()
    assert details.press("enter")
    shown = b"\n".join(details.page(80, 20)).decode()
    for line in ("  one", "- two", "- three", "+ [… 2-3]"):
        assert line in shown


@pytest.mark.parametrize("handle", ["", "00000000"])
def test_what_is_not_there_is_said(tmp_path: Path, handle: str) -> None:
    config = Config(state=tmp_path / "state")
    view = SessionView("claude", panel=True, around=config.surroundings)
    view.take(Began("m", "/", understood=True, decided=(Block("Bash: x", "compressed", "log", handle, "ab" * 16, 9, 5),)))
    details = looking.details(view, config, lambda: None)
    details.press("enter")
    assert ("as it came" if not handle else "does not have it") in b"".join(details.page(80, 20)).decode()


def test_a_store_that_cannot_be_read_is_not_said_to_have_lost_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Locked:
        def original(self, handle: str) -> None:
            raise StoreError(f"The store is locked, so {handle} cannot be read.")

        def close(self) -> None:
            pass

    (tmp_path / "file").touch()
    config = Config(state=tmp_path / "file" / "state")
    view = SessionView("claude", panel=True, around=config.surroundings)
    view.take(Began("m", "/", understood=True, decided=(Block("Bash: x", "compressed", "log", "3f9a2c7b", "ab" * 16, 9, 5),)))
    details = looking.details(view, config, lambda: None)
    details.press("enter")
    assert "cannot be made" in b"".join(details.page(200, 20)).decode()
    details.press("q")
    monkeypatch.setattr(state, "open_store", lambda *_, **__: Locked())
    details.press("enter")
    assert "The store is locked, so 3f9a2c7b cannot be read." in b"".join(details.page(200, 20)).decode()


def test_the_hint_names_the_key(tmp_path: Path) -> None:
    assert looking.hint(Config(state=tmp_path)) == "Ctrl-\\ details"
