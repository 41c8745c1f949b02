"""Names that a question shortens: who says ``db`` means the container ``shop_db_1``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.query import STOP_WORDS, Query

_SHORT = re.compile(r"(?<![\w.-])[^\W\d_][^\W_]{1,2}(?![\w-])")
_JOINT = re.compile(r"[_.:@-]+")
_PEEK = 6000  # characters of a question
_NAME = 120  # characters
_FEW = 3  # records that a part of their names may name
_GRAMMAR = frozenset("am an as at be by do go he hi if in is it me my no of oh on or so to up us we her him his its she".split())


def called(names: Sequence[object], query: Query, most: int) -> list[int]:
    """Which of the names a word of two or three letters of the question means: one that it is, or that has it between dots, hyphens and the like.

    Longer words are ranked. A word that many names have so means none of them; of a question that means more than ``most`` in this way none is
    taken, for it has half of all short words.
    """
    words = {w.lower() for w in _SHORT.findall(query.text[:_PEEK])} - STOP_WORDS - _GRAMMAR
    whole: dict[str, list[int]] = {}
    partly: dict[str, list[int]] = {}
    for row, name in enumerate(names) if words else ():
        if not isinstance(name, str) or len(name) > _NAME or " " in name or "://" in name:
            continue
        last = name.lower().rpartition("/")[2]  # default/db-0
        if last in words:
            whole.setdefault(last, []).append(row)
        else:
            for part in words.intersection(_JOINT.split(last)):
                partly.setdefault(part, []).append(row)
    found = {row for held in (*whole.values(), *partly.values()) if len(held) <= _FEW for row in held}
    return sorted(found) if len(found) <= most else []
