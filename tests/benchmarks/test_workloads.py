"""The generators of the benchmark: the same cases from the same seed, facts that are there to begin with, figures that can be bad."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.case import Case, Needle, dump, load, text_of, views
from benchmarks.workloads.run import blocks, confusion, measure, table
from pipeline.store.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", WORKLOADS)
def test_same_seed_same_case(name: str) -> None:
    assert dump(WORKLOADS[name](1)) == dump(WORKLOADS[name](1))
    assert dump(WORKLOADS[name](1)) != dump(WORKLOADS[name](2))


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("name", WORKLOADS)
def test_facts_are_in_the_results(name: str, seed: int) -> None:
    case = WORKLOADS[name](seed)
    results = views("\n".join(item.text for item in blocks(case)))
    assert len(case.needles) >= 5
    assert [n for n in case.needles if not n.found(results)] == []
    said = views(case.query)
    assert not [n for n in case.needles if n.found(said)]


@pytest.mark.parametrize(
    ("alternatives", "text", "found"),
    [
        ((("a b",),), "x a\n  b y", True),
        ((("a", "b"),), "a", False),
        ((("a", "b"), ("c",)), "c", True),
        ((('say "x"',),), r'{"k":"say \"x\""}', True),
    ],
)
def test_needles(alternatives: tuple[tuple[str, ...], ...], text: str, found: bool) -> None:
    assert Needle(alternatives).found(views(text)) is found


def test_cases_on_disk(tmp_path: Path) -> None:
    cases = [make(3) for make in WORKLOADS.values()]
    (tmp_path / "cases.jsonl").write_text("".join(dump(c) + "\n" for c in cases))
    assert [dump(c) for c in load(tmp_path / "cases.jsonl")] == [dump(c) for c in cases]


def rendered(made: Table) -> str:
    console = Console(width=300, record=True, file=io.StringIO())
    console.print(made)

    return console.export_text()


@pytest.mark.slow
def test_figures(tmp_path: Path) -> None:
    lines = [f"2025-03-01 10:{n // 60:02}:{n % 60:02} INFO worker took job {n}" for n in range(500)]
    lines[100] = "2025-03-01 10:01:40 ERROR the disk of worker-7 is full"
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "anything unusual?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "journalctl"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "\n".join(lines)}]},
    ]
    needles = (Needle((("ERROR the disk of worker-7 is full",),)), Needle(((lines[251],),)), Needle((("is not there",),)))
    measured = measure(Case("a", "log", "anything unusual?", messages, needles), "balanced", SqliteStore.open(tmp_path / "s.db"))
    assert measured.after < 0.5 * measured.before
    assert (measured.facts, measured.kept, measured.retrievable) == (3, 1, 2)
    assert measured.size >= measured.results == len("\n".join(lines))
    assert measured.by == {"log": 1}
    text = rendered(table({"log": [("balanced", measured)], "other": [("balanced", measured)]}, ["balanced"]))
    assert "33.3%" in text
    assert "66.7%" in text
    assert "all" in text
    seen = rendered(confusion([Case("a", "log", "", messages)], 100))
    assert [row.split("│")[1].strip() for row in seen.split("\n") if "│" in row] == ["log", "log"]


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    case = Case("a", "prose", "why?", [{"role": "user", "content": "why?"}], (Needle((("why",),)),))
    (tmp_path / "cases.jsonl").write_text(dump(case))
    command = [sys.executable, str(ROOT / "benchmarks" / "compression.py"), "--cases", str(tmp_path / "cases.jsonl"), "--profile", "lossless"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "100.0%" in done.stdout
    assert json.loads(dump(case))["needles"][0]["all"] == ["why"]
    assert text_of(case.messages) == "why?"
