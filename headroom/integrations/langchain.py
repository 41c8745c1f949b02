"""LangChain and LangGraph: chat models that are sent shorter tool results, a compressor of retrieved documents, tools with shorter results.

A model or tool stays of its own class (a subclass that is made here), so that whatever a framework asks of it (``bind_tools``, structured output,
profiles, checks of its class) is answered as before.
"""

# mypy: disable-error-code="import-not-found,misc,no-any-return"

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial, wraps
from typing import Any, TypeVar

from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, FunctionMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from pydantic import PrivateAttr

from headroom.integrations.attempts import Attempt
from headroom.integrations.conversation import Conversation, Shortener
from headroom.integrations.messages import Compression
from pipeline.store.api import Store

_Model = TypeVar("_Model", bound=BaseChatModel)
_Tool = TypeVar("_Tool", bound=BaseTool)
_Place = tuple[int, int | None]  # a message, and a block of its content where that is a list
_OURS = "_headroom"  # where an object keeps its shortener: beside its fields, and copied with them
_GIVEN = "_headroom_given"  # likewise what it was made of


def HeadroomChatModel(  # noqa: N802  # reads as the class that it makes
    llm: _Model,
    *,
    profile: str = "balanced",
    elide: bool | None = None,
    fail_open: bool = True,
    store: Store | None = None,
    **options: Any,
) -> _Model:
    """A chat model of the same type that is sent shorter tool results. The one given stays as it is; both share their clients.

    The application's own messages are not changed: they are shortened on their way, always the same way.

    Args:
        llm: any chat model; tools are bound and output is structured afterwards.
        profile: ``lossless``, ``balanced`` or ``aggressive``.
        elide: whether anything may be left out; by default only where the model is offered the tool ``headroom_retrieve``
            (``headroom.headroom_retrieve`` is a function that ``bind_tools`` and agents take).
        fail_open: where messages cannot be shortened they are sent as they are; else ``HeadroomError`` is raised.
        store: where originals are kept; by default the user's own store.
        options: further fields of ``pipeline.policy.Policy``.

    Raises:
        TypeError: no chat model, or no such option.
        ValueError: no such profile.
    """
    if not isinstance(llm, BaseChatModel):
        raise TypeError(f"HeadroomChatModel takes a chat model, not {type(llm).__name__}: wrap the model first, then bind tools to it.")
    shortener = Shortener(_shortened, fail_open=fail_open, profile=profile, elide=elide, store=store, **options)
    return _as(llm, _model_class(llm.__class__), shortener)


def HeadroomTool(  # noqa: N802  # likewise
    tool: _Tool,
    *,
    query: str = "",
    profile: str = "balanced",
    elide: bool | None = None,
    fail_open: bool = True,
    store: Store | None = None,
    **options: Any,
) -> _Tool:
    """A tool of the same type whose results are shorter; artifacts, errors and commands stay as they are. The one given stays as it is.

    For applications that keep what tools return. With a ``HeadroomChatModel`` there is no need of it.

    Args:
        tool: any tool.
        query: what is looked for in its results, in words; what it is called with counts too.
        profile: ``lossless``, ``balanced`` or ``aggressive``.
        elide: whether anything may be left out. Say True where the model is offered ``headroom_retrieve``, as a tool cannot know that.
        fail_open: where a result cannot be shortened it stays as it is; else ``HeadroomError`` is raised.
        store: where originals are kept; by default the user's own store.
        options: further fields of ``pipeline.policy.Policy``.

    Raises:
        TypeError: no tool, or no such option.
        ValueError: no such profile.
    """
    if not isinstance(tool, BaseTool):
        raise TypeError(f"HeadroomTool takes a tool, not {type(tool).__name__}: make one of a function with langchain_core.tools.tool.")
    shortener = Shortener(partial(_shortened_result, query), fail_open=fail_open, profile=profile, elide=elide, store=store, **options)
    return _as(tool, _tool_class(tool.__class__), shortener)


class HeadroomDocumentCompressor(BaseDocumentCompressor):
    """Shortens retrieved documents by what is asked, e.g. in a ``ContextualCompressionRetriever``. Ids and metadata stay.

    Args:
        elide: whether anything may be left out. It may by default, as that is what such a compressor is for; each document that lost something ends
            with a line that names its handle, for ``headroom.retrieve``.
        profile, fail_open, store, options: as of ``HeadroomChatModel``.
    """

    _shortener: Shortener[tuple[Document, str]] = PrivateAttr()

    def __init__(self, *, profile: str = "balanced", elide: bool = True, fail_open: bool = True, store: Store | None = None, **options: Any) -> None:
        super().__init__()
        self._shortener = Shortener(_shortened_documents, fail_open=fail_open, profile=profile, elide=elide, store=store, **options)

    def compress_documents(self, documents: Sequence[Document], query: str, callbacks: Any = None) -> Sequence[Document]:
        """The documents, each by itself. Raises ``HeadroomError`` where it was asked for."""
        return [document for document, _ in self._shortener([(document, query) for document in documents], ())]

    async def acompress_documents(self, documents: Sequence[Document], query: str, callbacks: Any = None) -> Sequence[Document]:
        """The same, beside the event loop."""
        return [document for document, _ in await self._shortener.aside([(document, query) for document in documents], ())]


# ----- What is sent ----------------------------------------------------------------------------------------------------------------------


def _shortened(messages: Sequence[BaseMessage], compression: Compression, tools: Sequence[str]) -> Sequence[BaseMessage]:
    said: Conversation[_Place] = Conversation()
    for number, message in enumerate(messages):
        _read(said, number, message)
    news = said.shortened(compression, tools)
    return _put(messages, news) if news else messages


def _read(said: Conversation[_Place], number: int, message: BaseMessage) -> None:
    texts = _texts(message.content)
    if isinstance(message, HumanMessage):
        for block, text in texts:
            said.user(text, (number, block))
    elif isinstance(message, AIMessage):
        for _, text in texts:
            said.assistant(text)
        for call in message.tool_calls:
            said.call(call.get("id"), call.get("name"), call.get("args"))
    elif isinstance(message, (ToolMessage, FunctionMessage)):
        failed = getattr(message, "status", "") == "error"
        for block, text in texts:
            said.result((number, block), text, answers=getattr(message, "tool_call_id", ""), error=failed)


def _texts(content: object) -> list[tuple[int | None, str]]:
    """The texts of a message's content, each with the block that it stands in."""
    if isinstance(content, str):
        return [(None, content)]
    found: list[tuple[int | None, str]] = []
    for index, block in enumerate(content if isinstance(content, list) else ()):
        if isinstance(block, str):
            found.append((index, block))
        elif isinstance(block, dict) and block.get("type") == "text" and isinstance(block.get("text"), str):
            found.append((index, block["text"]))
    return found


def _put(messages: Sequence[BaseMessage], news: Mapping[_Place, str]) -> list[BaseMessage]:
    """The messages with copies of those that have a text replaced."""
    contents: dict[int, Any] = {}
    for (number, block), text in news.items():
        if block is None:
            contents[number] = text
            continue
        content = contents.setdefault(number, list(messages[number].content))
        content[block] = text if isinstance(content[block], str) else {**content[block], "text": text}
    return [message if n not in contents else message.model_copy(update={"content": contents[n]}) for n, message in enumerate(messages)]


def _shortened_result(query: str, results: Sequence[Any], compression: Compression, tools: Sequence[str]) -> Sequence[Any]:
    """The one result of a call, which stands before it: ``(name, arguments)``, result."""
    (name, arguments), result = results
    texts = _texts(result.content) if isinstance(result, ToolMessage) else [(None, result)] if isinstance(result, str) else []
    if getattr(result, "status", "") == "error":
        return results
    said: Conversation[_Place] = Conversation()
    if query:
        said.user(query)
    said.call("call", name, arguments)
    for block, text in texts:
        said.result((0, block), text, answers="call")
    news = said.shortened(compression, tools)
    if not news:
        return results
    return [results[0], _put([result], news)[0] if isinstance(result, ToolMessage) else news[0, None]]


def _shortened_documents(asked: Sequence[tuple[Document, str]], compression: Compression, tools: Sequence[str]) -> Sequence[tuple[Document, str]]:
    """Each document by itself: in what order the application shows them to a model, and with what, is not known here."""
    made = []
    for document, query in asked:
        said: Conversation[int] = Conversation()
        said.user(query)
        said.result(0, document.page_content)
        news = said.shortened(compression, tools)
        made.append((document.model_copy(update={"page_content": news[0]}) if news else document, query))
    return made


# ----- Classes ---------------------------------------------------------------------------------------------------------------------------


class _Sent(list[BaseMessage]):
    """Messages that have been shortened: what generates may stream within, and streams may generate."""


def _as(thing: Any, kind: type[Any], shortener: Shortener[Any]) -> Any:
    made = thing.model_copy()
    object.__setattr__(made, "__class__", kind)
    made.__dict__[_OURS], made.__dict__[_GIVEN] = shortener, thing
    return made


@lru_cache(maxsize=256)
def _model_class(kind: type[Any]) -> type[Any]:
    """A subclass that shortens what reaches the methods by which this class talks to its model. Those that it has not stay missing: by that
    LangChain knows what a model can do.
    """
    hooked = {name: hook(method) for name, hook in _HOOKS.items() if (method := _own(kind, name, BaseChatModel)) is not None}
    return _subclass(kind, hooked)


@lru_cache(maxsize=256)
def _tool_class(kind: type[Any]) -> type[Any]:
    return _subclass(kind, {"run": _run(kind.run), "arun": _arun(kind.arun)})


def _subclass(kind: type[Any], methods: dict[str, Any]) -> type[Any]:
    if hasattr(kind, "__del__"):  # Google's model closes its client then; the client is the given object's, which this one keeps alive
        methods["__del__"] = lambda _: None
    return type(kind.__name__, (kind,), {"__module__": kind.__module__, "__doc__": kind.__doc__, **methods})


def _own(kind: type[Any], name: str, base: type[Any]) -> Callable[..., Any] | None:
    method = getattr(kind, name, None)
    return method if method is not getattr(base, name, None) else None


def _attempt(self: Any, messages: Sequence[BaseMessage], more: Mapping[str, Any]) -> Attempt[Sequence[BaseMessage]]:
    return _once(messages) if isinstance(messages, _Sent) else _marked(self.__dict__[_OURS].attempt(messages, more.get("tools")))


async def _aattempt(self: Any, messages: Sequence[BaseMessage], more: Mapping[str, Any]) -> Attempt[Sequence[BaseMessage]]:
    return _once(messages) if isinstance(messages, _Sent) else _marked(await self.__dict__[_OURS].attempt_aside(messages, more.get("tools")))


def _once(messages: _Sent) -> Attempt[Sequence[BaseMessage]]:
    """Within another attempt: what becomes of a refusal is decided out there."""
    return Attempt(messages, messages, lambda: None)


def _marked(attempt: Attempt[Sequence[BaseMessage]]) -> Attempt[Sequence[BaseMessage]]:
    given = _Sent(attempt.given)
    return Attempt(given, given if attempt.made is attempt.given else _Sent(attempt.made), attempt.refused)


def _generate(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def generate(self: Any, messages: Sequence[BaseMessage], *args: Any, **more: Any) -> Any:
        return _attempt(self, messages, more).send(lambda sent: method(self, sent, *args, **more))

    return generate


def _agenerate(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def agenerate(self: Any, messages: Sequence[BaseMessage], *args: Any, **more: Any) -> Any:
        attempt = await _aattempt(self, messages, more)
        return await attempt.asend(lambda sent: method(self, sent, *args, **more))

    return agenerate


def _stream(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def stream(self: Any, messages: Sequence[BaseMessage], *args: Any, **more: Any) -> Iterator[Any]:
        yield from _attempt(self, messages, more).stream(lambda sent: method(self, sent, *args, **more))

    return stream


def _astream(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def astream(self: Any, messages: Sequence[BaseMessage], *args: Any, **more: Any) -> AsyncIterator[Any]:
        attempt = await _aattempt(self, messages, more)
        async for chunk in attempt.astream(lambda sent: method(self, sent, *args, **more)):
            yield chunk

    return astream


_HOOKS = {
    "_generate": _generate,
    "_agenerate": _agenerate,
    "_stream": _stream,
    "_astream": _astream,
    "_stream_chat_model_events": _stream,
    "_astream_chat_model_events": _astream,
}


def _run(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def run(self: Any, tool_input: Any, *args: Any, **more: Any) -> Any:
        result = method(self, tool_input, *args, **more)
        return self.__dict__[_OURS]([(self.name, tool_input), result], ())[1]

    return run


def _arun(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def arun(self: Any, tool_input: Any, *args: Any, **more: Any) -> Any:
        result = await method(self, tool_input, *args, **more)
        return (await self.__dict__[_OURS].aside([(self.name, tool_input), result], ()))[1]

    return arun
