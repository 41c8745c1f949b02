"""A framework's conversation in plain words: the user's texts, the calls, their results. What is to be sent in a result's place comes back by place.

A framework's own messages are never rebuilt: its integration puts the texts that come back into copies of the messages that they belong to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from headroom.integrations.attempts import Attempt
from headroom.integrations.messages import Api, Compression
from pipeline.transcript import LEAST_PASTED

P = TypeVar("P", bound=Hashable)
M = TypeVar("M")
_DEEPEST = 5  # a list of tools, their lists of declarations and those; a test's Mock has a function that has a function, for ever


class Conversation(Generic[P]):
    """What was said, in order. It is written down as Anthropic's messages, which can say of a result that it is an error."""

    def __init__(self) -> None:
        self._messages: list[dict[str, Any]] = []
        self._places: dict[int, P] = {}

    def user(self, text: str, place: P | None = None) -> None:
        """The user said this. A place in the framework's messages is for data that was pasted there; without one the text stays as it is."""
        if place is not None and len(text) >= LEAST_PASTED:
            self._places[len(self._messages)] = place
        self._add("user", {"type": "text", "text": text})

    def assistant(self, text: str) -> None:
        """The model said this."""
        self._add("assistant", {"type": "text", "text": text})

    def call(self, call_id: object, name: object, arguments: object) -> None:
        """The model called a tool. Arguments may be JSON as text."""
        self._add("assistant", {"type": "tool_use", "id": str(call_id or ""), "name": str(name or ""), "input": _decoded(arguments)})

    def result(self, place: P, text: str, *, answers: object = "", error: bool = False) -> None:
        """A call's result, which stands at this place in the framework's messages."""
        self._places[len(self._messages)] = place
        self._add("user", {"type": "tool_result", "tool_use_id": str(answers or ""), "content": text, "is_error": error})

    def shortened(self, compression: Compression, tools: Iterable[str] = ()) -> dict[P, str]:
        """The results, and the user's texts, that are to be sent shorter, by place.

        Args:
            compression: that does it.
            tools: names of the tools that the model is offered.

        Raises:
            HeadroomError: it could not be done, and that is not to be passed over.
        """
        if not self._places:
            return {}
        sent = compression.messages(Api.ANTHROPIC, self._messages, tools=tools)
        return {place: _text(sent[i]["content"][0]) for i, place in self._places.items() if sent[i] is not self._messages[i]}

    def _add(self, role: str, block: dict[str, Any]) -> None:
        self._messages.append({"role": role, "content": [block]})


class Shortener(Generic[M]):
    """Makes a framework's messages smaller before they are sent.

    Args:
        shorten: the framework's own part: its messages, the compression, and the names of the tools that the model is offered, to its messages. It
            changes none, and gives those back that stay as they are.
        options: arguments of ``Compression``.
    """

    def __init__(self, shorten: Callable[[Sequence[M], Compression, Sequence[str]], Sequence[M]], **options: Any) -> None:
        self._shorten = shorten
        self._compression = Compression(**options)

    def __call__(self, messages: Sequence[M], tools: object) -> Sequence[M]:
        """The messages as they are to be sent.

        Args:
            messages: the conversation.
            tools: that the model is offered, in any form that ``tool_names`` reads.

        Raises:
            HeadroomError: it could not be done, and that is not to be passed over.
        """
        return self._by(self._compression, messages, tools)

    async def aside(self, messages: Sequence[M], tools: object) -> Sequence[M]:
        """The same in a thread, so that the event loop goes on meanwhile."""
        return await self._compression.aside(lambda given: self(given, tools), messages)

    def attempt(self, messages: Sequence[M], tools: object) -> Attempt[Sequence[M]]:
        """The messages as they are to be sent, and what is done where the model's API refuses them. Arguments and errors are those of a call."""
        return Attempt(messages, self(messages, tools), partial(self._refuse, messages, tools))

    async def attempt_aside(self, messages: Sequence[M], tools: object) -> Attempt[Sequence[M]]:
        """The same, made in a thread."""
        return Attempt(messages, await self.aside(messages, tools), partial(self._refuse, messages, tools))

    def _by(self, compression: Compression, messages: Sequence[M], tools: object) -> Sequence[M]:
        # A framework's message of a shape unknown to us is no reason not to send it.
        return compression.guarded(lambda given: self._shorten(given, compression, tool_names(tools)), messages)

    def _refuse(self, messages: Sequence[M], tools: object) -> None:
        self._compression.refuse(lambda compression: self._by(compression, messages, tools))


def tool_names(tools: object) -> list[str]:
    """The names of tools as frameworks hand them to a model: objects with a name, or declarations of any provider."""
    names: list[str] = []
    waiting = [(tools, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEEPEST:
            continue
        if isinstance(value, (list, tuple)):
            waiting += [(held, depth + 1) for held in value]
            continue
        for member in ("name", "function", "function_declarations", "functionDeclarations"):
            held = value.get(member) if isinstance(value, Mapping) else getattr(value, member, None)
            if member == "name" and isinstance(held, str):
                names.append(held)
            elif member != "name" and (isinstance(held, (list, tuple, Mapping)) or (member == "function" and hasattr(held, "name"))):
                waiting.append((held, depth + 1))
    return sorted(names)


def _text(block: Mapping[str, str]) -> str:
    return block["content" if block["type"] == "tool_result" else "text"]


def _decoded(arguments: object) -> Mapping[str, Any]:
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            return {"input": arguments}
    return arguments if isinstance(arguments, Mapping) else {}
