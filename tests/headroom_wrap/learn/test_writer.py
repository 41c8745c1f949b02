from __future__ import annotations

import os
from pathlib import Path

import pytest

from headroom_wrap.learn import writer
from headroom_wrap.learn.writer import Held, WriteError, encoded, read, write


def test_bytes_come_through(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbfcaf\xe9\r\nno end"
    (tmp_path / "f").write_bytes(data)
    held = read(tmp_path / "f")
    assert encoded(held.text) == data
    write(held, encoded(held.text + "\n"))
    assert (tmp_path / "f").read_bytes() == data + b"\n"


def test_a_new_file_and_away_again(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write(read(path), b"new")
    assert path.stat().st_mode & 0o777 == 0o644
    write(read(path), None)
    assert not list(tmp_path.iterdir())


def test_the_mode_stays_and_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("a")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    write(read(tmp_path / "link"), b"b")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"b"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("now", [b"theirs", None])
def test_what_was_changed_meanwhile_stays(tmp_path: Path, now: bytes | None) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"before")
    held = read(path)
    path.write_bytes(now) if now is not None else path.unlink()
    with pytest.raises(WriteError, match="changed meanwhile"):
        write(held, b"ours")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([now] if now is not None else [])


def test_a_file_that_came_meanwhile_stays(tmp_path: Path) -> None:
    held = read(tmp_path / "f")
    (tmp_path / "f").write_bytes(b"theirs")
    with pytest.raises(WriteError, match="changed meanwhile"):
        write(held, b"ours")


def test_what_is_no_text_or_no_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "utf16").write_bytes("a".encode("utf-16"))
    (tmp_path / "large").write_bytes(b"a" * 100)
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(writer, "_MOST_BYTES", 50)
    for name, why in (("utf16", "no text"), ("large", "too large"), ("pipe", "no file"), (".", "no file"), ("none/f", "does not exist")):
        with pytest.raises(WriteError, match=why):
            read(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_read_only_files_and_folders_are_named(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a")
    (tmp_path / "f").chmod(0o444)
    with pytest.raises(WriteError, match="is read-only"):
        read(tmp_path / "f")
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(WriteError, match="folder is read-only"):
            read(tmp_path / "g")
    finally:
        tmp_path.chmod(0o755)


def test_read_only_is_asked_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_text("a")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(WriteError, match="is read-only"):
        read(tmp_path / "f")
    with pytest.raises(WriteError, match="folder is read-only"):
        read(tmp_path / "g")


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    with pytest.raises(WriteError, match="cannot be written"):
        write(Held(folder / "f", None), b"x")
    assert not list(tmp_path.iterdir())
