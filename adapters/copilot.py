"""GitHub Copilot CLI: variables and one flag for one run; nothing of the user's is written.

Verified on 1.0.102. It has two ways to a model, and never both in one run: the user's Copilot account, whose address ``COPILOT_API_URL`` names,
and a provider of the user's own (``COPILOT_PROVIDER_*``), which goes before the account where it is set. No credential is set or read: the
GitHub credential and the provider's key are in the requests that pass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from adapters import jsonc
from adapters.loopback import past_proxies
from adapters.plan import LaunchPlan, PlanError, PlanRequest, Transcripts, no_shell

UPSTREAM = "https://api.githubcopilot.com"
_ACCOUNT, _PROVIDER, _ENTERPRISE_SERVER = "COPILOT_API_URL", "COPILOT_PROVIDER_BASE_URL", "COPILOT_PROVIDER_GHES_HOST"
_PROVIDERS_FILE = "COPILOT_PROVIDERS_CONFIG"
_COMMANDS = frozenset(
    "app login logout help init config update version workflow sessions memories plugin mcp skill instruction lsp sandbox completion".split()
)
_NO_MODEL = frozenset({"-h", "--help", "-v", "--version"})
_WITH_VALUE = frozenset(
    "-i --interactive -p --prompt --model --reasoning-effort --context --auto-tier --agent -n --name --session-id -C --log-dir --extension-sdk-path"
    " --log-level --stream --output-format --add-dir --attachment --disable-mcp-server --add-github-mcp-toolset --add-github-mcp-tool --plugin-dir"
    " --additional-mcp-config --mcp-github-auth --max-autopilot-continues --mode --environment-host --environment-compute-id --dynamic-retrieval"
    " --enable-mcp-server --max-ai-credits --usage-output-file --prefer-version".split()
)
_ALL = frozenset({"--allow-all", "--allow-all-tools", "--yolo"})
_AS_IT_IS = "This command is run as it is: it does not talk to a model, or not in a session."
_ELSEWHERE = "Copilot is run as it is: with --connect another machine talks to the model."
_HOST = f"Requests go to {UPSTREAM}. If GitHub gave your account an address of its own for Copilot, name it with --upstream."
_POLICY = "If your organisation's policy blocks MCP servers, what was left out comes back by `headroom show` alone."
_OTHERS = "The models of {path} do not go through Headroom: Copilot may write to that file, so it is not replaced."
_CHOOSE = (
    "Copilot can use your Copilot account or a provider of your own, and it is not said which.",
    "For your account: headroom wrap copilot --subscription. For a provider: set COPILOT_PROVIDER_BASE_URL (see: copilot help providers).",
)


class Copilot:
    """The adapter."""

    name = "copilot"
    programs: tuple[str, ...] = ("copilot",)
    platform_package = "@github/copilot-{platform}-{arch}"  # npm's starter waits for the program, and hands on no signals
    install = "npm install -g @github/copilot"
    tested: tuple[str, ...] = ("1.0.102",)
    instructions: tuple[str, ...] = ("AGENTS.md", ".github/copilot-instructions.md", "CLAUDE.md", "GEMINI.md")
    tool_kinds: Mapping[str, str] = MappingProxyType(
        {
            "view": "read",
            "bash": "shell",
            "read_bash": "shell",
            "write_bash": "shell",
            "powershell": "shell",
            "read_powershell": "shell",
            "grep": "search",
            "rg": "search",
            "semantic_code_search": "search",
            "glob": "list",
            "list_bash": "list",
            "web_fetch": "fetch",
            "fetch_copilot_cli_documentation": "fetch",
            "create": "edit",
            "edit": "edit",
            "apply_patch": "edit",
            "stop_bash": "other",
            "task": "other",
            "read_agent": "other",
            "write_agent": "other",
            "list_agents": "other",
            "skill": "other",
            "sql": "other",
            "session_store_sql": "other",
            "ask_user": "other",
        }
    )

    def transcripts(self, environ: Mapping[str, str], home: Path) -> Transcripts | None:
        return Transcripts(_folder(environ, home) / "session-state", "*/events.jsonl")

    def reads(self, arguments: tuple[str, ...], environ: Mapping[str, str], home: Path, cwd: Path) -> list[Path]:
        """Its settings, which may name an HTTP proxy, and its table of providers."""
        folder = _folder(environ, home)
        named = environ.get(_PROVIDERS_FILE, "").strip()
        return [folder / "settings.json", cwd / named if named else folder / "providers.json"]

    def plan(self, request: PlanRequest) -> LaunchPlan:
        unrouted = _unrouted(request.arguments)
        if unrouted:
            return LaunchPlan(self.name, (request.program.path, *request.arguments), "", routed=False, notes=(unrouted,))
        if request.shell and not _allows_all(request):
            raise no_shell("Copilot", "it allows commands by their first word alone, and headroom can run others.")
        way = _account(request) if request.subscription else _provider(request)
        settled = _proxy_of_settings(request)
        files: dict[Path, str] = {}
        flags: list[str] = []
        if request.mcp:
            path = request.folder / "mcp.json"
            # All its tools are read-only and say so: Copilot asks for no approval of such.
            server = {"type": "local", "command": request.mcp[0], "args": list(request.mcp[1:]), "tools": ["*"]}
            files[path] = json.dumps({"mcpServers": {"headroom": server}})
            flags = ["--additional-mcp-config", f"@{path}"]
        return LaunchPlan(
            self.name,
            (request.program.path, *flags, *request.arguments),
            way.upstream,
            env=way.env | past_proxies({**request.environ, **settled}),
            settled=settled,
            files=files,
            losses=_other_providers(request),
            notes=(*way.notes, *self._notes(request.program.version)),
        )

    def _notes(self, version: str) -> tuple[str, ...]:
        if not version or version in self.tested:
            return ()
        return (f"Copilot {version} is not among the versions that Headroom was tested with ({', '.join(self.tested)}).",)


@dataclass(frozen=True, slots=True)
class _Way:
    """How Copilot reaches its model.

    Args:
        upstream: where our proxy sends its requests.
        env: what brings them to us.
        notes: what is worth knowing of it.
    """

    upstream: str
    env: dict[str, str]
    notes: tuple[str, ...] = ()


def _account(request: PlanRequest) -> _Way:
    """The user's Copilot account. A provider that is set would go before it, so there is none for this run."""
    env = {_ACCOUNT: request.proxy, **{name: "" for name in (_PROVIDER, _ENTERPRISE_SERVER) if request.environ.get(name)}}
    own = request.upstream or request.environ.get(_ACCOUNT, "").strip().rstrip("/")
    upstream = own or _address_of_host(request.environ)
    policy = (_POLICY,) if request.mcp else ()
    return _Way(upstream, env, (_HOST, *policy) if upstream == UPSTREAM and not own else policy)


def _address_of_host(environ: Mapping[str, str]) -> str:
    """Copilot's API of the GitHub that the account is on: GitHub Enterprise Cloud with data residency has its own."""
    given = (environ.get("COPILOT_GH_HOST") or environ.get("GH_HOST") or "").strip()
    host = (urlsplit(given).hostname or "") if "://" in given else given.strip("/").lower()
    return f"https://copilot-api.{host}" if host.endswith(".ghe.com") else UPSTREAM


def _provider(request: PlanRequest) -> _Way:
    """The user's own provider.

    The path of its address is kept in ours, as Copilot makes the paths of requests by it; Azure's for one has project paths and plain ones.

    Raises:
        PlanError: there is none, or none that can be given another address.
    """
    given = request.upstream or request.environ.get(_PROVIDER, "").strip()
    if not given and request.environ.get(_ENTERPRISE_SERVER):
        raise PlanError(
            f"Copilot is set to reach its model through a GitHub Enterprise Server ({_ENTERPRISE_SERVER}), which does not go through Headroom.",
            f"Run copilot by itself, or unset {_ENTERPRISE_SERVER}.",
        )
    if not given:
        raise PlanError(*_CHOOSE)
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise PlanError(f"{_PROVIDER} is {given!r}, which is no http or https address.", "Write it in full: https://llm.example.com/v1")
    origin = f"{parts.scheme}://{parts.netloc}"
    return _Way(origin, {_PROVIDER: request.proxy + given[len(origin) :]})


def _other_providers(request: PlanRequest) -> tuple[str, ...]:
    """Copilot's table of providers holds further models, which the user may choose in the session."""
    for path, text in request.files.items():
        if path.name == "settings.json":
            continue
        try:
            table = jsonc.loads(text)
        except ValueError:  # Copilot ignores it too, and says so
            continue
        if isinstance(table, dict) and table.get("providers"):
            return (_OTHERS.format(path=path),)
    return ()


def _proxy_of_settings(request: PlanRequest) -> dict[str, str]:
    """The HTTP proxy that Copilot's settings name, as variables: Copilot takes it where the environment names none."""
    if any(request.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")):
        return {}
    text = next((text for path, text in request.files.items() if path.name == "settings.json"), "")
    try:
        settings = jsonc.loads(text)
    except ValueError:
        return {}
    proxy = settings.get("proxyUrl") if isinstance(settings, dict) else None
    return {"HTTPS_PROXY": proxy, "http_proxy": proxy} if isinstance(proxy, str) and proxy else {}


def _folder(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ["COPILOT_HOME"]) if environ.get("COPILOT_HOME") else home / ".copilot"


def _allows_all(request: PlanRequest) -> bool:
    """Whether the user has it run every tool unasked."""
    words = request.arguments[: request.arguments.index("--")] if "--" in request.arguments else request.arguments
    return bool(_ALL & set(words)) or request.environ.get("COPILOT_ALLOW_ALL") == "true"


def _unrouted(arguments: tuple[str, ...]) -> str:
    """Why a command is run as it is, ``""`` if it goes through us."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            break
        if argument in _NO_MODEL or argument in _COMMANDS:
            return _AS_IT_IS
        if argument.partition("=")[0] == "--connect":
            return _ELSEWHERE
        if argument in _WITH_VALUE:
            next(rest, None)
    return ""
