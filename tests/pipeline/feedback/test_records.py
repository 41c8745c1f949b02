from __future__ import annotations

import dataclasses

import pytest

from pipeline.cache_aligner import lineage
from pipeline.feedback import records
from pipeline.feedback.evidence import Subject, Tally
from pipeline.feedback.records import Origin
from pipeline.policy import Step
from pipeline.store.api import Decision
from pipeline.transcript import Item, ItemKind, ToolKind

ORIGIN = Origin("git-1", "claude", "/home/u/p")
EVIDENCE = {
    Subject("log", ToolKind.SHELL, Step.LARGE, "kubectl"): Tally(3, 2, 1, 900, 400.2, 1200.5, 3000),
    Subject("search", ToolKind.SEARCH, Step.FULL, "rg\n`x`"): Tally(1, 0, 0, 5, 0, 6.2, 0),
}
USER, ANSWER, RESULT = (
    Item(kind, kind.value.encode() * 8, kind.value) for kind in (ItemKind.USER_TEXT, ItemKind.ASSISTANT_TEXT, ItemKind.TOOL_RESULT)
)


def test_evidence_there_and_back() -> None:
    row = records.row(ORIGIN, "s-1", "c" * 32, EVIDENCE, 12.5)
    assert (row.project, row.agent, row.session, row.time, row.label) == (records.shelf("git-1"), "claude", "s-1", 12.5, "/home/u/p")
    assert (records.is_shelf(row.project), records.project_of(row.project)) == (True, "git-1")
    assert (records.is_shelf("git-1"), records.project_of("git-1")) == (False, "")
    seen = records.seen(row)
    assert seen is not None
    assert (seen.time, seen.evidence) == (12.5, EVIDENCE)
    assert records.row(ORIGIN, "s-1", "c" * 32, dict(reversed(EVIDENCE.items())), 12.5) == row


@pytest.mark.parametrize("stamp", ["", "{", "null", '[["log","shell",9,"",[0,0,0,0,0,0,0]]]', '[["log","no kind",0,"",[0,0,0,0,0,0,0]]]', "\ud800"])
def test_what_is_none_is_passed_over(stamp: str) -> None:
    assert records.seen(dataclasses.replace(records.row(ORIGIN, "", "c", {}, 1.0), stamp=stamp)) is None


def test_a_row_is_of_bounded_size() -> None:
    many = {Subject("log", ToolKind.MCP, Step.FULL, f"tool {n}"): Tally(sent=1, asked=float(n > 900)) for n in range(1000)}
    seen = records.seen(records.row(ORIGIN, "", "c", many, 1.0))
    assert seen is not None
    assert len(seen.evidence) == 100
    assert sum(t.asked for t in seen.evidence.values()) == 99, "what was asked for goes first"


def test_steps_there_and_back() -> None:
    steps = {("search", ToolKind.SEARCH): Step.LARGE, ("log", ToolKind.SHELL): Step.OFF}
    decision = records.begun("git-1", "c", steps)
    assert decision.key == records.begun_key("git-1", "c")
    assert records.steps(decision) == steps
    assert records.steps(None) == {}
    assert records.steps(records.begun("git-1", "c", {})) == {}


@pytest.mark.parametrize("text", [None, "", "nonsense", '[["log","shell",7]]', '[["log"]]'])
def test_steps_of_another_version_are_none(text: str | None) -> None:
    assert records.steps(Decision("begun:c", text, "off")) == {}


def test_a_conversation_keeps_its_name_as_it_goes_on() -> None:
    whole = (USER, USER, ANSWER, RESULT, ANSWER)
    names = {records.conversation("s", whole[:count], lineage(whole[:count])) for count in range(2, len(whole) + 1)}
    assert len(names) == 1
    keys = lineage(whole)
    others = [("t", whole, keys), ("s", whole[:1], keys[:1])]
    assert len({records.conversation(*other) for other in others} | names) == 3
    assert records.begun_key("git-1", "c") != records.begun_key("git-2", "c")


def test_where_an_answer_stands_first_there_is_no_name() -> None:
    assert records.conversation("s", (ANSWER, USER), lineage((ANSWER, USER))) == ""
    assert records.conversation("s", (), ()) == ""
    assert records.conversation("\ud800", (USER,), lineage((USER,)))


def test_where_it_begins() -> None:
    assert records.begins((USER, USER))
    assert not records.begins((USER, ANSWER))
