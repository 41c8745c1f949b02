"""Originals, decisions, receipts and memories in Redis or Valkey, for all proxies that share it.

What is durable is what the server's own settings make so: it must write its log of appends (``appendonly yes``) and evict nothing
(``maxmemory-policy noeviction``); ``verify`` says where it does not. Its keys are told in ``layout``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from pipeline.store import rows
from pipeline.store.api import Decision, Group, Memory, Original, Receipt, Stock, Store, StoreError, Swept, Total
from pipeline.store.redis import layout
from pipeline.store.redis.layout import PREFIX, pages, unpacked
from pipeline.store.redis.link import Client, Link
from pipeline.store.redis.receipts import Receipts

_ASK_FIRST = 64 << 10  # bytes; a larger text is packed and sent only if it is not there yet
_SCANNED = 1000  # keys at a time
_RENEWED_S = rows.DAY_S / 2  # a sweep leaves a day: who puts a text has the rest of it to name it in a decision

# Whoever comes first makes the layout; a newer one raises it. Answers version and oldest.
_LAYOUT = """
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'version', ARGV[1], 'oldest', ARGV[2]) end
return redis.call('HMGET', KEYS[1], 'version', 'oldest')
"""

# Keep an original unless it is there, under the shortest handle that is free. Answers handle, unit, spans.
# ARGV: prefix, digest, now, least length of a handle, seconds after which it counts as used again, then unit, spans, label, size, body.
_PUT = """
local prefix, digest, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local key = prefix .. 'original:' .. digest
if redis.call('EXISTS', key) == 1 then
    if tonumber(redis.call('HGET', key, 'used')) < now - tonumber(ARGV[5]) then
        redis.call('HSET', key, 'used', ARGV[3])
        redis.call('ZADD', prefix .. 'used', ARGV[3], digest)
    end
elseif #ARGV < 10 then
    return false
else
    local handle
    for length = tonumber(ARGV[4]), #digest do
        local free = string.sub(digest, 1, length)
        if redis.call('SETNX', prefix .. 'handle:' .. free, digest) == 1 then handle = free break end
    end
    if not handle then return redis.error_reply('the digest names two texts') end
    redis.call('HSET', key, 'handle', handle, 'unit', ARGV[6], 'spans', ARGV[7], 'label', ARGV[8], 'created', ARGV[3], 'used', ARGV[3],
        'size', ARGV[9], 'body', ARGV[10])
    redis.call('ZADD', prefix .. 'digests', 0, digest)
    redis.call('ZADD', prefix .. 'used', ARGV[3], digest)
end
return redis.call('HMGET', key, 'handle', 'unit', 'spans')
"""

# Remove an original, if it has not been put again since. ARGV: prefix, digest, before. Answers the bytes that went, or -1.
_DROP = """
local prefix, digest = ARGV[1], ARGV[2]
local key = prefix .. 'original:' .. digest
local used = redis.call('HGET', key, 'used')
if not used or tonumber(used) >= tonumber(ARGV[3]) then return -1 end
local size = redis.call('HSTRLEN', key, 'body')
redis.call('DEL', prefix .. 'handle:' .. redis.call('HGET', key, 'handle'), key)
redis.call('ZREM', prefix .. 'digests', digest)
redis.call('ZREM', prefix .. 'used', digest)
return size
"""

# Remove another numbering of an original that is gone. KEYS: the numbering, the original's handle.
_DROP_NUMBERING = """
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('DEL', KEYS[1]) end
"""

# Ids of a project's memories that were seen last, and of all that were seen at the same time as the last of them.
# KEYS: what changes of them. ARGV: how many. A value is [session, time, stamp] as msgpack, whose strings of bytes cmsgpack does not know.
_NEWEST = """
local widths, times, ids, newest = {[0xc4] = 1, [0xc5] = 2, [0xc6] = 4}, {}, redis.call('HKEYS', KEYS[1]), {}
for place, id in ipairs(ids) do
    local value = redis.call('HGET', KEYS[1], id)
    local width = widths[string.byte(value, 2)]
    local skipped = width and 2 + width + struct.unpack('>I' .. width, value, 3) or #value
    local read, _, time = pcall(cmsgpack.unpack_one, string.sub(value, skipped + 1, skipped + 9))
    times[place] = read and tonumber(time) or math.huge
end
local ordered = {}
for place, time in ipairs(times) do ordered[place] = time end
table.sort(ordered, function(one, other) return one > other end)
local least = ordered[math.min(tonumber(ARGV[1]), #ordered)]
for place, id in ipairs(ids) do
    if times[place] >= least then newest[#newest + 1] = id end
end
return newest
"""


class RedisStore(Store):
    """Originals, decisions, receipts and memories in one database. One object may be used by several threads and after a fork.

    Args:
        link: to the server.
        name: of the store, for messages.
        digest: names a text by its bytes; another one than SHA-256 is for tests of collisions.
    """

    def __init__(self, link: Link, name: str, digest: Callable[[bytes], str] = rows.sha256) -> None:
        self._link = link
        self._name = name
        self._digest = digest
        self._receipts = Receipts(link, self._explained())

    @classmethod
    def open(cls, url: str, name: str, *, patience: float, digest: Callable[[bytes], str] = rows.sha256) -> RedisStore:
        """Open the store in a database.

        Args:
            url: of the server, with the number of the database.
            name: the same without its password, for messages.
            patience: seconds that the server may take to answer.
            digest: see the class.

        Raises:
            StoreError: it cannot be opened, or was written by a newer version.
        """
        link = Link(url, name, patience)
        try:
            with link.use() as client:
                version, oldest = map(int, client.eval(_LAYOUT, 1, layout.key("layout"), layout.VERSION, layout.OLDEST))
        except BaseException:
            link.close()
            raise
        if oldest > layout.VERSION:
            link.close()
            raise StoreError(
                f"The store {name} was written by a newer version of Headroom (layout {version}, this one knows {layout.VERSION})."
                " Update this one, or point it at another database."
            )
        return cls(link, name, digest)

    # ----- originals -------------------------------------------------------------------------------------------------------------------

    def put_original(self, text: str, *, unit: str = "line", spans: Sequence[tuple[int, int]] = (), label: str = "") -> str:
        data = rows.encoded(text)
        digest = self._digest(data)
        counted = rows.units(spans)
        packed = rows.pack(counted)
        head = (PREFIX, digest, time.time(), rows.SHORTEST, _RENEWED_S)
        with self._link.use() as client:
            known = client.eval(_PUT, 0, *head) if len(data) > _ASK_FIRST else None
            if known is None:
                known = client.eval(_PUT, 0, *head, rows.encoded(unit), packed, rows.encoded(label), len(data), rows.pack(data))
        first, its_unit, its_spans = known
        handle = str(first.decode())
        with self._explained():
            if rows.decoded(its_unit) == unit and (its_spans == packed or rows.unpack(its_spans) == counted):
                return handle
        other = rows.numbered(handle, unit, counted)
        with self._link.use() as client:
            client.set(layout.key("numbering", other), msgspec.msgpack.encode((handle, rows.encoded(unit), packed)), nx=True)
        return other

    def original(self, handle: str) -> Original | None:
        asked = rows.encoded(handle)
        numbered: Any = None
        with self._link.use() as client:
            digest = client.get(layout.key("handle", handle))
            if digest is None and (found := client.get(layout.key("numbering", handle))) is not None:
                numbered = msgspec.msgpack.decode(found)
                digest = client.get(layout.key("handle", numbered[0]))
            elif digest is None and len(handle) >= rows.SHORTEST:
                # "g" comes after every hex digit: the range holds what begins with the handle
                several = client.zrangebylex(layout.key("digests"), b"[" + asked, b"(" + asked + b"g", 0, 2)
                digest = several[0] if len(several) == 1 else None
            row = client.hgetall(layout.key("original", digest.decode())) if digest is not None else None
        if not row:
            return None
        _, unit, spans = numbered or (None, row[b"unit"], row[b"spans"])
        with self._explained():
            return Original(
                handle=handle if numbered else row[b"handle"].decode(),
                text=rows.checked(row[b"body"], digest.decode(), self._digest),
                unit=rows.decoded(unit),
                spans=rows.spans(spans),
                label=rows.decoded(row[b"label"]),
                created=float(row[b"created"]),
            )

    # ----- decisions -------------------------------------------------------------------------------------------------------------------

    def decisions(self, keys: Sequence[str]) -> dict[str, Decision]:
        if not keys:
            return {}
        with self._link.use() as client:
            found = client.mget([layout.key("decision", key) for key in keys])
        return self._read(keys, found, {})

    def freeze(self, decisions: Sequence[Decision]) -> dict[str, Decision]:
        first: dict[str, Decision] = {}
        for d in decisions:
            first.setdefault(d.key, d)
        if not first:
            return {}
        now = time.time()
        packed = rows.packed_forms([*first.values()])
        written = {layout.key("decision", key): msgspec.msgpack.encode(rows.decision_values(d, packed)) for key, d in first.items()}
        with self._link.use() as client, client.pipeline(transaction=True) as batch:
            for key, value in written.items():
                batch.set(key, value, nx=True)
            batch.zadd(layout.key("decided"), dict.fromkeys(first, now), nx=True)
            batch.mget([*written])
            found = batch.execute()[-1]
        return self._read([*first], found, {body: text for text, body in packed.items()})

    def _read(self, keys: Sequence[str], found: Sequence[bytes | None], texts: Mapping[bytes, str]) -> dict[str, Decision]:
        with self._explained():
            return {key: rows.decision(unpacked(value), texts) for key, value in zip(keys, found, strict=True) if value is not None}

    # ----- receipts --------------------------------------------------------------------------------------------------------------------

    def add_receipt(self, receipt: Receipt) -> None:
        self._receipts.add(receipt)

    def receipts(self, *, session: str = "", since: float = 0.0, project: str = "") -> list[Receipt]:
        return self._receipts.select(session, since, project)

    def totals(self, group: Group, *, session: str = "", since: float = 0.0, project: str = "") -> list[Total]:
        return self._receipts.totals(group, session, since, project)

    def counts(self, column: str, *, session: str = "", since: float = 0.0, project: str = "") -> list[tuple[str, int]]:
        if column not in rows.COUNTED:
            raise ValueError(f"{column} holds no pairs")
        return self._receipts.counts(column, session, since, project)

    # ----- memories --------------------------------------------------------------------------------------------------------------------

    def remember(self, memories: Sequence[Memory]) -> None:
        if not memories:
            return
        with self._link.use() as client, client.pipeline(transaction=True) as batch:
            for m in memories:
                name = _id(m)
                fixed = (*map(rows.encoded, (m.key, m.digest, m.handle, m.kind, m.agent)), m.tokens, rows.encoded(m.label))
                seen = (rows.encoded(m.session), m.time, rows.encoded(m.stamp))
                batch.hsetnx(layout.key("memories", m.project), name, msgspec.msgpack.encode(fixed))
                batch.hset(layout.key("seen", m.project), name, msgspec.msgpack.encode(seen))
                batch.sadd(layout.index("key", m.project, m.key), name)
                batch.sadd(layout.index("content", m.project, m.digest), name)
                batch.sadd(layout.key("projects"), rows.encoded(m.project))
            batch.execute()

    def memories(self, project: str, *, key: str = "", digest: str = "", limit: int = 0) -> list[Memory]:
        indexes = [layout.index(kind, project, value) for kind, value in (("key", key), ("content", digest)) if value]
        with self._link.use() as client:
            if indexes:
                names = sorted(client.sinter(indexes))
            elif limit:
                names = sorted(client.eval(_NEWEST, 1, layout.key("seen", project), limit))
            else:
                names = sorted(client.hkeys(layout.key("memories", project)))
        found = []
        for page in pages(names):
            with self._link.use() as client, client.pipeline(transaction=True) as batch:
                batch.hmget(layout.key("memories", project), page)
                batch.hmget(layout.key("seen", project), page)
                fixed, seen = batch.execute()
            with self._explained():
                found += [_memory(project, unpacked(a), unpacked(b)) for a, b in zip(fixed, seen, strict=True) if a is not None and b is not None]
        found.sort(key=rows.newest_first)
        return found[:limit] if limit else found

    def projects(self) -> list[tuple[str, int]]:
        with self._link.use() as client:
            names = [*client.smembers(layout.key("projects"))]
            numbers = [client.hlen(layout.key("memories", rows.decoded(name))) for name in names]
        return sorted((rows.decoded(name), number) for name, number in zip(names, numbers, strict=True) if number)

    def forget(self, project: str, key: str = "", *, kind: str = "", before: float = math.inf) -> int:
        gone = [m for m in self.memories(project, key=key) if kind in ("", m.kind) and m.time < before]
        with self._link.use() as client, client.pipeline(transaction=True) as batch:
            for m in gone:
                name = _id(m)
                batch.hdel(layout.key("memories", project), name)
                batch.hdel(layout.key("seen", project), name)
                batch.srem(layout.index("key", project, m.key), name)
                batch.srem(layout.index("content", project, m.digest), name)
            return sum(batch.execute()[::4])

    # ----- housekeeping ----------------------------------------------------------------------------------------------------------------

    def stock(self) -> list[Stock]:
        with self._link.use() as client:
            originals = client.zrange(layout.key("used"), 0, -1)
            decided = client.zrange(layout.key("decided"), 0, -1)
            receipts = client.zcard(layout.key("receipts"))
        memories = sum(number for _, number in self.projects())
        kept = self._each(originals, lambda batch, name: batch.hstrlen(layout.key("original", name.decode()), "body"))
        made = self._each(decided, lambda batch, name: batch.strlen(layout.key("decision", name.decode())))
        return [
            Stock("originals", len(originals), sum(kept)),
            Stock("decisions", len(decided), sum(made)),
            Stock("receipts", receipts, 0),
            Stock("memories", memories, 0),
        ]

    def verify(self) -> list[str]:
        with self._link.use() as client:
            wrong = _misconfigured(self._name, {**client.info("memory"), **client.info("persistence")})
            digests = client.zrange(layout.key("digests"), 0, -1)
        for page in pages(digests):
            found = self._each(page, lambda batch, name: batch.hmget(layout.key("original", name.decode()), "handle", "body"))
            for name, (handle, body) in zip(page, found, strict=True):
                try:
                    rows.checked(body or b"", name.decode(), self._digest)
                except rows.Damaged:
                    wrong.append(f"The original {(handle or name[: rows.SHORTEST]).decode()} is not the text that was kept.")
        return wrong

    def cutoff(self, size: int) -> float:
        with self._link.use() as client:
            newest = client.zrevrange(layout.key("used"), 0, -1, withscores=True)
        sizes = self._each([name for name, _ in newest], lambda batch, name: batch.hstrlen(layout.key("original", name.decode()), "body"))
        kept = 0
        for (_, used), bytes_kept in zip(newest, sizes, strict=True):
            kept += bytes_kept
            if kept > size:
                return float(used) + rows.TICK_S
        return 0.0

    def sweep(self, before: float) -> Swept:
        before = min(before, time.time() - rows.DAY_S)
        with self._link.use() as client:
            old = client.zrangebyscore(layout.key("decided"), "-inf", f"({before!r}")
            candidates = client.zrangebyscore(layout.key("used"), "-inf", f"({before!r}")
        freed = sum(self._each(old, lambda batch, name: batch.strlen(layout.key("decision", name.decode()))))
        for page in pages(old):
            with self._link.use() as client, client.pipeline(transaction=True) as batch:
                batch.delete(*(layout.key("decision", name.decode()) for name in page))
                batch.zrem(layout.key("decided"), *page)
                batch.execute()
        named = self._named() if candidates else set()
        handles = self._each(candidates, lambda batch, name: batch.hget(layout.key("original", name.decode()), "handle"))
        unnamed = [digest for digest, handle in zip(candidates, handles, strict=True) if handle is not None and handle.decode() not in named]
        sizes = [size for size in self._each(unnamed, lambda batch, name: batch.eval(_DROP, 0, PREFIX, name, before)) if size >= 0]
        if sizes:
            self._drop_numberings()
        return Swept(len(sizes), len(old), freed + sum(sizes))

    def _drop_numberings(self) -> None:
        """Remove all numberings whose original is gone. Nothing lists them, so all keys are looked through."""
        names: list[bytes] = []
        cursor = -1
        while cursor:
            with self._link.use() as client:
                cursor, found = client.scan(max(cursor, 0), match=layout.key("numbering", "*"), count=_SCANNED)
            names += found
        firsts = self._each(names, lambda batch, name: batch.get(name))
        whose = {name: str(msgspec.msgpack.decode(value)[0]) for name, value in zip(names, firsts, strict=True) if value is not None}
        self._each([*whose], lambda batch, name: batch.eval(_DROP_NUMBERING, 2, name, layout.key("handle", whose[name])))

    def _named(self) -> set[str]:
        """The first handles of all originals that a decision or a memory names."""
        with self._link.use() as client:
            decided = client.zrange(layout.key("decided"), 0, -1)
        found = self._each(decided, lambda batch, name: batch.get(layout.key("decision", name.decode())))
        handles = {str(unpacked(value)[4]) for value in found if value is not None}
        handles |= {m.handle for project, _ in self.projects() for m in self.memories(project)}
        names = sorted(handles)
        numbered = self._each([name.encode() for name in names], lambda batch, name: batch.get(layout.key("numbering", name.decode())))
        return {name if value is None else str(msgspec.msgpack.decode(value)[0]) for name, value in zip(names, numbered, strict=True)}

    def compact(self) -> None:
        """The server's own memory management sees to that."""

    def close(self) -> None:
        self._link.close()

    def _each(self, names: Sequence[bytes], ask: Callable[[Client, bytes], object]) -> list[Any]:
        """Answers to the same question about many names, a page at a time."""
        answers: list[Any] = []
        for page in pages(names):
            with self._link.use() as client, client.pipeline(transaction=False) as batch:
                for name in page:
                    ask(batch, name)
                answers += batch.execute()
        return answers

    def _explained(self) -> rows.Explained:
        return rows.Explained(f"The store {self._name} is damaged: something in it is not what was written.")


def _id(m: Memory) -> str:
    return rows.sha256(msgspec.msgpack.encode([*map(rows.encoded, (m.key, m.digest, m.agent))]))


def _memory(project: str, fixed: list[Any], seen: list[Any]) -> Memory:
    key, digest, handle, kind, agent, tokens, label = fixed
    session, at, stamp = seen
    return rows.memory(
        (rows.encoded(project), *(key, digest, handle, kind, agent, session, at, tokens, stamp, label)),
        rows.decoded,
    )


def _misconfigured(name: str, info: Mapping[str, Any]) -> list[str]:
    """What of the server's settings may lose what is kept."""
    wrong = []
    if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
        wrong.append(f"The store {name} may drop originals when its memory is full: set maxmemory-policy to noeviction.")
    if not info.get("aof_enabled"):
        wrong.append(f"The store {name} forgets what was written last when its server crashes: set appendonly to yes.")
    return wrong
