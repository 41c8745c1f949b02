"""``with_headroom(client)``: the official clients of OpenAI, Anthropic and Google, whose requests are made smaller on their way.

The clients of OpenAI and Anthropic send every request by their method ``request``, which signs, encodes and retries it: so that whatever a request is
made with (``create``, ``stream``, ``parse``, raw responses, the clouds' variants) passes there. Google's passes all of them to its ``BaseApiClient``.
None of the packages is imported here: a client is known by where its class comes from.
"""

# ruff: noqa: SLF001  # Google's clients hold what sends for them in an attribute that is named as private

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from headroom.integrations.attempts import Attempt
from headroom.integrations.messages import Compression, api_of
from pipeline.store.api import Store

_Client = TypeVar("_Client")


def with_headroom(
    client: _Client,
    *,
    profile: str = "balanced",
    elide: bool | None = None,
    fail_open: bool = True,
    store: Store | None = None,
    **options: Any,
) -> _Client:
    """A client of the same type whose requests carry shorter tool results. The one that was given stays as it is; both share their connections.

    Clients that are made of the new one (``with_options``, ``copy``) do the same.

    Args:
        client: ``OpenAI``, ``Anthropic``, ``genai.Client``, their asynchronous and their clouds' variants.
        profile: ``lossless``, ``balanced`` or ``aggressive``.
        elide: whether anything may be left out; by default only where the request offers the model the tool ``headroom_retrieve``
            (see ``headroom.tools``), so that it can get back what was.
        fail_open: where a request cannot be made smaller it is sent as it is; else ``HeadroomError`` is raised.
        store: where originals are kept; by default the user's own store.
        **options: further fields of ``pipeline.policy.Policy``.

    Raises:
        TypeError: no client of these packages, or no such option.
        ValueError: no such profile.
    """
    compression = Compression(profile=profile, elide=elide, fail_open=fail_open, store=store, **options)
    package = _package(client)
    if package in ("openai", "anthropic"):
        return _hooked(type(client).copy(client), compression)  # type: ignore[attr-defined, no-any-return]  # of the class: a hook that is there goes
    if package == "google.genai":
        wrapped: _Client = _of_google(client, compression)
        return wrapped
    raise TypeError(f"with_headroom takes a client of openai, anthropic or google-genai, not {type(client).__module__}.{type(client).__qualname__}.")


def _package(client: object) -> str:
    """The package that a client's class, or one that it is made of, comes from."""
    for kind in type(client).__mro__:
        if kind.__module__.startswith("google.genai"):
            return "google.genai" if hasattr(client, "_api_client") else ""
        package = kind.__module__.partition(".")[0]
        if package in ("openai", "anthropic") and hasattr(client, "with_options"):
            return package
    return ""


# ----- OpenAI and Anthropic --------------------------------------------------------------------------------------------------------------


def _hooked(client: Any, compression: Compression) -> Any:
    """The client with the hook on this very object: its class stays the one that it checks for when it copies itself."""
    request, copied = client.request, client.copy
    client.request = partial(_arequest if inspect.iscoroutinefunction(request) else _request, request, compression)
    client.copy = client.with_options = partial(_copied, copied, compression)
    return client


def _copied(copied: Callable[..., Any], compression: Compression, /, *args: Any, **more: Any) -> Any:
    return _hooked(copied(*args, **more), compression)


def _request(request: Callable[..., Any], compression: Compression, /, cast_to: Any, options: Any, **more: Any) -> Any:
    attempt = Attempt(options, _smaller(compression, options), partial(compression.refuse, lambda noting: _smaller(noting, options)))
    return attempt.send(lambda sent: request(cast_to, sent, **more))


async def _arequest(request: Callable[..., Any], compression: Compression, /, cast_to: Any, options: Any, **more: Any) -> Any:
    made = await compression.aside(partial(_smaller, compression), options) if _holds_conversation(options) else options
    attempt = Attempt(options, made, partial(compression.refuse, lambda noting: _smaller(noting, options)))
    return await attempt.asend(lambda sent: request(cast_to, sent, **more))


def _holds_conversation(options: Any) -> bool:
    return api_of(options.method, options.url) is not None and isinstance(options.json_data, Mapping)


def _smaller(compression: Compression, options: Any) -> Any:
    """The options of a request; another object where its body was made smaller."""
    api = api_of(options.method, options.url)
    if api is None or not isinstance(options.json_data, Mapping):
        return options
    body = compression.body(api, options.json_data)
    if body is options.json_data:
        return options
    options = copy.copy(options)
    options.json_data = body
    return options


# ----- Google ----------------------------------------------------------------------------------------------------------------------------


def _of_google(client: Any, compression: Compression) -> Any:
    given = client._api_client
    if hasattr(given, "_compression"):  # wrapped before: what is said last counts
        return _of_google(given._of, compression)
    sender: Any = object.__new__(_sender_class(type(given)))
    sender.__dict__ = given.__dict__  # connections and credentials are made when they are needed, by either, for both
    sender._compression, sender._of = compression, client
    return _sending_by(client, given, sender)


def _sending_by(part: Any, given: Any, sender: Any) -> Any:
    """A copy of a client, or of one of its parts, that sends by another object."""
    made = copy.copy(part)
    if hasattr(type(part), "__del__"):
        made.__class__ = type(type(part).__name__, (type(part),), {"__del__": _nothing, "__module__": type(part).__module__})
    for name, value in vars(part).items():
        if value is given:
            setattr(made, name, sender)
        elif type(value).__module__.startswith("google.genai") and getattr(value, "_api_client", None) is given:
            setattr(made, name, _sending_by(value, given, sender))
    return made


def _nothing(self: object) -> None:
    """What is held by the client that was given is closed when that one goes; the copy sees to it that it does not go before."""


def _sender_class(kind: type) -> type:
    """A subclass of Google's ``BaseApiClient`` whose requests are compressed. It has slots of its own, as its attributes are shared."""
    base: Any = kind

    def request(self: Any, http_method: str, path: str, request_dict: dict[str, object], *args: Any, **more: Any) -> Any:
        attempt = _google_attempt(self, http_method, path, request_dict, _google_body(self._compression, http_method, path, request_dict))
        return attempt.send(lambda body: base.request(self, http_method, path, body, *args, **more))

    def request_streamed(self: Any, http_method: str, path: str, request_dict: dict[str, object], *args: Any, **more: Any) -> Iterator[Any]:
        attempt = _google_attempt(self, http_method, path, request_dict, _google_body(self._compression, http_method, path, request_dict))
        return attempt.stream(lambda body: base.request_streamed(self, http_method, path, body, *args, **more))

    async def async_request(self: Any, http_method: str, path: str, request_dict: dict[str, object], *args: Any, **more: Any) -> Any:
        made = await self._compression.aside(partial(_google_body, self._compression, http_method, path), request_dict)
        attempt = _google_attempt(self, http_method, path, request_dict, made)
        return await attempt.asend(lambda body: base.async_request(self, http_method, path, body, *args, **more))

    async def async_request_streamed(self: Any, http_method: str, path: str, request_dict: dict[str, object], *args: Any, **more: Any) -> Any:
        made = await self._compression.aside(partial(_google_body, self._compression, http_method, path), request_dict)
        attempt = _google_attempt(self, http_method, path, request_dict, made)
        return await attempt.asend(lambda body: base.async_request_streamed(self, http_method, path, body, *args, **more))

    methods = {f.__name__: f for f in (request, request_streamed, async_request, async_request_streamed)}
    return type(kind.__name__, (kind,), {**methods, "__slots__": ("_compression", "_of"), "__del__": _nothing, "__module__": kind.__module__})


def _google_body(compression: Compression, method: str, path: str, body: dict[str, object]) -> dict[str, object]:
    api = api_of(method, f"/{path}")
    made = body if api is None else compression.body(api, body)
    return body if made is body else dict(made)


def _google_attempt(sender: Any, method: str, path: str, body: dict[str, object], made: dict[str, object]) -> Attempt[dict[str, object]]:
    return Attempt(body, made, partial(sender._compression.refuse, lambda compression: _google_body(compression, method, path, body)))
