"""The keys in Redis, all beginning with ``headroom:``, and what is common to reading and writing them.

layout                     hash: version, oldest
original:DIGEST            hash: handle, unit, spans, label, created, used, size, body
handle:HANDLE              the digest
digests                    sorted set of all digests, by their bytes
used                       sorted set of all digests, by when they were last put
numbering:HANDLE           list: the first handle, unit, spans
decision:KEY               the decision, as msgpack
decided                    sorted set of all keys of decisions, by when they were made
receipt:ID                 the receipt, as msgpack
receipts[:SESSION]         sorted set of ids, by time
sums                       hash: sums over the receipts of a quarter of an hour, by its number since 1970, as msgpack
replaced                   hash: how often a receipt of a quarter was replaced by another one of its id
projects                   set of all projects
memories:PROJECT           hash: what never changes of a memory, by its id
seen:PROJECT               hash: what does (session, time, stamp), by the same id
key:PROJECT:KEY, content:PROJECT:DIGEST   sets of ids; of project and key the SHA-256
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from pipeline.store import rows

VERSION = 1
# The oldest layout whose programs may go on working beside this one: a fleet is updated one proxy after the other.
OLDEST = 1

PREFIX = "headroom:"
_PAGE = 500


def key(kind: str, name: str | None = None) -> Any:
    """A key; a name with lone surrogates makes it bytes."""
    made = PREFIX + kind if name is None else f"{PREFIX}{kind}:{name}"
    return made if made.isascii() else rows.encoded(made)


def index(kind: str, project: str, value: str) -> str:
    """The key of an index of a project's memories."""
    return f"{PREFIX}{kind}:{rows.sha256(rows.encoded(project))}:{rows.sha256(rows.encoded(value))}"


def unpacked(value: bytes) -> list[Any]:
    """A row. Raises ``Damaged``."""
    try:
        return msgspec.msgpack.decode(value, type=list[Any])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise rows.Damaged from error


def pages(names: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """As many names at a time as are asked for at once."""
    for start in range(0, len(names), _PAGE):
        yield names[start : start + _PAGE]
