"""CacheAligner: what was sent once is sent again, byte for byte; only what is new is compressed.

Every block is known by its *lineage*, the hash chain of the transcript up to and including it. A decision on record is replayed. A block without one
is compressed if it is seen for the first time, that is if it stands after the last answer of the model; one that stands before it may be in the
provider's cache as it is, so it stays as it is, and that is recorded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline import ccr, markers, tool_calls
from pipeline.asked_again import HANDLE_DIGITS, wanted
from pipeline.compressors.api import Content, Rewrite, Seen
from pipeline.compressors.references import NAME as REFERENCES
from pipeline.compressors.references import SpanIndex
from pipeline.dialects.api import Transcript
from pipeline.memory import forms
from pipeline.outcome import LEAST_CHARS, Outcome, Reason
from pipeline.policy import Policy, Step
from pipeline.query import Query
from pipeline.store.api import Decision, Keeper
from pipeline.transcript import Item, ItemKind, ToolCall, ToolKind

_KEY_BYTES = 16
_BLOCKS = frozenset({ItemKind.TOOL_RESULT, ItemKind.USER_TEXT})
_PASTED = "pasted by the user"
_AND_PROMPTS = _BLOCKS | {ItemKind.SYSTEM_TEXT}


@dataclass(frozen=True, slots=True)
class Task:
    """A block to decide on.

    Args:
        index: its item in the transcript.
        key: its lineage.
        block: its own key, wherever it stands.
        content: the block and what it was asked for.
        seen: the block as a later one will know it, before it is rewritten.
        retrievals: how often the agent asked for what had been left out of results of this tool kind before.
        prompt: it is no tool result but a text of the application's own.
        pasted: it is no tool result but a text of the user's, of which only pasted data may be rewritten.
        fetchable: who reads it is offered tools; otherwise nothing of what was pasted is left out.
        form: what became of the same content in another transcript, where that is known.
    """

    index: int
    key: str
    block: str
    content: Content
    seen: Seen
    retrievals: int = 0
    prompt: bool = False
    pasted: bool = False
    fetchable: bool = True
    form: Decision | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """New blocks of one request, in order, and the blocks that stand before them as the model sees them."""

    policy: Policy
    before: tuple[Seen, ...]
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """A transcript held against the record.

    Args:
        keys: the lineage of every item.
        known: item index -> decision on record.
        history: decisions to be recorded: blocks that were there before us and stay as they are.
        job: what is new, or None.
    """

    keys: tuple[str, ...]
    known: Mapping[int, Decision]
    history: tuple[Decision, ...]
    job: Job | None


def lineage(items: Sequence[Item], start: str = "") -> tuple[str, ...]:
    """For every item the hash chain of the transcript up to and including it, as hex.

    Args:
        items: what follows on ``start``.
        start: the lineage of the last item before, ``""`` at the beginning. ``lineage(a + b)[len(a):] == lineage(b, lineage(a)[-1])``.
    """
    keys = []
    link = bytes.fromhex(start)
    for item in items:
        link = hashlib.sha256(link + item.digest).digest()[:_KEY_BYTES]
        keys.append(link.hex())
    return tuple(keys)


def block_key(item: Item) -> str:
    """The key of a block by itself: the call that it answers and what it says, wherever it stands."""
    return f"block:{item.digest[:_KEY_BYTES].hex()}"


def strays(transcript: Transcript, keys: Sequence[str], on_record: Mapping[str, Decision]) -> list[str]:
    """Block keys that are worth looking up: of blocks that were sent before but not in this lineage.

    So it is after a resume on another day, when what stands before them has changed. The provider's cache does not hold them then in any
    form, so the form they had is as good as any, and smaller: a conversation that fitted the model's window still does.
    """
    return [block_key(transcript.items[i]) for i in blocks(transcript) if i < transcript.turn and keys[i] not in on_record]


def blocks(transcript: Transcript, kinds: frozenset[ItemKind] = _BLOCKS) -> list[int]:
    """The items that may be rewritten."""
    return [
        i
        for i, (item, span) in enumerate(zip(transcript.items, transcript.spans, strict=True))
        if item.kind in kinds and span is not None and len(item.written) >= LEAST_CHARS
    ]


def rewritable(transcript: Transcript, policy: Policy) -> list[int]:
    """The items that may be rewritten under a policy: blocks, and the application's own texts where it asks for that."""
    return blocks(transcript, _AND_PROMPTS if policy.schemas_in_prompts else _BLOCKS)


def align(transcript: Transcript, keys: tuple[str, ...], on_record: Mapping[str, Decision], policy: Policy) -> Alignment:
    """Hold a transcript against the decisions on record.

    Args:
        transcript: the request; blocks before its ``turn`` were sent before.
        keys: its lineage.
        on_record: decisions by key, for any of the transcript's blocks: by lineage and, for strays, by block.
        policy: what may be done.
    """
    known: dict[int, Decision] = {}
    history: list[Decision] = []
    tasks: list[Task] = []
    before: list[Seen] = []
    asked = ""
    ordinal = 0
    retrieved = _Retrievals()
    places = set(rewritable(transcript, policy))
    for index, item in enumerate(transcript.items):
        if item.kind is ItemKind.USER_TEXT:
            asked = item.text
        elif item.kind is ItemKind.TOOL_CALL and item.call is not None:
            retrieved.note(item.call)
        elif item.kind is ItemKind.TOOL_RESULT:
            ordinal += 1
        if index not in places:
            continue
        if item.kind is ItemKind.SYSTEM_TEXT:
            if index >= transcript.turn:
                tasks.append(Task(index, keys[index], block_key(item), Content(item.text), _seen(ordinal, item), prompt=True))
            continue
        key = keys[index]
        result = item.kind is ItemKind.TOOL_RESULT  # only such are referred to, and asked for again, as results
        seen = _seen(ordinal, item)
        decision = on_record.get(key)
        if decision is None and index < transcript.turn and (stray := on_record.get(block_key(item))) is not None:
            decision = replace(stray, key=key)
            history.append(decision)
        if decision is not None:
            known[index] = decision
            before += [seen if decision.text is None else _as_sent(seen, decision.text, decision.compressor)] * result
            retrieved.sent(item, decision)
        elif index < transcript.turn:
            history.append(Decision(key, None, Reason.HISTORY.value))
            before += [seen] * result
        elif not result:
            tasks.append(Task(index, key, block_key(item), Content(item.whole), seen, pasted=True, fetchable=transcript.tools))
        else:
            content = Content(item.text, Query.of(asked, item.call), item.call, item.is_error)
            tasks.append(Task(index, key, block_key(item), content, seen, retrieved.count(item.call)))
            retrieved.undecided(item)
    if transcript.forgets:
        policy = replace(policy, disabled=policy.disabled | {REFERENCES})
    job = Job(policy, tuple(before), tuple(tasks)) if tasks else None
    return Alignment(keys, known, tuple(history), job)


def form_keys(job: Job) -> dict[int, str]:
    """The keys under which forms of a job's blocks may be on record, by item index."""
    keys = {t.index: forms.key_of(t.content, job.policy, t.retrievals) for t in job.tasks if not (t.prompt or t.pasted)}
    return {index: key for index, key in keys.items() if key}


def with_forms(job: Job, keys: Mapping[int, str], on_record: Mapping[str, Decision]) -> Job:
    """A job with what other transcripts know of its blocks: ``on_record``, by the keys that ``form_keys`` told."""
    return replace(job, tasks=tuple(replace(t, form=on_record.get(keys.get(t.index, ""))) for t in job.tasks)) if on_record else job


def run(job: Job) -> Iterator[Outcome]:
    """Decide on the tasks of a job, in order; each is seen by those after it. Outcomes come one by one, so that a late one costs no earlier one."""
    # Late: all compressors come with it, and a proxy that only aligns is to start at once.
    from pipeline.router import route, route_pasted, route_prompt

    waiting = sorted(job.before, key=lambda s: s.ordinal, reverse=True)
    seen: list[Seen] = []
    index = SpanIndex(wanted=[task.content.text for task in job.tasks if not (task.prompt or task.pasted)])

    for task in job.tasks:
        if task.prompt:
            yield route_prompt(task.content, job.policy)
            continue
        if task.pasted:
            yield route_pasted(task.content, job.policy if task.fetchable else replace(job.policy, elide=False))
            continue
        while waiting and waiting[-1].ordinal < task.seen.ordinal:
            seen.append(waiting.pop())
            index.add(seen[-1])
        if task.content.call is not None and wanted(task.content.call):  # an original that is wanted as it was, whatever had been made of it
            waiting.append(task.seen)
            yield Outcome(Reason.MARKED)
            continue
        known = forms.read(task.form) if task.form is not None else None
        recalled = forms.fitting(known, task.content, job.policy) if known is not None else None
        if recalled is None:
            outcome = _routed(task, seen, job.policy, index)
        else:
            policy = forms.alone(recalled, job.policy)
            outcome = forms.said(route(task.content, seen, policy, index=index, retrievals=task.retrievals, among=(recalled,)), recalled)
        sent = task.seen if outcome.text is None else _as_sent(task.seen, outcome.text, outcome.compressor)
        waiting.append(sent)  # indexed when there is one after it
        yield outcome


def author(compressor: str) -> str:
    """The compressor that answers for a form, of the name on its decision: references, and what worked on parts of it, are left off."""
    return compressor.removeprefix(f"{REFERENCES}+").partition("+")[0]


def _routed(task: Task, seen: Sequence[Seen], policy: Policy, index: SpanIndex) -> Outcome:
    """What becomes of a block; where it is a form of a compressor that is to be gentler with results of its kind, what becomes of it more gently."""
    from pipeline.router import route  # late, as in `run`

    outcome = route(task.content, seen, policy, index=index, retrievals=task.retrievals)
    call, step, heeded = task.content.call, Step.FULL, set[str]()
    while call is not None and outcome.text is not None and policy.gentler:
        name = author(outcome.compressor)
        wanted_step = policy.step(name, call.kind)
        if name in heeded or (wanted_step <= step and wanted_step is not Step.OFF):
            break
        heeded.add(name)
        step, policy = max(step, wanted_step), policy.at(wanted_step, name)
        outcome = route(task.content, seen, policy, index=index, retrievals=max(task.retrievals, step))  # a step is worth so many retrievals
    return outcome


def new_forms(job: Job, outcomes: Sequence[Outcome], keys: Mapping[int, str]) -> list[Decision]:
    """What came of a job's blocks as it is kept for other transcripts.

    Args:
        job: what was to be decided on.
        outcomes: of its tasks, in order; some may be missing.
        keys: those of ``form_keys`` that nothing is on record under.
    """
    made = (forms.kept(keys.get(task.index, ""), task.content, outcome) for task, outcome in zip(job.tasks, outcomes))  # noqa: B905 - the late are missing
    return [form for form in made if form is not None]


def settle(store: Keeper, alignment: Alignment, outcomes: Sequence[Outcome]) -> dict[int, Decision]:
    """Keep the originals, freeze the decisions, and return those in force for every block, by item index.

    The original is durable before its marker is known to anyone. Tasks without an outcome (the worker was too late) keep their original for ever.

    Args:
        store: where all that is kept.
        alignment: of the request.
        outcomes: of its job's tasks, in order.

    Raises:
        StoreError: nothing may be changed then.
    """
    new: dict[str, Decision] = {d.key: d for d in alignment.history}
    tasks = alignment.job.tasks if alignment.job is not None else ()
    late = [Outcome(Reason.TIMEOUT)] * (len(tasks) - len(outcomes))
    for task, outcome in zip(tasks, [*outcomes, *late], strict=True):
        decision = _decision(store, task, outcome)
        new[task.key] = decision
        if decision.text is not None and not decision.compressor.startswith(REFERENCES):  # a reference is true only where what it refers to stands
            new[task.block] = replace(decision, key=task.block)
    in_force = store.freeze(list(new.values())) if new else {}
    decided = {index: in_force.get(d.key, d) for index, d in alignment.known.items()}
    for task in tasks:
        decided[task.index] = in_force.get(task.key, new[task.key])
    return decided


def _decision(store: Keeper, task: Task, outcome: Outcome) -> Decision:
    text, handle = outcome.text, outcome.handle
    if text is not None and outcome.rewrite is not None:
        rewrite = outcome.rewrite
        handle = store.put_original(task.content.text, unit=rewrite.unit, spans=rewrite.spans, label=task.seen.label)
        if handle != outcome.handle:  # another text in the store begins with the same digits, or this one is counted there in other units
            text = _under(handle, text, outcome.handle, rewrite)
    return Decision(task.key, text, outcome.reason.value, outcome.compressor, handle, outcome.tokens_before, outcome.tokens_after)


def _under(handle: str, text: str, before: str, rewrite: Rewrite) -> str:
    """A form under another handle than before. Its footer keeps its wording: it names what the model can ask with."""
    by_command = text.endswith(markers.footer(before, rewrite, by_command=True))
    footers = [markers.footer(name, rewrite, by_command=by_command) for name in (before, handle)]
    return text.removesuffix(footers[0]) + footers[1]


def _seen(ordinal: int, item: Item) -> Seen:
    if item.kind is ItemKind.USER_TEXT:
        return Seen(ordinal, _PASTED, item.whole, item.whole)
    path = item.call.path if item.call is not None else ""
    return Seen(ordinal, tool_calls.label(item.call), item.text, item.text, path)


def _as_sent(seen: Seen, text: str, compressor: str) -> Seen:
    return replace(seen, text=text, elided=compressor != REFERENCES and markers.elides(text))


class _Retrievals:
    """Counts, per tool kind, how often the agent asked for an original again. The transcript itself is the record, so the prefix property holds.

    Only what we changed can be missed: a handle that names anything else counts for nothing.
    """

    def __init__(self) -> None:
        self._asked: list[str] = []
        self._kinds: dict[str, ToolKind] = {}
        self._unnamed: list[tuple[str, ToolKind]] = []  # texts whose handle is worked out when it is needed, as that reads them whole

    def note(self, call: ToolCall) -> None:
        self._asked += [one.handle for one in wanted(call)]

    def sent(self, item: Item, decision: Decision) -> None:
        if item.call is not None and decision.text is not None:
            self._kinds[decision.handle[:HANDLE_DIGITS]] = item.call.kind

    def undecided(self, item: Item) -> None:
        if item.call is not None:
            self._unnamed.append((item.text, item.call.kind))

    def count(self, call: ToolCall | None) -> int:
        if call is None or not self._asked:
            return 0
        self._kinds.update((ccr.handle_of(text), kind) for text, kind in self._unnamed)
        self._unnamed.clear()
        return sum(1 for handle in self._asked if self._kinds.get(handle) is call.kind)
