"""What stands in a store's rows, whichever database holds them: texts packed, values in the order of their columns, and back."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.store.api import Decision, Memory, Receipt, StoreError
from pipeline.usage import Usage

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SHORTEST = 8  # hex digits of a handle
DAY_S = 86400.0
TICK_S = 1e-6  # what Unix times as floats can tell apart
_LEVEL = 3  # 4 times smaller at 75 MB/s; higher levels gain 5 % and take three times as long

DECISION = "key, body, reason, compressor, handle, tokens_before, tokens_after"
RECEIPT = (
    "message_id, session, time, agent, model, project, input, cache_write_5m, cache_write_1h, cache_read, output, cost, cost_without,"
    " removed_new, removed_old, overhead, ttfb_ms, added_ms, compressors, reasons, cause, again, again_cost"
)
MEMORY = "project, key, digest, handle, kind, agent, session, time, tokens, stamp, label"
COUNTED = ("compressors", "reasons")

Bound = Callable[[str], Any]  # a text as the database takes it
Text = Callable[[Any], str]  # and back


class Damaged(Exception):
    """Bytes that are not those that were written."""


class Explained:
    """A context in which Damaged becomes a StoreError with a message.

    Args:
        message: of the error.
    """

    def __init__(self, message: str) -> None:
        self._message = message

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Damaged):
            raise StoreError(self._message) from error


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def encoded(text: str) -> bytes:
    """Any text as bytes, one with lone surrogates (a path that is not UTF-8) too."""
    return text.encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> str:
    """The text that was encoded. Raises ``Damaged``."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise Damaged from error


def pack(data: bytes) -> bytes:
    """Compressed, nothing for nothing."""
    return zstd.compress(data, _LEVEL) if data else b""


def unpack(body: bytes) -> bytes:
    """What was packed. Raises ``Damaged``."""
    try:
        return zstd.decompress(body) if body else b""
    except zstd.ZstdError as error:
        raise Damaged from error


def units(spans: Sequence[tuple[int, int]]) -> bytes:
    """Spans as JSON, nothing for none."""
    return json.dumps([*spans], separators=(",", ":")).encode() if spans else b""


def spans(packed: bytes) -> tuple[tuple[int, int], ...]:
    """The spans that were packed. Raises ``Damaged``."""
    return tuple((a, b) for a, b in json.loads(unpack(packed) or b"[]"))


def numbered(first: str, unit: str, counted: bytes) -> str:
    """The handle of a text that is kept as ``first`` and counted in other units here."""
    return f"{first}{sha256(encoded(unit) + counted)[:SHORTEST]}"


def checked(body: bytes, digest: str, name: Callable[[bytes], str] = sha256) -> str:
    """The text in a packed body, if it is the one that ``name`` gave its digest. Raises ``Damaged``."""
    data = unpack(body)
    if name(data) != digest:
        raise Damaged
    return decoded(data)


def packed_forms(decisions: Sequence[Decision]) -> dict[str, bytes]:
    """What was sent in place of blocks, packed; one text may stand under several keys."""
    texts = dict.fromkeys(d.text for d in decisions if d.text is not None)
    return {text: zstd.compress(encoded(text), _LEVEL) for text in texts}


def decision_values(d: Decision, packed: Mapping[str, bytes]) -> tuple[Any, ...]:
    """In the order of ``DECISION``."""
    body = None if d.text is None else packed[d.text]
    return (d.key, body, d.reason, d.compressor, d.handle, d.tokens_before, d.tokens_after)


def decision(row: Sequence[Any], texts: Mapping[bytes, str]) -> Decision:
    """The decision in a row. ``texts``: those that need not be unpacked. Raises ``Damaged``."""
    key, body, reason, compressor, handle, before, after = row
    text = None if body is None else texts.get(body)
    if text is None and body is not None:
        text = decoded(unpack(body))
    return Decision(key, text, reason, compressor, handle, before, after)


def receipt_values(r: Receipt, bound: Bound) -> tuple[Any, ...]:
    """In the order of ``RECEIPT``."""
    u = r.usage
    return (
        *map(bound, (r.message_id, r.session)),
        r.time,
        *map(bound, (r.agent, r.model, r.project)),
        *(u.input, u.cache_write_5m, u.cache_write_1h, u.cache_read, u.output),
        *(r.cost, r.cost_without, r.removed_new, r.removed_old, r.overhead, r.ttfb_ms, r.added_ms),
        *map(json.dumps, (r.compressors, r.reasons)),
        *(r.cause, r.again, r.again_cost),
    )


def receipt(row: Sequence[Any], text: Text) -> Receipt:
    """The receipt in a row."""
    message_id, session, at, agent, model, project = row[:6]
    cost, cost_without, removed_new, removed_old, overhead, ttfb_ms, added_ms, compressors, reasons, *missed = row[11:]
    return Receipt(
        message_id=text(message_id),
        session=text(session),
        time=at,
        agent=text(agent),
        model=text(model),
        project=text(project),
        usage=Usage(*row[6:11]),
        cost=cost,
        cost_without=cost_without,
        removed_new=removed_new,
        removed_old=removed_old,
        overhead=overhead,
        ttfb_ms=ttfb_ms,
        added_ms=added_ms,
        compressors=_pairs(compressors),
        reasons=_pairs(reasons),
        cause=missed[0],
        again=missed[1],
        again_cost=missed[2],
    )


def memory_values(m: Memory, bound: Bound) -> tuple[Any, ...]:
    """In the order of ``MEMORY``."""
    return (
        *map(bound, (m.project, m.key, m.digest, m.handle, m.kind, m.agent, m.session)),
        *(m.time, m.tokens),
        *map(bound, (m.stamp, m.label)),
    )


def memory(row: Sequence[Any], text: Text) -> Memory:
    """The memory in a row."""
    project, key, digest, handle, kind, agent, session, at, tokens, stamp, label = row
    return Memory(
        project=text(project),
        key=text(key),
        digest=text(digest),
        handle=text(handle),
        kind=text(kind),
        agent=text(agent),
        session=text(session),
        time=at,
        tokens=tokens,
        stamp=text(stamp),
        label=text(label),
    )


def newest_first(m: Memory) -> tuple[float, str, str, str]:
    """The order of memories."""
    return -m.time, m.key, m.digest, m.agent


def _pairs(column: str) -> tuple[tuple[str, int], ...]:
    return tuple((name, count) for name, count in json.loads(column))
