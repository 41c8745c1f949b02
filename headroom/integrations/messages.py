"""The core of every integration: a request for a model in, the same request with shorter tool results out.

Pure but for the store. A request in which nothing is to be gained comes back as the very object that it was.
"""

from __future__ import annotations

import asyncio
import copy
import enum
import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any, TypeVar

from headroom._errors import HeadroomError
from headroom.integrations.decisions import Decisions, forms
from pipeline.dialects import json_spans
from pipeline.dialects.anthropic import Anthropic
from pipeline.dialects.api import Dialect, Unreadable
from pipeline.dialects.gemini import Gemini
from pipeline.dialects.json_spans import Malformed
from pipeline.dialects.openai_chat import OpenAIChat
from pipeline.dialects.openai_responses import OpenAIResponses
from pipeline.forks import ProcessLock
from pipeline.policy import Policy, Profile
from pipeline.store.api import Store, StoreError

log = logging.getLogger(__name__)

TOOL = "headroom_retrieve"
_T = TypeVar("_T")


class Api(str, enum.Enum):
    """An API that requests are written for."""

    ANTHROPIC = "anthropic"
    OPENAI_CHAT = "openai-chat"
    OPENAI_RESPONSES = "openai-responses"
    GEMINI = "gemini"

    @property
    def field(self) -> str:
        """The member of a request that holds the conversation."""
        return _FIELDS[self]


_FIELDS = {Api.ANTHROPIC: "messages", Api.OPENAI_CHAT: "messages", Api.OPENAI_RESPONSES: "input", Api.GEMINI: "contents"}
_DIALECTS: dict[Api, Callable[[], Dialect]] = {
    Api.ANTHROPIC: Anthropic,
    Api.OPENAI_CHAT: OpenAIChat,
    Api.OPENAI_RESPONSES: OpenAIResponses,
    Api.GEMINI: Gemini,
}
_READERS = {api: make() for api, make in _DIALECTS.items()}
# What is counted is what would be sent.
_COUNTING = {"/messages/count_tokens": Api.ANTHROPIC, "/responses/input_tokens": Api.OPENAI_RESPONSES, ":countTokens": Api.GEMINI}


def api_of(method: str, path: str) -> Api | None:
    """The API that a request with this method and path is for, if it holds a conversation. A query and a host may stand in the path."""
    path = path.partition("?")[0]
    method = method.upper()
    found = next((api for api, dialect in _READERS.items() if dialect.recognises(method, path)), None)
    if found is None and method == "POST":
        return next((api for end, api in _COUNTING.items() if path.endswith(end)), None)
    return found


class Compression:
    """Makes requests smaller, the same way every time. One may serve any number of threads and conversations.

    Frameworks copy their objects deeply; this is not copied, as its memory and its locks are one, whoever uses it.

    Args:
        profile: ``lossless``, ``balanced`` or ``aggressive``.
        elide: whether anything may be left out. None: only in requests that offer the model the tool ``headroom_retrieve``, as what the model cannot
            get back must not be hidden from it; in others it is only said in fewer words. True: the model gets it back in another way.
        fail_open: whatever goes wrong, the request stays as it is; else it raises ``HeadroomError``.
        store: where originals and decisions are kept; by default the user's own store.
        options: further fields of ``pipeline.policy.Policy``.

    Raises:
        ValueError: no such profile.
        TypeError: no such option.
    """

    def __init__(
        self, *, profile: str = "balanced", elide: bool | None = None, fail_open: bool = True, store: Store | None = None, **options: Any
    ) -> None:
        self._policies = {
            said: Policy(**{"profile": Profile(profile), "schemas_in_prompts": True, **options, "elide": said}) for said in (True, False)
        }
        self._elide = elide
        self._fail_open = fail_open
        self._decisions = Decisions(store, fail_open=fail_open)
        self._decide = self._decisions.decide
        self.refusals = 0  # requests that an API refused once they were made smaller, and took as they were given
        self._readers = {api: make() for api, make in _DIALECTS.items()}
        self._reading = ProcessLock()  # a reader remembers what it read, and is no more thread-safe than a dict

    def body(self, api: Api, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A request's body, decoded. It is not changed; what is new in the one that comes back are the messages with something shortened in them.

        Raises:
            HeadroomError: it could not be done, and that is not to be passed over.
        """
        return self.guarded(partial(self._body, api), body)

    def messages(self, api: Api, messages: Sequence[Any], *, tools: Iterable[str] = ()) -> Sequence[Any]:
        """A conversation: messages of Anthropic or OpenAI Chat, input items of Responses, contents of Gemini. Those in which nothing is shortened are
        the very objects that came in.

        Args:
            api: that they are written for.
            messages: the conversation, from its beginning.
            tools: names of the tools that the model is offered.

        Raises:
            HeadroomError: it could not be done, and that is not to be passed over.
        """
        return self.guarded(partial(self._messages, api, offered=any(map(is_retrieval, tools))), messages)

    def encoded(self, api: Api, body: bytes) -> bytes:
        """A request's body as it travels. Every byte but those of the shortened texts stays.

        Raises:
            HeadroomError: it could not be done, and that is not to be passed over.
        """
        return self.guarded(partial(self._encoded, api), body)

    async def aside(self, work: Callable[[_T], _T], given: _T) -> _T:
        """``work(given)`` in a thread, so that the event loop, asyncio's or trio's, goes on meanwhile. Without either it is done in place."""
        trio = sys.modules.get("trio")  # first: where it is asyncio's guest both are running
        if trio is not None and _runs_here(trio):
            made: _T = await trio.to_thread.run_sync(work, given)
            return made
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return work(given)
        return await asyncio.to_thread(work, given)

    def guarded(self, work: Callable[[_T], _T], given: _T) -> _T:
        """``work(given)``, or what was given where that goes wrong.

        Raises:
            HeadroomError: it went wrong, and that is not to be passed over.
        """
        try:
            return work(given)
        except HeadroomError:
            raise
        except (Unreadable, Malformed, StoreError) as error:
            if not self._fail_open:
                raise HeadroomError(f"This request could not be made smaller: {error}") from error
            log.info("a request goes on as it came: %s", error)
        except Exception as error:  # fail open: whatever goes wrong in here, the application's request goes on as it came
            if not self._fail_open:
                raise HeadroomError(f"This request could not be made smaller: {type(error).__name__}: {error}") from error
            log.exception("a request could not be made smaller and goes on as it came")
        return given

    def refuse(self, work: Callable[[Compression], object]) -> None:
        """The API took a request as it was given and not what was made of it: nothing is made smaller in its conversation from here on.

        Args:
            work: makes the request smaller once more, by the compression that it is given; what comes of that is not used.
        """
        work(self._noting())
        self.refusals += 1
        log.warning(
            "A model's API refused a request that had been made smaller (%d so far). It was sent again as it was, and its conversation is left alone"
            " from here on.",
            self.refusals,
        )

    def _noting(self) -> Compression:
        """One that notes what it is given as refused, and changes nothing."""
        noting = copy.copy(self)
        # Whatever goes wrong with it, the answer is there and goes to the application.
        noting._decide, noting._fail_open = self._decisions.refuse, True  # noqa: SLF001  # its own class's
        return noting

    def __deepcopy__(self, memo: object) -> Compression:
        return self

    def _body(self, api: Api, body: Mapping[str, Any]) -> Mapping[str, Any]:
        given = body.get(api.field)
        if not isinstance(given, (list, tuple)):
            return body
        made = self._messages(api, given, offered=_offers(body))
        return body if made is given else {**body, api.field: made}

    def _messages(self, api: Api, messages: Sequence[Any], *, offered: bool) -> Sequence[Any]:
        raws = [json.dumps(message, separators=(",", ":"), default=_jsonable).encode("ascii") for message in messages]
        head = b'{"' + api.field.encode("ascii") + b'":['
        body = head + b",".join(raws) + b"]}"
        written = self._written(api, body, offered=offered)
        if written is body:
            return messages
        spans = json_spans.elements(written, json_spans.members(written, json_spans.whole(written))[api.field])
        news = [written[span.start : span.end] for span in spans]
        return [message if raw == new else json.loads(new) for message, raw, new in zip(messages, raws, news, strict=True)]

    def _encoded(self, api: Api, body: bytes) -> bytes:
        offered = False
        if TOOL.encode("ascii") in body:
            top = json_spans.members(body, json_spans.whole(body))
            offered = _offers({name: json_spans.plain(body, top[name]) for name in ("tools", "functions") if name in top})
        return self._written(api, body, offered=offered)

    def _written(self, api: Api, body: bytes, *, offered: bool) -> bytes:
        """The body after compression; the very same object where nothing was gained."""
        policy = self._policies[offered if self._elide is None else self._elide]
        dialect = self._readers[api]
        with self._reading.here():
            transcript = dialect.read(body, policy)
        changed = forms(self._decide(transcript, policy), transcript.spans)
        return dialect.write(body, transcript, changed) if changed else body


def _runs_here(trio: ModuleType) -> bool:
    """Whether this is a task of trio's. A module of its name that is another, or not imported to its end yet, runs nothing."""
    try:
        trio.lowlevel.current_task()  # in_trio_task would say it, but trio has that since 0.29 only
    except (AttributeError, RuntimeError):
        return False
    return True


def is_retrieval(name: str) -> bool:
    """Whether a tool of this name gives originals back. Over MCP its server's name stands in front."""
    return name.endswith(TOOL)


def _offers(body: Mapping[str, Any]) -> bool:
    """Whether a request offers the model the tool that gives originals back."""
    return any(is_retrieval(name) for field in ("tools", "functions") for tool in _list(body.get(field)) for name in _names(tool))


def _names(tool: object) -> list[str]:
    if not isinstance(tool, Mapping):
        return []
    declared = [tool, tool.get("function"), *_list(tool.get("functionDeclarations")), *_list(tool.get("function_declarations"))]
    named = (d.get("name") for d in declared if isinstance(d, Mapping))
    return [name for name in named if isinstance(name, str)]


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _jsonable(value: Any) -> object:
    """What an SDK's own object says as JSON; Pydantic's models are written so by the SDKs."""
    if hasattr(value, "model_dump"):
        dumped: object = value.model_dump(mode="json", exclude_unset=True, by_alias=True)
        return dumped
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
