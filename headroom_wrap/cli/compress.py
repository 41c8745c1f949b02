"""``headroom compress FILE|-``: what a tool's output would look like to the model."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from headroom_wrap import config
from headroom_wrap.cli.options import settings
from headroom_wrap.errors import UserError


@click.command("compress")
@click.argument("file", metavar="FILE|-")
@click.option("--query", default="", help="What is looked for: it is never left out.")
@click.option("--command", "shell", default="", metavar="COMMAND", help="The command whose output it is, e.g. 'make test'.")
@click.option("--diff", is_flag=True, help="Show the original with what is left out marked.")
@settings("profile", "floor_tokens", "disabled")
def command(file: str, query: str, shell: str, diff: bool, **flags: Any) -> None:
    """Print FILE (or standard input) as the model would see it; the original stays retrievable."""
    from headroom_wrap.state import open_store
    from pipeline import ccr, tool_calls
    from pipeline.compressors.api import Content
    from pipeline.policy import Policy
    from pipeline.query import Query
    from pipeline.router import route
    from pipeline.store.api import StoreError

    loaded = config.load(config.surroundings(), flags)
    text = _read(file)
    call = tool_calls.describe("", "Bash", {"command": shell}, {}) if shell else None
    policy = Policy(
        profile=loaded.profile, floor_tokens=loaded.floor_tokens, disabled=frozenset(loaded.disabled), workspace=str(loaded.surroundings.cwd)
    )
    outcome = route(Content(text, Query.of(query, call), call), (), policy)
    if outcome.text is None or outcome.rewrite is None:
        _write(text)
        click.echo(f"headroom: unchanged ({outcome.reason.value})", err=True)
        return
    store = open_store(loaded)
    try:
        handle = store.put_original(text, unit=outcome.rewrite.unit, spans=outcome.rewrite.spans, label=f"headroom compress {file}")
    except StoreError as error:
        raise UserError(str(error), status=1) from None
    finally:
        store.close()
    if diff:
        for line in marked(text, outcome.rewrite.spans, [range(g.first, g.last + 1) for g in outcome.rewrite.gaps], color=_color(loaded)):
            _write(line)
    else:
        _write(ccr.render(outcome.rewrite, handle) + "\n")
    share = 1 - outcome.tokens_after / outcome.tokens_before
    left = (
        f"{outcome.rewrite.left_out:,} of {outcome.rewrite.total:,} {outcome.rewrite.unit}s left out" if outcome.rewrite.gaps else "nothing left out"
    )
    numbers = f"{outcome.tokens_before:,} → {outcome.tokens_after:,} tokens ({share:.0%} less)"
    click.echo(f"headroom: {outcome.compressor}: {numbers}, {left}; the original: headroom show {handle}", err=True)


def marked(text: str, spans: tuple[tuple[int, int], ...], gaps: list[range], *, color: bool) -> Iterator[str]:
    """The original's units, a line each, with ``-`` in front of those that are left out and a blank in front of the others."""
    units = [text[a:b] for a, b in spans] if spans else text.split("\n")
    left_out = {n for gap in gaps for n in gap}
    for n, unit in enumerate(units, 1):
        line = f"{'-' if n in left_out else ' '}{n:>6}  {unit}"
        yield (f"\x1b[31m{line}\x1b[0m\n" if color and n in left_out else f"{line}\n")


def _color(loaded: config.Config) -> bool:
    return sys.stdout.isatty() and loaded.surroundings.color


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.", "Name a file, or - for standard input.", status=1) from None
    return data.decode("utf-8", "surrogateescape")


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
