"""A store in memory, for tests of what is above it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from pipeline.ccr import handle_of
from pipeline.store import rows, sums
from pipeline.store.api import Decision, Group, Memory, Original, Receipt, Stock, Store, StoreError, Swept, Total


class MemoryStore(Store):
    def __init__(self) -> None:
        self.originals: dict[str, Original] = {}
        self.frozen: dict[str, Decision] = {}
        self.rows: dict[str, Receipt] = {}
        self.seen: dict[tuple[str, str, str, str], Memory] = {}
        self.broken = False

    def put_original(self, text: str, *, unit: str = "line", spans: Sequence[tuple[int, int]] = (), label: str = "") -> str:
        if self.broken:
            raise StoreError("the disk is full")
        handle = handle_of(text)
        if (known := self.originals.get(handle)) is not None and (known.unit, known.spans) != (unit, tuple(spans)):
            handle += handle_of(repr((unit, spans)))
        self.originals[handle] = Original(handle, text, unit, tuple(spans), label)
        return handle

    def original(self, handle: str) -> Original | None:
        return self.originals.get(handle) or self.originals.get(handle[:8])

    def decisions(self, keys: Sequence[str]) -> dict[str, Decision]:
        return {k: self.frozen[k] for k in keys if k in self.frozen}

    def freeze(self, decisions: Sequence[Decision]) -> dict[str, Decision]:
        if self.broken:
            raise StoreError("the disk is full")
        for d in decisions:
            self.frozen.setdefault(d.key, d)
        return {d.key: self.frozen[d.key] for d in decisions}

    def add_receipt(self, receipt: Receipt) -> None:
        self.rows[receipt.message_id] = receipt

    def receipts(self, *, session: str = "", since: float = 0.0, project: str = "") -> list[Receipt]:
        found = [r for r in self.rows.values() if r.time >= since and session in ("", r.session) and project in ("", r.project)]
        return sorted(found, key=lambda r: (r.time, r.message_id))

    def totals(self, group: Group, *, session: str = "", since: float = 0.0, project: str = "") -> list[Total]:
        return sums.merged((sums.name(r, group), sums.of(r)) for r in self.receipts(session=session, since=since, project=project))

    def counts(self, column: str, *, session: str = "", since: float = 0.0, project: str = "") -> list[tuple[str, int]]:
        found = self.receipts(session=session, since=since, project=project)
        return sums.most_first(pair for r in found for pair in getattr(r, column))

    def remember(self, memories: Sequence[Memory]) -> None:
        for m in memories:
            known = self.seen.setdefault((m.project, m.key, m.digest, m.agent), m)
            self.seen[m.project, m.key, m.digest, m.agent] = replace(known, session=m.session, time=m.time, stamp=m.stamp)

    def memories(self, project: str, *, key: str = "", digest: str = "", limit: int = 0) -> list[Memory]:
        found = [m for m in self.seen.values() if m.project == project and key in ("", m.key) and digest in ("", m.digest)]
        return sorted(found, key=rows.newest_first)[: limit or None]

    def projects(self) -> list[tuple[str, int]]:
        names = sorted({m.project for m in self.seen.values()})
        return [(name, len(self.memories(name))) for name in names]

    def forget(self, project: str, key: str = "", *, kind: str = "", before: float = math.inf) -> int:
        mine = [(name, m) for name, m in self.seen.items() if m.project == project and key in ("", m.key) and kind in ("", m.kind)]
        gone = [name for name, m in mine if m.time < before]
        for name in gone:
            del self.seen[name]
        return len(gone)

    def stock(self) -> list[Stock]:
        held = {"originals": len(self.originals), "decisions": len(self.frozen), "receipts": len(self.rows), "memories": len(self.seen)}
        return [Stock(name, entries, 0) for name, entries in held.items()]

    def verify(self) -> list[str]:
        return []

    def cutoff(self, size: int) -> float:
        return 0.0

    def sweep(self, before: float) -> Swept:
        return Swept()

    def compact(self) -> None:
        pass

    def close(self) -> None:
        pass
