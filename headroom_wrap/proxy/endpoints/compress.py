"""``POST /v1/compress``: messages in, smaller ones out. What was decided once is on record, so a growing conversation keeps its beginning."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from headroom_wrap.proxy.endpoints import answers, bodies, conversation
from headroom_wrap.proxy.endpoints.answers import Refusal, later
from headroom_wrap.proxy.endpoints.conversation import Conversation
from headroom_wrap.proxy.endpoints.parts import EndpointParts
from headroom_wrap.proxy.endpoints.pulse import UP, Pulse, Workers
from headroom_wrap.proxy.endpoints.shapes import CompressAnswer
from pipeline import cache_aligner, ccr
from pipeline.cache_aligner import Job, Task
from pipeline.compressors.api import Content, Seen
from pipeline.outcome import Outcome, Reason
from pipeline.query import Query
from pipeline.store.api import Decision

_WARM_S = 2.0  # a worker that is starting is waited for so long; it takes about half a second
_LINE_S = 3.0  # likewise the requests before this one
_AT_ONCE = 1  # jobs of ours with the workers: the agents' requests find a place between two of them


class Compress:
    """Compresses on behalf of clients.

    Args:
        parts: of the proxy.
        pulse: whether the workers work.
    """

    def __init__(self, parts: EndpointParts, pulse: Pulse | None) -> None:
        self._parts = parts
        self._pulse = pulse
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._under_way: set[asyncio.Task[CompressAnswer]] = set()

    async def handle(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        """Answer a request."""
        body = await bodies.read(request, self._parts.body_limit)
        # Finished even if the client is gone: a job that is cancelled costs its process, and the retry finds the decisions.
        task = asyncio.create_task(self.compress(body))
        self._under_way.add(task)
        task.add_done_callback(self._done)
        answer = await asyncio.shield(task)
        return answers.raw(await asyncio.to_thread(answers.encode, answer), answers.JSON)

    async def compress(self, body: bytes) -> CompressAnswer:
        """The answer to a request's body.

        Raises:
            Refusal: it is no such request, or it cannot be served now.
            StoreError: originals cannot be kept; nothing was changed.
        """
        try:
            read = await asyncio.to_thread(conversation.read, body, self._parts.policy)
        except ValueError as error:
            raise Refusal(400, "invalid_request", str(error)) from None
        decided = await self._decide(read)
        answer = await asyncio.to_thread(read.answer, decided)
        self._parts.tally.compressed(answer)
        return answer

    async def text(self, text: str, query: str) -> str:
        """A single text, as the result of a tool that was asked ``query``; the text itself where nothing is to be gained.

        Raises:
            Refusal: it cannot be done now.
            StoreError: the original cannot be kept.
        """
        if self._parts.workers is None:
            return text
        task = Task(0, "", "", Content(text, Query(query)), Seen(1, "headroom_compress", text, text))
        outcomes = await self._run(Job(self._parts.policy, (), (task,)), self._parts.workers)
        if not outcomes or outcomes[0].text is None or outcomes[0].rewrite is None:
            return text
        outcome, rewrite = outcomes[0], outcomes[0].rewrite
        unit, spans, label = rewrite.unit, rewrite.spans, task.seen.label
        handle = await self._parts.keeper.use(lambda store: store.put_original(text, unit=unit, spans=spans, label=label))
        return outcome.text if outcome.text is not None and handle == outcome.handle else ccr.render(rewrite, handle)

    async def close(self) -> None:
        """Finish what was begun."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _decide(self, read: Conversation) -> Mapping[int, Decision]:
        if self._parts.workers is None:
            return {i: Decision(read.keys[i], None, Reason.OFF.value) for i in cache_aligner.blocks(read.transcript)}
        wanted = read.wanted
        on_record = await self._parts.keeper.decisions(wanted) if wanted else {}
        alignment = await asyncio.to_thread(read.aligned, on_record)
        if alignment.job is None:
            return alignment.known
        outcomes = await self._run(alignment.job, self._parts.workers)
        return await self._parts.keeper.settle(alignment, outcomes)

    async def _run(self, job: Job, workers: Workers) -> list[Outcome]:
        """The outcomes of a job. Raises ``Refusal`` where no worker is there to do it."""
        await self._expect(_WARM_S, sure=False)
        try:
            await asyncio.wait_for(self._gate.acquire(), _LINE_S)
        except asyncio.TimeoutError:
            raise later("busy", "Other requests for compression are before this one. Send it again in a moment.", 1) from None
        try:
            outcomes = await workers.run(job)
        finally:
            self._gate.release()
        if not outcomes:  # too late from the first block on, or nobody there: only the former is for ever
            await self._expect(_WARM_S, sure=True)
        return outcomes

    async def _expect(self, patience: float, *, sure: bool) -> None:
        if self._pulse is None:
            return
        if sure:
            self._pulse.doubt()
        if await self._pulse.up(patience) != UP:
            raise later("unavailable", "The compression process is starting. Send the request again in a moment.", 1)

    def _done(self, task: asyncio.Task[CompressAnswer]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # a client that is gone hears of none
