"""Pydantic AI: models that are sent shorter tool results."""

# mypy: disable-error-code="import-not-found,misc"

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models import Model
from pydantic_ai.models.wrapper import WrapperModel

from headroom.integrations.attempts import Attempt
from headroom.integrations.conversation import Conversation, Shortener
from headroom.integrations.messages import Compression
from pipeline.store.api import Store

_Place = tuple[int, int]  # a message, and a part of it
_NO_ERROR = ("success", "denied")


class HeadroomModel(WrapperModel):
    """Another model, which is sent shorter tool results. The run's own messages keep what tools returned.

    Args:
        wrapped: a model, or its name, e.g. ``anthropic:claude-sonnet-5``.
        profile: ``lossless``, ``balanced`` or ``aggressive``.
        elide: whether anything may be left out; by default only where the model is offered the tool ``headroom_retrieve``
            (``headroom.headroom_retrieve`` is a function that ``Agent(tools=[…])`` takes).
        fail_open: where messages cannot be shortened they are sent as they are; else ``HeadroomError`` is raised.
        store: where originals are kept; by default the user's own store.
        options: further fields of ``pipeline.policy.Policy``.

    Raises:
        TypeError: no such option.
        ValueError: no such profile.
    """

    def __init__(
        self,
        wrapped: Model | str,
        *,
        profile: str = "balanced",
        elide: bool | None = None,
        fail_open: bool = True,
        store: Store | None = None,
        **options: Any,
    ) -> None:
        super().__init__(wrapped)
        self._shortener = Shortener(_shortened, fail_open=fail_open, profile=profile, elide=elide, store=store, **options)

    async def request(self, messages: list[ModelMessage], model_settings: Any, model_request_parameters: Any) -> ModelResponse:
        """The model's response."""
        attempt = await self._attempt(messages, model_request_parameters)
        return await attempt.asend(lambda sent: self.wrapped.request(list(sent), model_settings, model_request_parameters))

    @asynccontextmanager
    async def request_stream(
        self, messages: list[ModelMessage], model_settings: Any, model_request_parameters: Any, run_context: Any = None
    ) -> AsyncIterator[Any]:
        """The model's response as it comes."""
        attempt = await self._attempt(messages, model_request_parameters)
        async with AsyncExitStack() as open_streams:

            def begun(sent: Sequence[ModelMessage]) -> Awaitable[Any]:
                stream = self.wrapped.request_stream(list(sent), model_settings, model_request_parameters, run_context)
                return open_streams.enter_async_context(stream)

            yield await attempt.asend(begun)

    async def count_tokens(self, messages: list[ModelMessage], model_settings: Any, model_request_parameters: Any) -> Any:
        """The tokens of what would be sent."""
        attempt = await self._attempt(messages, model_request_parameters)
        return await attempt.asend(lambda sent: self.wrapped.count_tokens(list(sent), model_settings, model_request_parameters))

    async def _attempt(self, messages: list[ModelMessage], parameters: Any) -> Attempt[Sequence[ModelMessage]]:
        return await self._shortener.attempt_aside(messages, getattr(parameters, "function_tools", ()))


def _shortened(messages: Sequence[ModelMessage], compression: Compression, tools: Sequence[str]) -> Sequence[ModelMessage]:
    said: Conversation[_Place] = Conversation()
    for number, message in enumerate(messages):
        for index, part in enumerate(message.parts):
            _read(said, (number, index), part)
    news = said.shortened(compression, tools)
    if not news:
        return messages
    changed = {number for number, _ in news}
    return [message if number not in changed else _put(message, number, news) for number, message in enumerate(messages)]


def _read(said: Conversation[_Place], place: _Place, part: Any) -> None:
    if isinstance(part, UserPromptPart):
        if isinstance(part.content, str):
            said.user(part.content, place)
            return
        for text in part.content:
            if isinstance(text, str):
                said.user(text)
    elif isinstance(part, TextPart):
        said.assistant(part.content)
    elif isinstance(part, ToolCallPart):
        said.call(part.tool_call_id, part.tool_name, part.args)
    elif type(part) is ToolReturnPart and _is_plain([part.content]):  # a subclass promises a content of a shape of its own
        failed = getattr(part, "outcome", "success") not in _NO_ERROR
        said.result(place, part.model_response_str(), answers=part.tool_call_id, error=failed)


def _put(message: ModelRequest, number: int, news: Mapping[_Place, str]) -> ModelRequest:
    parts = [part if (number, i) not in news else replace(part, content=news[number, i]) for i, part in enumerate(message.parts)]
    return replace(message, parts=parts)


def _is_plain(values: Iterable[object]) -> bool:
    """Whether there is nothing in the result but what is written down as text: no image, no file."""
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, (list, tuple)):
            waiting += value
        elif type(value).__module__.startswith("pydantic_ai"):
            return False
    return True
