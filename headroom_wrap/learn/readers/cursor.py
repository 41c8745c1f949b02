"""The log that our hook keeps of Cursor's sessions (`headroom_wrap.learn.hook_log`), as Cursor's own transcripts have no results.

A file for a conversation, JSON lines: each is what Cursor handed to the hook (`https://cursor.com/docs/agent/hooks`), with ``time``, Unix time in
seconds, added by us. A call's first row counts for its arguments: the shell commands in later rows are those that ``headroom run`` is around.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from headroom_wrap.learn.model import RESULT_LIMIT, Session, Skipped
from headroom_wrap.learn.readers import texts
from headroom_wrap.learn.readers.api import Wanted, counted
from headroom_wrap.learn.readers.building import Builder
from headroom_wrap.learn.readers.lines import decoded, first, rows
from headroom_wrap.learn.readers.texts import Text

PATTERN = "*.jsonl"
_OUTPUTS = ("output", "stdout", "content", "contents", "result", "text")
_STATUSES = ("exitCode", "exit_code")
_EXIT = re.compile(r"(?:exited with (?:code|status)|exit (?:code|status)):? (-?\d{1,10})", re.IGNORECASE)


class _Row(msgspec.Struct):
    time: float = 0.0
    hook_event_name: str = ""
    conversation_id: str | None = None
    workspace_roots: list[str] | None = None
    cwd: str | None = None
    prompt: str | None = None
    tool_name: str = ""
    tool_use_id: str = ""
    tool_input: msgspec.Raw = msgspec.Raw()
    tool_output: msgspec.Raw = msgspec.Raw()
    error_message: str | None = None
    failure_type: str | None = None
    is_interrupt: bool | None = None
    duration: float | None = None
    status: str | None = None


_decoder = msgspec.json.Decoder(_Row)


class Cursor:
    """Reads our hook's log."""

    agent = "cursor"

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds

    def concerns(self, path: Path, wanted: Wanted) -> bool:
        """The folder stands in the first row."""
        if not wanted.project:
            return True
        roots = [row.workspace_roots[0] for row in first(path, _decoder, 1) if row.workspace_roots]
        return not roots or wanted.covers(roots[0])

    def read(self, path: Path, skipped: Skipped, wanted: Wanted = Wanted()) -> Iterator[Session]:  # noqa: B008 - a frozen value
        """The conversation in a file."""
        yield from counted(self._read(path, skipped, wanted), skipped)

    def _read(self, path: Path, skipped: Skipped, wanted: Wanted) -> Iterator[Session]:
        builder = Builder(self.agent, self._kinds, str(path), path.stem)
        for row in rows(path, _decoder, skipped, least=lambda row: bool(row.hook_event_name), goes_on=wanted.goes_on):
            builder.id = row.conversation_id or builder.id
            if row.workspace_roots and not builder.project:
                builder.project = row.workspace_roots[0]
            _take(builder, row)
            yield from builder.full()
        yield from builder.end()


def _take(builder: Builder, row: _Row) -> None:
    if row.hook_event_name == "beforeSubmitPrompt":
        builder.user(row.prompt or "", row.time)
    elif row.hook_event_name == "stop" and row.status == "aborted":
        builder.interrupt(row.time)
    elif row.hook_event_name in ("preToolUse", "postToolUse", "postToolUseFailure"):
        mcp = row.tool_name.startswith("MCP:")
        builder.call(
            row.tool_use_id,
            row.tool_name.removeprefix("MCP:"),
            texts.arguments(row.tool_input),
            row.time,
            cwd=row.cwd or "",
            mcp=mcp,
            size=len(memoryview(row.tool_input)),
        )
        if row.hook_event_name != "preToolUse":
            _result(builder, row)


def _result(builder: Builder, row: _Row) -> None:
    failed = row.hook_event_name == "postToolUseFailure"
    text, status = (texts.given(row.error_message or "", RESULT_LIMIT), None) if failed else _output(row.tool_output)
    told = _EXIT.search(text.text[:400]) if failed else None
    builder.result(
        row.tool_use_id,
        text=text,
        failed=failed,
        exit_status=int(told[1]) if told is not None else status,
        refused=row.failure_type == "permission_denied",
        timed_out=row.failure_type == "timeout",
        interrupted=bool(row.is_interrupt),
        time=row.time,
        duration=(row.duration or 0.0) / 1000,
    )


def _output(raw: msgspec.Raw) -> tuple[Text, int | None]:
    """A tool's output: a text, or JSON, mostly in a string of its own, of which one member is the output."""
    if len(memoryview(raw)) > 1 << 20:
        return texts.of(raw, RESULT_LIMIT), None
    value: Any = decoded(raw)
    if isinstance(value, str) and value[:1] == "{":
        value = decoded(value.encode("utf-8", "replace")) or value
    if isinstance(value, dict):
        output = next((value[name] for name in _OUTPUTS if isinstance(value.get(name), str)), "")
        status = next((value[name] for name in _STATUSES if isinstance(value.get(name), int) and not isinstance(value[name], bool)), None)
        return texts.given(output, RESULT_LIMIT), status
    return texts.of(raw, RESULT_LIMIT), None
