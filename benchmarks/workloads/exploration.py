"""Codebase exploration: an agent lists, searches, reads, runs the tests, and reads again."""

from __future__ import annotations

import random
from typing import Any

from benchmarks.workloads.case import Case, Needle, tool_call

_NOUNS = "order invoice parcel customer coupon refund ledger batch region tariff voucher carrier depot label".split()
_VERBS = "create cancel merge split price book reserve release archive export validate schedule".split()
_ROOT = "/home/dev/shop"


def exploration(seed: int) -> Case:
    """Where a failing test's value is computed, in a Python project that is read file by file."""
    rng = random.Random(seed)
    modules = {f"{_ROOT}/shop/{noun}s.py": _module(rng, noun) for noun in _NOUNS}
    path = rng.choice(sorted(modules))
    noun = path.rsplit("/", 1)[-1][:-4]
    verb = rng.choice(_VERBS)
    asked = f"{verb}_{noun}"
    query = f"The test of {asked} fails since yesterday. Find out where its total is computed and why the test fails. Change nothing yet."
    messages: list[dict[str, Any]] = [{"role": "user", "content": query}]
    listing = sorted([*modules, *(p.replace("/shop/shop/", "/shop/tests/test_") for p in modules), *_others(rng)])
    messages += tool_call(1, "Glob", {"pattern": "**/*", "path": _ROOT}, "\n".join(listing), "I will look around.")
    hits = [f"{p}:{n}:{line}" for p, text in modules.items() for n, line in enumerate(text.split("\n"), 1) if "total" in line]
    messages += tool_call(2, "Grep", {"pattern": "total", "path": _ROOT, "output_mode": "content", "-n": True}, "\n".join(hits))
    number = 3
    others = rng.sample([p for p in sorted(modules) if p != path], 3)
    for one in (*others, path):
        messages += tool_call(number, "Read", {"file_path": one}, _numbered(modules[one]))
        number += 1
    messages += tool_call(number, "Bash", {"command": "python -m pytest -q tests 2>&1"}, _tests(rng, noun, asked), "Now the tests.")
    messages += tool_call(number + 1, "Read", {"file_path": path}, _numbered(modules[path]), "Once more the module.")
    body = modules[path].split("\n")
    place = next(i for i, line in enumerate(body) if line.startswith(f"def {asked}("))
    needles = [
        Needle(((path,),), "the file"),
        Needle(((body[place],),), "the definition"),
        *(Needle(((line.strip(),),), "a line of its body") for line in body[place + 2 : place + 6]),
        Needle(((f"FAILED tests/test_{noun}s.py::test_{asked}",),), "the failing test"),
        Needle((("assert 1190 == 1200",),), "its assertion"),
    ]
    return Case(f"exploration-{seed}", "exploration", query, messages, tuple(needles))


def _module(rng: random.Random, noun: str) -> str:
    lines = [
        f'"""What may happen to a {noun}."""',
        "",
        "from __future__ import annotations",
        "",
        "import logging",
        "from dataclasses import dataclass",
        "",
        f"from shop.store import {noun.capitalize()}Store",
        "",
        "log = logging.getLogger(__name__)",
        "",
        "",
    ]
    lines += [
        "@dataclass(frozen=True)",
        f"class {noun.capitalize()}:",
        f'    """A {noun} as it is stored."""',
        "",
        "    number: int",
        "    amount: int",
        '    country: str = ""',
        "",
        "",
    ]
    for verb in _VERBS:
        rate, limit = rng.randrange(3, 30), rng.randrange(100, 900)
        lines += [
            f"def {verb}_{noun}(store: {noun.capitalize()}Store, number: int, amounts: list[int]) -> {noun.capitalize()}:",
            f'    """{verb.capitalize()} the {noun} with this number."""',
            f"    {noun} = store.{noun}(number)",
            f"    total = sum(amounts) * {100 + rate} // 100",
            f"    if total > {limit}:",
            f'        log.warning("{noun} %d is above {limit}: %d", number, total)',
            f"        total = min(total, {limit * 10})",
            f"    if {noun}.country not in store.countries:",
            f'        raise ValueError(f"no {noun} in {{{noun}.country}}")',
            f"    updated = {noun.capitalize()}(number, total, {noun}.country)",
            f"    store.save_{noun}(updated)",
            "    return updated",
            "",
            "",
        ]
    return "\n".join(lines[:-2]) + "\n"


def _numbered(text: str) -> str:
    return "\n".join(f"{n:6}\t{line}" for n, line in enumerate(text.split("\n"), 1))


def _others(rng: random.Random) -> list[str]:
    kinds = (("docs", "md"), ("assets/icons", "svg"), ("migrations", "sql"), ("locale", "po"), ("tests/data", "json"))
    return [f"{_ROOT}/{folder}/{rng.choice(_NOUNS)}_{rng.choice(_VERBS)}_{n}.{suffix}" for folder, suffix in kinds for n in range(40)]


def _tests(rng: random.Random, noun: str, asked: str) -> str:
    lines = []
    total = 14 * 24
    done = 0
    for name in sorted(_NOUNS):
        done += 24
        dots = list("." * 24)
        if name == noun:
            dots[rng.randrange(24)] = "F"
        lines.append(f"tests/test_{name}s.py {''.join(dots)}".ljust(72) + f"[{100 * done // total:3}%]")
    lines += ["", "=" * 35 + " FAILURES " + "=" * 35, f"{'_' * 30} test_{asked} {'_' * 30}", "", f"    def test_{asked}(store):"]
    lines += [f"        {noun} = {asked}(store, 7, [400, 600])", f">       assert {noun}.amount == 1200", "E       assert 1190 == 1200", ""]
    lines += [f"tests/test_{noun}s.py:31: AssertionError", "=" * 27 + " short test summary info " + "=" * 28]
    lines += [f"FAILED tests/test_{noun}s.py::test_{asked} - assert 1190 == 1200", f"1 failed, {total - 1} passed in 3.41s"]
    return "\n".join(lines)
