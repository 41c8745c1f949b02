"""``/v1/retrieve``: an original back, whole, by lines or by pattern."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from urllib.parse import parse_qs, unquote

import msgspec
from aiohttp import web
from msgspec import UNSET

from headroom_wrap.proxy.endpoints import answers, bodies
from headroom_wrap.proxy.endpoints.answers import Refusal
from headroom_wrap.proxy.endpoints.parts import EndpointParts
from headroom_wrap.proxy.endpoints.shapes import HashedAnswer, RetrieveAnswer, RetrieveRequest, SearchAnswer
from headroom_wrap.proxy.endpoints.table import RETRIEVE
from pipeline import ccr, markers, tokens
from pipeline.ccr import RetrievalError, Retrieved
from pipeline.store.api import Store

_BODY_LIMIT = 64 << 10
_QUERY_FIELDS = 10
_MOST_WORDS = 20
_NUMBERED = re.compile(r"\n(?=\d{1,9}\t)")


class Retrieve:
    """Gives originals back.

    Args:
        parts: of the proxy.
    """

    def __init__(self, parts: EndpointParts) -> None:
        self._parts = parts

    async def post(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        """Answer a request that says in its body what is wanted."""
        body = await bodies.read(request, _BODY_LIMIT)
        try:
            asked = msgspec.json.decode(body, type=RetrieveRequest)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Refusal(400, "invalid_request", f"The body cannot be read: {error}.") from None
        if (asked.handle is UNSET) == (asked.hash is UNSET):
            raise Refusal(400, "invalid_request", "Name the original by its handle: {“handle”: “3f9a2c7b”}.")
        if asked.hash is UNSET and asked.query is not UNSET:
            raise Refusal(400, "invalid_request", "A query goes with a hash; with a handle write a pattern, which is a regular expression.")
        return await self._answer(lambda store: answer(store, asked))

    async def get(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        """Answer a request that says in its path and query what is wanted."""
        path, _, query = target.partition("?")
        handle = unquote(path.removeprefix(f"{RETRIEVE}/"))
        try:
            fields = parse_qs(query, keep_blank_values=True, max_num_fields=_QUERY_FIELDS)
        except ValueError:
            raise Refusal(400, "invalid_request", "The query has too many fields. It may have lines and pattern.") from None
        if unknown := sorted(fields.keys() - {"lines", "pattern"}):
            raise Refusal(400, "invalid_request", f"The query may have lines and pattern, but not {unknown[0][:80]!r}.")
        if any(len(values) > 1 for values in fields.values()):
            raise Refusal(400, "invalid_request", "The query may have each of lines and pattern once.")
        asked = RetrieveRequest(handle=handle, **{name: values[0] for name, values in fields.items()})
        return await self._answer(lambda store: answer(store, asked))

    async def _answer(self, find: Callable[[Store], object]) -> web.StreamResponse:
        store = await self._parts.keeper.open()
        data = await asyncio.to_thread(lambda: answers.encode(find(store)))
        self._parts.tally.retrieved()
        return answers.raw(data, answers.JSON)


def answer(store: Store, asked: RetrieveRequest) -> RetrieveAnswer | HashedAnswer | SearchAnswer:
    """What is asked for, in the words of who asks.

    Raises:
        Refusal: there is no such original, or no such part of it.
        StoreError: the store cannot be read.
    """
    if asked.hash is UNSET:
        found = _retrieved(store, asked.named, asked.lines, asked.pattern)
        return RetrieveAnswer(found.handle, found.text, found.unit, found.total, found.shown)
    if asked.query is UNSET:
        found = _retrieved(store, asked.named, asked.lines, asked.pattern)
        original = store.original(found.handle)
        return HashedAnswer(found.handle, found.text, tokens.estimate(found.text), found.total, original.label if original is not None else "")
    found = _retrieved(store, asked.named, asked.lines, _any_word(asked.query))
    results = tuple(_NUMBERED.split(found.text)) if found.shown else ()
    if len(results) != found.shown:  # a unit of several lines, one of which looks like a numbered one: nothing tells where it ends
        results = (found.text,)
    return SearchAnswer(found.handle, asked.query, results, found.shown)


def _retrieved(store: Store, handle: str, lines: str | None, pattern: str | None) -> Retrieved:
    try:
        return ccr.retrieve(store, handle, lines, pattern)
    except RetrievalError as error:
        named = markers.HANDLE.search(handle)
        if named is None or store.original(named[0]) is None:
            raise Refusal(404, "not_found", str(error)) from None
        raise Refusal(400, "invalid_request", str(error)) from None


def _any_word(query: str) -> str:
    """A pattern for units in which one of a query's words stands."""
    words = list(dict.fromkeys(query.split()))[:_MOST_WORDS]
    return "(?i)" + "|".join(re.escape(word) for word in words)
