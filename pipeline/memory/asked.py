"""What a question asks about, held against what was left out for another question's sake."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.asked import hits_of, names_of
from pipeline.query import Query

_LINES, _SHARE = 60, 0.3  # a name that stands in more units than this, and in more than this share of them, tells nothing
_FEW = 10  # units with a content word: a word in more of them only ranks
_LEAST_DIGITS = 3
_DIGEST_DIGITS = 16
_TROUBLE = "?trouble"
_WORD = re.compile(r"[^\W\d_]{2,}")
# Words by which whole kinds of units are asked for, or another way to choose them, so that what they mean cannot be found by looking for them.
_STEERING = frozenset(
    """all any every each full whole complete entire raw exact verbatim total count counts number many most least top bottom first last
    newest latest recent oldest earliest highest lowest largest smallest biggest longest shortest slowest fastest cheapest costliest best worst
    maximum minimum max min more less fewer greater above below over under big small large tiny huge high low old new average mean median
    patch apply author authors committer committers date dates when markup html css script style selector duplicate duplicates unique distinct
    compare difference differences sort sorted order skipped passed slow status""".split()
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question was about, as little of it as must be known to hold another one against it.

    Args:
        question: a digest of it.
        steered: how it steers what is chosen besides by what it names, in alphabetical order.
    """

    question: str
    steered: tuple[str, ...] = ()

    @property
    def by_kind(self) -> bool:
        """Whether whole kinds of units were asked for; trouble is kept whether or not it is asked for."""
        return any(word != _TROUBLE for word in self.steered)

    @classmethod
    def of(cls, query: Query) -> Asked:
        """What a query is about."""
        text = f"{query.text}\0{query.call}".encode("utf-8", "surrogatepass")
        intents = ((_TROUBLE, query.severity), ("?rarity", query.rarity), ("?slowness", query.slowness))
        words = {w for w in _WORD.findall(query.text.lower()) if w in _STEERING or w.endswith("est")}
        return cls(hashlib.sha256(text).hexdigest()[:_DIGEST_DIGITS], tuple(sorted(words.union(name for name, has in intents if has))))


def hides(rewrite: Rewrite, content: Content, before: Asked) -> bool:
    """Whether a rewrite may have left out what the content's query asks about.

    Args:
        rewrite: of the content, made for another query.
        content: the text, with the query that is asked now.
        before: what that other query was about.
    """
    query = content.query
    if not set(Asked.of(query).steered) <= set(before.steered):
        return True
    units = [content.text[a:b].replace("\n", " ") for a, b in rewrite.spans] if rewrite.spans else content.lines
    out = bytearray(len(units))
    for gap in rewrite.gaps:
        out[gap.first - 1 : gap.last] = b"\1" * len(out[gap.first - 1 : gap.last])
    return any(out[n] for n in _named(units, query))


def touches(content: Content) -> bool:
    """Whether the content's query names anything in it that is not nearly everywhere."""
    return any(True for _ in _named(content.lines, content.query))


def _named(units: Sequence[str], query: Query) -> Iterator[int]:
    """The units that a query names: by what it calls by name, and by words that few of them have."""
    names = [*names_of(query), *(n for n in query.numbers if len(n) >= _LEAST_DIGITS), *Query(query.call).entities]
    for hits in hits_of(units, names, max(_LINES, int(_SHARE * len(units)))):
        yield from hits
    for hits in hits_of(units, query.stems, _FEW, within_words=True):
        yield from hits
