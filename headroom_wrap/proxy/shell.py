"""Retrieval through the agent's own shell: whether a request offers its model one, and how a form tells of the command. Pure.

No tool of ours is declared then, so a first request carries no token more than without us. What is left out comes back by ``headroom show``, which
only a model with a shell can run: from the requests of all others nothing is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import msgspec

from headroom_wrap.proxy import heads
from pipeline import markers
from pipeline.dialects import json_spans
from pipeline.dialects.json_spans import Malformed
from pipeline.outcome import Outcome

_KEPT = 32  # lists of tools of conversations that take turns; each comes back with every request
_ADDED = "additional_tools"  # the item in which Codex declares tools to its newer models


class _Top(msgspec.Struct):
    """The members in which the APIs declare tools, and those in which they are wrapped."""

    tools: msgspec.Raw = msgspec.Raw()
    functions: msgspec.Raw = msgspec.Raw()
    toolConfig: msgspec.Raw = msgspec.Raw()  # noqa: N815 - as Bedrock's Converse spells it
    request: msgspec.Raw = msgspec.Raw()  # Gemini's, signed in with Google


class _Input(msgspec.Struct):
    input: list[msgspec.Raw] = []


class _Item(msgspec.Struct):
    type: str = ""
    tools: msgspec.Raw = msgspec.Raw()


_top = msgspec.json.Decoder(_Top)
_input = msgspec.json.Decoder(_Input)
_item = msgspec.json.Decoder(_Item)


def offered(body: bytes, shells: frozenset[str]) -> bool:
    """Whether a request offers its model one of these tools.

    Args:
        body: of the request in any dialect, in no content coding.
        shells: names of tools that run commands.
    """
    return any(not shells.isdisjoint(_names(raw)) for raw in _declared(body))


def told(outcome: Outcome) -> Outcome:
    """An outcome whose footer names the command alone."""
    if outcome.text is None or outcome.rewrite is None:
        return outcome
    both = markers.footer(outcome.handle, outcome.rewrite)
    if not outcome.text.endswith(both):
        return outcome
    return replace(outcome, text=outcome.text.removesuffix(both) + markers.footer(outcome.handle, outcome.rewrite, by_command=True))


def _declared(body: bytes) -> Iterator[bytes]:
    """The lists of tools in a request, as JSON. Where the first ones name what is looked for, the others are not."""
    top = _members(body)
    yield from (raw for name in ("tools", "functions", "toolConfig") if (raw := top.get(name, b"")))
    if top.get("request", b"").startswith(b"{"):
        yield _members(top["request"]).get("tools", b"")
    if _ADDED.encode() in body:
        yield from _added(body)


def _members(body: bytes) -> dict[str, bytes]:
    """The members of a request that may declare tools; none where it is no JSON object."""
    try:
        top = _top.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # lone surrogates, which that decoder refuses
        try:
            spans = json_spans.members(body, json_spans.whole(body))
        except Malformed:
            return {}
        return {name: body[spans[name].start : spans[name].end] for name in _Top.__struct_fields__ if name in spans}
    return {name: bytes(getattr(top, name)) for name in _Top.__struct_fields__}


def _added(body: bytes) -> Iterator[bytes]:
    for raw in _items(body):
        if _ADDED.encode() in raw:
            try:
                item = _item.decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # another one that speaks of them
                continue
            if item.type == _ADDED:
                yield bytes(item.tools)


def _items(body: bytes) -> list[bytes]:
    """The items of a request's input; none where it is no list."""
    try:
        return [bytes(raw) for raw in _input.decode(body).input]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # lone surrogates, as above
        try:
            spans = json_spans.members(body, json_spans.whole(body))
            return [body[span.start : span.end] for span in json_spans.elements(body, spans["input"])]
        except (Malformed, KeyError):
            return []


@lru_cache(maxsize=_KEPT)
def _names(raw: bytes) -> frozenset[str]:
    """The names of the tools in a list of them; a tool of the API's own is named by its type."""
    try:
        declared = list(heads.single(json.loads(raw))) if raw else []
    except (ValueError, RecursionError):
        return frozenset()
    names = set()
    for tool in declared:
        if isinstance(tool, dict):
            inner = next((tool[key] for key in ("function", "toolSpec") if isinstance(tool.get(key), dict)), tool)
            name = inner.get("name", tool.get("type"))
            names.update([name] if isinstance(name, str) else [])
    return frozenset(names)
