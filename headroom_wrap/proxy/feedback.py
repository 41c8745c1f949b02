"""Feedback as the proxy sees it: a conversation that begins is told what earlier ones showed, and what it shows itself goes on record."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from headroom_wrap.proxy.keeper import Keeper
from headroom_wrap.proxy.prepared import Prepared
from pipeline import cache_aligner, prices
from pipeline.dialects.api import Transcript
from pipeline.feedback import evidence, pruning, records, verdict
from pipeline.feedback.evidence import Evidence, Rates
from pipeline.feedback.records import Origin
from pipeline.feedback.verdict import Part
from pipeline.policy import Policy, Step
from pipeline.store.api import Decision, Store
from pipeline.transcript import ItemKind
from pipeline.usage import Usage

log = logging.getLogger(__name__)

_REMEMBERED = 1000  # conversations
PATIENCE_S = 1.0  # for git and the store, which have the time that the model takes to answer before that

clock = time.time


class Feedback:
    """The steps of a project's conversations, and their evidence.

    Args:
        keeper: where both are.
        project: tells the project's identity, ``""`` where it is not certain; asked once, in a thread.
        agent: its name.
        folder: where it runs.
        policy: that all conversations begin with.
    """

    def __init__(self, keeper: Keeper, project: Callable[[], str], agent: str, folder: str, policy: Policy) -> None:
        self._keeper = keeper
        self._project = asyncio.create_task(asyncio.to_thread(project))
        self._agent = agent
        self._folder = folder
        self._policy = policy
        self._steps: OrderedDict[str, asyncio.Future[dict[Part, Step]]] = OrderedDict()
        self._shown: OrderedDict[str, Evidence] = OrderedDict()
        self._noting = threading.Lock()

    async def policy(self, policy: Policy, transcript: Transcript, keys: Sequence[str], session: str) -> Policy:
        """The policy for a conversation's request: gentler where it was when the conversation began.

        What earlier ones showed is looked up beside the first request; nobody waits for it before there is something to decide on. (Should the next
        request reach another process before that is on record, it is told nothing. No form that was sent changes by that.)

        Args:
            policy: without that.
            transcript: the request.
            keys: its lineage in the first generation.
            session: the agent's own name, ``""`` if it has none.
        """
        name = records.conversation(session, transcript.items, keys)
        if not name:
            return policy
        known = self._steps.get(name)
        if known is None or (known.done() and known.exception() is not None):
            known = self._steps[name] = asyncio.create_task(self._begun(name, new=records.begins(transcript.items)))
            known.add_done_callback(_heard)
        self._steps.move_to_end(name)
        if len(self._steps) > _REMEMBERED and next(iter(self._steps.values())).done():
            self._steps.popitem(last=False)
        if not any(item.kind is ItemKind.TOOL_RESULT for item in transcript.items):  # steps are of tools
            return policy
        try:
            steps = known.result() if known.done() else await asyncio.wait_for(asyncio.shield(known), PATIENCE_S)
        except asyncio.TimeoutError:
            self._steps[name] = nothing = asyncio.get_running_loop().create_future()
            nothing.set_result({})  # as it begins, it goes on
            return policy
        except Exception:  # fail open, and logged by then: what was sent before is to be sent again, whatever is wrong in here
            return policy
        return replace(policy, gentler=steps) if steps else policy

    async def note(self, prepared: Prepared, session: str, usage: Usage) -> None:
        """A request was answered: what its conversation has shown so far goes on record.

        Args:
            prepared: the request.
            session: the agent's own name, or ours where it has none.
            usage: what was charged for.

        Raises:
            StoreError: it could not.
        """
        transcript = prepared.transcript
        if transcript is not None and (prepared.known or prepared.fresh):
            project = await self._project
            origin = Origin(project, self._agent, self._folder)
            if project:
                await self._keeper.use(lambda store: self._note(store, origin, prepared, transcript, session=session, prompt=usage.prompt))

    async def close(self) -> None:
        """Finish what is being looked up. Where something was noted, what no longer counts goes: it would grow without end."""
        await asyncio.gather(self._project, *self._steps.values(), return_exceptions=True)
        if not self._shown:
            return
        project = await self._project
        try:
            await self._keeper.use(lambda store: pruning.prune(store, project, clock()))
        except Exception as error:  # fail open: the next proxy that ends does it
            log.info("what no longer counts of earlier conversations stays: %s", error)

    async def _begun(self, name: str, *, new: bool) -> dict[Part, Step]:
        project = await self._project
        return await self._keeper.use(lambda store: _steps(store, project, name, new=new)) if project else {}

    def _note(self, store: Store, origin: Origin, prepared: Prepared, transcript: Transcript, *, session: str, prompt: int) -> None:
        """In a thread of the store's."""
        keys = cache_aligner.lineage(transcript.items)
        names = [records.conversation(named, transcript.items, keys) for named in (session, "")]
        name = next((name for name in names if name in self._steps), "")  # it was asked for under one of them
        decisions = _by_item(prepared, keys)
        if not name or not decisions:
            return
        policy = replace(self._policy, gentler=self._known(name))
        rates = Rates.of(prices.price_of(transcript.model, clock()))
        shown = evidence.observe(transcript.items, decisions, policy, rates, prompt)
        if not shown:
            return
        with self._noting:  # two requests of one conversation may be answered at once
            before = self._shown.pop(name, None)
            shown = evidence.joined(shown, _on_record(store, origin, name) if before is None else before)
            self._shown[name] = shown
            if len(self._shown) > _REMEMBERED:
                self._shown.popitem(last=False)
            if shown != before:
                store.remember([records.row(origin, session, name, shown, clock())])

    def _known(self, name: str) -> dict[Part, Step]:
        """The steps of a conversation as far as they have been looked up."""
        task = self._steps.get(name)
        return task.result() if task is not None and task.done() and not task.cancelled() and task.exception() is None else {}


def _on_record(store: Store, origin: Origin, name: str) -> Evidence:
    """What another process, or an earlier one, has noted of a conversation."""
    rows = store.memories(records.shelf(origin.project), digest=name)
    found = [seen.evidence for row in rows if row.agent == origin.agent and (seen := records.seen(row)) is not None]
    return found[0] if found else {}


def _steps(store: Store, project: str, name: str, *, new: bool) -> dict[Part, Step]:
    """The steps on record for a conversation; for a new one what earlier ones showed, which is put on record."""
    key = records.begun_key(project, name)
    decision = store.decisions([key]).get(key)
    if decision is None and new:
        rows = store.memories(records.shelf(project), limit=records.MOST)
        found = verdict.steps([seen for row in rows if (seen := records.seen(row)) is not None], clock())
        if found:
            decision = store.freeze([records.begun(project, name, found)])[key]
    return records.steps(decision)


def _by_item(prepared: Prepared, keys: Sequence[str]) -> Mapping[int, Decision]:
    """What became of a request's blocks, by item index."""
    places = {prepared.firsts.get(d.key, d.key): d for d in (*prepared.known, *prepared.fresh)}
    return {index: places[key] for index, key in enumerate(keys) if key in places}


def _heard(task: asyncio.Future[dict[Part, Step]]) -> None:
    """An error that nobody waits for is no unhandled one."""
    if not task.cancelled() and task.exception() is not None:
        log.info("what earlier conversations showed cannot be looked up: %s", task.exception())
