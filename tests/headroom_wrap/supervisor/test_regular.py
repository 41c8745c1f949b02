from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headroom_wrap.supervisor import regular


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "pipe.md"
    os.mkfifo(path)
    yield path
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))  # who waits for a writer has had one


def test_a_file_is_read_as_far_as_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    (tmp_path / "link").symlink_to("a")
    assert regular.read(tmp_path / "a", 20) == b"0123456789"
    assert regular.read(tmp_path / "link", 4) == b"0123"


@pytest.mark.parametrize("name", ["missing", "b" * 300, "a/below a file", ".", "two\0names", "circle"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "circle").symlink_to("circle")
    assert regular.read(tmp_path / name, 20) is None


@pytest.mark.parametrize("meanwhile", [False, True], ids=["from the start", "since it was looked at"])
def test_nobody_waits_for_a_pipe(pipe: Path, meanwhile: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if meanwhile:
        monkeypatch.setattr(Path, "stat", lambda path: os.stat(__file__))
    read: list[bytes | None] = []
    thread = threading.Thread(target=lambda: read.append(regular.read(pipe, 20)), daemon=True)
    thread.start()
    thread.join(60)
    assert read == [None]
