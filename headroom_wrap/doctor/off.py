"""Whether anything of ours is in any agent's way: settings, MCP entries, hooks, environment, and what the journal knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters.registry import ADAPTERS
from headroom_wrap.config import Config
from headroom_wrap.doctor.traces import Trace, in_environment, in_text
from headroom_wrap.mcp_install.places import PLACES
from headroom_wrap.supervisor.journal import Journal

_FURTHER = (
    ".cursor/hooks.json",
    ".cursor/mcp.json",
    ".mcp.json",
    ".gemini/settings.json",
    ".claude/settings.json",
    "opencode.json",
    "opencode.jsonc",
)


@dataclass(frozen=True, slots=True)
class Look:
    """What was found.

    Args:
        traces: those in the journal, in the environment, and in files in the order of their agents.
        files: how many were read.
        unreadable: a sentence for each that could not be, by us or by an agent of the same user.
    """

    traces: tuple[Trace, ...]
    files: int
    unreadable: tuple[str, ...]


def look(settings: Config) -> Look:
    """Look everywhere."""
    known = _known(settings)
    found = [*_journal(Journal(settings.state)), *in_environment(settings.surroundings.environ, known)]
    read, unreadable = 0, []
    for path in files(settings):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            unreadable.append(f"{path} cannot be read: {error.strerror}.")
            continue
        read += 1
        found += in_text(str(path), text, known)
    return Look(tuple(found), read, tuple(unreadable))


def _journal(journal: Journal) -> Iterator[Trace]:
    try:
        for entry in journal.live():
            yield Trace(str(entry.file), f"a wrapped session runs (process {entry.pid})")
        for entry in journal.stale():
            yield Trace(str(entry.file), "a session was killed: headroom undo")
        for file in journal.unreadable():
            yield Trace(str(file), "an entry that cannot be read, so it is not known what a session left behind")
    except OSError as error:
        yield Trace(error.filename or "the journal", f"cannot be read: {error.strerror}")


def files(settings: Config) -> list[Path]:
    """Every file that steers an agent here, each once."""
    around = settings.surroundings
    found = [place.file(around.environ, around.home) for place in PLACES.values()]
    for adapter in ADAPTERS.values():
        found += adapter.reads((), around.environ, around.home, around.cwd)
    found += [folder / name for folder in (around.home, around.cwd) for name in _FURTHER]
    return list(dict.fromkeys(found))


def _known(settings: Config) -> tuple[str, ...]:
    """Texts that are ours wherever they stand."""
    addresses = tuple(f"{host}:{settings.proxy_port}" for host in ("127.0.0.1", "localhost", "[::1]"))
    try:
        token = (settings.state / "proxy-token").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    return (*addresses, str(settings.state / "sessions"), *([token] if token else []))
