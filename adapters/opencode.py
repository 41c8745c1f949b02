"""opencode: addresses and our tools in a variable that it merges over its configuration, for one run; nothing of the user's is written.

Verified on 1.18.33. It speaks with many providers, each under an address of its own, so each that the user can reach gets its own way through the
proxy and everything else of its configuration stays as it is. OpenAI's requests have no way of their own where the user gave no address: whether
they are for OpenAI's API or for ChatGPT's backend the credential of each request says. No credential is set; of the file with the logins only the
names and kinds are looked at.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from adapters import jsonc
from adapters.layers import at, merged
from adapters.loopback import past_proxies
from adapters.opencode_providers import OPENAI, ZEN, Provider, address, catalogue, named, reachable
from adapters.plan import LaunchPlan, PlanError, PlanRequest, Transcripts

_CONTENT = "OPENCODE_CONFIG_CONTENT"
_ROUTED = frozenset({"", "run", "serve", "web", "acp", "github", "pr"})
_COMMANDS = _ROUTED | frozenset(
    "completion mcp attach debug providers auth agent upgrade uninstall models stats export import session plugin plug db".split()
)
_NO_MODEL = frozenset({"-h", "--help", "-v", "--version", "--attach"})
_WITH_VALUE = frozenset(
    "-m --model -s --session --prompt --agent --port --hostname --log-level --mdns-domain --cors --replay-limit --command --format -f --file --title"
    " --attach -p --password -u --username --dir --variant".split()
)
_AUTH, _CATALOGUE, _RECENT = "auth.json", "models.json", "model.json"
_MANAGED = Path("/Library/Application Support/opencode" if sys.platform == "darwin" else "/etc/opencode")
_VARIABLE = re.compile(r"\{env:([^}]{1,200})\}")
_UNSAFE = re.compile(r"[^\w.-]")
_REGIONS = "opencode does not name the region of ChatGPT workspaces that are bound to one behind any address that is not OpenAI's."


class OpenCode:
    """The adapter."""

    name = "opencode"
    programs: tuple[str, ...] = ("opencode",)
    install = "npm install -g opencode-ai"
    tested: tuple[str, ...] = ("1.18.33",)
    instructions: tuple[str, ...] = ("AGENTS.md", "CLAUDE.md")
    tool_kinds: Mapping[str, str] = MappingProxyType(
        {
            "bash": "shell",
            "read": "read",
            "grep": "search",
            "glob": "list",
            "list": "list",
            "edit": "edit",
            "write": "edit",
            "multiedit": "edit",
            "patch": "edit",
            "apply_patch": "edit",
            "webfetch": "fetch",
            "websearch": "fetch",
            "codesearch": "fetch",
            "task": "other",
            "todowrite": "other",
            "todoread": "other",
            "skill": "other",
            "question": "other",
            "lsp": "other",
        }
    )

    def transcripts(self, environ: Mapping[str, str], home: Path) -> Transcripts | None:
        folder = _folder(environ, home, "XDG_DATA_HOME", ".local/share")
        return Transcripts(folder / (environ.get("OPENCODE_DB") or "opencode.db"))

    def reads(self, arguments: tuple[str, ...], environ: Mapping[str, str], home: Path, cwd: Path) -> list[Path]:
        """The layers of its configuration, each below the next, then who is signed in, the catalogue of providers and the models last used."""
        folder = _folder(environ, home, "XDG_CONFIG_HOME", ".config")
        layers = [folder / name for name in ("config.json", "opencode.json", "opencode.jsonc")]
        layers += [Path(environ["OPENCODE_CONFIG"])] if environ.get("OPENCODE_CONFIG") else []
        projects = [] if environ.get("OPENCODE_DISABLE_PROJECT_CONFIG", "").lower() in ("1", "true") else _upward(_directory(arguments, cwd))
        layers += [up / name for up in reversed(projects) for name in ("opencode.json", "opencode.jsonc")]
        own = [*(up / ".opencode" for up in projects), home / ".opencode"]
        own += [Path(environ["OPENCODE_CONFIG_DIR"])] if environ.get("OPENCODE_CONFIG_DIR") else []
        layers += [up / name for up in [*own, _MANAGED] for name in ("opencode.json", "opencode.jsonc")]
        rest = [
            _folder(environ, home, "XDG_DATA_HOME", ".local/share") / _AUTH,
            Path(environ.get("OPENCODE_MODELS_PATH") or _folder(environ, home, "XDG_CACHE_HOME", ".cache") / _CATALOGUE),
            _folder(environ, home, "XDG_STATE_HOME", ".local/state") / _RECENT,
        ]
        return list(dict.fromkeys([*layers, *rest]))

    def plan(self, request: PlanRequest) -> LaunchPlan:
        line = _Line.of(request.arguments)
        if line.command not in _ROUTED or line.options.keys() & _NO_MODEL:
            note = "This command is run as it is: it does not talk to a model, or another process does."
            return LaunchPlan(self.name, (request.program.path, *request.arguments), "", routed=False, notes=(note,))
        told = _Told.of(request)
        ways, losses = _ways(request, told, line)
        given = _content(request)
        ours: dict[str, Any] = {"provider": {way.provider: {"options": {"baseURL": way.ours}} for way in ways}}
        if not named(told.config):  # with providers in its configuration, opencode chooses its model among those alone
            ours["provider"] = {name: ours["provider"].get(name, {}) for name in told.reachable}
        if request.mcp and at(told.config, "mcp", "headroom") is None:
            ours["mcp"] = {"headroom": {"type": "local", "command": list(request.mcp), "enabled": True}}
        if request.shell:
            ours = merged(ours, _allowed(told.config, f"{' '.join(request.shell)} *"))
        mounts = {way.mount: way.upstream for way in ways if way.mount}
        return LaunchPlan(
            self.name,
            (request.program.path, *request.arguments),
            next(iter(mounts.values())) if len(mounts) == len(ways) == 1 else "",
            env={_CONTENT: json.dumps(merged(given, ours)), **past_proxies(request.environ)},
            mounts=mounts,
            losses=tuple(losses),
            notes=(*(f"Requests to {way.provider} go on to {way.shown}." for way in ways), *self._notes(request.program.version)),
        )

    def _notes(self, version: str) -> tuple[str, ...]:
        if not version or version in self.tested:
            return ()
        return (f"opencode {version} is not among the versions that Headroom was tested with ({', '.join(self.tested)}).",)


def _allowed(config: Mapping[str, Any], command: str) -> dict[str, Any]:
    """The configuration by which a command runs unasked: a rule after the user's own, for all agents and for those that have rules of their own.

    Of several rules that fit opencode takes the last one, and an object in the place of one word is put over it, so the word goes into it.
    """
    agents = config.get("agent")
    own = {name: agent for name, agent in agents.items() if at(agent, "permission") is not None} if isinstance(agents, dict) else {}
    allowed: dict[str, Any] = {"permission": _with_rule(config.get("permission"), command)}
    if own:
        allowed["agent"] = {name: {"permission": _with_rule(agent["permission"], command)} for name, agent in own.items()}
    return allowed


def _with_rule(permission: Any, command: str) -> dict[str, Any]:
    every = {"*": permission} if isinstance(permission, str) else {}
    bash = at(permission, "bash")
    return {**every, "bash": {**({"*": bash} if isinstance(bash, str) else {}), command: "allow"}}


@dataclass(frozen=True, slots=True)
class _Line:
    """The user's arguments taken apart, as far as they matter here.

    Args:
        options: that are given, with their values.
        words: the other arguments.
    """

    options: Mapping[str, str]
    words: tuple[str, ...]

    @classmethod
    def of(cls, arguments: tuple[str, ...]) -> _Line:
        options: dict[str, str] = {}
        words = []
        rest = iter(arguments)
        for argument in rest:
            if argument == "--":
                break
            if not argument.startswith("-") or argument == "-":
                words.append(argument)
                continue
            name, equals, value = argument.partition("=")
            options[name] = next(rest, "") if name in _WITH_VALUE and not equals else value
        return cls(options, tuple(words))

    @property
    def command(self) -> str:
        """The subcommand, ``""`` for the terminal interface."""
        return self.words[0] if self.words and self.words[0] in _COMMANDS else ""


@dataclass(frozen=True, slots=True)
class _Told:
    """What the user told opencode.

    Args:
        config: the layers of its configuration, merged.
        auth: who is signed in, by provider.
        known: what opencode knows of providers.
        reachable: those that it will offer.
        recent: a model was used before, and will be used again.
        managed: the providers that an administrator has set up, over everything else.
    """

    config: Mapping[str, Any]
    auth: Mapping[str, Any]
    known: Mapping[str, Provider]
    reachable: tuple[str, ...]
    recent: bool
    managed: frozenset[str]

    @classmethod
    def of(cls, request: PlanRequest) -> _Told:
        config: dict[str, Any] = {}
        managed: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        catalogue_path = request.environ.get("OPENCODE_MODELS_PATH", "")
        for path, text in request.files.items():
            name = _CATALOGUE if str(path) == catalogue_path else path.name
            if name in (_AUTH, _CATALOGUE, _RECENT):
                rest[name] = _cached(text)
            elif path.parent == _MANAGED:
                managed = merged(managed, _object(text, str(path), request.environ))
            else:
                config = merged(config, _object(text, str(path), request.environ))
        auth = _cached(request.environ.get("OPENCODE_AUTH_CONTENT", "")) or rest.get(_AUTH)
        used = rest.get(_RECENT)
        auth = auth if isinstance(auth, dict) else {}
        known = catalogue(rest.get(_CATALOGUE))
        config = merged(merged(config, _object(request.environ.get(_CONTENT, ""), _CONTENT, request.environ)), managed)
        return cls(
            config,
            auth,
            known,
            tuple(reachable(config, auth, request.environ, known)),
            isinstance(used, dict) and bool(used.get("recent")),
            named(managed),
        )


@dataclass(frozen=True, slots=True)
class _Way:
    """A provider's way through the proxy.

    Args:
        provider: its name.
        ours: the address that it is given.
        mount: first segment of the paths of its requests, ``""`` where the credential says where they go.
        upstream: where they go on to.
        shown: the same for a person.
    """

    provider: str
    ours: str
    mount: str
    upstream: str
    shown: str


def _ways(request: PlanRequest, told: _Told, line: _Line) -> tuple[list[_Way], list[str]]:
    """The ways of the providers that the user can reach, and what is lost with those that have none."""
    names = told.reachable
    in_config = named(told.config)
    others = [name for name in names if name != ZEN]
    if request.upstream and len(others) > 1:
        raise PlanError(
            f"opencode can reach several providers ({', '.join(others)}), so it is unclear which of them --upstream is for.",
            "Leave it out, and set provider.NAME.options.baseURL in opencode's own configuration.",
        )
    # Where nothing names a model, opencode takes the first of the providers that stand in the configuration: one more would be another choice.
    fixed = bool(in_config) and "model" not in told.config and not told.recent and not {"-m", "--model"} & line.options.keys()
    ways, losses = [], []
    for name in names:
        base = request.upstream if request.upstream and name in (others or names) else address(name, told.config, told.known, request.environ)
        if not base or name in told.managed:
            losses.append(f"Requests to {name} do not go through Headroom: its address cannot be changed for all of its models.")
        elif fixed and name not in in_config:
            if name != ZEN:
                losses.append(f"Requests to {name} do not go through Headroom, or opencode would choose another model: name one with --model.")
        else:
            ways.append(_way(request, name, base, own=_own(told, name) or bool(request.upstream)))
            if name == OPENAI and _signed_in(told):
                losses.append(_REGIONS)
    return ways, losses


def _way(request: PlanRequest, name: str, base: str, *, own: bool) -> _Way:
    if name == OPENAI:
        # Signed in with ChatGPT, opencode sends whatever goes to a path with /v1 in it past every address: ours has none.
        if not own:
            return _Way(name, request.proxy, "", "", "OpenAI's API or ChatGPT's backend, as the credential says")
        return _Way(name, f"{request.proxy}/to-{name}", f"to-{name}", base.rstrip("/"), base)
    base = base.rstrip("/")
    mount = f"to-{_UNSAFE.sub('-', name)}"
    if base.endswith("/v1"):  # by which Anthropic's paths are known
        return _Way(name, f"{request.proxy}/{mount}/v1", mount, base.removesuffix("/v1"), base)
    return _Way(name, f"{request.proxy}/{mount}", mount, base, base)


def _own(told: _Told, name: str) -> bool:
    """Whether the user gave a provider an address."""
    return bool(at(told.config, "provider", name, "options", "baseURL"))


def _signed_in(told: _Told) -> bool:
    return bool(at(told.auth, OPENAI, "type") == "oauth")


def _folder(environ: Mapping[str, str], home: Path, variable: str, otherwise: str) -> Path:
    return Path(environ.get(variable) or home / otherwise) / "opencode"


def _directory(arguments: tuple[str, ...], cwd: Path) -> Path:
    """The project that opencode is asked for."""
    line = _Line.of(arguments)
    project = line.words[0] if line.words and line.words[0] not in _COMMANDS else "."
    return cwd / line.options.get("--dir", project)


def _upward(folder: Path) -> list[Path]:
    """The folder and those above it up to the root of its work tree; without one, all."""
    return list(_until_root(folder))


def _until_root(folder: Path) -> Iterator[Path]:
    for up in (folder, *folder.parents):
        yield up
        if os.path.exists(up / ".git"):  # noqa: PTH110 - Path.exists raises where the system does not tell
            return


def _content(request: PlanRequest) -> dict[str, Any]:
    """The user's own value of the variable that we set, as it stands: what is filled in by opencode stays to be filled in."""
    return _object(request.environ.get(_CONTENT, ""), _CONTENT, None)


def _object(text: str, where: str, environ: Mapping[str, str] | None) -> dict[str, Any]:
    """A configuration, with variables of the environment filled in as opencode does it, before the text is read.

    Raises:
        PlanError: it cannot be read.
    """
    if environ is not None:
        text = _VARIABLE.sub(lambda match: environ.get(match[1], ""), text)
    try:
        value = jsonc.loads(text)
    except ValueError as error:
        raise PlanError(
            f"opencode's configuration in {where} cannot be read ({error}), so it is unknown where its requests should go.", "Mend it."
        ) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise PlanError(f"opencode's configuration in {where} is no JSON object.", "Mend it.")
    return value


def _cached(text: str) -> Any:
    """A file that opencode keeps for itself; None if it cannot be read: then opencode does without, too."""
    try:
        return json.loads(text)
    except ValueError:
        return None
