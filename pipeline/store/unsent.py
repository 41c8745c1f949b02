"""Blocks that were sent as they came although a form of theirs may be on record.

Who gets no answer to a commit does not know whether it took place, and sends the original. While that process lives it remembers so. A decision on
record never changes; so that whoever comes after sends the original too, a second one beside it says that the form was not sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.outcome import Reason
from pipeline.store.api import Decision, Keeper, Store

_BESIDE = "unsent:"


def record(store: Keeper, keys: Sequence[str]) -> None:
    """Put on record that the originals of blocks were sent. To do so again changes nothing.

    Where nothing is on record for a block, that is the decision from now on, also for a commit that is still under way.

    Args:
        store: that did not answer before.
        keys: the lineages of the blocks.

    Raises:
        StoreError: it is to be done anew.
    """
    store.freeze([Decision(name, None, Reason.STORE.value) for key in keys for name in (key, _BESIDE + key)])


def decisions(store: Store, keys: Sequence[str]) -> dict[str, Decision]:
    """See ``Store.decisions``; where an original was sent after all, that is what is told. The store is asked once.

    Raises:
        StoreError: the store cannot be asked.
    """
    return _as_sent(keys, store.decisions(_with_beside(keys)))


def glance(store: Store, keys: Sequence[str]) -> dict[str, Decision] | None:
    """The same at a glance, see ``Store.glance``; it raises nothing."""
    found = store.glance(_with_beside(keys))
    return None if found is None else _as_sent(keys, found)


def _with_beside(keys: Sequence[str]) -> list[str]:
    """The keys, and those under which it would stand that a form was not sent. Only a lineage names a place where one is; it has no colon."""
    return [*keys, *(_BESIDE + key for key in keys if ":" not in key)]


def _as_sent(keys: Sequence[str], found: Mapping[str, Decision]) -> dict[str, Decision]:
    told = {}
    for key in keys:
        if (decision := found.get(key)) is not None:
            beside = found.get(_BESIDE + key)
            told[key] = decision if beside is None else replace(beside, key=key)
    return told
