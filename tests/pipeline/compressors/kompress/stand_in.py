"""A scorer that knows nothing but words in common, so that tests of what is around the scorer do not depend on the model's taste."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"\w{4,}")


class Overlap:
    """Two and a half points for every word of the query."""

    def scores(self, sentences: Sequence[str], query: str) -> list[int]:
        asked = set(_WORD.findall(query.lower()))
        return [2500 * len(asked & set(_WORD.findall(s.lower()))) for s in sentences]


def coverage(sentences: Sequence[str], query: str) -> float:
    asked = set(_WORD.findall(query.lower()))
    return max((len(asked & set(_WORD.findall(s.lower()))) for s in sentences), default=0) / max(1, len(asked))
