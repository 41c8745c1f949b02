"""LiteLLM: a callback for its proxy, its router and its asynchronous functions, and a wrapper for any function of it.

LiteLLM asks callbacks before an asynchronous call alone (``async_pre_call_deployment_hook``); a synchronous one passes nobody that might change it.
Nor does a callback see the answer in time to ask again: what an API refuses is sent again as it was by the wrapper only.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from litellm.integrations.custom_logger import CustomLogger  # type: ignore[import-not-found]

from headroom.integrations.attempts import Attempt
from headroom.integrations.messages import Api, Compression
from pipeline.store.api import Store

_Function = TypeVar("_Function", bound=Callable[..., Any])

# LiteLLM's functions by name: what their conversation is written for.
_APIS = {
    "completion": Api.OPENAI_CHAT,
    "acompletion": Api.OPENAI_CHAT,
    "responses": Api.OPENAI_RESPONSES,
    "aresponses": Api.OPENAI_RESPONSES,
    "anthropic_messages": Api.ANTHROPIC,
    "aanthropic_messages": Api.ANTHROPIC,
    "generate_content": Api.GEMINI,
    "agenerate_content": Api.GEMINI,
    "generate_content_stream": Api.GEMINI,
    "agenerate_content_stream": Api.GEMINI,
}


class HeadroomCallback(CustomLogger):  # type: ignore[misc]
    """``litellm.callbacks = [HeadroomCallback()]``; for LiteLLM's proxy ``callbacks: module.instance`` under ``litellm_settings``.

    Asynchronous calls whose conversation is given by name (``messages=``, ``input=``, ``contents=``) are made with shorter tool results.

    Args:
        profile: ``lossless``, ``balanced`` or ``aggressive``.
        elide: whether anything may be left out; by default only where the request offers the model the tool ``headroom_retrieve``.
        fail_open: where a request cannot be made smaller it is sent as it is; else ``HeadroomError`` is raised.
        store: where originals are kept; by default the user's own store.
        options: further fields of ``pipeline.policy.Policy``.
    """

    def __init__(
        self, *, profile: str = "balanced", elide: bool | None = None, fail_open: bool = True, store: Store | None = None, **options: Any
    ) -> None:
        super().__init__()
        self._compression = Compression(profile=profile, elide=elide, fail_open=fail_open, store=store, **options)

    async def async_pre_call_deployment_hook(self, kwargs: dict[str, Any], call_type: Any) -> dict[str, Any] | None:
        """The arguments of a call that goes out now."""
        api = _APIS.get(str(getattr(call_type, "value", call_type)))
        if api is None:
            return None
        given: Mapping[str, Any] = kwargs
        made = await self._compression.aside(functools.partial(self._compression.body, api), given)
        return None if made is given else dict(made)


def with_headroom(
    function: _Function,
    *,
    profile: str = "balanced",
    elide: bool | None = None,
    fail_open: bool = True,
    store: Store | None = None,
    **options: Any,
) -> _Function:
    """A function of LiteLLM, or a method of its router, with shorter tool results in what it is given.

    ``completion = with_headroom(litellm.completion)``. Not to be used together with the callback.

    Args:
        function: ``completion``, ``responses``, ``anthropic_messages``, ``generate_content``, or the asynchronous or streaming one of these.
        profile: ``lossless``, ``balanced`` or ``aggressive``.
        elide: whether anything may be left out; by default only where the request offers the model the tool ``headroom_retrieve``.
        fail_open: where a request cannot be made smaller it is sent as it is; else ``HeadroomError`` is raised.
        store: where originals are kept; by default the user's own store.
        **options: further fields of ``pipeline.policy.Policy``.

    Raises:
        TypeError: no function of this name is known.
    """
    name = getattr(function, "__name__", repr(function))
    api = _APIS.get(name)
    if api is None:
        raise TypeError(f"with_headroom knows no function {name!r} of LiteLLM: there are {', '.join(_APIS)}.")
    compression = Compression(profile=profile, elide=elide, fail_open=fail_open, store=store, **options)
    signature = inspect.signature(function)
    others = next((parameter.name for parameter in signature.parameters.values() if parameter.kind is parameter.VAR_KEYWORD), "")

    def attempt(given: Mapping[str, Any], made: Mapping[str, Any]) -> Attempt[Mapping[str, Any]]:
        return Attempt(given, made, functools.partial(compression.refuse, lambda noting: noting.body(api, given)))

    def calling(bound: inspect.BoundArguments) -> Callable[[Mapping[str, Any]], Any]:
        def send(named: Mapping[str, Any]) -> Any:
            if api.field in bound.arguments:
                bound.arguments[api.field] = named[api.field]
            elif api.field in bound.kwargs:  # taken as one of any, as by a function of the application's own
                bound.arguments[others] = {**bound.arguments[others], api.field: named[api.field]}
            return function(*bound.args, **bound.kwargs)

        return send

    @functools.wraps(function)
    def call(*args: Any, **more: Any) -> Any:
        bound = signature.bind(*args, **more)
        given = _named(bound)
        return attempt(given, compression.body(api, given)).send(calling(bound))

    @functools.wraps(function)
    async def acall(*args: Any, **more: Any) -> Any:
        bound = signature.bind(*args, **more)
        given = _named(bound)
        made = await compression.aside(functools.partial(compression.body, api), given)
        return await attempt(given, made).asend(calling(bound))

    return cast("_Function", acall if inspect.iscoroutinefunction(function) else call)


def _named(bound: inspect.BoundArguments) -> Mapping[str, Any]:
    """All arguments by name."""
    return {**bound.kwargs, **bound.arguments}
