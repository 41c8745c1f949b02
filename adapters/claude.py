"""Claude Code: flags and a settings file of ours for one run; nothing of the user's is written.

Verified on 2.1.197. ``--settings`` goes before every settings file, and those before the process's environment, so the address is given there. No
credential is ever set: a dummy key would turn a subscription session into API billing.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from adapters.loopback import past_proxies
from adapters.plan import LaunchPlan, PlanError, PlanRequest, Transcripts

UPSTREAM = "https://api.anthropic.com"
_TOOLS = ("headroom_retrieve", "headroom_compress", "headroom_stats")
_COMMANDS = frozenset(
    {"mcp", "config", "update", "upgrade", "doctor", "install", "setup-token", "plugin", "plugins", "auth", "agents", "gateway", "auto-mode"}
)
_NO_MODEL = frozenset({"--version", "-v", "--help", "-h"})
_ELSEWHERE = {
    "CLAUDE_CODE_USE_BEDROCK": "Amazon Bedrock",
    "CLAUDE_CODE_USE_VERTEX": "Google Vertex AI",
    "CLAUDE_CODE_USE_FOUNDRY": "Microsoft Foundry",
}
_REFRESH_S = 2
_LOSSES = ("Claude Code switches Remote Control and server-managed settings off behind any address that is not Anthropic's.",)


class Claude:
    """The adapter."""

    name = "claude"
    programs: tuple[str, ...] = ("claude",)
    install = "npm install -g @anthropic-ai/claude-code"
    tested: tuple[str, ...] = ("2.1.197",)
    instructions: tuple[str, ...] = ("CLAUDE.local.md", "CLAUDE.md", ".claude/CLAUDE.md")
    tool_kinds: Mapping[str, str] = MappingProxyType(
        {
            "Read": "read",
            "NotebookRead": "read",
            "Grep": "search",
            "Glob": "list",
            "LS": "list",
            "Bash": "shell",
            "BashOutput": "shell",
            "PowerShell": "shell",
            "WebFetch": "fetch",
            "WebSearch": "fetch",
            "Edit": "edit",
            "MultiEdit": "edit",
            "Write": "edit",
            "NotebookEdit": "edit",
            "Task": "other",
            "Agent": "other",
        }
    )

    def transcripts(self, environ: Mapping[str, str], home: Path) -> Transcripts | None:
        return Transcripts(_folder(environ, home) / "projects", "**/*.jsonl")

    def reads(self, arguments: tuple[str, ...], environ: Mapping[str, str], home: Path, cwd: Path) -> list[Path]:
        found = [_folder(environ, home) / "settings.json", cwd / ".claude" / "settings.json", cwd / ".claude" / "settings.local.json"]
        _, given = _without(arguments, "--settings")
        return found + [file for g in given if (file := _file(g, cwd)) is not None]

    def plan(self, request: PlanRequest) -> LaunchPlan:
        if _NO_MODEL & set(request.arguments) or (request.arguments and request.arguments[0] in _COMMANDS):
            note = "This command does not talk to a model: it is run as it is."
            return LaunchPlan(self.name, (request.program.path, *request.arguments), "", routed=False, notes=(note,))
        arguments, given = _without(request.arguments, "--settings")
        flagged = {_file(g, request.cwd) for g in given}
        settings = [_settings(text, str(path)) for path, text in request.files.items() if path not in flagged]
        own = [_given(g, request) for g in given]
        env = _merged_env(request.environ, settings, own)
        for variable, vendor in _ELSEWHERE.items():
            if env.get(variable, "") not in ("", "0", "false"):
                raise PlanError(
                    f"Claude Code is set to reach its model through {vendor} ({variable}), which cannot go through Headroom yet.",
                    f"Run claude by itself, or unset {variable} to use Anthropic's API.",
                )
        upstream = request.upstream or env.get("ANTHROPIC_BASE_URL", "").rstrip("/") or UPSTREAM
        return self._launch(request, arguments, own, env, upstream)

    def with_status(self, plan: LaunchPlan, files: Mapping[Path, str], shown: Path) -> LaunchPlan:
        """See `adapters.status_line.ShowsStatus`."""
        place = next((path for path in plan.files if path.name == "settings.json"), None)
        if place is None:
            return plan
        given = json.loads(plan.files[place])
        own = [table.get("statusLine") for table in (*(_settings(text, str(path)) for path, text in files.items()), given)]
        users = next((line for line in reversed(own) if isinstance(line, dict)), None)
        given["statusLine"] = _status_line(users, shown)
        return replace(plan, files={**plan.files, place: json.dumps(given)})

    def _launch(
        self, request: PlanRequest, arguments: tuple[str, ...], own: list[dict[str, Any]], env: Mapping[str, str], upstream: str
    ) -> LaunchPlan:
        given: dict[str, Any] = {}
        for settings in own:
            given.update(settings)
        inject = {"ANTHROPIC_BASE_URL": request.proxy}
        genuine = upstream == UPSTREAM
        if genuine and "ENABLE_TOOL_SEARCH" not in env:
            inject["ENABLE_TOOL_SEARCH"] = "true"  # off behind a foreign host: twice the prompt of the first request
        inject |= past_proxies(env)
        given["env"] = {**_object(given.get("env")), **inject}
        files: dict[Path, str] = {}
        flags: list[str] = []
        if request.shell:
            _allow(given, [f"Bash({' '.join(request.shell)}:*)"])
        if request.mcp:
            _allow(given, [f"mcp__headroom__{tool}" for tool in _TOOLS])
            ready = request.folder / "mcp-ready"
            server = {"command": request.mcp[0], "args": [*request.mcp[1:], "--ready", str(ready)]}
            if _tools_may_flip(request.arguments, {**env, **inject}):
                given["hooks"] = _with_hook(given.get("hooks"), ready)
            files[request.folder / "mcp.json"] = json.dumps({"mcpServers": {"headroom": server}})
            # The flag takes any number of values: another flag must follow, or it would swallow the user's prompt.
            flags += ["--mcp-config", str(request.folder / "mcp.json")]
        files[request.folder / "settings.json"] = json.dumps(given)
        flags += ["--settings", str(request.folder / "settings.json")]
        return LaunchPlan(
            self.name,
            (request.program.path, *flags, *arguments),
            upstream,
            env=past_proxies(env),
            settled={name: value for name, value in env.items() if request.environ.get(name) != value},
            files=files,
            losses=_LOSSES if genuine else (),
            notes=self._notes(request.program.version),
        )

    def _notes(self, version: str) -> tuple[str, ...]:
        if not version or version in self.tested:
            return ()
        return (f"Claude Code {version} is not among the versions that Headroom was tested with ({', '.join(self.tested)}).",)


def _status_line(users: Mapping[str, Any] | None, shown: Path) -> dict[str, Any]:
    """The user's status line with ours below it: its command gets the input, and what it prints comes first."""
    ours = f"cat {shlex.quote(str(shown))} 2>/dev/null"
    command = users.get("command") if users is not None else None
    if users is None or not isinstance(command, str):
        return {"type": "command", "command": ours, "padding": 0, "refreshInterval": _REFRESH_S}
    # On lines of its own, as it may end in a comment; no interval is added to it, as it may be slow.
    chained = f'theirs=$(\n{command}\n)\n[ -z "$theirs" ] || printf \'%s\\n\' "$theirs"\n{ours}'
    return {**users, "command": chained}


def _allow(settings: dict[str, Any], rules: list[str]) -> None:
    """Add rules to what Claude Code may do without asking."""
    permissions = _object(settings.get("permissions"))
    allowed = permissions.get("allow")
    settings["permissions"] = {**permissions, "allow": [*(allowed if isinstance(allowed, list) else []), *rules]}


def _tools_may_flip(arguments: tuple[str, ...], env: Mapping[str, str]) -> bool:
    """Whether the first request could be sent before our server is connected and the second one after it, with other tools: a broken cache.

    In print mode Claude Code waits for its servers, and with tool search their tools are announced in a message of their own.
    """
    printing = any(a in ("-p", "--print") for a in arguments)
    return not printing and env.get("ENABLE_TOOL_SEARCH", "").lower() not in ("true", "1")


def _with_hook(hooks: object, ready: Path) -> dict[str, Any]:
    """The user's hooks and one that holds the first prompt back until Claude Code knows our tools, three seconds at most."""
    path = shlex.quote(str(ready))
    # The last wait is for the tools to reach the prompt's own state, which takes Claude Code a moment longer than asking for them.
    command = f"n=0; until [ -e {path} ] || [ $n -ge 150 ]; do sleep 0.02; n=$((n+1)); done; sleep 0.4"
    merged = _object(hooks)
    own = merged.get("SessionStart")
    ours = {"hooks": [{"type": "command", "command": command, "timeout": 5}]}
    merged["SessionStart"] = [*(own if isinstance(own, list) else []), ours]
    return merged


def _folder(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ["CLAUDE_CONFIG_DIR"]) if environ.get("CLAUDE_CONFIG_DIR") else home / ".claude"


def _without(arguments: tuple[str, ...], flag: str) -> tuple[tuple[str, ...], list[str]]:
    """The arguments without a flag, and the values that it had. What follows ``--`` is not looked at."""
    kept: list[str] = []
    values: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            kept += [argument, *rest]
        elif argument == flag:
            value = next(rest, None)
            if value is None:
                kept.append(argument)
            else:
                values.append(value)
        elif argument.startswith(flag + "="):
            values.append(argument[len(flag) + 1 :])
        else:
            kept.append(argument)
    return tuple(kept), values


def _file(given: str, cwd: Path) -> Path | None:
    """The file that a value of ``--settings`` names, None if it is JSON itself."""
    return None if given.lstrip().startswith("{") else cwd / given


def _given(given: str, request: PlanRequest) -> dict[str, Any]:
    """The settings that a value of ``--settings`` gives.

    Raises:
        PlanError: they cannot be read.
    """
    path = _file(given, request.cwd)
    if path is None:
        return _settings(given, "--settings")
    if path not in request.files:
        raise PlanError(f"The settings file {given} that was given with --settings cannot be read.", "Mend the path or its permissions.")
    return _settings(request.files[path], str(path))


def _object(value: object) -> dict[str, Any]:
    """A copy of a settings object; an empty one of what is none, such as null."""
    return dict(value) if isinstance(value, dict) else {}


def _settings(text: str, where: str) -> dict[str, Any]:
    """A settings object. An empty file is one without settings, as for Claude Code itself.

    Raises:
        PlanError: it is no JSON object.
    """
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanError(
            f"Claude Code's settings in {where} are not JSON ({error}), so it is unknown where its requests should go.", "Mend that file."
        ) from None
    if not isinstance(value, dict):
        raise PlanError(f"Claude Code's settings in {where} are no JSON object.", "Mend that file.")
    return value


def _merged_env(environ: Mapping[str, str], settings: list[dict[str, Any]], own: list[dict[str, Any]]) -> dict[str, str]:
    """The environment as Claude Code will see it: its process's, then user, project, local settings, then ``--settings``."""
    merged = dict(environ)
    for table in [*settings, *own]:
        env = table.get("env")
        if isinstance(env, dict):
            merged.update({str(k): str(v) for k, v in env.items()})
    return merged
