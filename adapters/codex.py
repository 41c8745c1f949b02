"""Codex: overrides on the command line for one run; nothing of the user's is written.

Verified on 0.169.0. The address of the built-in provider ``openai`` is overridden, never the provider: sessions are stamped with it, and Codex
resumes none whose provider is gone. Codex reads overrides from left to right, those of a subcommand after those before it, and the last one
counts, so ours stand at the end. No credential is set or read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from adapters.loopback import past_proxies
from adapters.plan import LaunchPlan, PlanError, PlanRequest, Transcripts, no_shell

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_BUILT_IN = "openai"
_SYSTEM = Path("/etc/codex/config.toml")
_TUI = frozenset({"", "resume", "fork", "agents"})  # "" is the prompt's own
_ROUTED = _TUI | {"exec", "e", "review"}
_COMMANDS = _ROUTED | frozenset(
    "login logout mcp plugin app-server remote-control completion update doctor sandbox debug apply a queue archive unarchive delete"
    " migrate-rollouts migrate-nfs-db cloud exec-server features help".split()
)
_NO_MODEL = frozenset({"-h", "--help", "-V", "--version"})
_WITH_VALUE = frozenset(
    "-c --config --enable --disable --remote --remote-auth-token-env -m --model --local-provider -p --profile -s --sandbox -C --cd --add-dir -a"
    " --ask-for-approval".split()
)
_WITH_VALUES = frozenset({"-i", "--image"})  # all that follows until the next option
_START_S, _CALL_S = 20, 60  # what Codex waits for our server: to start, and for an answer
_REGIONS = "Codex does not apply the routing of ChatGPT workspaces that are bound to a region behind any address that is not OpenAI's."
_MODELS = "With an API key Codex does not look for models newer than itself behind any address that is not OpenAI's."
_NO_DAEMON = "Codex runs without its background server: what is under way ends with it."
_NO_TITLE = "Codex gives new sessions no titles of their own while it has Headroom's tools (--no-mcp)."  # nor with any server that a flag names
_ASKS = "untrusted"  # the policy by which Codex asks before whatever it does not know to be harmless; 0.169.0 stops at it and says so
_UNASKED = frozenset({"--dangerously-bypass-approvals-and-sandbox", "--yolo"})
_LOGIN = "Codex runs commands in a login shell: there, too, `headroom` must be on the PATH for the model to get back what was left out."
_MAY_ASK = f"Where Codex asks before every command that it does not know (approval policy {_ASKS}), it asks before each headroom show."


class Codex:
    """The adapter."""

    name = "codex"
    programs: tuple[str, ...] = ("codex",)
    install = "npm install -g @openai/codex"
    tested: tuple[str, ...] = ("0.169.0",)
    instructions: tuple[str, ...] = ("AGENTS.override.md", "AGENTS.md")
    tool_kinds: Mapping[str, str] = MappingProxyType(
        {
            "exec_command": "shell",
            "write_stdin": "shell",
            "shell": "shell",
            "shell_command": "shell",
            "local_shell": "shell",
            "exec": "shell",
            "wait": "shell",
            "apply_patch": "edit",
            "view_image": "other",
            "update_plan": "other",
            "web_search": "fetch",
        }
    )

    def transcripts(self, environ: Mapping[str, str], home: Path) -> Transcripts | None:
        return Transcripts(_folder(environ, home) / "sessions", "**/rollout-*.jsonl")

    def reads(self, arguments: tuple[str, ...], environ: Mapping[str, str], home: Path, cwd: Path) -> list[Path]:
        """The layers of its configuration, each over those before it. What a project sets says nothing about addresses: Codex ignores that."""
        folder = _folder(environ, home)
        line = _Line.of(arguments)
        own = [] if "--ignore-user-config" in line.options else [folder / "config.toml"]
        return [_SYSTEM, *own, *(folder / f"{name}.config.toml" for name in line.values("-p", "--profile"))]

    def plan(self, request: PlanRequest) -> LaunchPlan:
        line = _Line.of(request.arguments)
        unrouted = _unrouted(line)
        if unrouted:
            return LaunchPlan(self.name, (request.program.path, *request.arguments), "", routed=False, notes=(unrouted,))
        config = _merged(request, line)
        provider = _provider(config, line)
        if request.shell and _asks(config, line):
            raise no_shell("Codex", f"with the approval policy {_ASKS!r} it asks before each command.")
        upstream = request.upstream or provider.address
        flags = ["-c", provider.override(request.proxy)]
        if request.mcp and "url" not in _table(_table(config, "mcp_servers"), "headroom"):
            flags += ["-c", f"mcp_servers.headroom={_server(request.mcp)}"]
        losses = () if upstream else (_REGIONS, _MODELS)
        if line.command in _TUI:
            losses = (*losses, _NO_DAEMON, *([_NO_TITLE] if request.mcp else []))
            flags += [] if "--no-daemon" in line.options else ["--no-daemon"]
        if request.shell:  # its sandboxes read everything, and so our store while a session's proxy holds it open
            losses = (*losses, _LOGIN, *([_MAY_ASK] if line.command in _TUI else []))
        return LaunchPlan(
            self.name,
            (request.program.path, *line.before, *flags, *line.after),
            upstream,
            env=past_proxies(request.environ),
            losses=losses,
            notes=self._notes(request.program.version),
        )

    def _notes(self, version: str) -> tuple[str, ...]:
        if not version or version in self.tested:
            return ()
        return (f"Codex {version} is not among the versions that Headroom was tested with ({', '.join(self.tested)}).",)


@dataclass(frozen=True, slots=True)
class _Line:
    """The user's arguments taken apart, as far as they matter here.

    Args:
        before: those before ``--``.
        after: that and what follows.
        options: flags and options with their values (``""`` without one), in order.
        command: the subcommand, ``""`` if there is none.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    command: str

    @classmethod
    def of(cls, arguments: tuple[str, ...]) -> _Line:
        end = arguments.index("--") if "--" in arguments else len(arguments)
        before = arguments[:end]
        parts = list(_parts(before))
        first = next((value for option, value in parts if not option), "")
        command = first if first in _COMMANDS else ""
        return cls(before, arguments[end:], tuple(p for p in parts if p[0]), command)

    @property
    def options(self) -> frozenset[str]:
        return frozenset(option for option, _ in self.pairs)

    def values(self, *names: str) -> list[str]:
        return [value for option, value in self.pairs if option in names]


def _parts(arguments: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Options with their values as Codex's parser sees them, and the other arguments as values of the option ``""``."""
    rest = list(reversed(arguments))
    while rest:
        argument = rest.pop()
        if argument == "-" or not argument.startswith("-"):
            yield "", argument
            continue
        option, value = _option(argument)
        if value is None and option in _WITH_VALUE:
            value = rest.pop() if rest else ""
        elif value is None and option in _WITH_VALUES:
            while rest and not rest[-1].startswith("-"):
                rest.pop()
        yield option, value or ""


def _option(argument: str) -> tuple[str, str | None]:
    """The name of an option and the value that is written into the same argument."""
    if argument.startswith("--"):
        name, equals, value = argument.partition("=")
        return name, value if equals else None
    name, value = argument[:2], argument[2:]
    return name, value.removeprefix("=") if value else None


def _unrouted(line: _Line) -> str:
    """Why a command is run as it is, ``""`` if it goes through us."""
    if line.command not in _ROUTED or line.options & _NO_MODEL:
        return "This command is run as it is: it does not talk to a model, or not in a way that Headroom could carry."
    if "--remote" in line.options:
        return "Codex is run as it is: with --remote another server talks to the model."
    return ""


def _folder(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ["CODEX_HOME"]) if environ.get("CODEX_HOME") else home / ".codex"


def _merged(request: PlanRequest, line: _Line) -> dict[str, Any]:
    """The configuration in force: the files, then the overrides.

    Raises:
        PlanError: a file cannot be read, and the user has not said where requests should go.
    """
    merged: dict[str, Any] = {}
    for path, text in request.files.items():
        try:
            _merge(merged, tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            if request.upstream:
                continue
            raise PlanError(
                f"Codex's settings in {path} cannot be read ({error}), so it is unknown where its requests should go.",
                "Mend that file, or name the address with --upstream: Codex takes newer TOML than this Python does.",
            ) from None
    for override in line.values("-c", "--config"):
        key, _, value = override.partition("=")
        nested: Any = _value(value)
        for name in reversed(key.strip().split(".")):
            nested = {name: nested}
        _merge(merged, nested)
    return merged


def _merge(into: dict[str, Any], layer: Mapping[str, Any]) -> None:
    for name, value in layer.items():
        known = into.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        else:
            into[name] = value


def _value(text: str) -> Any:
    """The value of an override: TOML, or else the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()


@dataclass(frozen=True, slots=True)
class _Provider:
    """Whom Codex talks to.

    Args:
        name: in its configuration, ``""`` for the built-in provider.
        address: that the user set, ``""`` if none. Then the credential of each request says whether it is for OpenAI's API or for ChatGPT's
            backend, so that a login in mid-session, a keyring and ``CODEX_API_KEY`` are right too.
    """

    name: str
    address: str

    def override(self, address: str) -> str:
        """What gives it another address."""
        if not self.name:
            return f"openai_base_url={_toml(address)}"
        return f"model_providers={{{_toml(self.name)}={{base_url={_toml(address)}}}}}"


def _provider(config: Mapping[str, Any], line: _Line) -> _Provider:
    """The provider in force.

    Raises:
        PlanError: it cannot be given another address.
    """
    if "--oss" in line.options:
        raise PlanError("Codex is asked for a model on this machine (--oss), which does not go through Headroom.", "Run codex by itself.")
    name = str(config.get("model_provider", _BUILT_IN))
    if name == _BUILT_IN:
        return _Provider("", _address(config.get("openai_base_url")))
    own = _address(_table(_table(config, "model_providers"), name).get("base_url"))
    if not own:
        raise PlanError(
            f"Codex is set to reach its model through {name!r}, a provider whose address cannot be changed.",
            "Run codex by itself, or set model_provider to a provider of your own with a base_url.",
        )
    return _Provider(name, own)


def _asks(config: Mapping[str, Any], line: _Line) -> bool:
    """Whether Codex asks before commands that it does not know. Where it has nobody to ask (``exec``, ``review``) its policy is another one."""
    if line.command not in _TUI or line.options & _UNASKED:
        return False
    return [config.get("approval_policy"), *line.values("-a", "--ask-for-approval")][-1] == _ASKS


def _address(value: object) -> str:
    return value.rstrip("/") if isinstance(value, str) else ""


def _table(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(name)
    return found if isinstance(found, dict) else {}


def _server(command: tuple[str, ...]) -> str:
    """Our server as an inline table. Codex asks before each call of a tool unless it is told that it may be called."""
    arguments = ",".join(_toml(a) for a in command[1:])
    return (
        f'{{command={_toml(command[0])},args=[{arguments}],enabled=true,default_tools_approval_mode="approve",'
        f"startup_timeout_sec={_START_S},tool_timeout_sec={_CALL_S}}}"
    )


def _toml(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's, but for characters that JSON would split in two."""
    return json.dumps(text, ensure_ascii=False)
