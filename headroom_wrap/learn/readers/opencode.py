"""opencode's sessions, in its SQLite database: opened read-only, and read session by session."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import msgspec

from headroom_wrap.learn.model import RESULT_LIMIT, TEXT_LIMIT, Session, Skipped
from headroom_wrap.learn.readers import texts
from headroom_wrap.learn.readers.api import Wanted
from headroom_wrap.learn.readers.building import Builder, patched
from headroom_wrap.learn.readers.lines import LONGEST, OUT_OF_TIME
from headroom_wrap.learn.readers.texts import Text
from pipeline.usage import Usage

_SESSIONS = "SELECT id, parent_id, directory FROM session WHERE time_updated >= ? ORDER BY time_created, id"
_MESSAGES = "SELECT id, CASE WHEN length(data) <= ? THEN CAST(data AS BLOB) END FROM message WHERE session_id = ? ORDER BY time_created, id"
_PARTS = "SELECT CASE WHEN length(data) <= ? THEN CAST(data AS BLOB) END FROM part WHERE message_id = ? ORDER BY id"
_CACHE = "PRAGMA cache_size = -8192"  # KiB
_WHERE = 400
_SHELL_END = re.compile(r"\n{0,2}<shell_metadata>\n(.{0,600})</shell_metadata>\s*$", re.DOTALL)
_TIMED_OUT = "exceeding timeout"
_ABORTED = re.compile(r"Tool execution aborted|User aborted the command")
_REFUSED = re.compile(r"The user (?:rejected|has specified a rule which prevents)|Permission (?:denied|required)|.{0,200}rejected permission")
_QUOTED = re.compile(r'\A"(.*)"\Z', re.DOTALL)  # so a prompt of several words comes from the command line
_NOTHING = "(no output)"
_INVALID = "invalid"  # stands for a tool that there is not, with its name in the arguments

_Typed = TypeVar("_Typed")


class _Time(msgspec.Struct):
    created: float = 0.0
    start: float = 0.0
    end: float = 0.0


class _Cache(msgspec.Struct):
    read: int = 0
    write: int = 0


class _Tokens(msgspec.Struct):
    input: int = 0
    output: int = 0
    reasoning: int = 0
    total: int | None = None
    cache: _Cache | None = None


class _Path(msgspec.Struct):
    cwd: str = ""


class _Error(msgspec.Struct):
    name: str = ""


class _Message(msgspec.Struct):
    role: str = ""
    time: _Time | None = None
    tokens: _Tokens | None = None
    model: str | None = msgspec.field(default=None, name="modelID")
    path: _Path | None = None
    error: _Error | None = None


class _Metadata(msgspec.Struct):
    exit: int | None = None


class _State(msgspec.Struct):
    status: str = ""
    input: msgspec.Raw = msgspec.Raw()
    output: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    metadata: _Metadata | None = None
    time: _Time | None = None


class _Part(msgspec.Struct):
    type: str = ""
    text: msgspec.Raw = msgspec.Raw()
    synthetic: bool | None = None
    ignored: bool | None = None
    tool: str = ""
    call: str = msgspec.field(default="", name="callID")
    state: _State | None = None


_message = msgspec.json.Decoder(_Message)
_part = msgspec.json.Decoder(_Part)


class OpenCode:
    """Reads opencode's database."""

    agent = "opencode"

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds

    def concerns(self, path: Path, wanted: Wanted) -> bool:
        """One file has the sessions of all projects."""
        return True

    def read(self, path: Path, skipped: Skipped, wanted: Wanted = Wanted()) -> Iterator[Session]:  # noqa: B008 - a frozen value
        """The wanted sessions of a database, the oldest first."""
        if not path.is_file():
            skipped.file("unreadable")
            return
        try:
            # Its own reader may be at work: a reader of WAL blocks nobody, and read-only mode writes nothing but that reader's mark.
            with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=1.0)) as database:
                database.execute(_CACHE)
                yield from self._sessions(database, path, skipped, wanted)
        except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
            skipped.file("foreign" if "no such" in str(error) or "not a database" in str(error) else "unreadable")

    def _sessions(self, database: sqlite3.Connection, path: Path, skipped: Skipped, wanted: Wanted) -> Iterator[Session]:
        for session, parent, folder in database.execute(_SESSIONS, (int(wanted.since * 1000),)).fetchall():
            if not wanted.goes_on():
                skipped.row(OUT_OF_TIME)
                return
            if not isinstance(session, str) or not isinstance(folder, str) or not wanted.covers(folder):
                continue
            subagent = isinstance(parent, str) and bool(parent)
            builder = Builder(self.agent, self._kinds, str(path), str(parent) if subagent else session, session if subagent else "")
            builder.project = folder
            for number, data in database.execute(_MESSAGES, (LONGEST, session)):
                if not wanted.goes_on():
                    skipped.row(OUT_OF_TIME)
                    yield from builder.end()
                    return
                message = _of(_message, data, skipped)
                if message is None:
                    continue
                parts = database.execute(_PARTS, (LONGEST, number))
                _take(builder, str(number), message, (part for (row,) in parts if (part := _of(_part, row, skipped)) is not None))
                yield from builder.full()
            yield from builder.end()


def _take(builder: Builder, number: str, message: _Message, parts: Iterator[_Part]) -> None:
    time = message.time.created / 1000 if message.time is not None else 0.0
    if message.role == "user":
        said = [texts.of(part.text, TEXT_LIMIT).text for part in parts if part.type == "text" and not part.synthetic and not part.ignored]
        if not builder.subagent:
            builder.user(_QUOTED.sub(r"\1", "\n".join(said)), time)
        return
    if message.tokens is not None and message.error is None:
        builder.response(number, message.model or "", _usage(message.tokens), time)
    folder = message.path.cwd if message.path is not None else ""
    for part in parts:
        if part.type == "tool" and part.state is not None:
            _called(builder, part, part.state, folder)
    if message.error is not None and message.error.name == "MessageAbortedError":
        builder.interrupt(time)


def _called(builder: Builder, part: _Part, state: _State, folder: str) -> None:
    given = texts.arguments(state.input)
    name = part.tool
    if name == _INVALID and isinstance(wrong := given.get("tool"), str):
        name = wrong
    start, end = (state.time.start / 1000, state.time.end / 1000) if state.time is not None else (0.0, 0.0)
    own, patch = given.get("workdir"), given.get("patchText")
    cwd = str(Path(folder, own)) if isinstance(own, str) else folder
    path = patched(patch) if isinstance(patch, str) else ""
    known = part.tool in builder.kinds or part.tool == _INVALID
    builder.call(part.call, name, given, start, cwd=cwd, path=path, mcp=not known and "_" in name, size=len(memoryview(state.input)))
    if state.status not in ("completed", "error"):
        return
    failed = state.status == "error" or part.tool == _INVALID
    found = texts.of(state.error or state.output, RESULT_LIMIT)
    text = found.text
    shell = _SHELL_END.search(text[-800:])
    timed_out = shell is not None and _TIMED_OUT in shell[1]
    aborted = _ABORTED.match(text[:_WHERE]) is not None or (shell is not None and _ABORTED.search(shell[1]) is not None)
    if shell is not None:
        text = text[: len(text) - len(text[-800:]) + shell.start()]
    text = "" if text == _NOTHING else text
    builder.result(
        part.call,
        text=Text(text, max(found.size - (len(found.text) - len(text)), 0)),
        failed=failed or timed_out or aborted,
        exit_status=state.metadata.exit if state.metadata is not None else None,
        refused=failed and _REFUSED.match(found.text[:_WHERE]) is not None,
        timed_out=timed_out,
        interrupted=aborted,
        time=end,
    )


def _of(decoder: msgspec.json.Decoder[_Typed], data: object, skipped: Skipped) -> _Typed | None:
    if not isinstance(data, bytes):
        skipped.row("too large" if data is None else "unknown shape")
        return None
    try:
        return decoder.decode(data)
    except msgspec.ValidationError:
        skipped.row("unknown shape")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        skipped.row("malformed")
    return None


def _usage(given: _Tokens) -> Usage:
    read, written = (given.cache.read, given.cache.write) if given.cache is not None else (0, 0)
    output = given.total - given.input - read - written if given.total else given.output + given.reasoning
    return Usage(given.input, written, 0, read, max(output, 0))
