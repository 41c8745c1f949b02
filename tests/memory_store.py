"""A store in memory, for tests of what is above it."""

from __future__ import annotations

from collections.abc import Sequence

from headroom_wrap.ledger.summary import summarise
from pipeline.ccr import handle_of
from pipeline.store.api import Decision, Group, Original, Receipt, StoreError, Total


class MemoryStore:
    def __init__(self) -> None:
        self.originals: dict[str, Original] = {}
        self.frozen: dict[str, Decision] = {}
        self.rows: dict[str, Receipt] = {}
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
        return sorted((r for r in self.rows.values() if r.time >= since and session in ("", r.session)), key=lambda r: r.time)

    def totals(self, group: Group, *, session: str = "", since: float = 0.0, project: str = "") -> list[Total]:
        summary = summarise(self.receipts(session=session, since=since, project=project))
        every = (summary.total,) if summary.total.responses else ()
        return {Group.ALL: [*every], Group.MODEL: [*summary.models], Group.AGENT: [*summary.agents], Group.PROJECT: [*summary.projects]}.get(
            group, []
        )

    def counts(self, column: str, *, session: str = "", since: float = 0.0, project: str = "") -> list[tuple[str, int]]:
        return [*getattr(summarise(self.receipts(session=session, since=since, project=project)), column)]

    def close(self) -> None:
        pass
