"""Codex's rollouts: the API's own items, and events that say of each command where it ran and how it ended.

Models that write scripts call one tool, ``exec``, whose script calls the others: what it ran is known from the events alone. A call that failed
before it ran has no event; it is told from the script and from the error that the script ended with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from headroom_wrap.learn.model import RESULT_LIMIT, TEXT_LIMIT, Session, Skipped, bounded
from headroom_wrap.learn.readers import texts
from headroom_wrap.learn.readers.api import Wanted, counted
from headroom_wrap.learn.readers.building import Builder, moment, patched
from headroom_wrap.learn.readers.lines import decoded, first, rows
from headroom_wrap.learn.readers.texts import Text
from pipeline.usage import Usage

_SCRIPT = "exec"
_WHERE = 400  # characters of a result in which the agent's own words are looked for
_HEADER = re.compile(r"(?:Chunk ID|Wall time|Process (?:exited|running)|Exit code|Original token count|Total output lines)[: ]")
_STATUS = re.compile(r"(?:Process exited with code|Exit code:) (-?\d{1,10})\n")
_TOOK = re.compile(r"Wall time:? (\d{1,9}(?:\.\d{1,9})?) seconds")
_RUNNING = re.compile(r"Process running with session ID |command timed out after ", re.IGNORECASE)
_REFUSED = re.compile(
    r"(?:Script error:\n)?(?:exec_command failed for .{0,200}: )?.{0,80}"
    r"(?:approval policy is \w+; reject|rejected by user|requires approval|patch rejected|writing outside of the project)",
    re.IGNORECASE,
)
_SANDBOX = re.compile(r"Read-only file system|Operation not permitted")
_PASSED_ON = re.compile(r"\*\*\* |[Ee]rror \d{1,3}\Z|(?:status|code):? \d{1,3}\.?\Z")  # of one that ran another: that it failed
_FAILED = re.compile(
    r"unsupported call|apply_patch verification failed|failed to parse function arguments|exec_command failed|Error: |tool call error", re.IGNORECASE
)
_COMMAND = re.compile(r"""\bcmd["']?\s{0,20}:\s{0,20}("(?:[^"\\\n]|\\.){0,4000}")""")
_MOST_SCRIPTS = 256


class _Part(msgspec.Struct):
    text: str | None = None


class _Duration(msgspec.Struct):
    secs: float = 0.0
    nanos: float = 0.0


class _Item(msgspec.Struct):
    """What an event says of a thing that is done: a command, a change of files, a call of an MCP server, a text."""

    type: str = ""
    id: str = ""
    command: list[str] | str | None = None
    cwd: str | None = None
    status: str | None = None
    aggregated_output: msgspec.Raw = msgspec.Raw()
    exit_code: int | None = None
    duration: _Duration | None = None
    changes: msgspec.Raw = msgspec.Raw()
    stdout: msgspec.Raw = msgspec.Raw()
    server: str | None = None
    tool: str | None = None
    arguments: msgspec.Raw = msgspec.Raw()
    result: msgspec.Raw = msgspec.Raw()
    content: list[_Part] | None = None


class _Tokens(msgspec.Struct):
    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0


class _Info(msgspec.Struct):
    total_token_usage: _Tokens | None = None
    last_token_usage: _Tokens | None = None


class _Sandbox(msgspec.Struct):
    type: str = ""
    mode: str = ""


class _Payload(msgspec.Struct):
    type: str = ""
    id: str | None = None
    session_id: str | None = None
    cwd: str | None = None
    model: str | None = None
    sandbox_policy: _Sandbox | None = None
    name: str = ""
    namespace: str | None = None
    arguments: msgspec.Raw = msgspec.Raw()
    input: msgspec.Raw = msgspec.Raw()
    call_id: str | None = None
    output: msgspec.Raw = msgspec.Raw()
    action: msgspec.Raw = msgspec.Raw()
    item: _Item | None = None
    started_at_ms: float = 0.0
    message: str | None = None
    reason: str | None = None
    response_id: str = ""
    usage: _Tokens | None = None
    info: _Info | None = None


class _Row(msgspec.Struct):
    timestamp: str | None = None
    type: str = ""
    payload: _Payload | None = None


class _Metadata(msgspec.Struct):
    exit_code: int | None = None
    duration_seconds: float = 0.0


class _Enveloped(msgspec.Struct):
    """The result of a command as earlier versions wrote it: JSON in a string."""

    output: str
    metadata: _Metadata


class _Head(msgspec.Struct):
    cwd: str = ""


class _First(msgspec.Struct):
    type: str = ""
    payload: _Head | None = None


_decoder = msgspec.json.Decoder(_Row)
_first = msgspec.json.Decoder(_First)
_enveloped = msgspec.json.Decoder(_Enveloped)
_PASSED_OVER = (
    b'"type":"world_state"',
    b'"payload":{"type":"message"',
    b'"payload":{"type":"reasoning"',
    b'"payload":{"type":"additional_tools"',
    b'"type":"compacted"',
)


def _tells(line: bytes) -> bool:
    """Messages stand in the transcript a second time as events, and only those tell the user's words from the program's."""
    head = line[:200]
    return not any(kind in head for kind in _PASSED_OVER)


class Codex:
    """Reads Codex's rollouts."""

    agent = "codex"

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds

    def concerns(self, path: Path, wanted: Wanted) -> bool:
        """The folder stands in the first row."""
        if not wanted.project:
            return True
        folders = [row.payload.cwd for row in first(path, _first, 1) if row.payload is not None and row.type == "session_meta"]
        return not folders or wanted.covers(folders[0])

    def read(self, path: Path, skipped: Skipped, wanted: Wanted = Wanted()) -> Iterator[Session]:  # noqa: B008 - a frozen value
        """The session in a rollout."""
        yield from counted(self._read(path, skipped, wanted), skipped)

    def _read(self, path: Path, skipped: Skipped, wanted: Wanted) -> Iterator[Session]:
        rollout = _Rollout(Builder(self.agent, self._kinds, str(path)))
        for row in rows(path, _decoder, skipped, _tells, goes_on=wanted.goes_on):
            if row.payload is not None:
                rollout.take(row.type, row.payload, moment(row.timestamp))
                yield from rollout.builder.full()
        yield from rollout.builder.end()


@dataclass(slots=True)
class _Script:
    """A script that runs."""

    text: str
    time: float
    ran: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Rollout:
    builder: Builder
    model: str = ""
    sandboxed: bool = False
    known: bool = False
    scripts: dict[str, _Script] = field(default_factory=dict)
    unheard: dict[str, str] = field(default_factory=dict)  # command -> id of a call whose event has not come
    texts_by: str = ""  # the kind of event that has the user's words, as some versions write two
    counted: bool = False
    total: int = -1

    def take(self, kind: str, payload: _Payload, time: float) -> None:
        """Reads a row."""
        if kind == "response_item":
            self._item(payload, time)
        elif kind == "event_msg":
            self._event(payload, time)
        elif kind == "turn_context":
            self.model = payload.model or self.model
            policy = payload.sandbox_policy
            self.sandboxed = policy is not None and (policy.type or policy.mode) != "danger-full-access"
        elif kind == "token_usage_record" and payload.usage is not None:
            self.counted = True
            self.builder.response(payload.response_id, self.model, _usage(payload.usage), time)
        elif kind == "session_meta" and not self.known:  # a fork has its parent's besides
            self.known = True
            own, whole = payload.id or "", payload.session_id or ""
            self.builder.id, self.builder.subagent = whole or own, own if whole and own != whole else ""
            self.builder.project = payload.cwd or ""

    def _item(self, payload: _Payload, time: float) -> None:
        call = payload.call_id or payload.id or ""
        if payload.type == "function_call":
            given = decoded(payload.arguments)
            raw = given.encode("utf-8", "replace") if isinstance(given, str) else b""
            found = texts.arguments(raw)
            folder = found.get("workdir")
            name = f"{payload.namespace}__{payload.name}" if payload.namespace else payload.name
            mcp = name.startswith("mcp__")
            self.builder.call(call, name, found, time, cwd=folder if isinstance(folder, str) else "", mcp=mcp, size=len(raw))
        elif payload.type == "custom_tool_call":
            text = texts.of(payload.input, TEXT_LIMIT * 4).text
            if payload.name == _SCRIPT:
                if len(self.scripts) >= _MOST_SCRIPTS:
                    del self.scripts[next(iter(self.scripts))]
                self.scripts[call] = _Script(text, time)
            else:
                self.builder.call(call, payload.name, {"input": bounded(text, TEXT_LIMIT)}, time, path=patched(text), size=TEXT_LIMIT)
        elif payload.type == "local_shell_call":
            self.builder.call(call, "local_shell", texts.arguments(payload.action), time)
        elif payload.type == "custom_tool_call_output" and call in self.scripts:
            self._script_ended(call, self.scripts.pop(call), payload.output, time)
        elif payload.type.endswith("_output"):
            self._output(call, payload.output, time)

    def _output(self, call: str, output: msgspec.Raw, time: float) -> None:
        found = texts.of(output, RESULT_LIMIT)
        start = found.text[:_WHERE]
        if start.startswith('{"output":'):
            enveloped = _unwrapped(output)
            if enveloped is not None:
                text = texts.given(enveloped.output, RESULT_LIMIT)
                self._judged(call, text, enveloped.metadata.exit_code, time, duration=enveloped.metadata.duration_seconds)
                return
        body = start.find("Output:\n") if _HEADER.match(start) else -1
        if body < 0:
            refused = _REFUSED.match(start) is not None
            self.builder.result(call, text=found, failed=True if refused or _FAILED.match(start) else None, refused=refused, time=time)
            return
        cut = body + len("Output:\n")
        head, text = found.text[:cut], Text(found.text[cut:], max(found.size - cut, 0))
        status, took = _STATUS.search(head), _TOOK.search(head)
        running = _RUNNING.search(head) is not None
        self._judged(call, text, int(status[1]) if status else None, time, duration=float(took[1]) if took else 0.0, running=running)

    def _judged(
        self, call: str, text: Text | None, status: int | None, time: float, *, duration: float = 0.0, running: bool = False, cwd: str = ""
    ) -> None:
        """A command's end. In a sandbox some errors are the sandbox's."""
        refused = bool(status) and self.sandboxed and text is not None and _ended_by_sandbox(text.text)
        self.builder.result(call, text=text, exit_status=status, refused=refused, timed_out=running, time=time, duration=duration, cwd=cwd)

    def _script_ended(self, call: str, script: _Script, output: msgspec.Raw, time: float) -> None:
        found = texts.of(output, RESULT_LIMIT)
        failed = found.text.startswith("Script failed")
        if script.ran and not (failed and not script.failed):
            return
        head, _, body = found.text.partition("Output:\n")
        text = Text(body.lstrip("\n").removeprefix("Script error:\n"), max(found.size - len(head), 0))
        command = _COMMAND.search(script.text)
        if "tools.apply_patch(" in script.text:
            self.builder.call(
                call, "apply_patch", {"input": bounded(script.text, TEXT_LIMIT)}, script.time, path=patched(script.text), size=TEXT_LIMIT
            )
        elif command is not None and isinstance(line := decoded(command[1].encode("utf-8", "replace")), str):
            self.builder.call(call, "exec_command", {"cmd": line}, script.time, size=len(line))
            if not failed:
                self.unheard = {line: call}
        else:
            self.builder.call(call, _SCRIPT, {"input": bounded(script.text, TEXT_LIMIT)}, script.time, size=TEXT_LIMIT)
        refused = failed and _REFUSED.match(text.text[:_WHERE]) is not None
        self.builder.result(call, text=text, failed=True if failed else None, refused=refused, time=time)

    def _event(self, payload: _Payload, time: float) -> None:
        item = payload.item
        if payload.type == "item_completed" and item is not None:
            if item.type == "UserMessage":
                self._said("item", "\n".join(part.text for part in item.content or () if part.text), time)
            elif item.type in ("CommandExecution", "FileChange", "McpToolCall"):
                self._done(item, payload.started_at_ms / 1000 or time, time)
        elif payload.type == "user_message" and payload.message:
            self._said("message", payload.message, time)
        elif payload.type == "turn_aborted" and payload.reason in (None, "interrupted"):
            self.builder.interrupt(time)
        elif payload.type == "token_count" and not self.counted and payload.info is not None:
            total, last = payload.info.total_token_usage, payload.info.last_token_usage
            if total is not None and last is not None and total.total_tokens != self.total:
                self.total = total.total_tokens
                self.builder.response(f"tokens-{self.total}", self.model, _usage(last), time)

    def _said(self, by: str, text: str, time: float) -> None:
        self.texts_by = self.texts_by or by
        if by == self.texts_by and not self.builder.subagent:
            self.builder.user(text, time)

    def _done(self, item: _Item, started: float, time: float) -> None:
        """A tool's call by what the event says, known from its item or not."""
        call, folder = item.id, _folder(item.cwd)
        failed = item.status in ("failed", "declined")
        if not self.builder.knows(call):
            line = _line(item.command)
            call = self.unheard.pop(line, call)
            if self.scripts:
                script = next(reversed(self.scripts.values()))
                script.ran += 1
                script.failed += failed
            self._call(item, call, line, started, folder)
        duration = item.duration.secs + item.duration.nanos / 1e9 if item.duration is not None else 0.0
        inside = call.startswith("exec-") or call != item.id  # what a script ran: there is no other record of its result
        if item.type == "CommandExecution":
            text = texts.of(item.aggregated_output, RESULT_LIMIT) if inside else None
            status = item.exit_code if item.exit_code is not None else (1 if failed else None)
            self._judged(call, text, status, time, duration=duration, cwd=folder)
        else:
            raw = item.stdout if item.type == "FileChange" else _content(item.result)
            text = texts.of(raw, RESULT_LIMIT) if inside else None
            self.builder.result(call, text=text, failed=failed, time=time, duration=duration)
        if item.status == "declined":
            self.builder.result(call, failed=True, refused=True)

    def _call(self, item: _Item, call: str, line: str, started: float, folder: str) -> None:
        if item.type == "CommandExecution":
            self.builder.call(call, "exec_command", {"cmd": bounded(line, TEXT_LIMIT)}, started, cwd=folder, size=len(line))
        elif item.type == "McpToolCall":
            raw = item.arguments
            self.builder.call(call, f"mcp__{item.server}__{item.tool}", texts.arguments(raw), started, mcp=True, size=len(memoryview(raw)))
        else:
            changes = texts.arguments(item.changes)
            path = next(iter(changes)) if len(changes) == 1 else ""
            self.builder.call(call, "apply_patch", changes, started, path=path, size=TEXT_LIMIT)


def _ended_by_sandbox(output: str) -> bool:
    """Whether a command failed on what the sandbox forbids: that is the last it said. Tests that find such an error in what they test go on."""
    lines = [line.strip() for line in output[-2 * _WHERE :].splitlines() if line.strip()]
    while lines and _PASSED_ON.search(lines[-1][-_WHERE:]) and not _SANDBOX.search(lines[-1]):
        lines.pop()
    return bool(lines) and _SANDBOX.search(lines[-1]) is not None


def _unwrapped(output: msgspec.Raw) -> _Enveloped | None:
    text = decoded(output)
    try:
        return _enveloped.decode(text) if isinstance(text, str) else None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _content(result: msgspec.Raw) -> msgspec.Raw:
    """The parts of an MCP result."""
    try:
        return msgspec.json.decode(result, type=_Parts).content if result else result
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.Raw()


class _Parts(msgspec.Struct):
    content: msgspec.Raw = msgspec.Raw()


def _line(command: list[str] | str | None) -> str:
    """A command as one types it: without the shell that it is handed to."""
    if command is None or isinstance(command, str):
        return command or ""
    if len(command) == 3 and command[0].rsplit("/", 1)[-1] in ("bash", "sh", "zsh", "dash") and command[1].startswith("-"):
        return command[2]
    return " ".join(command)


def _folder(address: str | None) -> str:
    """A folder that is given as a path or as a ``file:`` address."""
    if not address or not address.startswith("file:"):
        return address or ""
    try:
        return unquote(urlsplit(address).path)
    except ValueError:
        return ""


def _usage(given: _Tokens) -> Usage:
    read, written = given.cached_input_tokens, given.cache_write_input_tokens
    return Usage(max(given.input_tokens - read - written, 0), written, 0, read, given.output_tokens)
