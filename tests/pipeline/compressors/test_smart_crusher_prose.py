"""Long prose inside JSON: the body of an issue by the question, its sentences had by number."""

from __future__ import annotations

import json

import pytest

from pipeline import ccr
from pipeline.compressors.api import Content
from pipeline.compressors.smart_crusher import SmartCrusher
from pipeline.markers import IN_PLACE
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.router import route
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall, ToolKind
from tests.memory_store import MemoryStore

TOPICS = "rooms heating parking breakfast bicycles laundry pets keys parcels gardens ovens windows doors cellars attics stairs".split()
ANSWER = 'it may be used until "ten" in the evening'
QUERY = "Until when may the washing machine in the cellar be used?"
GH = describe("1", "Bash", {"command": "gh issue view 12 --json body,title,labels"}, {})


def body(mark: str = "") -> str:
    paragraphs = [
        f"The {topic} of the house are looked after by those who have lived there the longest{mark}. They write down what they notice about the "
        f"{topic} in the book beside the door. Whoever finds that something is missing tells them before the end of the week."
        for topic in TOPICS
    ]
    paragraphs[5] += f" The washing machine in the cellar is quiet, and {ANSWER}."
    return "\r\n\r\n".join(paragraphs)


ISSUE = {"number": 12, "title": "House rules", "labels": [{"name": "bug"}], "body": body(), "comments": [{"author": "ada", "body": body(" é")}]}


def content(value: object = ISSUE, query: str = QUERY, call: ToolCall = GH, *, ascii_only: bool = True) -> Content:
    return Content(json.dumps(value, ensure_ascii=ascii_only), Query(query), call)


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("rows", [0, 40])
def test_the_sentences_asked_for_stay_and_the_others_are_had_by_number(rows: int, *, ascii_only: bool) -> None:
    value = {**ISSUE, "events": [{"id": n, "kind": "labelled", "actor": f"user{n % 7}", "at": f"2026-01-{n % 28 + 1:02d}"} for n in range(rows)]}
    given = content(value, ascii_only=ascii_only)
    outcome = route(given, (), Policy())
    assert outcome.compressor == "smart_crusher+kompress"
    assert outcome.text is not None
    assert outcome.rewrite is not None
    assert outcome.text.count(ANSWER.replace('"', '\\"')) == 2
    assert outcome.rewrite.unit == ("part" if rows else "sentence")
    assert len(outcome.text) < 0.6 * len(given.text)
    store = MemoryStore()
    handle = store.put_original(given.text, unit=outcome.rewrite.unit, spans=outcome.rewrite.spans)
    shown = {(int(a), int(b or a)) for a, b in IN_PLACE.findall(outcome.text)}
    assert shown == {(g.first, g.last) for g in outcome.rewrite.gaps}
    for first, last in shown:
        found = ccr.retrieve(store, handle, lines=f"{first}-{last}").text
        for line in found.split("\n"):
            unit = line.split("\t", 1)[1]
            assert unit in given.text
            assert unit.strip('\\rn"')


def test_a_sentence_has_its_own_number() -> None:
    outcome = route(content(), (), Policy())
    assert outcome.rewrite is not None
    text = content().text
    numbered = [text[a:b] for a, b in outcome.rewrite.spans]
    assert sum("washing machine" in unit for unit in numbered) == 2
    assert all(unit.startswith(("The ", "They ", "Whoever ")) for unit in numbered)


@pytest.mark.parametrize(
    ("query", "call", "policy"),
    [
        ("Thanks, go on.", GH, Policy()),
        ("Which telescope photographed the comet of 1910?", GH, Policy()),
        (QUERY, GH, Policy(disabled=frozenset({"kompress"}))),
        (QUERY, GH, Policy(profile=Profile.LOSSLESS)),
        (QUERY, GH, Policy(preserve_json=True)),
        (QUERY, describe("1", "Read", {"file_path": "/w/rules.json"}, {"Read": ToolKind.READ}), Policy(workspace="/w")),
        (QUERY, describe("1", "Skill", {"name": "rules"}, {}), Policy()),
    ],
)
def test_all_sentences_stay_where_none_is_asked_for_or_none_may_go(query: str, call: ToolCall, policy: Policy) -> None:
    rewrite = SmartCrusher().compress(content(query=query, call=call), policy)
    assert rewrite is None or (not rewrite.gaps and rewrite.also == "")
