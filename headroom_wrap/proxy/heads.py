"""What stands in front of a request's messages: the agent's tools and instructions, and ours among them, counted as they are declared. Pure."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from headroom_wrap.mcp.tools import INSTRUCTIONS, RECALL, TOOLS
from pipeline import tokens
from pipeline.cache_misses import NO_HEAD, Head
from pipeline.dialects import json_spans
from pipeline.dialects.json_spans import Malformed

_OURS = tuple(tool["name"] for tool in (*TOOLS, RECALL))
_NAMESPACE = "mcp__headroom"
_SEVERAL = ("functionDeclarations", "function_declarations", "tools")
_INSTRUCTED = INSTRUCTIONS[-28:-1].encode()  # a piece without anything that JSON escapes, which no tool's description shares
_KEPT = 32  # heads of conversations that take turns; each comes back with every request
_BILLING = "x-anthropic-billing-header:"  # Claude Code's first block of system text, which no cache sees


class _Top(msgspec.Struct):
    """The members in which the APIs write tools and instructions; of all others nothing is built."""

    tools: msgspec.Raw = msgspec.Raw()
    toolConfig: msgspec.Raw = msgspec.Raw()  # noqa: N815 - as Bedrock's Converse spells it, and the tools are a list in it
    system: msgspec.Raw = msgspec.Raw()
    instructions: msgspec.Raw = msgspec.Raw()
    systemInstruction: msgspec.Raw = msgspec.Raw()  # noqa: N815 - as Gemini spells it
    system_instruction: msgspec.Raw = msgspec.Raw()


_top = msgspec.json.Decoder(_Top)


class Front:
    """What ``read`` says of a body, when it is first asked for: to look through one of a megabyte takes a millisecond, and no request waits for it.

    Args:
        body: of the request, in no content coding; it is let go when it has been read.
    """

    def __init__(self, body: bytes = b"") -> None:
        self._body = body
        self._read: tuple[Head, int] | None = None if body else (NO_HEAD, 0)

    @classmethod
    def known(cls, head: Head, declared: int) -> Front:
        """What has been read elsewhere."""
        front = cls()
        front._read = head, declared
        return front

    def read(self) -> tuple[Head, int]:
        """See ``heads.read``."""
        if self._read is None:
            self._read, self._body = read(self._body), b""
        return self._read


def read(body: bytes) -> tuple[Head, int]:
    """What stands in front of the messages of a request of any dialect, and how many o200k tokens of it are ours (estimated).

    Counted are the tools that the model is shown, not those that it would have to look for, and the instructions that come with them.

    Args:
        body: of the request, in no content coding.
    """
    parts = _parts(body)
    listed = parts[0] or parts[1]
    tools, ours, declared = _tools(listed) if listed else (b"", b"", 0)
    system = next((_instructions(part) for part in parts[2:] if part), b"")
    return Head(tools, system, ours), declared + (_instructed() if _INSTRUCTED in body else 0)


def _parts(body: bytes) -> tuple[bytes, ...]:
    """The tools, and whatever may be instructions, as JSON; ``b""`` for what is not there."""
    try:
        top = _top.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _scanned(body)
    return tuple(bytes(getattr(top, name)) for name in _Top.__struct_fields__)


def _scanned(body: bytes) -> tuple[bytes, ...]:
    """The same in a body with lone surrogates, which that decoder refuses."""
    try:
        top = json_spans.members(body, json_spans.whole(body))
    except Malformed:
        return (b"",) * len(_Top.__struct_fields__)
    spans = [top.get(name) for name in _Top.__struct_fields__]
    return tuple(body[span.start : span.end] if span is not None else b"" for span in spans)


@lru_cache(maxsize=_KEPT)
def _tools(raw: bytes) -> tuple[bytes, bytes, int]:
    """Digests of the agent's tools and of ours, and the tokens of ours."""
    try:
        return _told_apart(list(single(json.loads(raw))))
    except (ValueError, RecursionError):  # what can just be read may be too deep to be written
        return b"", b"", 0


def _told_apart(declared: list[Any]) -> tuple[bytes, bytes, int]:
    shown = [tool for tool in declared if not (isinstance(tool, dict) and tool.get("defer_loading") is True)]
    ours = [tool for tool in shown if _is_ours(tool)]
    return (
        _digest([tool for tool in shown if not _is_ours(tool)]),
        _digest(ours),
        sum(tokens.estimate(json.dumps(_unmarked(tool), ensure_ascii=False, separators=(",", ":"))) for tool in ours),
    )


def single(declared: Any) -> Iterator[Any]:
    """Single tools, taken out of the lists (Gemini, Converse) and namespaces (Codex) in which several are declared as one."""
    tools: list[Any] = declared if isinstance(declared, list) else [declared]
    for tool in tools:
        several = [tool[name] for name in _SEVERAL if isinstance(tool.get(name), list)] if isinstance(tool, dict) else []
        if not several:
            yield tool
        for one in itertools.chain(*several):
            yield {**one, "namespace": tool["name"]} if isinstance(one, dict) and "name" in tool else one


def _is_ours(tool: object) -> bool:
    if not isinstance(tool, dict):
        return False
    function = tool.get("function") or tool.get("toolSpec")
    name = tool.get("name") or (function.get("name") if isinstance(function, dict) else "")
    return isinstance(name, str) and (name.endswith(_OURS) or tool.get("namespace") == _NAMESPACE)


@lru_cache(maxsize=_KEPT)
def _instructions(raw: bytes) -> bytes:
    """A digest that a text has by itself and as a block in a list."""
    try:
        said = json.loads(raw)
        blocks = said if isinstance(said, list) else [said]
        texts = [block["text"] if isinstance(block, dict) and block.get("type") == "text" and "text" in block else block for block in blocks]
        return _digest([text for text in texts if not (isinstance(text, str) and text.startswith(_BILLING))])
    except (ValueError, RecursionError):
        return b""


def _digest(values: list[Any]) -> bytes:
    said = json.dumps([_unmarked(value) for value in values], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()[:16]


def _unmarked(value: object) -> object:
    """A tool or block without its cache breakpoint, which may move and is no content."""
    return {key: inner for key, inner in value.items() if key != "cache_control"} if isinstance(value, dict) else value


@lru_cache(maxsize=1)
def _instructed() -> int:
    return tokens.estimate(INSTRUCTIONS)
