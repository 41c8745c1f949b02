"""What a text says a second time of a person or a link: the address behind a name, the text of a link that its address repeats.

Every address, number and name still stands in the text: the address of a person where the name comes first, that of a link where the link is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.segment import Unit

_FOLDED = frozenset({Kind.SENTENCE, Kind.ITEM, Kind.HEADING})
_PERSON = re.compile(r"(?<![^\s(\[])([^\W\d_][^\s<>@:]{0,40} {1,3}[^\W\d_][^\s<>@:]{0,40}) {1,3}<([^\s<>@]{1,64}@[^\s<>@]{1,100})>")
_LINK = re.compile(r"(?<!!)\[([^\[\]\n]{1,200})\]\((https?://[^\s()<>]{1,2000})\)")
_SHORTENED = re.compile(r"[0-9a-f]{7,40}")  # a commit's hash, of which a text shows the beginning


def fold(units: Sequence[Unit], squeezed: Sequence[str]) -> list[str]:
    """Squeezed units without what they say again; code and tables stay as they are.

    The address of a person stays wherever the same name has several in the text.
    """
    addresses: dict[str, set[str]] = {}
    for unit, said in zip(units, squeezed, strict=True):
        if unit.kind in _FOLDED and "@" in said and ">" in said:
            for match in _PERSON.finditer(said):
                if _is_name(match[1]):
                    addresses.setdefault(_name(match), set()).add(match[2])
    once = {name for name, found in addresses.items() if len(found) == 1}
    named: set[str] = set()

    def person(match: re.Match[str]) -> str:
        name = _name(match)
        if name in named:
            return match[1]
        if name in once:
            named.add(name)
        return match[0]

    found = []
    for unit, said in zip(units, squeezed, strict=True):
        if unit.kind in _FOLDED:
            if once and "@" in said:
                said = _PERSON.sub(person, said)
            if "](http" in said:
                said = _LINK.sub(_link, said)
        found.append(said)
    return found


def _name(match: re.Match[str]) -> str:
    return " ".join(match[1].split())


def _is_name(words: str) -> bool:
    """Whether both words are written as names are: “thanks to <address>” says nothing without the address."""
    return all(word[0].isupper() for word in words.split())


def _link(match: re.Match[str]) -> str:
    """The address alone, in its brackets, where its last part is the text."""
    text, address = match[1].strip("`#@"), match[2]
    last = address.rstrip("/").rpartition("/")[2].rpartition("#")[2]
    again = match[1] == address or text == last or (_SHORTENED.fullmatch(text) is not None and last.startswith(text))
    return f"({address})" if text and again else match[0]
