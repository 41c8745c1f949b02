"""Write ``pipeline/prices.json`` from two independent public tables: ``python scripts/update_prices.py genai_prices.whl litellm.whl DATE``.

Only numbers are taken. Both tables must state a rate, and agree within one per cent, for each rate that one of them states; else the
model is left out, named on standard error, and costs nothing but its figure: a price that is not known is shown as not known.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "pipeline" / "prices.json"
RATES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
PROVIDERS = {"anthropic": "anthropic", "openai": "openai", "gemini": "google"}

# Models that no coding agent talks to: their tokens are sound, pictures, search fees …
FOREIGN = re.compile(
    r"audio|tts|image|realtime|live|search|robotics|transcribe|lyria|gemma|learnlm|medlm|ft:|container|omni|deep-research|-exp-|computer-use"
    r"|gpt-3\.5|gpt-4-|gpt-4$|gpt-4o-2024-05|rosalind|daybreak|gpt-6-astra-law"
)
DATED = re.compile(r"-(?:\d{8}|\d{4}-\d{2}-\d{2})$")
LITELLM_RATES = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write_5m": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
}
GENAI_RATES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
}

Rates = dict[str, Decimal]
Tiers = dict[int, Rates]  # tokens of prompt above which the rates hold -> rates; 0 is the base


# ----- genai_prices: Python source, read as data so that nothing of it runs ----------------------------------------------------------


def literal(node: ast.expr) -> Any:
    """A constructor call as a dict of its arguments, with its name under ``""``; constants and lists as they are."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List):
        return [literal(item) for item in node.elts]
    if isinstance(node, ast.Call):
        call: dict[str, Any] = {"": ast.unparse(node.func), "args": [literal(a) for a in node.args]}
        call.update({k.arg: literal(k.value) for k in node.keywords if k.arg})
        return call
    return None


def genai_models(wheel: str) -> dict[str, list[dict[str, Any]]]:
    """Provider -> its models."""
    tree = ast.parse(zipfile.ZipFile(wheel).read("genai_prices/data.py"))
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.List):
            providers = [literal(p) for p in statement.value.elts]
            return {p["id"]: p["models"] for p in providers}
    raise SystemExit(f"{wheel} has another layout than this script knows.")


def matches(clause: dict[str, Any], model: str) -> bool:
    """Whether a model's name fits a clause of genai_prices."""
    kind = clause[""].removeprefix("Clause")
    if kind in {"Or", "And"}:
        combine = any if kind == "Or" else all
        return combine(matches(c, model) for c in clause.get("or_") or clause["and_"])
    if kind == "Equals":
        return bool(model == clause["equals"])
    if kind == "StartsWith":
        return model.startswith(clause["starts_with"])
    if kind == "EndsWith":
        return model.endswith(clause["ends_with"])
    if kind == "Contains":
        return clause["contains"] in model
    return re.search(clause["regex"], model) is not None


def genai_tiers(model: dict[str, Any], today: date) -> tuple[Tiers, str]:
    """The prices in force today, and the date from which others are announced (``""`` if none)."""
    prices, until = model["prices"], ""
    if isinstance(prices, list):
        conditions, prices = prices, prices[0]["prices"]
        for condition in conditions:
            constraint = condition.get("constraint")
            if constraint is None:
                prices = condition["prices"]
            elif constraint[""] == "StartDateConstraint":
                start = date(*constraint["start_date"]["args"])
                if start <= today:
                    prices = condition["prices"]
                else:
                    until = min(until or start.isoformat(), start.isoformat())
    tiers: Tiers = {0: {}}
    for rate, key in GENAI_RATES.items():
        value = prices.get(key)
        if value is None:
            continue
        if value[""] == "TieredPrices":
            tiers[0][rate] = Decimal(value["base"]["args"][0])
            for tier in value["tiers"]:
                tiers.setdefault(tier["start"], {})[rate] = Decimal(tier["price"]["args"][0])
        else:
            tiers[0][rate] = Decimal(value["args"][0])
    return tiers, until


# ----- litellm: JSON -----------------------------------------------------------------------------------------------------------------


def litellm_models(wheel: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(provider as genai_prices names it, model, entry)."""
    raw = zipfile.ZipFile(wheel).read("litellm/model_prices_and_context_window_backup.json")
    for name, entry in json.loads(raw, parse_float=Decimal).items():
        provider = PROVIDERS.get(entry.get("litellm_provider", ""))
        model = name.rpartition("/")[2]
        if provider and entry.get("mode") in {"chat", "responses"} and not FOREIGN.search(model):
            yield provider, model, entry


def litellm_tiers(entry: dict[str, Any]) -> Tiers:
    tiers: Tiers = {}
    for rate, key in LITELLM_RATES.items():
        for name, value in entry.items():
            found = re.fullmatch(rf"{key}(?:_above_(\d+)k_tokens)?", name)
            if found and value is not None:
                tiers.setdefault(int(found[1] or 0) * 1000, {})[rate] = Decimal(value) * 1_000_000
    return tiers


# ----- the two together ----------------------------------------------------------------------------------------------------------------


def agree(a: Tiers, b: Tiers) -> str:
    """Where two tables differ, in words; ``""`` if nowhere."""
    if a.keys() != b.keys():
        return f"steps at {sorted(a)} and {sorted(b)}"
    for step in a:
        for rate in RATES:
            x, y = a[step].get(rate), b[step].get(rate)
            if (x is None) != (y is None):
                return f"{rate} is stated by one only"
            if x is not None and y is not None and abs(x - y) > Decimal("0.01") * max(x, y):
                return f"{rate} {x} and {y}"
    return "" if a.get(0, {}).get("input") and a[0].get("output") else "no input or output rate"


def row(rates: Rates) -> list[float]:
    """The five rates. What has no rate of its own is billed as plain input; one class of cache writes serves for both."""
    full = {"input": rates["input"], "output": rates["output"]}
    full["cache_read"] = rates.get("cache_read", full["input"])
    full["cache_write_5m"] = rates.get("cache_write_5m", full["input"])
    full["cache_write_1h"] = rates.get("cache_write_1h", full["cache_write_5m"])
    return [float(full[rate].normalize()) for rate in RATES]


def build(genai_wheel: str, litellm_wheel: str, today: date) -> tuple[dict[str, Any], list[str]]:
    """The table and the models left out, each with the reason."""
    genai = genai_models(genai_wheel)
    models: dict[str, Any] = {}
    left_out = []
    for provider, model, entry in sorted(litellm_models(litellm_wheel), key=lambda found: found[:2]):
        known = next((m for m in genai[provider] if matches(m["match"], model)), None)
        if known is None:
            left_out.append(f"{model}: in one table only")
            continue
        tiers, until = genai_tiers(known, today)
        difference = agree(tiers, litellm_tiers(entry))
        if difference:
            left_out.append(f"{model}: {difference}")
            continue
        price: dict[str, Any] = {"rates": row(tiers[0])}
        if len(tiers) > 1:
            above = max(tiers)  # no model here has more than one step
            price |= {"above": above, "long": row(tiers[0] | tiers[above])}
        if until:
            price["until"] = until
        models[model] = price
    # A dated name is found under the name without its date.
    models = {m: p for m, p in models.items() if models.get(DATED.sub("", m)) != p or not DATED.search(m)}
    return models, left_out


def version(wheel: str) -> str:
    return "-".join(Path(wheel).name.split("-")[:2])


def main(genai_wheel: str, litellm_wheel: str, day: str) -> None:
    models, left_out = build(genai_wheel, litellm_wheel, date.fromisoformat(day))
    head = {
        "date": day,
        "unit": "US dollars per million tokens",
        "sources": [version(genai_wheel), version(litellm_wheel)],
        "rates": list(RATES),
    }
    lines = [f"    {json.dumps(m)}: {json.dumps(p)}" for m, p in sorted(models.items())]
    text = json.dumps(head, indent=2).removesuffix("\n}") + ',\n  "models": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    json.loads(text)
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(models)} models, {len(text):,} bytes")
    for line in left_out:
        print(f"left out: {line}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:4])
