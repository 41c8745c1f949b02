from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headroom_wrap import config
from headroom_wrap.cli.commands import cli
from headroom_wrap.errors import UserError
from headroom_wrap.state import open_store
from pipeline import markers
from pipeline.store.api import StoreError
from pipeline.store.sqlite import SqliteStore

LOG = (
    "\n".join(f"2026-01-02T03:04:{n % 60:02d}Z INFO svc request {n} served in {n % 90} ms" for n in range(300))
    + "\n2026-01-02T03:09:00Z ERROR svc disk full"
)


def run(*arguments: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(cli, ["compress", *arguments], input=stdin)


def test_a_file_becomes_smaller_and_comes_back(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text(LOG)
    done = run(str(tmp_path / "app.log"), "--query", "what failed?")
    assert done.exit_code == 0, done.output
    assert "ERROR svc disk full" in done.stdout
    assert len(done.stdout) < len(LOG) / 3
    handle = markers.handles(done.stdout)[0]
    assert "headroom: log: " in done.stderr
    assert CliRunner().invoke(cli, ["show", handle]).stdout == LOG


@pytest.mark.parametrize(
    ("asked", "text", "said"),
    [
        (("--lines", "301"), "301\t2026-01-02T03:09:00Z ERROR svc disk full", "1 of 301 lines"),
        (("--lines", "301:22-26"), "ERROR", "characters 22-26 of 40 of line 301"),
        (("--grep", "disk"), "301\t2026-01-02T03:09:00Z ERROR svc disk full", "1 of 301 lines"),
    ],
)
def test_a_part_is_told_as_what_it_is(asked: tuple[str, str], text: str, said: str) -> None:
    handle = markers.handles(run("-", stdin=LOG).stdout)[0]
    assert CliRunner().invoke(cli, ["show", handle, *asked]).stdout == f"{text}\n[headroom {handle}: {said}]\n"


def test_the_diff_shows_every_line_of_the_original() -> None:
    done = run("-", "--diff", stdin=LOG)
    lines = done.stdout.split("\n")[:-1]
    assert [line[9:] for line in lines] == LOG.split("\n")
    left_out = [line for line in lines if line.startswith("-")]
    assert f"{len(left_out):,} of 301 lines left out" in done.stderr
    assert not any("disk full" in line for line in left_out)


def test_what_is_not_compressed_is_printed_as_it_is() -> None:
    done = run("-", stdin=b"short \xff\n")
    assert done.stdout_bytes == b"short \xff\n"
    assert "unchanged (too small)" in done.stderr


def test_the_command_steers() -> None:
    text = "\n".join(f"{n}: def f_{n}(x): return x * {n} + offset_of({n})" for n in range(400))
    assert "a file the agent may edit" in run("-", "--command", "cat app.py", stdin=text).stderr


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    done = run(str(tmp_path / "none"))
    assert isinstance(done.exception, UserError)
    assert "cannot be read" in done.exception.message
    with pytest.raises(UserError):
        raise done.exception


def test_bytes_that_are_no_utf8_come_back() -> None:
    data = LOG.encode().replace(b"svc request 7 ", b"svc \xff\xfe 7 ") + b"\xe2\x82"
    handle = markers.handles(run("-", stdin=data).stdout_bytes.decode("utf-8", "replace"))[0]
    assert CliRunner().invoke(cli, ["show", handle]).stdout_bytes == data


def test_half_a_character_comes_back_as_it_would_stand_alone(private_home: Path) -> None:
    store = open_store(config.load(config.surroundings()))
    handle = store.put_original("a\ud83db\n", label="JSON may hold it")
    store.close()
    assert CliRunner().invoke(cli, ["show", handle]).stdout_bytes == b"a\xed\xa0\xbdb\n"


@pytest.mark.parametrize("words", [("compress", "-"), ("show", "3f9a2c7b")])
def test_a_store_that_fails_is_a_sentence(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("The store failed: disk I/O error.")

    for name in ("put_original", "original"):
        monkeypatch.setattr(SqliteStore, name, fail)
    done = CliRunner().invoke(cli, words, input=LOG)
    assert isinstance(done.exception, UserError)
    assert (done.exception.message, done.exception.status) == ("The store failed: disk I/O error.", 1)
