"""OpenAI's Agents SDK: models that are sent shorter tool results, and a provider of such models for agents that name theirs.

``RunConfig.call_model_input_filter`` is not used: what a filter changes is matched with a paused run's own input, which then cannot be resumed.
"""

# mypy: disable-error-code="import-not-found,misc"

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from agents import Model, ModelProvider

from headroom.integrations.attempts import Attempt
from headroom.integrations.conversation import Shortener
from headroom.integrations.messages import Api, Compression
from pipeline.store.api import Store


class HeadroomModel(Model):
    """Another model, which is sent shorter tool results. Sessions and run results keep what tools returned.

    Args:
        model: any model of the SDK's.
        profile: ``lossless``, ``balanced`` or ``aggressive``.
        elide: whether anything may be left out; by default only where the model is offered the tool ``headroom_retrieve``
            (``function_tool(headroom.headroom_retrieve)``).
        fail_open: where the input cannot be shortened it is sent as it is; else ``HeadroomError`` is raised.
        store: where originals are kept; by default the user's own store.
        options: further fields of ``pipeline.policy.Policy``.

    Raises:
        TypeError: no model, or no such option.
        ValueError: no such profile.
    """

    def __init__(
        self,
        model: Model,
        *,
        profile: str = "balanced",
        elide: bool | None = None,
        fail_open: bool = True,
        store: Store | None = None,
        **options: Any,
    ) -> None:
        if not isinstance(model, Model):
            raise TypeError(f"HeadroomModel takes a model, not {type(model).__name__}; for agents that name theirs there is HeadroomProvider.")
        self._model = model
        self._shortener = Shortener(_shortened, fail_open=fail_open, profile=profile, elide=elide, store=store, **options)

    async def get_response(self, system_instructions: str | None, input: Any, model_settings: Any, tools: Any, *args: Any, **more: Any) -> Any:  # noqa: A002
        """The model's response."""
        attempt = await self._attempt(input, tools)
        return await attempt.asend(lambda sent: self._model.get_response(system_instructions, sent, model_settings, tools, *args, **more))

    async def stream_response(
        self,
        system_instructions: str | None,
        input: Any,  # noqa: A002  # the SDK's name
        model_settings: Any,
        tools: Any,
        *args: Any,
        **more: Any,
    ) -> AsyncIterator[Any]:
        """The events of the model's response."""
        attempt = await self._attempt(input, tools)
        async for event in attempt.astream(lambda sent: self._model.stream_response(system_instructions, sent, model_settings, tools, *args, **more)):
            yield event

    async def close(self) -> None:
        """Closes the model."""
        await self._model.close()

    def get_retry_advice(self, request: Any) -> Any:
        """The model's advice on a failed request."""
        return self._model.get_retry_advice(request)

    async def _cleanup_on_run_end(self, owner: object) -> None:
        await self._model._cleanup_on_run_end(owner)  # noqa: SLF001  # the SDK's own hook: what the model holds for a run it gives back

    def __getattr__(self, name: str) -> Any:
        if name == "_model":  # while this is being made or copied
            raise AttributeError(name)
        return getattr(self._model, name)

    async def _attempt(self, given: Any, tools: Any) -> Attempt[Any]:
        return await self._shortener.attempt_aside(given, tools) if isinstance(given, list) else Attempt(given, given, lambda: None)


class HeadroomProvider(ModelProvider):
    """Another provider, whose models are sent shorter tool results: ``RunConfig(model_provider=HeadroomProvider(MultiProvider()))``.

    Args:
        provider: where the models come from.
        options: as of ``HeadroomModel``.
    """

    def __init__(self, provider: ModelProvider, **options: Any) -> None:
        self._provider = provider
        self._options = options
        self._made: dict[str | None, tuple[Model, HeadroomModel]] = {}

    def get_model(self, model_name: str | None) -> Model:
        """The model of this name."""
        model = self._provider.get_model(model_name)
        if model_name not in self._made or self._made[model_name][0] is not model:
            self._made[model_name] = (model, HeadroomModel(model, **self._options))
        return self._made[model_name][1]

    async def aclose(self) -> None:
        """Closes the provider."""
        await self._provider.aclose()


def _shortened(items: Sequence[Any], compression: Compression, tools: Sequence[str]) -> Sequence[Any]:
    return compression.messages(Api.OPENAI_RESPONSES, items, tools=tools)
