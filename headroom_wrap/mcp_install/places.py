"""Where each agent keeps its MCP servers, and in which words: as its own ``mcp add`` writes them, verified on the real programs but for Cursor and
Claude Desktop, of which that is taken from their documentation.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters import json_text
from headroom_wrap.mcp_install import toml_text

NAME = "headroom"


@dataclass(frozen=True, slots=True)
class Place:
    """One agent's.

    Args:
        agent: its name.
        file: its settings for this user, from the environment and the home folder.
        table: the names on the way to the servers.
        entry: a server's settings, from its command.
        toml: the file is TOML, not JSON.
        restart: what makes a running agent see the change.
    """

    agent: str
    file: Callable[[Mapping[str, str], Path], Path]
    table: tuple[str, ...]
    entry: Callable[[tuple[str, ...]], dict[str, Any]]
    toml: bool = False
    restart: str = "Sessions that start from now on have it."

    def added(self, text: str, command: tuple[str, ...]) -> str:
        """The settings with our server.

        Raises:
            json_text.UnfitError: it cannot be added there; the message says why.
        """
        path = (*self.table, NAME)
        return (toml_text.append if self.toml else json_text.insert)(text, path, self.entry(command))

    def without(self, text: str) -> str:
        """The settings without our server, wherever in them it stands by now.

        Raises:
            json_text.UnfitError: it cannot be taken out; the message says why.
        """
        if self.toml:
            raise json_text.UnfitError("was written anew, with comments perhaps")
        return json_text.remove(text, (*self.table, NAME))

    def snippet(self, command: tuple[str, ...]) -> str:
        """What to add by hand."""
        return self.added("", command)


def _in_folder(variable: str, folder: str, name: str) -> Callable[[Mapping[str, str], Path], Path]:
    """A file in the agent's folder, which a variable may name."""
    return lambda environ, home: (Path(environ[variable]) if environ.get(variable) else home / folder) / name


def _claude(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ.get("CLAUDE_CONFIG_DIR") or home) / ".claude.json"


def _gemini(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ.get("GEMINI_CLI_HOME") or home) / ".gemini" / "settings.json"


def _opencode(environ: Mapping[str, str], home: Path) -> Path:
    folder = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "opencode"
    commented = folder / "opencode.jsonc"
    return commented if commented.exists() else folder / "opencode.json"


def _desktop(environ: Mapping[str, str], home: Path) -> Path:
    if sys.platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        folder = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    return folder / "Claude" / "claude_desktop_config.json"


def _plain(command: tuple[str, ...]) -> dict[str, Any]:
    return {"command": command[0], "args": list(command[1:])}


def _stdio(command: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "stdio", **_plain(command)}


_PLACES = (
    Place("claude", _claude, ("mcpServers",), lambda command: {**_stdio(command), "env": {}}),
    Place("codex", _in_folder("CODEX_HOME", ".codex", "config.toml"), ("mcp_servers",), _plain, toml=True),
    Place(
        "copilot",
        _in_folder("COPILOT_HOME", ".copilot", "mcp-config.json"),
        ("mcpServers",),
        lambda command: {"tools": ["*"], "type": "local", **_plain(command)},
    ),
    Place("cursor", lambda _, home: home / ".cursor" / "mcp.json", ("mcpServers",), _stdio),
    Place("gemini", _gemini, ("mcpServers",), _plain),
    Place("opencode", _opencode, ("mcp",), lambda command: {"type": "local", "command": list(command), "enabled": True}),
    Place("claude-desktop", _desktop, ("mcpServers",), _plain, restart="Quit Claude Desktop and start it again."),
)
PLACES: dict[str, Place] = {place.agent: place for place in _PLACES}
