"""What becomes of the blocks of an application's conversation, with no session to manage.

Every block may be rewritten, wherever it stands: what becomes of it is a function of what stands before it and of the policy, so another process that
knows nothing of the first comes to the same forms. Decisions are recorded all the same: a growing conversation costs what is new in it, and keeps its
forms over an upgrade.
"""

from __future__ import annotations

import enum
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from headroom._stores import default_store
from pipeline import cache_aligner
from pipeline.dialects.api import Transcript
from pipeline.forks import ProcessLock
from pipeline.outcome import Reason
from pipeline.policy import Policy
from pipeline.store.api import Decision, Store, StoreError
from pipeline.store.recent import RecentDecisions

log = logging.getLogger(__name__)

_DEFAULT = Policy()
_MOST_REFUSED = 10_000  # lineages
# It is work for one processor, and an application's event loop has to share that with all who do it: of 24 conversations side by side in threads its
# turns came up to 190 ms late (one in twenty by 30 ms or more), of one after the other up to 80 ms (by 10 or more), and all were done as soon.
_COMPRESSING = ProcessLock()


class Decisions:
    """Decides once and remembers: in memory, and in a store.

    Args:
        store: where originals and decisions are kept; None: the user's own, opened when it is needed.
        fail_open: a store that fails costs the compression of what is new; else ``StoreError`` is raised.
    """

    def __init__(self, store: Store | None, *, fail_open: bool) -> None:
        self._store = store
        self._fail_open = fail_open
        self._memory = RecentDecisions()
        self._refused: dict[str, None] = {}  # lineages of blocks that were rewritten, the oldest first
        self._said = False

    def decide(self, transcript: Transcript, policy: Policy) -> Mapping[int, Decision]:
        """The decisions in force, by item index.

        Raises:
            StoreError: the store cannot be used, and that is not to be passed over.
        """
        transcript = replace(transcript, turn=0, tools=True)  # whether anything is left out is in the policy
        places = cache_aligner.rewritable(transcript, policy)
        if not places:
            return {}
        keys = cache_aligner.lineage(transcript.items, salt(policy))
        if self._refused and any(keys[i] in self._refused for i in places):
            return {}
        on_record = self._memory.get(keys[i] for i in places)
        try:
            missing = [keys[i] for i in places if keys[i] not in on_record]
            if missing:
                found = self._opened().decisions(missing)
                self._memory.put(found.values())
                on_record |= found
            return self._settled(transcript, keys, on_record, policy)
        except StoreError as error:
            if not self._fail_open:
                raise
            self._tell(error)
        # What was sent as it is stays so while this process lives: the provider's cache may hold it by now.
        self._memory.put(Decision(keys[i], None, Reason.STORE.value) for i in places if keys[i] not in on_record)
        return {i: on_record[keys[i]] for i in places if keys[i] in on_record}

    def refuse(self, transcript: Transcript, policy: Policy) -> Mapping[int, Decision]:
        """The API refused what was decided for a request and took the request itself: nothing is rewritten in its conversation while this lives.

        Raises:
            StoreError: as ``decide``.
        """
        keys = cache_aligner.lineage(transcript.items, salt(policy))
        rewritten = [keys[i] for i, decision in self.decide(transcript, policy).items() if decision.text is not None]
        self._refused = dict.fromkeys([*self._refused, *rewritten][-_MOST_REFUSED:])
        return {}

    def _settled(self, transcript: Transcript, keys: tuple[str, ...], on_record: Mapping[str, Decision], policy: Policy) -> dict[int, Decision]:
        alignment = cache_aligner.align(transcript, keys, on_record, policy)
        known = dict(alignment.known)
        tasks = []
        for task in alignment.job.tasks if alignment.job is not None else ():
            if task.key in on_record:
                known[task.index] = on_record[task.key]
            else:
                # Recorded under its lineage alone: decisions for any place of a block are an agent's, and are made under another policy.
                tasks.append(replace(task, block=task.key))
        if alignment.job is None or not tasks:
            return known
        job = replace(alignment.job, tasks=tuple(tasks))
        with _COMPRESSING.here():
            outcomes = list(cache_aligner.run(job))
        decided = cache_aligner.settle(self._opened(), replace(alignment, history=(), job=job), outcomes)
        self._memory.put(decided.values())
        return known | decided

    def _opened(self) -> Store:
        return self._store if self._store is not None else default_store()

    def _tell(self, error: StoreError) -> None:
        if not self._said:
            log.warning("%s Until then what is new in requests is sent unchanged.", error)
        self._said = True


def salt(policy: Policy) -> str:
    """Where the lineage begins: under another policy the same conversation is decided on anew.

    Only what differs from the default is part of it, so a field that comes with an upgrade changes nothing for those who do not use it.
    """
    given = {field.name: getattr(policy, field.name) for field in fields(policy)}
    said = {name: _plain(value) for name, value in given.items() if value != getattr(_DEFAULT, name)}
    return hashlib.sha256(b"integrations" + json.dumps(said, sort_keys=True).encode("ascii")).hexdigest()[:32]


def _plain(value: object) -> object:
    """As JSON, the same in every process. Options come from applications: a set is as good as a frozenset."""
    if isinstance(value, Mapping):
        return sorted(([_plain(key), _plain(said)] for key, said in value.items()), key=repr)
    if isinstance(value, (set, frozenset)):
        return sorted(map(_plain, value), key=repr)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.value if isinstance(value, enum.Enum) else value


def forms(decisions: Mapping[int, Decision], places: Sequence[object]) -> dict[int, str]:
    """The texts that go in the place of others, by item index; ``places`` has None for an item that may not be written."""
    return {i: d.text for i, d in decisions.items() if d.text is not None and places[i] is not None}
