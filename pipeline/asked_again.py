"""Calls that ask for what was left out: which originals they name, and whether for all of one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline import markers
from pipeline.retrieval_tool import NAME
from pipeline.transcript import ToolCall

HANDLE_DIGITS = 8
"""Digits of a handle that are enough to tell the blocks of one transcript apart."""
_SHOW = "headroom show "
_SHOWN = re.compile(r"headroom show [\s\"']{0,9}([0-9a-f]{8,64})([^\n;&|]{0,200})")
# Codex may call tools from a script: `tools.mcp__headroom__headroom_retrieve({handle: "3f9a2c7b"})`
_SCRIPTED = re.compile(NAME + r"\(([^()]{0,200}?)\b([0-9a-f]{8,64})\b([^()]{0,200})")
_PARTS = ("--lines", "--grep")
_FIELDS = ("lines", "pattern")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An original that a call asks for.

    Args:
        handle: its first digits.
        whole: all of it, not some lines.
    """

    handle: str
    whole: bool


def wanted(call: ToolCall) -> list[Wanted]:
    """The originals that a call asks for, by our tool, by our command in a shell or by a script that calls the tool; in its order."""
    return list(_wanted(call))


def _wanted(call: ToolCall) -> Iterator[Wanted]:
    if call.name.endswith(NAME):
        handle = call.arguments.get("handle")
        for named in markers.HANDLE.findall(handle)[:1] if isinstance(handle, str) else ():
            yield Wanted(named[:HANDLE_DIGITS], not any(call.arguments.get(field) for field in _FIELDS))
    elif _SHOW in call.command:
        for named, rest in _SHOWN.findall(call.command):
            yield Wanted(named[:HANDLE_DIGITS], not any(part in rest for part in _PARTS))
    elif call.name == "exec" and isinstance(script := call.arguments.get("input"), str) and NAME in script:
        for before, named, after in _SCRIPTED.findall(script):
            yield Wanted(named[:HANDLE_DIGITS], not any(field in part for field in _FIELDS for part in (before, after)))
