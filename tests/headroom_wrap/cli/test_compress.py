from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headroom_wrap.cli.commands import cli
from headroom_wrap.errors import UserError
from pipeline import markers

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
