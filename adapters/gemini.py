"""Gemini CLI: two addresses in the environment, and settings of ours for one run.

Verified on 0.61.0. It reaches its models in one of three ways: with an API key, signed in with Google (Code Assist), or by Vertex AI. Each has its
own variable for the address, so each has its own way through the proxy and a change of sign-in in mid-session stays routed. What we have to set goes
into the system's defaults, the layer below all others: whatever the user has set counts. Gemini CLI reads that layer only from a file that root
owns, in folders that root owns and nobody else may write to. For other users it goes into their own settings for the time of the
session, if those are plain JSON; else they go without our tools and have ``headroom show``.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from adapters import json_text, jsonc
from adapters.layers import at, merged
from adapters.loopback import past_proxies
from adapters.plan import LaunchPlan, PlanError, PlanRequest, Transcripts

_KEY, _GOOGLE, _VERTEX, _MACHINE, _GATEWAY = "gemini-api-key", "oauth-personal", "vertex-ai", "compute-default-credentials", "gateway"
_ADDRESSES = {  # variable -> (mount, where it leads unless the user says otherwise)
    "GOOGLE_GEMINI_BASE_URL": ("gemini", "https://generativelanguage.googleapis.com"),
    "CODE_ASSIST_ENDPOINT": ("code-assist", "https://cloudcode-pa.googleapis.com"),
}
_SYSTEM = Path("/Library/Application Support/GeminiCli" if sys.platform == "darwin" else "/etc/gemini-cli") / "settings.json"
_SYSTEM_VARIABLE, _DEFAULTS_VARIABLE = "GEMINI_CLI_SYSTEM_SETTINGS_PATH", "GEMINI_CLI_SYSTEM_DEFAULTS_PATH"
_TRUSTED_FOLDERS = "trustedFolders.json"
_COMMANDS = frozenset({"mcp", "extensions", "extension", "skills", "skill", "hooks", "hook", "gemma"})
_NO_MODEL = frozenset({"-v", "--version", "-h", "--help", "-l", "--list-extensions", "--list-sessions", "--delete-session"})
_HEADLESS = ("-p", "--prompt")
# Letters behind one dash, the last with its value: what yargs takes for several options (https://github.com/yargs/yargs-parser).
_CLUSTER = re.compile(r"-([A-Za-z]+)([^\w].*|-?\d.*)?", re.DOTALL)
_CONTAINERS = frozenset({"docker", "podman", "runsc", "lxc"})
_OFF = frozenset({"", "0", "false"})
_ASSIGNMENT = re.compile(r"""[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*(?:'([^'\n]*)'|"([^"\n]*)"|([^\n#]*))""")
_POLICY_FLAG = "--admin-policy"
_POLICY = '[[rule]]\ntoolName = "run_shell_command"\ncommandPrefix = "{command}"\ndecision = "allow"\npriority = 900\n'
_NO_TOOLS = (
    "Gemini CLI takes settings for one run only from files that root owns, and {why}. So Headroom's tools are not offered to the model: it gets back "
    "what was left out by running headroom show, which Gemini CLI may ask you about. To have the tools, add Headroom's MCP server to your settings."
)


def secure(path: Path) -> bool:
    """Whether Gemini CLI would take system settings from a file here: root owns it and every folder above, and nobody else may write to them.

    What does not exist yet will be made by us, as our user.
    """
    paths = (path, *path.parents, *path.resolve().parents)
    return all(_secure(p) for p in paths)


def _secure(path: Path) -> bool:
    try:
        found = path.stat()
    except OSError:
        return os.geteuid() == 0
    return found.st_uid == 0 and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def writable(path: Path) -> bool:
    """Whether we may put a new file in the place of this one, links followed, or make it."""
    folder = Path(os.path.realpath(path)).parent
    while not os.path.exists(folder):  # noqa: PTH110 - Path.exists raises where the system does not tell
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


class Gemini:
    """The adapter.

    Args:
        secure: whether Gemini CLI takes system settings from a file.
        writable: whether the user's settings can be written.
    """

    name = "gemini"
    programs: tuple[str, ...] = ("gemini",)
    install = "npm install -g @google/gemini-cli"
    tested: tuple[str, ...] = ("0.61.0",)
    instructions: tuple[str, ...] = ("GEMINI.md",)
    tool_kinds: Mapping[str, str] = MappingProxyType(
        {
            "run_shell_command": "shell",
            "read_file": "read",
            "read_many_files": "read",
            "grep_search": "search",
            "search_file_content": "search",
            "glob": "list",
            "list_directory": "list",
            "web_fetch": "fetch",
            "google_web_search": "fetch",
            "replace": "edit",
            "write_file": "edit",
            "save_memory": "other",
            "write_todos": "other",
            "ask_user": "other",
            "activate_skill": "other",
        }
    )

    def __init__(self, secure: Callable[[Path], bool] = secure, writable: Callable[[Path], bool] = writable) -> None:
        self._secure = secure
        self._writable = writable

    def transcripts(self, environ: Mapping[str, str], home: Path) -> Transcripts | None:
        return Transcripts(_folder(environ, home) / "tmp", "*/chats/*.jsonl")

    def reads(self, arguments: tuple[str, ...], environ: Mapping[str, str], home: Path, cwd: Path) -> list[Path]:
        """Its layers of settings, each below the next, then the folders that it trusts and the places of ``.env`` in the order of its search."""
        folder = _folder(environ, home)
        system = _system(environ)
        layers = [_defaults(environ, system), folder / "settings.json", cwd / ".gemini" / "settings.json", system]
        trust = Path(environ.get("GEMINI_CLI_TRUSTED_FOLDERS_PATH") or folder / _TRUSTED_FOLDERS)
        env = [place for up in (cwd, *cwd.parents) for place in (up / ".gemini" / ".env", up / ".env")]
        return list(dict.fromkeys([*layers, trust, *env, folder / ".env", folder.parent / ".env"]))

    def plan(self, request: PlanRequest) -> LaunchPlan:
        before = request.arguments[: request.arguments.index("--")] if "--" in request.arguments else request.arguments
        before = tuple(option for argument in before for option in _options(argument))
        if _NO_MODEL & set(before) or (before and before[0] in _COMMANDS):
            note = "This command does not talk to a model: it is run as it is."
            return LaunchPlan(self.name, (request.program.path, *request.arguments), "", routed=False, notes=(note,))
        told = _Told.of(request, before)
        _refuse_containers(told, before)
        sign_in = told.sign_in
        if sign_in == _VERTEX:
            raise PlanError(
                "Gemini CLI is set to reach its model through Google Vertex AI, which cannot go through Headroom yet.",
                "Run gemini by itself, or sign in with an API key or with Google.",
            )
        return self._launch(request, before, told, sign_in)

    def _launch(self, request: PlanRequest, before: tuple[str, ...], told: _Told, sign_in: str) -> LaunchPlan:
        addresses = {mount: request.upstream or told.env.get(name, "").rstrip("/") or public for name, (mount, public) in _ADDRESSES.items()}
        env = {name: f"{request.proxy}/{mount}" for name, (mount, _) in _ADDRESSES.items()}
        files: dict[Path, str] = {}
        edits: dict[Path, str] = {}
        losses: tuple[str, ...] = ()
        flags: list[str] = []
        if request.shell:
            policy = request.folder / "gemini-policy.toml"
            files[policy] = _POLICY.format(command=" ".join(request.shell))
            flags = [word for path in (*_policies(told, before), str(policy)) for word in (_POLICY_FLAG, path)]
        headless = any(a.split("=")[0] in _HEADLESS for a in before)
        ours = _ours(request, told, sign_in)
        path = request.folder / "gemini-defaults.json"
        if ours and self._secure(path):
            standing = _defaults(request.environ, _system(request.environ))
            files[path] = json.dumps(merged(_settings(request.files, standing) if self._secure(standing) else {}, ours))
            env[_DEFAULTS_VARIABLE] = str(path)
        else:
            if not headless:  # on a terminal it asks, and keeps what was chosen
                ours.pop("security", None)
            edits, why = self._edits(request, ours)
            if why and "mcpServers" in ours:
                losses = (_NO_TOOLS.format(why=why),)
            if why and "security" in ours:
                raise _no_sign_in(sign_in)
        return LaunchPlan(
            self.name,
            (request.program.path, *flags, *request.arguments),
            addresses["code-assist" if sign_in in (_GOOGLE, _MACHINE) else "gemini"],
            env={**env, **past_proxies(told.env)},
            mounts=addresses,
            files=files,
            edits=edits,
            losses=losses,
            notes=self._notes(request.program.version),
        )

    def _edits(self, request: PlanRequest, ours: Mapping[str, Any]) -> tuple[dict[Path, str], str]:
        """The user's settings with what has to stand there, or why they are left as they are."""
        home = request.environ.get("GEMINI_CLI_HOME") or request.environ.get("HOME")
        if not home:
            return {}, "it is unknown where yours are"
        path = _folder(request.environ, Path(home)) / "settings.json"
        text = request.files.get(path, "")
        try:
            shared = bool(request.mcp) and json_text.value(text, ("mcpServers", "headroom")) == _server(request)
            if "security" in ours:
                text = json_text.insert(text, ("security", "auth", "selectedType"), ours["security"]["auth"]["selectedType"])
            if "mcpServers" in ours:
                text = json_text.insert(text, ("mcpServers", "headroom"), ours["mcpServers"]["headroom"])
        except json_text.UnfitError as error:
            return {}, f"{path} {error}"
        if not ours and not shared:  # what is shared is another session's, which may end before this one does
            return {}, ""
        return ({path: text}, "") if self._writable(path) else ({}, f"{path} cannot be written")

    def _notes(self, version: str) -> tuple[str, ...]:
        if not version or version in self.tested:
            return ()
        return (f"Gemini CLI {version} is not among the versions that Headroom was tested with ({', '.join(self.tested)}).",)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the user told Gemini CLI, as it will see it.

    Args:
        settings: its layers, merged.
        env: its environment, ``.env`` included.
    """

    settings: Mapping[str, Any]
    env: Mapping[str, str]

    @classmethod
    def of(cls, request: PlanRequest, arguments: tuple[str, ...]) -> _Told:
        trust = request.environ.get("GEMINI_CLI_TRUSTED_FOLDERS_PATH", "")
        settings: dict[str, Any] = {}
        rules: dict[str, Any] = {}
        for path in request.files:
            if path.name == ".env":
                continue
            if path.name == _TRUSTED_FOLDERS or str(path) == trust:
                rules = _settings(request.files, path)
            else:
                settings = merged(settings, _settings(request.files, path))
        dotenv = next((path for path in request.files if path.name == ".env"), None)
        if dotenv is None:
            return cls(settings, request.environ)
        given = dict(_assignments(request.files[dotenv]))
        named = [name for name in _ADDRESSES if given.get(name) and not request.environ.get(name)]
        folder = dotenv.parent.parent if dotenv.parent.name == ".gemini" else dotenv.parent
        known = request.upstream or "--skip-trust" in arguments or _trusted(folder, request.environ, settings, rules)
        if named and not known:  # Gemini CLI would not take the address: a key must not go wherever a stranger's project says
            raise PlanError(
                f"{dotenv} sets {named[0]}, and it cannot be told whether Gemini CLI trusts this folder, so it is unknown where requests should go.",
                "Name the address with --upstream, or trust the folder in gemini.",
            )
        return cls(settings, {**given, **request.environ})

    @property
    def sign_in(self) -> str:
        """How it signs in: what the settings say, else what its environment says, in the order in which Gemini CLI asks; ``""`` if it will ask."""
        chosen = at(self.settings, "security", "auth", "selectedType")
        if isinstance(chosen, str) and chosen:
            return chosen
        if self.env.get("GOOGLE_GENAI_USE_GCA") == "true":
            return _GOOGLE
        if self.env.get("GOOGLE_GENAI_USE_VERTEXAI") == "true":
            return _VERTEX
        if self.env.get("GOOGLE_GEMINI_BASE_URL"):
            return _GATEWAY
        if self.env.get("GEMINI_API_KEY"):
            return _KEY
        return _MACHINE if "true" in (self.env.get("CLOUD_SHELL"), self.env.get("GEMINI_CLI_USE_COMPUTE_ADC")) else ""


def _ours(request: PlanRequest, told: _Told, sign_in: str) -> dict[str, Any]:
    """What has to stand in its settings: our server, and the sign-in that our address would hide from it."""
    ours: dict[str, Any] = {}
    if sign_in == _KEY and not at(told.settings, "security", "auth", "selectedType"):
        ours["security"] = {"auth": {"selectedType": sign_in}}
    if request.mcp and at(told.settings, "mcpServers", "headroom") is None:
        ours["mcpServers"] = {"headroom": _server(request)}
    return ours


def _options(argument: str) -> list[str]:
    """An argument with letters behind one dash as an option each (``-yp`` is ``-y`` and ``-p``), any other as it is."""
    cluster = _CLUSTER.fullmatch(argument)
    if cluster is None:
        return [argument]
    letters, rest = cluster[1], cluster[2] or ""
    return [*(f"-{letter}" for letter in letters[:-1]), f"-{letters[-1]}{rest}"]


def _policies(told: _Told, arguments: tuple[str, ...]) -> list[str]:
    """The policies that its settings name: they would not count beside the flag, unless that is the user's own."""
    if any(a.split("=")[0] == _POLICY_FLAG for a in arguments):
        return []
    named = told.settings.get("adminPolicyPaths")
    return [path for path in named if isinstance(path, str)] if isinstance(named, list) else []


def _server(request: PlanRequest) -> dict[str, Any]:
    return {"command": request.mcp[0], "args": list(request.mcp[1:]), "trust": True}


def _no_sign_in(sign_in: str) -> PlanError:
    return PlanError(
        "Gemini CLI takes no key from the environment alone when its requests go to another address than Google's: its settings have to say "
        "how it signs in.",
        f'Choose once with /auth in gemini, or put {{"security": {{"auth": {{"selectedType": "{sign_in}"}}}}}} into ~/.gemini/settings.json.',
    )


def _refuse_containers(told: _Told, arguments: tuple[str, ...]) -> None:
    """Raise ``PlanError`` if it would run in a container: there, this machine's loopback is another."""
    if told.env.get("SANDBOX"):
        return
    chosen = at(told.settings, "tools", "sandbox")
    if isinstance(chosen, dict):
        chosen = chosen.get("command", True) if chosen.get("enabled") else False
    if {"-s", "-s=true", "--sandbox", "--sandbox=true"} & set(arguments):
        chosen = True
    if {"-s=false", "--no-sandbox", "--sandbox=false"} & set(arguments):
        chosen = False
    wanted = (told.env.get("GEMINI_SANDBOX", "").strip() or str(chosen or "")).lower()
    if wanted in _CONTAINERS or (wanted not in _OFF and wanted in ("1", "true") and sys.platform != "darwin"):
        raise PlanError(
            "Gemini CLI is asked to run in a container, from where Headroom's address on this machine cannot be reached.",
            "Run gemini by itself, or without its sandbox.",
        )


def _trusted(folder: Path, environ: Mapping[str, str], settings: Mapping[str, Any], rules: Mapping[str, Any]) -> bool:
    """Whether it is known that the user trusts a project's folder."""
    return (
        environ.get("GEMINI_CLI_TRUST_WORKSPACE") == "true"
        or at(settings, "security", "folderTrust", "enabled") is False
        or str(folder) in (environ.get("GEMINI_CLI_HOME"), environ.get("HOME"))
        or any(_covers(rule, level, folder) for rule, level in rules.items())
    )


def _covers(rule: str, level: object, folder: Path) -> bool:
    root = Path(rule).parent if level == "TRUST_PARENT" else Path(rule)
    return level in ("TRUST_FOLDER", "TRUST_PARENT") and (folder == root or root in folder.parents)


def _folder(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ.get("GEMINI_CLI_HOME") or home) / ".gemini"


def _system(environ: Mapping[str, str]) -> Path:
    return Path(environ.get(_SYSTEM_VARIABLE) or _SYSTEM)


def _defaults(environ: Mapping[str, str], system: Path) -> Path:
    return Path(environ.get(_DEFAULTS_VARIABLE) or system.parent / "system-defaults.json")


def _settings(files: Mapping[Path, str], path: Path) -> dict[str, Any]:
    """The settings in a file, none if there is no such file.

    Raises:
        PlanError: they cannot be read.
    """
    try:
        value = jsonc.loads(files.get(path, ""))
    except ValueError as error:
        raise PlanError(
            f"Gemini CLI's settings in {path} cannot be read ({error}), so it is unknown where its requests should go.", "Mend that file."
        ) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise PlanError(f"Gemini CLI's settings in {path} are no JSON object.", "Mend that file.")
    return value


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    """The variables that a ``.env`` sets."""
    for line in text.splitlines():
        found = _ASSIGNMENT.match(line)
        if found is not None:
            yield found[1], next((v for v in found.group(2, 3) if v is not None), (found[4] or "").strip())
