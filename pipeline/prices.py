"""What models cost: a dated snapshot of list prices (``prices.json``, written by ``scripts/update_prices.py``) and the arithmetic on it.

A model that is not in the table, or whose announced change of price has come, has no price here: nothing is guessed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.usage import Usage

TABLE = Path(__file__).with_name("prices.json")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens, by the class in which tokens are billed.

    Args:
        input: tokens neither read from nor written to the cache.
        output: tokens of the response, thinking included.
        cache_read: tokens read from the cache; as ``input`` where the provider gives no discount.
        cache_write_5m, cache_write_1h: tokens written to it; as ``input`` where the provider takes no surcharge.
        above: tokens of prompt above which the whole request is billed at ``long``; 0 for no such step.
        long: the rates above that.
        until: ISO date from which another price is announced, ``""`` if none is.
    """

    input: float
    output: float
    cache_read: float
    cache_write_5m: float
    cache_write_1h: float
    above: int = 0
    long: Price | None = None
    until: str = ""


# Model names as gateways and clouds write them: `us.anthropic.claude-opus-4-8-v1:0`, `publishers/…/claude-opus-4-8@20260101`, `[1m]`.
_BRACKETS = re.compile(r"\[[^\[\]]*\]$")
_VENDOR = re.compile(r"^(?:[a-z]{2,6}(?:-gov)?\.)?anthropic\.")
_AT = re.compile(r"@[a-z0-9-]*$")
_BEDROCK_VERSION = re.compile(r"-v\d{1,2}(?::\d{1,2})?(?::\d{1,4}k)?$")
_DATE = re.compile(r"-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$")


def price_of(model: str, at: float = 0.0) -> Price | None:
    """The list price of a model, or None if it is not known.

    A name is found as it stands, then without what only says where or since when the model is served: path and cloud prefixes, ``[1m]``,
    versions of a cloud, a date, ``-latest``. Two models of one family never stand in for each other. Surcharges of regions, priority
    or fast modes and discounts of batches and contracts are not in it.

    Args:
        model: as the request or the response names it.
        at: Unix time in seconds of the request; a price that was announced to change before that is not known.
    """
    table = _table()
    for name in _names(model):
        price = table.get(name)
        if price is not None:
            changed = price.until and at and datetime.fromtimestamp(at, timezone.utc).date().isoformat() >= price.until
            return None if changed else price
    return None


def family(model: str) -> str:
    """A model's name without what only says where or since when it is served, see `price_of`."""
    return _names(model)[-1]


def cost(usage: Usage, price: Price) -> float:
    """What a response costs in US dollars."""
    rates = price.long if price.long is not None and usage.prompt > price.above else price
    return (
        usage.input * rates.input
        + usage.cache_write_5m * rates.cache_write_5m
        + usage.cache_write_1h * rates.cache_write_1h
        + usage.cache_read * rates.cache_read
        + usage.output * rates.output
    ) / 1_000_000


def snapshot_date() -> str:
    """ISO date of the table."""
    date: str = _document()["date"]
    return date


def _names(model: str) -> list[str]:
    name = _BRACKETS.sub("", model.strip().lower()).rpartition("/")[2]
    name = _BEDROCK_VERSION.sub("", _AT.sub("", _VENDOR.sub("", name)))
    if name.startswith("claude"):
        name = name.replace(".", "-")  # gateways write claude-opus-4.8
    return [name, _DATE.sub("", name)]


@cache
def _table() -> dict[str, Price]:
    return {name: _price(entry) for name, entry in _document()["models"].items()}


def _price(entry: dict[str, Any]) -> Price:
    rates = dict(zip(_document()["rates"], entry["rates"], strict=True))
    long = Price(**dict(zip(_document()["rates"], entry["long"], strict=True))) if "long" in entry else None
    return Price(**rates, above=entry.get("above", 0), long=long, until=entry.get("until", ""))


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return document
