"""Agno: models that are sent shorter tool results.

A model stays of its own class (a subclass that is made here), as Agno asks models for much by their class; its runs and its memory keep what tools
returned.
"""

# mypy: disable-error-code="import-not-found,misc,no-any-return"

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any, TypeVar

from agno.models.base import Model
from agno.models.message import Message

from headroom.integrations.conversation import Conversation, Shortener
from headroom.integrations.messages import Compression
from pipeline.store.api import Store

_Model = TypeVar("_Model", bound=Model)
_Place = tuple[int, int | None]  # a message, and a result in it where it holds several
_OURS = "_headroom"  # the attribute in which a model keeps its shortener


def HeadroomModel(  # noqa: N802  # reads as the class that it makes
    model: _Model,
    *,
    profile: str = "balanced",
    elide: bool | None = None,
    fail_open: bool = True,
    store: Store | None = None,
    **options: Any,
) -> _Model:
    """A model of the same type that is sent shorter tool results. The one given stays as it is.

    Args:
        model: any model of Agno's.
        profile: ``lossless``, ``balanced`` or ``aggressive``.
        elide: whether anything may be left out; by default only where the model is offered the tool ``headroom_retrieve``
            (``headroom.headroom_retrieve`` is a function that agents take).
        fail_open: where messages cannot be shortened they are sent as they are; else ``HeadroomError`` is raised.
        store: where originals are kept; by default the user's own store.
        options: further fields of ``pipeline.policy.Policy``.

    Raises:
        TypeError: no model, or no such option.
        ValueError: no such profile.
    """
    if not isinstance(model, Model):
        raise TypeError(f"HeadroomModel takes a model of Agno's, not {type(model).__name__}.")
    made = copy.copy(model)
    made.__class__ = _class(model.__class__)
    setattr(made, _OURS, Shortener(_shortened, fail_open=fail_open, profile=profile, elide=elide, store=store, **options))
    return made


# ----- What is sent ----------------------------------------------------------------------------------------------------------------------


def _shortened(messages: Sequence[Message], compression: Compression, tools: Sequence[str]) -> Sequence[Message]:
    said: Conversation[_Place] = Conversation()
    for number, message in enumerate(messages):
        _read(said, number, message)
    news = said.shortened(compression, tools)
    if not news:
        return messages
    changes: dict[int, dict[int | None, str]] = {}
    for (number, part), text in news.items():
        changes.setdefault(number, {})[part] = text
    return [message if n not in changes else message.model_copy(update=_put(message, changes[n])) for n, message in enumerate(messages)]


def _read(said: Conversation[_Place], number: int, message: Message) -> None:
    if message.role == "tool":
        for part, text in _results(message):
            said.result((number, part), text, answers=message.tool_call_id, error=bool(message.tool_call_error))
    elif message.role in ("user", "assistant"):
        if message.role == "user" and isinstance(message.content, str):
            said.user(message.content, (number, None))
            return
        speak = said.user if message.role == "user" else said.assistant
        for text in [message.content] if isinstance(message.content, str) else _texts(message.content):
            speak(text)
        for call in message.tool_calls or ():
            function = call.get("function") if isinstance(call, Mapping) else None
            if isinstance(function, Mapping):
                said.call(call.get("id"), function.get("name"), function.get("arguments"))


def _results(message: Message) -> list[tuple[int | None, str]]:
    """The results in a message. Gemini's, before Agno 2.3, stand together in one, and their names beside them."""
    if isinstance(message.content, str):
        return [(None, message.content)]
    if isinstance(message.content, list) and len(message.content) == len(message.tool_calls or ()):
        return [(part, text) for part, text in enumerate(message.content) if isinstance(text, str)]
    return []


def _put(message: Message, news: Mapping[int | None, str]) -> dict[str, Any]:
    """The fields of a message in which results are replaced."""
    if None in news:
        # What is sent in place of the content where Agno itself compresses is not ours to replace.
        return {"content": news[None]}
    content, calls = list(message.content or ()), list(message.tool_calls or ())
    for part, text in news.items():
        if part is not None:
            content[part], calls[part] = text, {**calls[part], "content": text}
    return {"content": content, "tool_calls": calls}


def _texts(content: object) -> list[str]:
    parts = content if isinstance(content, list) else ()
    return [part["text"] for part in parts if isinstance(part, Mapping) and isinstance(part.get("text"), str)]


# ----- Classes ---------------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _class(kind: type[Any]) -> type[Any]:
    """A subclass that shortens what reaches the methods by which this class talks to its model."""
    hooked = {name: hook(getattr(kind, name)) for name, hook in _HOOKS.items()}
    return type(kind.__name__, (kind,), {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__, **hooked})


def _conversation(args: tuple[Any, ...], more: Mapping[str, Any]) -> Sequence[Message]:
    return more["messages"] if "messages" in more else args[0]


def _calling(method: Callable[..., Any], self: Any, args: tuple[Any, ...], more: Mapping[str, Any]) -> Callable[[Sequence[Message]], Any]:
    """The method of a model, with these arguments and the messages still to come."""
    if "messages" in more:
        return lambda sent: method(self, *args, **{**more, "messages": sent})
    return lambda sent: method(self, sent, *args[1:], **more)


def _invoke(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def invoke(self: Any, *args: Any, **more: Any) -> Any:
        attempt = getattr(self, _OURS).attempt(_conversation(args, more), more.get("tools"))
        return attempt.send(_calling(method, self, args, more))

    return invoke


def _ainvoke(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def ainvoke(self: Any, *args: Any, **more: Any) -> Any:
        attempt = await getattr(self, _OURS).attempt_aside(_conversation(args, more), more.get("tools"))
        return await attempt.asend(_calling(method, self, args, more))

    return ainvoke


def _invoke_stream(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def invoke_stream(self: Any, *args: Any, **more: Any) -> Iterator[Any]:
        attempt = getattr(self, _OURS).attempt(_conversation(args, more), more.get("tools"))
        yield from attempt.stream(_calling(method, self, args, more))

    return invoke_stream


def _ainvoke_stream(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def ainvoke_stream(self: Any, *args: Any, **more: Any) -> AsyncIterator[Any]:
        attempt = await getattr(self, _OURS).attempt_aside(_conversation(args, more), more.get("tools"))
        async for piece in attempt.astream(_calling(method, self, args, more)):
            yield piece

    return ainvoke_stream


_HOOKS = {"invoke": _invoke, "ainvoke": _ainvoke, "invoke_stream": _invoke_stream, "ainvoke_stream": _ainvoke_stream}
