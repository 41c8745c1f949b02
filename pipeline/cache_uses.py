"""When conversations last used the provider's cache: what may be left of them in it is asked before a request, and in doubt there is. Pure."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

from pipeline.cache_clock import Entry, longest

_CONVERSATIONS = 1000
_MARGIN = 60.0  # seconds more than promised: clocks differ, and an answer may renew an entry until it ends


@dataclass(frozen=True, slots=True)
class _Use:
    at: float
    most: float


class Uses:
    """Remembers the last use of each conversation's cache and for how long that may keep it.

    Conversations that begin alike are one here, whoever's they are: a fork of one keeps their common beginning in the cache. So they are named
    by the lineage of their first item.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Use] = OrderedDict()

    def asked(self, conversation: str, dialect: str, at: float) -> None:
        """A request goes upstream. Until its answer tells more, it may have left something for the longest time there is."""
        self._note(conversation, _Use(at, longest(dialect)))

    def answered(self, conversation: str, dialect: str, entry: Entry | None, at: float) -> None:
        """Its answer has ended. ``entry`` is what the cache holds by it, see ``cache_clock.after``."""
        self._note(conversation, _Use(at, entry.life.most if entry is not None else longest(dialect)))

    def knows(self, conversation: str) -> bool:
        """Whether a use is remembered."""
        return conversation in self._known

    def gone(self, conversation: str, at: float) -> bool:
        """Whether nothing that is remembered of it can be in the cache."""
        use = self._known.get(conversation)
        return use is not None and at - use.at > use.most + _MARGIN

    def _note(self, conversation: str, use: _Use) -> None:
        self._known[conversation] = use
        self._known.move_to_end(conversation)
        if len(self._known) > _CONVERSATIONS:
            self._known.popitem(last=False)


def window(dialect: str) -> float:
    """Seconds after which nothing can be left in a cache; infinite where the provider promises no end."""
    return longest(dialect) + _MARGIN if math.isfinite(longest(dialect)) else math.inf
