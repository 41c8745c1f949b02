"""A case: a conversation, a question, and the facts that must survive. On disk a line of JSON, so that others' cases can be run too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SPACE = re.compile(r"\s+")
_NO_TEXT = frozenset({"id", "tool_use_id", "tool_call_id", "type", "role"})


@dataclass(frozen=True)
class Needle:
    """A fact: all of the texts in one of the alternatives stand in the conversation."""

    alternatives: tuple[tuple[str, ...], ...]
    why: str = ""

    def found(self, views: Sequence[str]) -> bool:
        """Whether it stands in one of the texts; white space and JSON escapes are neutral."""
        return any(all(any(_squeeze(text) in view for view in views) for text in texts) for texts in self.alternatives)


@dataclass(frozen=True)
class Case:
    """A conversation to compress.

    Args:
        name: unique among the cases of a run.
        kind: what it is a case of.
        query: the question that the last user text asks.
        messages: Anthropic Messages or OpenAI Chat Completions messages.
        needles: what must survive.
    """

    name: str
    kind: str
    query: str
    messages: list[dict[str, Any]]
    needles: tuple[Needle, ...] = field(default=())


def load(path: Path) -> Iterator[Case]:
    """The cases of a file, a JSON object a line: ``id``, ``kind``, ``query``, ``messages``, ``needles`` with ``all`` and perhaps ``alt``."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                raw = json.loads(line)
                needles = tuple(Needle((tuple(n["all"]), *map(tuple, n.get("alt", []))), n.get("why", "")) for n in raw["needles"])
                yield Case(raw["id"], raw["kind"], raw.get("query", ""), raw["messages"], needles)


def dump(case: Case) -> str:
    """A case as a line of such a file."""
    needles = [{"id": f"n{i}", "all": n.alternatives[0], "alt": n.alternatives[1:], "why": n.why} for i, n in enumerate(case.needles)]
    return json.dumps({"id": case.name, "kind": case.kind, "query": case.query, "messages": case.messages, "needles": needles})


def text_of(value: object) -> str:
    """All text of some messages."""
    return "\n".join(_texts(value))


def views(text: str) -> list[str]:
    """A text as needles are looked for in it: white space squeezed, with and without JSON's escapes."""
    plain = text.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"').replace("\\/", "/").replace("\\\\", "\\")
    return [_squeeze(text), _squeeze(plain)]


def tool_call(number: int, name: str, arguments: Mapping[str, Any], result: str, said: str = "") -> list[dict[str, Any]]:
    """A call and its result as Anthropic messages."""
    call = {"type": "tool_use", "id": f"toolu_{number:04}", "name": name, "input": dict(arguments)}
    words = [{"type": "text", "text": said}] if said else []
    return [
        {"role": "assistant", "content": [*words, call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": result}]},
    ]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            if key not in _NO_TEXT:
                yield from _texts(member)
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from _texts(member)


def _squeeze(text: str) -> str:
    return _SPACE.sub(" ", text.strip())
