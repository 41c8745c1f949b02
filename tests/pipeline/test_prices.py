from __future__ import annotations

import importlib.util
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import prices
from pipeline.prices import Price, cost, price_of
from pipeline.usage import Usage

spec = importlib.util.spec_from_file_location("update_prices", Path(__file__).parents[2] / "scripts" / "update_prices.py")
update = importlib.util.module_from_spec(spec)
spec.loader.exec_module(update)

OPUS = Price(5.0, 25.0, 0.5, 6.25, 10.0)


def test_table_is_dated_small_and_complete():
    assert prices.TABLE.stat().st_size < 40_000
    document = json.loads(prices.TABLE.read_text())
    assert date.fromisoformat(prices.snapshot_date()) > date(2026, 1, 1)
    assert document["rates"] == ["input", "output", "cache_read", "cache_write_5m", "cache_write_1h"]
    for name, entry in document["models"].items():
        assert name == name.lower()
        assert all(rate > 0 for rate in entry["rates"]), name
        assert ("above" in entry) == ("long" in entry)


@pytest.mark.parametrize("model", ["claude-opus-4-8", "claude-sonnet-5", "claude-sonnet-4-6", "claude-haiku-4-5-20251001", "claude-fable-5"])
def test_anthropic_ratios(model):
    price = price_of(model)
    # https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching: 1.25, 2 and 0.1 times the input rate
    assert price.cache_write_5m == pytest.approx(1.25 * price.input)
    assert price.cache_write_1h == pytest.approx(2 * price.input)
    assert price.cache_read == pytest.approx(0.1 * price.input)
    assert price.output == pytest.approx(5 * price.input)


@pytest.mark.parametrize(
    "name",
    [
        "claude-opus-4-8",
        "claude-opus-4-8[1m]",
        "Claude-Opus-4-8 ",
        "claude-opus-4-8-20260505",
        "claude-opus-4-8-latest",
        "claude-opus-4-8@20260505",
        "anthropic/claude-opus-4.8",
        "anthropic.claude-opus-4-8-v1:0",
        "us.anthropic.claude-opus-4-8-20260505-v1:0",
        "us-gov.anthropic.claude-opus-4-8-v1",
        "global.anthropic.claude-opus-4-8",
        "bedrock/eu.anthropic.claude-opus-4-8-v1:0[1m]",
        "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-8-v1:0",
        "vertex_ai/claude-opus-4-8@default",
    ],
)
def test_names_of_one_model(name):
    assert price_of(name) == OPUS


@pytest.mark.parametrize(
    "name",
    [
        "",
        "claude",
        "claude-opus",
        "claude-opus-4",
        "claude-opus-4-9",
        "claude-opus-4-80",
        "claude-opus-4-8-mini",
        "gpt-5.5-mini",
        "gpt-5.",
        "llama",
        "/",
        "[1m]",
    ],
)
def test_unknown_models_have_no_price(name):
    assert price_of(name) is None


def test_other_providers():
    assert price_of("models/gemini-3.5-flash").input == 1.5
    assert price_of("openai/gpt-5.5-2026-04-23") == price_of("gpt-5.5")
    assert price_of("gpt-6.1-sol").long.input == 4.0


def test_announced_change_ends_a_price(monkeypatch):
    monkeypatch.setattr(prices, "_table", lambda: {"m": Price(1, 1, 1, 1, 1, until="2026-12-01")})
    assert price_of("m") is not None
    assert price_of("m", 1796083199.0) is not None  # 2026-11-30T23:59:59Z
    assert price_of("m", 1796083200.0) is None


def test_cost_by_class():
    assert cost(Usage(1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000), OPUS) == pytest.approx(5 + 12.5 + 30 + 2 + 125)


def test_cost_of_a_long_prompt():
    price = Price(1, 10, 0.1, 1, 1, above=1000, long=Price(2, 20, 0.2, 2, 2))
    assert cost(Usage(input=400, cache_read=600, output=50), price) == pytest.approx((400 + 60 + 500) / 1e6)
    assert cost(Usage(input=401, cache_read=600, output=50), price) == pytest.approx((802 + 120 + 1000) / 1e6)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40), st.floats(0, 4e9))
def test_any_name_is_answered(name, at):
    found = price_of(name, at)
    assert found is None or found.input > 0


# ----- the release script


def tiers(**rates):
    return {0: {k: Decimal(str(v)) for k, v in rates.items()}}


def test_tables_that_agree():
    assert update.agree(tiers(input=5, output=25), tiers(input="5.04", output=25)) == ""


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (tiers(input=5, output=25), tiers(input="5.06", output=25), "input"),
        (tiers(input=5, output=25, cache_read=1), tiers(input=5, output=25), "cache_read is stated by one only"),
        (tiers(input=5, output=25), tiers(input=5, output=25) | {200_000: {}}, "steps"),
        (tiers(output=25), tiers(output=25), "no input"),
    ],
)
def test_tables_that_differ(a, b, said):
    assert said in update.agree(a, b)


def test_rates_that_are_not_stated_are_those_of_input():
    assert update.row(tiers(input=2, output=8)[0]) == [2.0, 8.0, 2.0, 2.0, 2.0]
    assert update.row(tiers(input=2, output=8, cache_read="0.2", cache_write_5m="2.5")[0]) == [2.0, 8.0, 0.2, 2.5, 2.5]


def test_dated_prices():
    def decimal(value):
        return {"": "Decimal", "args": [value]}

    def price(value):
        return {"": "ModelPrice", "input_mtok": decimal(value), "output_mtok": decimal(value)}

    def start(*day):
        return {"": "StartDateConstraint", "start_date": {"": "datetime.date", "args": list(day)}}

    model = {
        "prices": [
            {"prices": price("1")},
            {"constraint": start(2026, 6, 1), "prices": price("2")},
            {"constraint": start(2027, 1, 1), "prices": price("3")},
        ]
    }
    found, until = update.genai_tiers(model, date(2026, 11, 22))
    assert found[0]["input"] == 2
    assert until == "2027-01-01"


def test_clauses():
    clause = {"": "ClauseOr", "args": [], "or_": [{"": "ClauseStartsWith", "starts_with": "a-"}, {"": "ClauseRegex", "regex": r"^b\d$"}]}
    assert update.matches(clause, "a-1")
    assert update.matches(clause, "b2")
    assert not update.matches(clause, "b22")
