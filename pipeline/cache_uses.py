"""When conversations last used the provider's cache: what may be left of them in it is asked before a request, and in doubt there is. Pure."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace

from pipeline.cache_clock import Entry, longest

_CONVERSATIONS = 1000
_UNANSWERED = 100  # requests of one conversation
_MARGIN = 60.0  # seconds more than promised: clocks differ, and an answer may renew an entry until it ends


@dataclass(frozen=True, slots=True)
class _Use:
    """Until when there may be something: by all answers, and by each request that has had none."""

    answered: float = -math.inf
    asked: tuple[float, ...] = ()


class Uses:
    """Remembers until when each conversation's uses of the cache may have left something in it.

    Conversations that begin alike are one here, whoever's they are: a fork of one keeps their common beginning in the cache. So they are named
    by the lineage of their first item.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Use] = OrderedDict()

    def asked(self, conversation: str, dialect: str, at: float) -> None:
        """A request goes upstream. Until its answer tells more, it may have left something for the longest time there is."""
        use = self._known.get(conversation, _Use())
        self._note(conversation, replace(use, asked=(*use.asked[1 - _UNANSWERED :], at + longest(dialect))))

    def answered(self, conversation: str, dialect: str, entry: Entry | None, at: float) -> None:
        """An answer has ended. ``entry`` is what the cache holds by it, see ``cache_clock.after``.

        What another answer left for longer is there still. The answer is taken for that of the last request: one before it that had none was
        given up, or goes on, and then the two are seconds apart.
        """
        use = self._known.get(conversation, _Use())
        until = at + (entry.life.most if entry is not None else longest(dialect))
        self._note(conversation, _Use(max(use.answered, until), use.asked[:-1]))

    def knows(self, conversation: str) -> bool:
        """Whether a use is remembered."""
        return conversation in self._known

    def gone(self, conversation: str, at: float) -> bool:
        """Whether nothing that is remembered of it can be in the cache."""
        use = self._known.get(conversation)
        return use is not None and at > max((use.answered, *use.asked)) + _MARGIN

    def _note(self, conversation: str, use: _Use) -> None:
        self._known[conversation] = use
        self._known.move_to_end(conversation)
        if len(self._known) > _CONVERSATIONS:
            self._known.popitem(last=False)


def window(dialect: str) -> float:
    """Seconds after which nothing can be left in a cache; infinite where the provider promises no end."""
    return longest(dialect) + _MARGIN if math.isfinite(longest(dialect)) else math.inf
