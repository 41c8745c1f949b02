"""Whether anything of ours is in any agent's way: settings, MCP entries, hooks, environment, and what the journal knows."""

from __future__ import annotations

from collections.abc import Iterator
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


def traces(settings: Config) -> Iterator[Trace]:
    """All that is found, files in the order of their agents."""
    journal = Journal(settings.state)
    for entry in journal.live():
        yield Trace(str(entry.file), f"a wrapped session runs (process {entry.pid})")
    for entry in journal.stale():
        yield Trace(str(entry.file), "a session was killed: headroom undo")
    around = settings.surroundings
    known = _known(settings)
    yield from in_environment(around.environ, known)
    for path in files(settings):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:  # missing, or such that the agent cannot read it either
            continue
        yield from in_text(str(path), text, known)


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
