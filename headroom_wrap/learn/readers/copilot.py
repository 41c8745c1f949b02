"""Copilot CLI's events: a row for each thing that happens, with the calls of tools as they begin and as they end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from headroom_wrap.learn.model import RESULT_LIMIT, TEXT_LIMIT, Session, Skipped, bounded
from headroom_wrap.learn.readers import texts
from headroom_wrap.learn.readers.api import Wanted, counted
from headroom_wrap.learn.readers.building import Builder, moment, patched
from headroom_wrap.learn.readers.lines import first, rows
from headroom_wrap.learn.readers.texts import Text
from pipeline.usage import Usage

_WANTED = frozenset(
    b"session.start session.resume user.message tool.execution_start tool.execution_complete session.usage_record abort permission.completed".split()
)
_TYPE = re.compile(rb'\{"type":"([\w.]{1,60})"')
_END = re.compile(r"\n?<shellId: \S{1,80} (?:completed with exit code (-?\d{1,10})|[^>\n]{0,200})>\s*$")
_RUNNING = re.compile(r"still running|timed out|detached", re.IGNORECASE)
_REFUSALS = frozenset({"denied", "rejected", "permission_denied"})

_Typed = TypeVar("_Typed")


class _Context(msgspec.Struct, rename="camel"):
    cwd: str | None = None


class _Exit(msgspec.Struct, rename="camel"):
    exit_code: int | None = None


class _Result(msgspec.Struct, rename="camel"):
    content: msgspec.Raw = msgspec.Raw()


class _Error(msgspec.Struct, rename="camel"):
    message: msgspec.Raw = msgspec.Raw()
    code: str | None = None


class _Decision(msgspec.Struct, rename="camel"):
    kind: str = ""


class _Tokens(msgspec.Struct, rename="camel"):
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    api_call_id: str | None = None


class _Data(msgspec.Struct, rename="camel"):
    session_id: str | None = None
    context: _Context | None = None
    content: str | None = None
    source: str | None = None
    is_autopilot_continuation: bool | None = None
    tool_call_id: str = ""
    tool_name: str = ""
    mcp_server_name: str | None = None
    arguments: msgspec.Raw = msgspec.Raw()
    success: bool | None = None
    shell_execution: _Exit | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: _Error | None = None
    usage: msgspec.Raw = msgspec.Raw()
    reason: str | None = None


class _Row(msgspec.Struct, rename="camel"):
    type: str = ""
    timestamp: str | None = None
    data: _Data | None = None


_decoder = msgspec.json.Decoder(_Row)
_result = msgspec.json.Decoder(_Result)
_decision = msgspec.json.Decoder(_Decision)
_tokens = msgspec.json.Decoder(_Tokens)


def _tells(line: bytes) -> bool:
    """The type stands first in a row; what the model said and what it was told are of no use here."""
    kind = _TYPE.match(line)
    return kind is None or kind[1] in _WANTED


class Copilot:
    """Reads Copilot CLI's events."""

    agent = "copilot"

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds

    def concerns(self, path: Path, wanted: Wanted) -> bool:
        """The folder stands in the first row."""
        if not wanted.project:
            return True
        contexts = [row.data.context for row in first(path, _decoder, 1) if row.data is not None and row.data.context is not None]
        return not contexts or wanted.covers(contexts[0].cwd or "")

    def read(self, path: Path, skipped: Skipped, wanted: Wanted = Wanted()) -> Iterator[Session]:  # noqa: B008 - a frozen value
        """The session in a file of events."""
        yield from counted(self._read(path, skipped, wanted), skipped)

    def _read(self, path: Path, skipped: Skipped, wanted: Wanted) -> Iterator[Session]:
        builder = Builder(self.agent, self._kinds, str(path), path.parent.name)
        for row in rows(path, _decoder, skipped, _tells, goes_on=wanted.goes_on):
            if row.data is not None:
                _take(builder, row.type, row.data, moment(row.timestamp))
                yield from builder.full()
        yield from builder.end()


def _take(builder: Builder, kind: str, data: _Data, time: float) -> None:
    if kind == "user.message":
        # A source names who spoke in the user's place: a skill, another agent.
        if data.content and not data.source and not data.is_autopilot_continuation:
            builder.user(data.content, time)
    elif kind == "tool.execution_start":
        _started(builder, data, time)
    elif kind == "tool.execution_complete":
        _completed(builder, data, time)
    elif kind == "session.usage_record":
        _charged(builder, data.usage, time)
    elif kind == "permission.completed":
        decision = _of(_decision, data.result)
        if decision is not None and decision.kind.startswith("denied"):
            builder.result(data.tool_call_id, failed=True, refused=True, time=time)
    elif kind == "abort":
        builder.interrupt(time)
    elif kind in ("session.start", "session.resume"):
        builder.id = data.session_id or builder.id
        if data.context is not None and not builder.project:
            builder.project = data.context.cwd or ""


def _started(builder: Builder, data: _Data, time: float) -> None:
    raw = data.arguments
    size = len(memoryview(raw))
    given = texts.arguments(raw)
    patch = texts.of(raw, TEXT_LIMIT).text if bytes(memoryview(raw)[:1]) == b'"' else ""
    if patch:  # a tool of free form has its text for arguments
        given = {"input": bounded(patch, TEXT_LIMIT)}
    builder.call(data.tool_call_id, data.tool_name, given, time, path=patched(patch), mcp=bool(data.mcp_server_name), size=size)


def _completed(builder: Builder, data: _Data, time: float) -> None:
    error, result = data.error, _of(_result, data.result)
    found = texts.of(error.message if error is not None else result.content if result is not None else None, RESULT_LIMIT)
    status = data.shell_execution.exit_code if data.shell_execution is not None else None
    text, running = found, False
    end = _END.search(found.text[-400:]) if data.success else None
    if end is not None:
        body = found.text[: len(found.text) - len(found.text[-400:]) + end.start()]
        text = Text(body, max(found.size - (len(found.text) - len(body)), 0))
        status = status if status is not None or end[1] is None else int(end[1])
        running = _RUNNING.search(end[0]) is not None
    refused = error is not None and error.code in _REFUSALS
    failed = None if data.success is None else not data.success
    builder.result(data.tool_call_id, text=text, failed=failed, exit_status=status, refused=refused, timed_out=running, time=time)


def _charged(builder: Builder, raw: msgspec.Raw, time: float) -> None:
    given = _of(_tokens, raw)
    if given is not None:
        read, written = given.cache_read_tokens or 0, given.cache_write_tokens or 0
        usage = Usage(max(given.input_tokens - read - written, 0), written, 0, read, given.output_tokens)
        builder.response(given.api_call_id or "", given.model or "", usage, time)


def _of(decoder: msgspec.json.Decoder[_Typed], raw: msgspec.Raw) -> _Typed | None:
    try:
        return decoder.decode(raw) if raw else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
