"""Generations of a conversation's forms: where the provider's cache provably holds nothing of it, its history may take better ones.

A generation is a beginning of the lineage: under it every block has another key. So decisions of the generation before stand as they are, and those
of the new one are frozen like any other. That it was opened is itself on record: under a name that the session and the lineage before it give, and at
the last block that it was decided on, where a conversation finds it that goes on from there under another name. So restarts, forks and other proxies
on the same store agree, and of two that open one at once the first one's forms hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.cache_aligner import Alignment, align, blocks, lineage
from pipeline.compressors.references import NAME as REFERENCES
from pipeline.dialects.api import Transcript
from pipeline.outcome import Outcome, Reason
from pipeline.policy import Policy
from pipeline.store.api import Decision

MOST = 16  # of one conversation
LEAST_GAIN = 2000  # characters, about 500 tokens: for less, nothing that was sent takes another form
_KEY_BYTES = 16

# Why a block may have gone on as it came although there is a better form for it.
_CHANCE = frozenset({Reason.HISTORY.value, Reason.TIMEOUT.value, Reason.STORE.value, Reason.ERROR.value})


@dataclass(frozen=True, slots=True)
class Attempt:
    """A history as a new generation would have it.

    Args:
        opened: the decisions that open it; their text is the beginning of its lineage.
        alignment: what is to be decided on, under its keys; what stays as it is is in its ``history``.
        sizes: by item index, characters that were sent for each block to be decided on.
    """

    opened: tuple[Decision, ...]
    alignment: Alignment
    sizes: Mapping[int, int]


def name(session: str, keys: Sequence[str]) -> str:
    """The key under which it is on record that the generation after this one is open.

    Args:
        session: whose conversation it is: sessions of one project begin alike.
        keys: the transcript's lineage in this generation.
    """
    said = f"{session}\0{keys[0]}".encode("utf-8", "surrogatepass")
    return f"generation:{hashlib.sha256(said).digest()[:_KEY_BYTES].hex()}"


def marks(transcript: Transcript, keys: Sequence[str]) -> list[str]:
    """The keys under which it may be on record what became of a history in another session, for `joined`."""
    sent = [keys[i] for i in blocks(transcript) if i < transcript.turn]
    return [*sent, *map(_at, sent)]


def joined(transcript: Transcript, keys: Sequence[str], on_record: Mapping[str, Decision]) -> str:
    """The beginning of the generation that a conversation goes on from which another session began, ``""`` if it is of none.

    Args:
        transcript: the first request that is seen of it here.
        keys: its lineage in the generation before.
        on_record: what is under its ``marks``.
    """
    for i in reversed([i for i in blocks(transcript) if i < transcript.turn]):
        mark = on_record.get(_at(keys[i]))
        if mark is not None:
            return mark.text or ""
        if keys[i] in on_record:  # it went on without that generation
            return ""
    return ""


def attempt(
    transcript: Transcript, keys: Sequence[str], on_record: Mapping[str, Decision], policy: Policy, session: str, *, all_again: bool = False
) -> Attempt | None:
    """What a new generation would have to decide on, None if that is nothing.

    Forms stay. What went on as it came is decided on as if all were seen for the first time, and so are references from the first such block on:
    they are true only where what they refer to stands.

    Args:
        transcript: the request; what stands before its ``turn`` was sent before.
        keys: its lineage in the generation in force.
        on_record: decisions on its blocks by these keys.
        policy: what may be done now.
        session: whose conversation it is.
        all_again: what was left alone on purpose is a reason too: the policy or the program may have been another one.
    """
    turn = transcript.turn
    history = replace(transcript, items=transcript.items[:turn], spans=transcript.spans[:turn], turn=0)
    sent = blocks(history)
    if any(keys[i] not in on_record for i in sent):  # not by us, and nobody knows when
        return None
    first = next((i for i in sent if (d := on_record[keys[i]]).text is None and (all_again or d.reason in _CHANCE)), None)
    if first is None:
        return None
    opened = name(session, keys)
    start = hashlib.sha256(opened.encode() + bytes.fromhex(keys[turn - 1])).digest()[:_KEY_BYTES].hex()
    new_keys = lineage(history.items, start)
    kept: dict[str, Decision] = {}
    sizes: dict[int, int] = {}
    for i in sent:
        decision = on_record[keys[i]]
        if i >= first and (decision.text is None or decision.compressor.startswith(REFERENCES)):
            sizes[i] = len(history.items[i].written if decision.text is None else decision.text)
        else:
            kept[new_keys[i]] = replace(decision, key=new_keys[i])
    aligned = align(history, new_keys, kept, replace(policy, schemas_in_prompts=False))
    noted = [opened, *(_at(keys[i]) for i in sent if i >= first)]  # what goes another way before that has no other forms
    return Attempt(tuple(Decision(key, start, Reason.OFF.value) for key in noted), replace(aligned, history=tuple(kept.values())), sizes)


def gain(tried: Attempt, outcomes: Sequence[Outcome]) -> int:
    """Characters by which the history gets shorter; 0 where an outcome is missing, for then everything stays as it is."""
    tasks = tried.alignment.job.tasks if tried.alignment.job is not None else ()
    if len(outcomes) < len(tasks):
        return 0
    after = sum(len(task.content.text if outcome.text is None else outcome.text) for task, outcome in zip(tasks, outcomes, strict=True))
    return sum(tried.sizes[task.index] for task in tasks) - after


def _at(key: str) -> str:
    return f"generation-at:{key}"
