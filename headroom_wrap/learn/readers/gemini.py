"""Gemini CLI's chats: a header, then messages, each written again when there is more of it, and patches of the header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from headroom_wrap.learn.model import RESULT_LIMIT, Session, Skipped
from headroom_wrap.learn.readers import texts
from headroom_wrap.learn.readers.api import Wanted, counted
from headroom_wrap.learn.readers.building import Builder, moment
from headroom_wrap.learn.readers.lines import rows
from headroom_wrap.learn.readers.texts import Text
from pipeline.usage import Usage

_ROOT = ".project_root"
_PROJECTS = "projects.json"
_LONGEST_PATH = 4096
_WHERE = 400
_START = re.compile(r"(?:<untrusted_context>\n)?(?:Output: )?")
_END = re.compile(
    r"\n(?:Error: [^\n]{0,300}\n)?(?:Exit Code: (-?\d{1,10})\n|Signal: (\w{1,16})\n)?(?:Background PIDs: [^\n]{0,300}\n)?"
    r"Process Group PGID: \d{1,10}(?:\n</untrusted_context>)?\s{0,9}$"
)
_TIMED_OUT = re.compile(r"Command (?:was automatically cancelled because it exceeded the timeout|timed out)|.{0,80}exceeded the timeout")
_REFUSED = re.compile(
    r"\[?Operation Cancelled\]?|User (?:denied|did not allow|cancelled)|Tool execution (?:for .{0,200} )?(?:denied|was not allowed)"
    r"|.{0,200}denied by policy",
    re.IGNORECASE,
)


class _Response(msgspec.Struct):
    output: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


class _Answer(msgspec.Struct):
    response: _Response | None = None


class _Result(msgspec.Struct, rename="camel"):
    function_response: _Answer | None = None


class _Call(msgspec.Struct):
    id: str = ""
    name: str = ""
    args: msgspec.Raw = msgspec.Raw()
    result: list[_Result] | None = None
    status: str | None = None
    timestamp: str | None = None


class _Tokens(msgspec.Struct):
    input: int = 0
    output: int = 0
    cached: int = 0
    thoughts: int = 0


class _Message(msgspec.Struct, rename="camel"):
    id: str | None = None
    timestamp: str | None = None
    type: str = ""
    content: msgspec.Raw = msgspec.Raw()
    tool_calls: list[_Call] | None = None
    tokens: _Tokens | None = None
    model: str | None = None


class _Patch(msgspec.Struct):
    messages: list[_Message] | None = None


class _Row(_Message, rename="camel"):
    session_id: str | None = None
    start_time: str | None = None
    kind: str | None = None
    patch: _Patch | None = msgspec.field(default=None, name="$set")


_decoder = msgspec.json.Decoder(_Row)


def _tells(line: bytes) -> bool:
    """The user's turns that only hand results over repeat what stands in the message with the calls."""
    head = line[:256]
    return not (b'"type":"user"' in head and b'"content":[{"functionResponse"' in head)


class Gemini:
    """Reads Gemini CLI's chats."""

    agent = "gemini"

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds

    def concerns(self, path: Path, wanted: Wanted) -> bool:
        """The project's path stands in a file beside the folder of its chats."""
        if not wanted.project:
            return True
        root = _project(path)
        return not root or wanted.covers(root)

    def read(self, path: Path, skipped: Skipped, wanted: Wanted = Wanted()) -> Iterator[Session]:  # noqa: B008 - a frozen value
        """The session in a chat's file."""
        yield from counted(self._read(path, skipped, wanted), skipped)

    def _read(self, path: Path, skipped: Skipped, wanted: Wanted) -> Iterator[Session]:
        builder = Builder(self.agent, self._kinds, str(path))
        builder.project = _project(path)
        heard: set[str] = set()
        for row in rows(path, _decoder, skipped, _tells, goes_on=wanted.goes_on):
            if row.session_id and not builder.id:
                builder.id = row.session_id
                builder.subagent = row.session_id if row.kind == "subagent" else ""
            for message in (row, *((row.patch.messages or ()) if row.patch is not None else ())):
                _take(builder, message, heard)
            yield from builder.full()
        yield from builder.end()


def _take(builder: Builder, message: _Message, heard: set[str]) -> None:
    time = moment(message.timestamp)
    if message.type == "user":
        if message.id and message.id in heard:
            return
        if message.id and len(heard) < 1 << 16:
            heard.add(message.id)
        if not builder.subagent:
            builder.user(texts.of(message.content, RESULT_LIMIT).text, time)
    elif message.type == "gemini":
        if message.tokens is not None:
            builder.response(message.id or "", message.model or "", _usage(message.tokens), time)
        for call in message.tool_calls or ():
            _called(builder, call, time)
    elif message.type == "info" and texts.of(message.content, _WHERE).text.startswith("Request cancelled"):
        builder.interrupt(time)


def _called(builder: Builder, call: _Call, time: float) -> None:
    given = texts.arguments(call.args)
    folder = given.get("dir_path") or given.get("directory")
    cwd = str(Path(builder.project, folder)) if isinstance(folder, str) and builder.project and given.get("command") else ""
    builder.call(call.id, call.name, given, time, cwd=cwd, mcp=call.name.startswith("mcp_"), size=len(memoryview(call.args)))
    if call.status is None:
        return
    answer = next(
        (r.function_response.response for r in call.result or () if r.function_response is not None and r.function_response.response is not None),
        None,
    )
    failed = call.status == "error"
    cancelled = call.status == "cancelled"
    found = texts.of(answer.error or answer.output, RESULT_LIMIT) if answer is not None else Text()
    text, status = _unwrapped(found) if given.get("command") else (found, None)
    start = text.text[:_WHERE]
    refused = cancelled or (failed and _REFUSED.match(start) is not None)
    builder.result(
        call.id,
        text=text,
        failed=failed or cancelled,
        exit_status=status,
        refused=refused,
        timed_out=_TIMED_OUT.match(start) is not None,
        time=moment(call.timestamp),
    )


def _unwrapped(found: Text) -> tuple[Text, int | None]:
    """A command's own output, and its exit status: told only where it is not 0."""
    start, end = _START.match(found.text), _END.search(found.text[-1000:])
    if end is None:
        return found, None
    body = found.text[start.end() if start else 0 : len(found.text) - len(found.text[-1000:]) + end.start()]
    body = "" if body == "(empty)" else body
    status = int(end[1]) if end[1] else -int(end[2]) if end[2] and end[2].isdigit() else -1 if end[2] else 0
    return Text(body, max(found.size - (len(found.text) - len(body)), 0)), status


def _project(path: Path) -> str:
    """The project that a chat belongs to, ``""`` if nothing tells."""
    slug = path.parent.parent
    try:
        with (slug / _ROOT).open(encoding="utf-8") as file:
            return file.read(_LONGEST_PATH).strip()
    except (OSError, UnicodeDecodeError):
        return _listed(slug)


def _listed(slug: Path) -> str:
    try:
        known: Any = msgspec.json.decode((slug.parent.parent / _PROJECTS).read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    projects = known.get("projects") if isinstance(known, dict) else None
    return next((str(root) for root, name in projects.items() if name == slug.name), "") if isinstance(projects, dict) else ""


def _usage(given: _Tokens) -> Usage:
    return Usage(max(given.input - given.cached, 0), 0, 0, given.cached, given.output + given.thoughts)
