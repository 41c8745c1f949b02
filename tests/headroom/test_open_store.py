"""A store of one's own, by its path or its URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from headroom import SharedContext, open_store, retrieve
from pipeline.store.api import StoreError


def test_what_is_kept_there_is_had_from_there(tmp_path: Path) -> None:
    path = tmp_path / "own" / "store.db"
    store = open_store(path)
    try:
        entry = SharedContext("billing", store=store).put("findings", "one\ntwo")
    finally:
        store.close()
    again = open_store(f"sqlite://{path}")
    try:
        assert retrieve(entry.handle, store=again) == "one\ntwo"
    finally:
        again.close()


def test_what_can_be_no_store_is_refused_without_its_password() -> None:
    with pytest.raises(StoreError, match="mysql://me@db/x") as refused:
        open_store("mysql://me:secret@db/x")
    assert "secret" not in str(refused.value)
