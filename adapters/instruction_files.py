"""Which files of instructions each agent reads by itself, and from where.

As seen in the requests of Claude Code, Codex, Copilot CLI, Gemini CLI and opencode; rules, user-level files and Cursor's as documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from adapters.instruction_imports import CLAUDE, GEMINI, Imports

NOWHERE, REPOSITORY, ROOT = "", "repository", "root"


@dataclass(frozen=True, slots=True)
class Reads:
    """What one agent reads.

    Args:
        groups: paths from a folder; of each group the first one that exists is read, as the agent does it.
        rules: folders from the project's whose ``.md`` and ``.mdc`` files are read, some of them only beside files that they name.
        above: how far up from the working folder it looks: ``NOWHERE``, ``REPOSITORY`` (to the folder that holds ``.git``), ``ROOT``.
        user: the file for all projects: a variable that may name its folder, that folder from the user's home, the file's name.
        imports: how these files pull in others; None where they cannot.
    """

    groups: tuple[tuple[str, ...], ...]
    rules: tuple[str, ...] = ()
    above: str = NOWHERE
    user: tuple[str, str, str] | None = None
    imports: Imports | None = None

    def user_file(self, environ: Mapping[str, str], home: Path) -> Path | None:
        """The file for all projects, whether it exists or not."""
        if self.user is None:
            return None
        variable, folder, name = self.user
        return (Path(environ[variable]) if environ.get(variable) else home / folder) / name


READS: Mapping[str, Reads] = MappingProxyType(
    {
        "claude": Reads(
            (("CLAUDE.md",), (".claude/CLAUDE.md",), ("CLAUDE.local.md",)),
            rules=(".claude/rules",),
            above=ROOT,
            user=("CLAUDE_CONFIG_DIR", ".claude", "CLAUDE.md"),
            imports=CLAUDE,
        ),
        "codex": Reads((("AGENTS.override.md", "AGENTS.md"),), above=REPOSITORY, user=("CODEX_HOME", ".codex", "AGENTS.md")),
        "copilot": Reads(
            ((".github/copilot-instructions.md",), ("AGENTS.md",), ("CLAUDE.md",), ("GEMINI.md",)),
            rules=(".github/instructions",),
            above=REPOSITORY,
            user=("COPILOT_HOME", ".copilot", "copilot-instructions.md"),
        ),
        "cursor": Reads((("AGENTS.md",), (".cursorrules",)), rules=(".cursor/rules",)),
        "gemini": Reads((("GEMINI.md",),), above=REPOSITORY, user=("", ".gemini", "GEMINI.md"), imports=GEMINI),
        "opencode": Reads((("AGENTS.md", "CLAUDE.md"),), above=REPOSITORY, user=("", ".config/opencode", "AGENTS.md")),
    }
)
