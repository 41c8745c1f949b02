"""``headroom unlearn``: our block out of the instruction files again, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from adapters.instruction_files import READS
from headroom_wrap import config
from headroom_wrap.learn import git
from headroom_wrap.learn.block import BrokenError, find, remove
from headroom_wrap.learn.state import Memory, Record, Written
from headroom_wrap.learn.writer import WriteError, encoded, read, write


@click.command("unlearn")
@click.option("--project", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The project's folder; by default this one.")
def command(project: Path | None) -> None:
    """Take what `headroom learn` wrote out of a project's instruction files. Your own lines in it stay; the rules do not come back by themselves."""
    settings = config.load(config.surroundings())
    folder = git.root(Path(os.path.realpath(project or settings.surroundings.cwd)), settings.surroundings.home)
    memory = Memory(settings.state)
    record = memory.record(folder)
    removed, problems = 0, []
    taken: dict[Path, Mapping[str, str]] = {}
    for path in _files(folder, record):
        try:
            sentence = _take_out(path, record, taken)
        except (WriteError, BrokenError) as error:
            problems.append(f"{path}: {error}." if isinstance(error, BrokenError) else str(error))
            continue
        if sentence:
            removed += 1
            click.echo(sentence)
    if taken:
        try:
            memory.update(folder, partial(_without, taken))
        except OSError as error:
            problems.append(f"That these rules are not wanted cannot be remembered: {error}.")
    if not removed and not problems:
        click.echo("Nothing of ours stands in this project's instruction files.")
    for problem in problems:
        click.echo(f"headroom: {problem}", err=True)
    if problems:
        sys.exit(1)


def _files(folder: Path, record: Record) -> list[Path]:
    """Every file that may hold our block: what we know that we wrote, and what agents read here. Each once."""
    names = dict.fromkeys(name for reads in READS.values() for group in reads.groups for name in group)
    known = [Path(path) for path in record.files]
    found = {os.path.realpath(path): path for path in [*known, *(folder / name for name in names)] if path.is_file()}
    return [Path(path) for path in found]


def _holds_block(path: Path) -> bool:
    """Whether it does; a file that cannot be read was not written by us."""
    try:
        return find(path.read_bytes().decode("utf-8", "surrogateescape")) is not None
    except OSError:
        return False


def _without(taken: Mapping[Path, Mapping[str, str]], record: Record) -> Record:
    """What is known of the project by now, without the blocks that were taken out: a session may have ended meanwhile."""
    for path, rules in taken.items():
        record = record.with_file(path, {}, rules, made=False)
    return record


def _take_out(path: Path, record: Record, taken: dict[Path, Mapping[str, str]]) -> str:
    """Take our block out of a file, and note which rules were in it. Returns what was done; ``""`` where there is none.

    Raises:
        WriteError, BrokenError: it cannot be done.
    """
    if not _holds_block(path):
        return ""
    held = read(path)
    before = record.files.get(str(held.path), Written())
    text, theirs = remove(held.text, before.rules)
    gone = before.made and not text.strip("\ufeff")
    write(held, None if gone else encoded(text))
    taken[held.path] = before.rules
    if gone:
        return f"{held.path}: removed; there was nothing else in it."
    kept = f"; {len(theirs)} line{'' if len(theirs) == 1 else 's'} of yours stayed" if theirs else ""
    return f"{held.path}: our block is out{kept}."
