"""Originals, decisions, receipts and memories in PostgreSQL, for all proxies that share it.

What is durable is what the server's own settings make so: with the default (``synchronous_commit = on``) all that was acknowledged.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pipeline.store import rows, sums
from pipeline.store.api import Decision, Group, Memory, Original, Receipt, Stock, Store, StoreError, Swept, Total
from pipeline.store.postgres import layout
from pipeline.store.postgres.link import Connection, Link

_LONG_S = 300.0  # what reads or removes much may take
_ASK_FIRST = 64 << 10  # bytes; a larger text is packed only if it is not there yet
_RENEWED_S = rows.DAY_S / 2  # a sweep leaves a day: who puts a text has the rest of it to name it in a decision
_PAGE = 200  # originals read at once where all are
_ESCAPED = "\x01"

_GROUPS = {
    Group.ALL: "''",
    Group.DAY: f"floor(time / {sums.QUARTER_S})::bigint",
    Group.WEEK: f"floor(time / {sums.QUARTER_S})::bigint",
    **{group: group.value for group in (Group.AGENT, Group.MODEL, Group.PROJECT, Group.SESSION, Group.CAUSE)},
}
_PRICED = "cost IS NOT NULL AND cost_without IS NOT NULL"
_SUMS = ", ".join((
    "count(*)",
    f"count(*) FILTER (WHERE NOT ({_PRICED}))",
    *(f"sum({column})::bigint" for column in ("input", "cache_write_5m", "cache_write_1h", "cache_read", "output")),
    *(f"coalesce(sum({column}) FILTER (WHERE {_PRICED}), 0)" for column in ("cost", "cost_without", "overhead")),
    "sum(removed_new + removed_old)::bigint",
    "sum(again)::bigint",
    f"coalesce(sum(again_cost) FILTER (WHERE {_PRICED}), 0)",
))  # fmt: skip
_KNOWN = "SELECT handle, unit, spans, used FROM headroom.originals WHERE digest = $1"
_STOCK = {"originals": "length(body)", "decisions": "length(body)", "receipts": "0", "memories": "0"}


class PostgresStore(Store):
    """Originals, decisions, receipts and memories in one database. One object may be used by several threads; open one in each process.

    Args:
        link: to the server, whose tables are at the newest layout.
        name: of the store, for messages.
        digest: names a text by its bytes; another one than SHA-256 is for tests of collisions.
    """

    def __init__(self, link: Link, name: str, digest: Callable[[bytes], str] = rows.sha256) -> None:
        self._link = link
        self._name = name
        self._digest = digest

    @classmethod
    def open(cls, url: str, name: str, *, patience: float, digest: Callable[[bytes], str] = rows.sha256) -> PostgresStore:
        """Open the store in a database, whose tables are made where they are missing.

        Args:
            url: of the database, as libpq takes it.
            name: the same without its password, for messages.
            patience: seconds that the server may take to answer.
            digest: see the class.

        Raises:
            StoreError: it cannot be opened, or was written by a newer version.
        """
        link = Link(url, name, patience)
        try:
            link.run(lambda connection: layout.migrate(connection, name))
        except BaseException:
            link.close()
            raise
        return cls(link, name, digest)

    # ----- originals -------------------------------------------------------------------------------------------------------------------

    def put_original(self, text: str, *, unit: str = "line", spans: Sequence[tuple[int, int]] = (), label: str = "") -> str:
        data = rows.encoded(text)
        digest = self._digest(data)
        counted = rows.units(spans)
        packed = rows.pack(counted)
        known = self._link.run(lambda c: c.row(_KNOWN, digest)) if len(data) > _ASK_FIRST else None
        if known is None or known[3] < time.time() - _RENEWED_S:
            values = (bound(unit), packed, bound(label), time.time(), len(data), rows.pack(data))
            known = self._link.run(partial(self._put, digest, values))
        first, its_unit, its_spans, _ = known
        with self._explained():
            if unbound(its_unit) == unit and (its_spans == packed or rows.unpack(its_spans) == counted):
                return str(first)
        handle = rows.numbered(first, unit, counted)
        statement = "INSERT INTO headroom.numberings (handle, original, unit, spans) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
        self._link.run(lambda c: c.change(statement, handle, first, bound(unit), packed))
        return handle

    def _put(self, digest: str, values: tuple[Any, ...], connection: Connection) -> tuple[Any, ...]:
        """The row of an original, made where it is missing. Nothing is locked: whoever comes second finds what the first one made."""
        now = values[3]
        for length in range(rows.SHORTEST, len(digest) + 1):
            made = connection.row(
                "INSERT INTO headroom.originals (handle, digest, unit, spans, label, created, used, size, body)"
                " VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING handle, unit, spans, used",
                *(digest[:length], digest, *values),
            )
            if made is not None:
                return made
            known = connection.row(_KNOWN, digest)
            if known is not None and known[3] < now - _RENEWED_S:
                known = connection.row("UPDATE headroom.originals SET used = $2 WHERE digest = $1 RETURNING handle, unit, spans, used", digest, now)
            if known is not None:
                return known
        raise StoreError(f"The digest {digest} names two texts in {self._name}.")

    def original(self, handle: str) -> Original | None:
        found = self._link.run(lambda c: self._find(c, handle))
        if found is None:
            return None
        (name, digest, unit, spans, label, created, body), numbered = found
        if numbered is not None:
            name, (_, unit, spans) = handle, numbered
        with self._explained():
            text = rows.checked(body, digest, self._digest)
            return Original(name, text, unbound(unit), rows.spans(spans), unbound(label), created)

    def _find(self, connection: Connection, handle: str) -> tuple[tuple[Any, ...], tuple[Any, ...] | None] | None:
        if not handle.isascii() or "\0" in handle:
            return None
        columns = "SELECT handle, digest, unit, spans, label, created, body FROM headroom.originals WHERE"
        row = connection.row(f"{columns} handle = $1", handle)
        if row is not None:
            return row, None
        numbered = connection.row("SELECT original, unit, spans FROM headroom.numberings WHERE handle = $1", handle)
        if numbered is not None:
            row = connection.row(f"{columns} handle = $1", numbered[0])
            return None if row is None else (row, numbered)
        if len(handle) < rows.SHORTEST:
            return None
        # "g" comes after every hex digit: the range holds what begins with the handle
        several = connection.rows(f"{columns} digest >= $1 AND digest < $2 LIMIT 2", handle, handle + "g")
        return (several[0], None) if len(several) == 1 else None

    # ----- decisions -------------------------------------------------------------------------------------------------------------------

    def decisions(self, keys: Sequence[str]) -> dict[str, Decision]:
        return self._decisions([*keys], {}) if keys else {}

    def _decisions(self, keys: list[str], texts: dict[bytes, str]) -> dict[str, Decision]:
        statement = f"SELECT {rows.DECISION} FROM headroom.decisions WHERE key = ANY($1::text[])"
        found = self._link.run(lambda c: c.rows(statement, keys))
        with self._explained():
            by_key = {row[0]: rows.decision(row, texts) for row in found}
        return {key: by_key[key] for key in keys if key in by_key}

    def freeze(self, decisions: Sequence[Decision]) -> dict[str, Decision]:
        first: dict[str, Decision] = {}
        for d in decisions:
            first.setdefault(d.key, d)
        if not first:
            return {}
        now = time.time()
        packed = rows.packed_forms([*first.values()])
        # In one order, whoever writes: two that wait for each other would be a deadlock.
        columns = [[*column] for column in zip(*(rows.decision_values(first[key], packed) for key in sorted(first)), strict=True)]
        won = self._link.run(
            lambda c: c.rows(
                f"INSERT INTO headroom.decisions ({rows.DECISION}, created)"
                " SELECT *, $8::float8 FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])"
                " ON CONFLICT DO NOTHING RETURNING key",
                *(*columns, now),
            )
        )
        if len(won) == len(first):
            return first
        # Rows never change once they are there, so what is read after the commit is what is in force.
        return self._decisions([*first], {body: text for text, body in packed.items()})

    # ----- receipts --------------------------------------------------------------------------------------------------------------------

    def add_receipt(self, receipt: Receipt) -> None:
        values = [*rows.receipt_values(receipt, bound)]
        values[18:20] = [json.dumps([(bound(name), count) for name, count in pairs]) for pairs in (receipt.compressors, receipt.reasons)]
        names = rows.RECEIPT.split(", ")
        renewed = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        marks = ", ".join(f"${place}" for place in range(1, len(names) + 1))
        statement = f"INSERT INTO headroom.receipts ({rows.RECEIPT}) VALUES ({marks}) ON CONFLICT (message_id) DO UPDATE SET {renewed}"
        self._link.run(lambda c: c.change(statement, *values))

    def receipts(self, *, session: str = "", since: float = 0.0, project: str = "") -> list[Receipt]:
        where, values = _where(session, since, project)
        found = self._link.run(lambda c: c.rows(f"SELECT {rows.RECEIPT} FROM headroom.receipts WHERE {where}", *values), _LONG_S)
        return sorted((rows.receipt(row, unbound) for row in found), key=lambda r: (r.time, r.message_id))

    def totals(self, group: Group, *, session: str = "", since: float = 0.0, project: str = "") -> list[Total]:
        where, values = _where(session, since, project)
        statement = f"SELECT {_GROUPS[group]}, {_SUMS} FROM headroom.receipts WHERE {where} GROUP BY 1"
        found = self._link.run(lambda c: c.rows(statement, *values), _LONG_S)
        return sums.merged((_name(key, group), numbers) for key, *numbers in found)

    def counts(self, column: str, *, session: str = "", since: float = 0.0, project: str = "") -> list[tuple[str, int]]:
        if column not in rows.COUNTED:
            raise ValueError(f"{column} holds no pairs")
        where, values = _where(session, since, project)
        statement = (
            f"SELECT pair->>0, sum((pair->>1)::bigint)::bigint FROM headroom.receipts, json_array_elements({column}) AS pair WHERE {where} GROUP BY 1"
        )
        found = self._link.run(lambda c: c.rows(statement, *values), _LONG_S)
        return sums.most_first((unbound(name), number) for name, number in found)

    # ----- memories --------------------------------------------------------------------------------------------------------------------

    def remember(self, memories: Sequence[Memory]) -> None:
        if not memories:
            return
        statement = (
            f"INSERT INTO headroom.memories ({rows.MEMORY}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
            " ON CONFLICT (project, key, digest, agent) DO UPDATE SET session = excluded.session, time = excluded.time, stamp = excluded.stamp"
        )
        ordered = sorted(memories, key=lambda m: (m.project, m.key, m.digest, m.agent))  # see freeze
        self._link.run(lambda c: c.change_many(statement, [rows.memory_values(m, bound) for m in ordered]))

    def memories(self, project: str, *, key: str = "", digest: str = "", limit: int = 0) -> list[Memory]:
        where, values = _of_project(project, key=key, digest=digest)
        bounded = f" LIMIT {int(limit)}" if limit else ""
        statement = f"SELECT {rows.MEMORY} FROM headroom.memories WHERE {where} ORDER BY time DESC, key, digest, agent{bounded}"
        return [rows.memory(row, unbound) for row in self._link.run(lambda c: c.rows(statement, *values))]

    def projects(self) -> list[tuple[str, int]]:
        found = self._link.run(lambda c: c.rows("SELECT project, count(*) FROM headroom.memories GROUP BY project"))
        return sorted((unbound(name), number) for name, number in found)

    def forget(self, project: str, key: str = "", *, kind: str = "", before: float = math.inf) -> int:
        where, values = _of_project(project, key=key, kind=kind)
        return self._link.run(lambda c: c.change(f"DELETE FROM headroom.memories WHERE {where} AND time < ${len(values) + 1}", *values, before))

    # ----- housekeeping ----------------------------------------------------------------------------------------------------------------

    def stock(self) -> list[Stock]:
        def counted(connection: Connection) -> list[Stock]:
            return [
                Stock(name, *connection.rows(f"SELECT count(*), coalesce(sum({size}), 0)::bigint FROM headroom.{name}")[0])
                for name, size in _STOCK.items()
            ]

        return self._link.run(counted, _LONG_S)

    def verify(self) -> list[str]:
        wrong, last = [], ""
        while page := self._link.run(partial(self._page, last), _LONG_S):
            for handle, digest, body in page:
                try:
                    rows.checked(body, digest, self._digest)
                except rows.Damaged:
                    wrong.append(f"The original {handle} is not the text that was kept.")
                last = handle
        return wrong

    def _page(self, after: str, connection: Connection) -> list[tuple[Any, ...]]:
        statement = f"SELECT handle, digest, body FROM headroom.originals WHERE handle > $1 ORDER BY handle LIMIT {_PAGE}"
        return connection.rows(statement, after)

    def cutoff(self, size: int) -> float:
        kept = "SELECT used, sum(length(body)) OVER (ORDER BY used DESC) AS kept FROM headroom.originals"
        found = self._link.run(lambda c: c.value(f"SELECT max(used) FROM ({kept}) AS sized WHERE kept > $1", size), _LONG_S)
        return 0.0 if found is None else float(found) + rows.TICK_S

    def sweep(self, before: float) -> Swept:
        before = min(before, time.time() - rows.DAY_S)
        named = "SELECT handle FROM headroom.decisions UNION SELECT handle FROM headroom.memories"
        named = f"SELECT coalesce(n.original, d.handle) FROM ({named}) AS d LEFT JOIN headroom.numberings n ON n.handle = d.handle"
        gone = "RETURNING coalesce(length(body), 0) AS size) SELECT count(*), coalesce(sum(size), 0)::bigint FROM gone"

        def swept(connection: Connection) -> Swept:
            with connection.transaction():
                [made] = connection.rows(f"WITH gone AS (DELETE FROM headroom.decisions WHERE created < $1 {gone}", before)
                [kept] = connection.rows(f"WITH gone AS (DELETE FROM headroom.originals WHERE used < $1 AND handle NOT IN ({named}) {gone}", before)
                connection.change("DELETE FROM headroom.numberings WHERE original NOT IN (SELECT handle FROM headroom.originals)")
            return Swept(kept[0], made[0], kept[1] + made[1])

        return self._link.run(swept, _LONG_S)

    def compact(self) -> None:
        """The server's own vacuum sees to that."""

    def close(self) -> None:
        self._link.close()

    def _explained(self) -> rows.Explained:
        return rows.Explained(f"The store {self._name} is damaged: a text in it is not the one that was written.")


def bound(text: str) -> str:
    """A text as PostgreSQL takes it: one with NUL or lone surrogates, which it does not take, in an escaped form."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _ESCAPED + json.dumps(text)
    return _ESCAPED + json.dumps(text) if "\0" in text or text.startswith(_ESCAPED) else text


def unbound(text: str) -> str:
    """And back."""
    return str(json.loads(text[1:])) if text.startswith(_ESCAPED) else text


def _where(session: str, since: float, project: str) -> tuple[str, list[Any]]:
    """A condition on receipts and its parameters."""
    where, values = ["time >= $1"], [since]
    for column, value in (("session", bound(session)), ("project", bound(project))):
        if value:
            values.append(value)  # type: ignore[arg-type]
            where.append(f"{column} = ${len(values)}")
    return " AND ".join(where), [*values]


def _of_project(project: str, **columns: str) -> tuple[str, list[Any]]:
    """A condition on a project's memories and its parameters; columns without a value may have any."""
    where, values = ["project = $1"], [bound(project)]
    for column, value in columns.items():
        if value:
            values.append(bound(value))
            where.append(f"{column} = ${len(values)}")
    return " AND ".join(where), [*values]


def _name(key: Any, group: Group) -> str:
    if group in (Group.DAY, Group.WEEK):
        return (sums.day if group is Group.DAY else sums.week)(key * sums.QUARTER_S)
    return unbound(key)
