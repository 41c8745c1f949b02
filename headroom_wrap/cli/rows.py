"""Figures as flat rows, for programs: the members of a JSON object, the columns of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from pipeline.store.api import Receipt, Total
from pipeline.usage import Usage

_USAGE = tuple(field.name for field in fields(Usage))
TOTAL = ("name", "responses", "unpriced", *_USAGE, "cost", "cost_without", "saved", "overhead", "tokens_less", "again", "again_cost")
RECEIPT = (
    "time", "message_id", "session", "agent", "model", "project", *_USAGE, "cost", "cost_without", "saved", "overhead", "tokens_less", "cause",
    "again", "again_cost", "ttfb_ms", "added_ms",
)  # fmt: skip

Row = Mapping[str, object]


def of_total(total: Total) -> Row:
    """The row of a sum: dollars, tokens by class of billing."""
    given = {"saved": total.saved, "tokens_less": total.removed, **_of_usage(total.usage)}
    return {name: given[name] if name in given else getattr(total, name) for name in TOTAL}


def of_receipt(receipt: Receipt) -> Row:
    """The row of a response; what is not known is None."""
    saved = None if receipt.cost is None or receipt.cost_without is None else receipt.cost_without - receipt.cost
    given = {"saved": saved, "tokens_less": receipt.removed_new + receipt.removed_old, **_of_usage(receipt.usage)}
    return {name: given[name] if name in given else getattr(receipt, name) for name in RECEIPT}


def as_csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Rows with a line of headings before them, lines ended by a newline."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _of_usage(usage: Usage) -> dict[str, object]:
    return {name: getattr(usage, name) for name in _USAGE}
