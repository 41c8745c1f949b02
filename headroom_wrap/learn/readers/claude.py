"""Claude Code's transcripts: a row for each block of a message, with the usage repeated on each; subagents in files of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from headroom_wrap.learn.model import RESULT_LIMIT, Session, Skipped
from headroom_wrap.learn.readers import texts
from headroom_wrap.learn.readers.api import Wanted, counted
from headroom_wrap.learn.readers.building import Builder, moment
from headroom_wrap.learn.readers.lines import rows
from headroom_wrap.learn.readers.texts import Text
from pipeline.usage import Usage

_MOST_AT_ONCE = 32  # conversations in one file
_SLUG_LIMIT = 180  # a longer name of a project's folder is cut and a hash added
_NO_LETTER = re.compile(r"[^A-Za-z0-9]")
_EXIT = re.compile(r"(?:Error: )?Exit code (-?\d{1,10})\n?")
_TIMED_OUT = re.compile(r"Command timed out after |Command running in background with ID: ")
_INTERRUPTED = "[Request interrupted by user"
_REJECTED = "The user doesn't want to "
_SAID = "the user said:\n"
_REFUSED = re.compile(
    r"Claude requested permissions? to |The user doesn't want to (?:proceed|take this action)|Permission to use \S{1,200} .{0,200}denied"
    r"|Permission for this action (?:was|has been) denied|.{0,200}was blocked\. For security"
)
_TOOL_ERROR = re.compile(r"<tool_use_error>(.*)</tool_use_error>\s*", re.DOTALL)
_NOTHING = "(Bash completed with no output)"
_WHERE = 400  # characters of a result in which the agent's own words are looked for


class _Written(msgspec.Struct):
    ephemeral_1h_input_tokens: int = 0


class _Usage(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _Written | None = None


class _Block(msgspec.Struct):
    type: str = ""
    id: str = ""
    name: str = ""
    text: str | None = None
    input: msgspec.Raw = msgspec.Raw()
    tool_use_id: str = ""
    content: msgspec.Raw = msgspec.Raw()
    is_error: bool | None = None


class _Message(msgspec.Struct):
    role: str = ""
    id: str | None = None
    model: str | None = None
    content: str | list[_Block] | None = None
    usage: _Usage | None = None


class _Row(msgspec.Struct, rename="camel"):
    type: str = ""
    session_id: str = ""
    agent_id: str | None = None
    is_sidechain: bool | None = None
    is_meta: bool | None = None
    is_compact_summary: bool | None = None
    cwd: str | None = None
    timestamp: str | None = None
    message: _Message | None = None


_decoder = msgspec.json.Decoder(_Row)


def _speaks(line: bytes) -> bool:
    """Only rows with a message do; attachments, snapshots of files and the rest are half of some transcripts."""
    return b'"message":{' in line or b'"message": {' in line


class Claude:
    """Reads Claude Code's transcripts."""

    agent = "claude"

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds

    def concerns(self, path: Path, wanted: Wanted) -> bool:
        """A project's folder is named after its path, and so are those of the folders below it."""
        if not wanted.project:
            return True
        slug = _NO_LETTER.sub("-", wanted.project)[:_SLUG_LIMIT]
        return any(part.startswith(slug) and (len(slug) == _SLUG_LIMIT or part[len(slug) : len(slug) + 1] in ("", "-")) for part in path.parts[:-1])

    def read(self, path: Path, skipped: Skipped, wanted: Wanted = Wanted()) -> Iterator[Session]:  # noqa: B008 - a frozen value
        """The session in a file; more where an older version kept its subagents in the same file."""
        yield from counted(self._read(path, skipped, wanted), skipped)

    def _read(self, path: Path, skipped: Skipped, wanted: Wanted) -> Iterator[Session]:
        open_: dict[tuple[str, str], Builder] = {}
        for row in rows(path, _decoder, skipped, _speaks, goes_on=wanted.goes_on):
            message = row.message
            if message is None or row.type not in ("user", "assistant"):
                continue
            key = row.session_id, row.agent_id or ("sidechain" if row.is_sidechain else "")
            builder = open_.get(key)
            if builder is None:
                if len(open_) >= _MOST_AT_ONCE:
                    yield from open_.pop(next(iter(open_))).end()
                builder = open_[key] = Builder(self.agent, self._kinds, str(path), *key)
                builder.project = row.cwd or ""
            _take(builder, row, message)
            yield from builder.full()
        for builder in open_.values():
            yield from builder.end()


def _take(builder: Builder, row: _Row, message: _Message) -> None:
    time = moment(row.timestamp)
    if row.type == "assistant":
        if message.usage is not None and message.model != "<synthetic>":
            builder.response(message.id or "", message.model or "", _usage(message.usage), time)
        for block in message.content if isinstance(message.content, list) else ():
            if block.type == "tool_use":
                given = texts.arguments(block.input)
                builder.call(
                    block.id, block.name, given, time, cwd=row.cwd or "", mcp=block.name.startswith("mcp__"), size=len(memoryview(block.input))
                )
        return
    if row.is_meta or row.is_compact_summary:
        return
    if isinstance(message.content, str):
        _said(builder, message.content, time)
        return
    for block in message.content or ():
        if block.type == "tool_result":
            _result(builder, block, time)
        elif block.type == "text" and block.text:
            _said(builder, block.text, time)


def _said(builder: Builder, text: str, time: float) -> None:
    if text.startswith(_INTERRUPTED):
        builder.interrupt(time)
    elif not builder.subagent:  # to a subagent it is the agent that speaks
        builder.user(text, time)


def _result(builder: Builder, block: _Block, time: float) -> None:
    found = texts.of(block.content, RESULT_LIMIT)
    text, start = found.text, found.text[:_WHERE]
    failed = bool(block.is_error)
    status = _EXIT.match(start) if failed else None
    wrapped = _TOOL_ERROR.fullmatch(text) if start.startswith("<tool_use_error>") else None
    if status is not None:
        text = text[status.end() :]
    elif wrapped is not None:
        text = wrapped[1]
    elif text == _NOTHING:
        text = ""
    size = max(found.size - (len(found.text) - len(text)), 0)
    builder.result(
        block.tool_use_id,
        text=Text(text, size),
        failed=failed,
        exit_status=int(status[1]) if status is not None else None,
        refused=failed and _REFUSED.match(start) is not None,
        timed_out=_TIMED_OUT.match(text[:_WHERE]) is not None,
        time=time,
    )
    if failed and start.startswith(_REJECTED):
        builder.interrupt(time)
        reason = text.partition(_SAID)[2]
        if reason:
            builder.user(reason, time)


def _usage(given: _Usage) -> Usage:
    written = given.cache_creation_input_tokens or 0
    hour = given.cache_creation.ephemeral_1h_input_tokens if given.cache_creation is not None else 0
    return Usage(given.input_tokens, max(written - hour, 0), hour, given.cache_read_input_tokens or 0, given.output_tokens)
