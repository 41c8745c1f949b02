"""Receipts in Redis, and sums over them, which are kept by quarters of an hour: what was added up once is not read again.

The sums of a quarter are made when they are first asked for. With them stands of how many receipts they were made, and how often one of the quarter
had been replaced before these were read. They hold as long as both are so, since receipts are added, replaced and never removed: nothing is locked,
a receipt takes no longer to write, and one that a program without such sums has added is seen to be missing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice

import msgspec

from pipeline.store import rows, sums
from pipeline.store.api import Group, Receipt, StoreError, Total
from pipeline.store.redis.layout import PREFIX, key, pages, unpacked
from pipeline.store.redis.link import Link
from pipeline.store.sums import QUARTER_S

_QUARTERS_AT_ONCE = 500

# Write a receipt. ARGV: prefix, id, time, the key of its session's index, the receipt, seconds in a quarter.
_ADD = """
local prefix, id, at = ARGV[1], ARGV[2], ARGV[3]
local before = redis.call('ZSCORE', prefix .. 'receipts', id)
if before then redis.call('HINCRBY', prefix .. 'replaced', math.floor(tonumber(before) / ARGV[6]), 1) end
redis.call('SET', prefix .. 'receipt:' .. id, ARGV[5])
redis.call('ZADD', prefix .. 'receipts', at, id)
redis.call('ZADD', ARGV[4], at, id)
"""

# Quarters in which there are receipts, in order. ARGV: prefix, the time from which on, how many at most, seconds in a quarter.
# Answers of each: its number, how many receipts, how often one was replaced, the sums that are kept.
_QUARTERS = """
local prefix, from, length, found = ARGV[1], ARGV[2], tonumber(ARGV[4]), {}
while #found < tonumber(ARGV[3]) do
    local first = redis.call('ZRANGEBYSCORE', prefix .. 'receipts', from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    if not first[1] then break end
    local quarter = math.floor(tonumber(first[2]) / length)
    from = string.format('%.0f', (quarter + 1) * length)
    local number = redis.call('ZCOUNT', prefix .. 'receipts', string.format('%.0f', quarter * length), '(' .. from)
    local replaced = tonumber(redis.call('HGET', prefix .. 'replaced', quarter) or '0')
    found[#found + 1] = {quarter, number, replaced, redis.call('HGET', prefix .. 'sums', quarter)}
end
return found
"""

_Names = tuple[bytes, bytes, bytes, bytes, bytes]
_Pairs = list[tuple[bytes, int]]


class Cell(msgspec.Struct, array_like=True, frozen=True):
    """What the receipts of a quarter come to that have all these names.

    Args:
        session, agent, model, project, cause: of the receipts.
        numbers: see ``sums.Numbers``.
        compressors, reasons: the receipts' pairs, added up.
    """

    session: bytes
    agent: bytes
    model: bytes
    project: bytes
    cause: bytes
    numbers: list[int | float]
    compressors: _Pairs
    reasons: _Pairs


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """The sums of a quarter.

    Args:
        receipts: of how many they were made.
        replaced: how often one had been replaced before.
        cells: the sums.
    """

    receipts: int
    replaced: int
    cells: list[Cell]


_DECODER = msgspec.msgpack.Decoder(Kept)


class Receipts:
    """The receipts of one store.

    Args:
        link: to the server.
        explained: a context in which damage becomes an error with a message.
    """

    def __init__(self, link: Link, explained: rows.Explained) -> None:
        self._link = link
        self._explained = explained

    def add(self, receipt: Receipt) -> None:
        """See ``Store.add_receipt``."""
        value = msgspec.msgpack.encode(rows.receipt_values(receipt, rows.encoded))
        where = (PREFIX, rows.encoded(receipt.message_id), receipt.time, key("receipts", receipt.session))
        with self._link.use() as client:
            client.eval(_ADD, 0, *where, value, QUARTER_S)

    def select(self, session: str, since: float, project: str) -> list[Receipt]:
        """See ``Store.receipts``."""
        found = [r for r in self._between(since, "+inf", session) if session in ("", r.session) and project in ("", r.project)]
        return sorted(found, key=lambda r: (r.time, r.message_id))

    def totals(self, group: Group, session: str, since: float, project: str) -> list[Total]:
        """See ``Store.totals``."""
        if session:
            return sums.merged((sums.name(r, group), sums.of(r)) for r in self.select(session, since, project))
        return sums.merged(
            part
            for quarter, cells in self._cells(since, project)
            for part in zip(_groups(group, quarter, cells), (cell.numbers for cell in cells), strict=True)
        )

    def counts(self, column: str, session: str, since: float, project: str) -> list[tuple[str, int]]:
        """See ``Store.counts``."""
        if session:
            return sums.most_first(pair for r in self.select(session, since, project) for pair in getattr(r, column))
        cells = chain.from_iterable(cells for _, cells in self._cells(since, project))
        return sums.most_first((rows.decoded(name), number) for cell in cells for name, number in getattr(cell, column))

    def _cells(self, since: float, project: str) -> Iterator[tuple[int, list[Cell]]]:
        """The number of each quarter and its sums, of one project if it is named. A quarter of which only a part is asked for is read."""
        named = rows.encoded(project)
        first = math.ceil(since / QUARTER_S)
        begun = self._between(since, f"({first * QUARTER_S}") if first * QUARTER_S > since else ()
        for quarter, cells in chain([(first - 1, _added_up(begun))], self._quarters(first)):
            yield quarter, [cell for cell in cells if cell.project == named] if project else cells

    def _quarters(self, first: int) -> Iterator[tuple[int, list[Cell]]]:
        while True:
            with self._link.use() as client:
                found = client.eval(_QUARTERS, 0, PREFIX, first * QUARTER_S, _QUARTERS_AT_ONCE, QUARTER_S)
            missing = []
            for quarter, receipts, replaced, body in found:
                kept = _read(body)
                if kept is not None and (kept.receipts, kept.replaced) == (receipts, replaced):
                    yield quarter, kept.cells
                else:
                    missing.append((quarter, replaced))
            yield from self._made(missing)
            if len(found) < _QUARTERS_AT_ONCE:
                return
            first = found[-1][0] + 1

    def _made(self, missing: Sequence[tuple[int, int]]) -> Iterator[tuple[int, list[Cell]]]:
        """The sums of quarters, made of their receipts and kept. ``missing``: their numbers, and how often a receipt had been replaced."""
        if not missing:
            return
        with self._link.use() as client, client.pipeline(transaction=False) as batch:
            for quarter, _ in missing:
                batch.zrangebyscore(key("receipts"), quarter * QUARTER_S, f"({(quarter + 1) * QUARTER_S}")
            named = batch.execute()
        receipts = self._named([*chain.from_iterable(named)])
        bodies = {}
        for (quarter, replaced), names in zip(missing, named, strict=True):
            cells = _added_up(islice(receipts, len(names)))
            bodies[quarter] = msgspec.msgpack.encode(Kept(len(names), replaced, cells))
            yield quarter, cells
        with suppress(StoreError), self._link.use() as client:  # without room for them, or the right to, they are made anew each time
            client.hset(key("sums"), mapping=bodies)

    def _between(self, since: float, until: str, session: str = "") -> Iterator[Receipt]:
        index = key("receipts", session) if session else key("receipts")
        with self._link.use() as client:
            names = client.zrangebyscore(index, since, until)
        return self._named(names)

    def _named(self, names: Sequence[bytes]) -> Iterator[Receipt]:
        """The receipts with these ids, in this order."""
        prefix = rows.encoded(key("receipt")) + b":"
        for page in pages(names):
            with self._link.use() as client:
                values = client.mget([prefix + name for name in page])
            with self._explained:
                yield from [rows.receipt(unpacked(value), rows.decoded) for value in values if value is not None]


def _read(body: bytes | None) -> Kept | None:
    try:
        return None if body is None else _DECODER.decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError):  # of a version that wrote others
        return None


def _added_up(receipts: Iterable[Receipt]) -> list[Cell]:
    """Receipts as sums of those that have the same names."""
    found: dict[_Names, tuple[sums.Numbers, Counter[bytes], Counter[bytes]]] = {}
    for r in receipts:
        session, agent, model, project, cause = map(rows.encoded, (r.session, r.agent, r.model, r.project, r.cause))
        names = session, agent, model, project, cause
        before, compressors, reasons = found.get(names) or ((), Counter(), Counter())
        numbers = sums.of(r)
        for counter, pairs in ((compressors, r.compressors), (reasons, r.reasons)):
            for name, number in pairs:
                counter[rows.encoded(name)] += number
        found[names] = sums.added(before, numbers) if before else numbers, compressors, reasons
    return [Cell(*names, [*numbers], [*compressors.items()], [*reasons.items()]) for names, (numbers, compressors, reasons) in found.items()]


def _groups(group: Group, quarter: int, cells: Sequence[Cell]) -> list[str]:
    """The group that each of a quarter's cells belongs to."""
    if group in (Group.DAY, Group.WEEK):
        return [(sums.day if group is Group.DAY else sums.week)(quarter * QUARTER_S)] * len(cells) if cells else []
    if group is Group.ALL:
        return [""] * len(cells)
    return [rows.decoded(getattr(cell, group.value)) for cell in cells]
