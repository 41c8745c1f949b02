"""Cursor: its MCP settings, a rule and a hook for the time of a session. Its model's traffic goes to Cursor's own servers and cannot be carried.

From Cursor's documentation and public studies of its builds; the program cannot be had without an account, so it was not run. What a session
can do without its traffic: the hook runs shell commands through ``headroom run``, so their output is smaller before Cursor reads it, and the
MCP server gives back what was left out. The hook is also told what tools gave back and what the user wrote, to learn from. The hook and the rule
are the project's; the server is the user's, because Cursor asks for approval of a project's.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from adapters import json_text
from adapters.json_text import UnfitError
from adapters.plan import LaunchPlan, PlanRequest, Transcripts, no_shell

_EDITOR = "cursor"
_SUBCOMMANDS = frozenset("login logout mcp status whoami models about update help create-chat ls install-shell-integration".split())
_NO_MODEL = frozenset({"-h", "--help", "-v", "--version"})
_TOLD = (
    "beforeSubmitPrompt",
    "postToolUse",
    "postToolUseFailure",
    "stop",
)  # only kept. An event that Cursor did not know would end all hooks.
_NOT_CARRIED = "Cursor's requests to its models go to Cursor's own servers and do not pass through Headroom: their bill is neither changed nor known."
_SCOPE = "The output of shell commands is made smaller; files that Cursor reads and what other MCP servers answer are not."
RULE = """---
description: How long command output is shortened here
alwaysApply: true
---
Long output of shell commands reaches you shortened: […] stands where lines were left out, and a last line [headroom HANDLE: …] says what.
Nothing is lost: if you need what was left out, fetch just those lines with the headroom_retrieve tool, or run
`headroom show HANDLE --lines A-B`. Do not run the command again for that.
"""


class Cursor:
    """The adapter."""

    name = "cursor"
    programs: tuple[str, ...] = ("cursor-agent", "agent", "cursor")
    install = "https://cursor.com/cli"
    tested: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ("AGENTS.md", ".cursor/rules", ".cursorrules")
    tool_kinds: Mapping[str, str] = MappingProxyType(
        {
            "Shell": "shell",
            "Read": "read",
            "Grep": "search",
            "Glob": "list",
            "LS": "list",
            "Write": "edit",
            "StrReplace": "edit",
            "Delete": "edit",
            "WebFetch": "fetch",
        }
    )

    def transcripts(self, environ: Mapping[str, str], home: Path) -> Transcripts | None:
        return Transcripts(home / ".cursor" / "projects", "*/agent-transcripts/**/*.jsonl")

    def reads(self, arguments: tuple[str, ...], environ: Mapping[str, str], home: Path, cwd: Path) -> list[Path]:
        return [home / ".cursor" / "mcp.json", cwd / ".cursor" / "hooks.json", cwd / ".cursor" / "rules" / "headroom.mdc"]

    def plan(self, request: PlanRequest) -> LaunchPlan:
        arguments = request.arguments
        program = request.program.path
        editor = Path(program).name == _EDITOR or (bool(arguments) and arguments[0].startswith((".", "/", "~")))
        argv = (program, *arguments)
        if editor:
            # The editor's command ends at once unless it is told to wait for its window, and with it our session would.
            argv = (
                program if Path(program).name == _EDITOR else _EDITOR,
                *(() if {"--wait", "-w"} & set(arguments) else ("--wait",)),
                *(arguments or (".",)),
            )
        if _NO_MODEL & set(arguments) or (not editor and arguments and arguments[0] in _SUBCOMMANDS):
            note = "This command does not talk to a model: it is run as it is."
            return LaunchPlan(self.name, (program, *arguments), "", routed=False, notes=(note,))
        if request.shell:
            raise no_shell("Cursor", "it asks before each command that its own list does not name, and that list is not Headroom's to write.")
        edits, notes = _edits(request)
        return LaunchPlan(self.name, argv, "", edits=edits, routed=False, losses=(_NOT_CARRIED,), notes=(*notes, *([_SCOPE] if edits else [])))


def _edits(request: PlanRequest) -> tuple[dict[Path, str], list[str]]:
    """What is written for the session, and what is not, with the reason and what to add by hand."""
    if not request.mcp:  # without the tools to retrieve nothing is left out
        return {}, ["Headroom is switched off: Cursor is run as it is."]
    server: dict[str, object] = {"type": "stdio", "command": request.mcp[0], "args": list(request.mcp[1:])}
    call = {"command": shlex.join([*request.headroom, "hook", "cursor", "--account", str(request.folder / "saved.jsonl")]), "timeout": 10}
    hooks: dict[str, object] = {"preToolUse": {**call, "matcher": "^Shell$"}, **dict.fromkeys(_TOLD, call)}
    edits: dict[Path, str] = {}
    notes: list[str] = []
    folder = request.cwd / ".cursor"
    home = request.environ.get("HOME", "")
    wanted: list[tuple[Path, Callable[[str, dict[str, object]], str], dict[str, object]]] = [(folder / "hooks.json", _with_hooks, hooks)]
    if home:
        wanted.append((Path(home) / ".cursor" / "mcp.json", _with_server, server))
    for path, add, entry in wanted:
        try:
            edits[path] = add(request.files.get(path, ""), entry)
        except UnfitError as error:
            notes.append(f"{path} {error}, so it is left as it is. What would be added: {json.dumps(entry, ensure_ascii=False)}")
    rule = folder / "rules" / "headroom.mdc"
    if folder / "hooks.json" in edits:
        if request.files.get(rule, RULE) == RULE:
            edits[rule] = RULE
        else:
            notes.append(f"{rule} is there already and is left as it is.")
    return edits, notes


def _with_server(text: str, server: dict[str, object]) -> str:
    found = json_text.value(text, ("mcpServers", "headroom"))
    if found == server:  # another session's, which may end before this one does
        return text
    return json_text.insert(text, ("mcpServers", "headroom"), server)


def _with_hooks(text: str, hooks: dict[str, object]) -> str:
    if not text.strip():
        return json.dumps({"version": 1, "hooks": {event: [hook] for event, hook in hooks.items()}}, indent=2, ensure_ascii=False) + "\n"
    if json_text.value(text, ("version",)) != 1:
        raise UnfitError("is of a version that is not known")
    for event, hook in hooks.items():
        text = json_text.append(text, ("hooks", event), hook)
    return text
