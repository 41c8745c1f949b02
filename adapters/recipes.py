"""Programs that take the address of their model's API from a variable: an entry for each, and one plan for all.

A program of which more has to be known has an adapter of its own. Nothing of the user's is written, and no credential is set: what a request
carries says whether it is admitted where it goes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from adapters.loopback import past_proxies
from adapters.plan import LaunchPlan, PlanError, PlanRequest, Transcripts, no_shell


@dataclass(frozen=True, slots=True)
class Address:
    """An API that a program can be pointed to.

    Args:
        name: first segment of its requests' paths at our proxy.
        public: where the program goes by itself.
        variables: that name another place; the first one counts.
    """

    name: str
    public: str
    variables: tuple[str, ...]


@dataclass(slots=True, eq=False)  # not frozen: the attributes of an adapter may be set, as its interface has it
class Recipe:
    """A program as an adapter.

    Args:
        addresses: of the APIs that can be made to pass through us; what goes elsewhere does so without us.
        mcp_flag: takes the path of a file with MCP servers, ``""`` if the program has no such flag.
        losses: what does not pass, or does not get smaller, a sentence each.
        no_model: first arguments of commands that do not talk to a model.
        folder: of its sessions below the home folder, and their pattern; ``""`` if it keeps none that are understood.
    """

    name: str
    programs: tuple[str, ...]
    install: str
    addresses: tuple[Address, ...]
    tested: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ("AGENTS.md",)
    tool_kinds: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    mcp_flag: str = ""
    losses: tuple[str, ...] = ()
    no_model: frozenset[str] = frozenset({"--version", "--help", "-h"})
    sessions: tuple[str, str] = ("", "")

    def transcripts(self, environ: Mapping[str, str], home: Path) -> Transcripts | None:
        folder, pattern = self.sessions
        return Transcripts(home / folder, pattern) if folder else None

    def reads(self, arguments: tuple[str, ...], environ: Mapping[str, str], home: Path, cwd: Path) -> list[Path]:
        return []

    def plan(self, request: PlanRequest) -> LaunchPlan:
        if request.arguments and request.arguments[0] in self.no_model:
            note = "This command does not talk to a model: it is run as it is."
            return LaunchPlan(self.name, (request.program.path, *request.arguments), "", routed=False, notes=(note,))
        if request.shell:
            raise no_shell(self.name, "Headroom does not know what it runs without asking.")
        env: dict[str, str] = {}
        mounts: dict[str, str] = {}
        for address in self.addresses:
            mounts[address.name], path = _taken_apart(_given(address, request))
            env |= dict.fromkeys(address.variables, f"{request.proxy}/{address.name}{path}")
        files: dict[Path, str] = {}
        flags: list[str] = []
        if request.mcp and self.mcp_flag:
            path_of_servers = request.folder / "mcp.json"
            server = {"command": request.mcp[0], "args": list(request.mcp[1:]), "trust": True}
            files[path_of_servers] = json.dumps({"mcpServers": {"headroom": server}})
            flags = [self.mcp_flag, str(path_of_servers)]
        return LaunchPlan(
            self.name,
            (request.program.path, *flags, *request.arguments),
            "",
            env=env | past_proxies(request.environ),
            mounts=mounts,
            files=files,
            losses=self.losses,
            notes=self._notes(request.program.version),
        )

    def _notes(self, version: str) -> tuple[str, ...]:
        if not self.tested:
            return (f"Headroom was not tested with {self.name}: what it sets for it is taken from its documentation.",)
        if not version or version in self.tested:
            return ()
        return (f"{self.name} {version} is not among the versions that Headroom was tested with ({', '.join(self.tested)}).",)


def _given(address: Address, request: PlanRequest) -> str:
    """Where the program would go: the user's word, its variables, its own choice."""
    own = next((request.environ[name] for name in address.variables if request.environ.get(name)), "")
    return request.upstream or own or address.public


def _taken_apart(address: str) -> tuple[str, str]:
    """Scheme and host of an address, and the rest, by which the program makes the paths of its requests.

    Raises:
        PlanError: it is none.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise PlanError(f"{address!r} is no http or https address.", "Write it in full: https://llm.example.com/v1")
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin, address[len(origin) :]


def _openai(*variables: str) -> Address:
    return Address("openai-api", "https://api.openai.com/v1", variables or ("OPENAI_BASE_URL",))


def _anthropic(*variables: str) -> Address:
    return Address("anthropic-api", "https://api.anthropic.com", variables or ("ANTHROPIC_BASE_URL",))


_NO_TOOLS = "{} has no MCP here: what was left out comes back by `headroom show` alone."
_OTHERS = "Models of other vendors than OpenAI and Anthropic do not go through Headroom."
_QWEN_TOOLS = MappingProxyType(
    {
        "read_file": "read",
        "grep_search": "search",
        "glob": "list",
        "list_directory": "list",
        "run_shell_command": "shell",
        "web_fetch": "fetch",
        "edit": "edit",
        "write_file": "edit",
        "monitor": "shell",
        "agent": "other",
        "skill": "other",
        "tool_search": "other",
        "todo_write": "other",
        "send_message": "other",
        "task_stop": "other",
    }
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "aider",
            ("aider",),
            "pipx install aider-chat",
            # Each library that it goes through reads another one of the two names first.
            (_openai("OPENAI_API_BASE", "OPENAI_BASE_URL"), _anthropic("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL")),
            tested=("0.86.2",),
            instructions=("CONVENTIONS.md",),
            losses=(
                "Aider calls no tools: files and outputs stand in its prompts as the user's text, of which only pasted data may shrink.",
                _OTHERS,
                "An address in aider's own settings or in a .env file goes before ours.",
                _NO_TOOLS.format("Aider"),
            ),
        ),
        Recipe(
            "qwen",
            ("qwen",),
            "npm install -g @qwen-code/qwen-code",
            (_openai(), _anthropic()),
            tested=("0.15.10",),
            instructions=("QWEN.md", "AGENTS.md"),
            tool_kinds=_QWEN_TOOLS,
            mcp_flag="--mcp-config",
            losses=("Sessions with Qwen's own login, and models with an address in Qwen Code's settings, do not go through Headroom.",),
            no_model=frozenset({"--version", "-v", "--help", "-h", "mcp", "extensions", "auth", "hooks", "hook", "channel"}),
            sessions=(".qwen/projects", "*/chats/*.jsonl"),
        ),
        Recipe(
            "goose",
            ("goose",),
            "https://block.github.io/goose",
            (
                Address("openai-api", "https://api.openai.com", ("OPENAI_HOST",)),
                Address("anthropic-api", "https://api.anthropic.com", ("ANTHROPIC_HOST",)),
            ),
            instructions=("AGENTS.md", ".goosehints"),
            losses=(_OTHERS, _NO_TOOLS.format("goose")),
            no_model=frozenset({"--version", "-V", "--help", "-h", "configure", "info", "update", "completion"}),
        ),
        Recipe(
            "crush",
            ("crush",),
            "npm install -g @charmland/crush",
            (_openai("OPENAI_API_ENDPOINT"), _anthropic("ANTHROPIC_API_ENDPOINT")),
            instructions=("AGENTS.md", "CRUSH.md"),
            losses=(_OTHERS, "Providers with an address in crush.json do not go through Headroom.", _NO_TOOLS.format("Crush")),
        ),
    )
}
