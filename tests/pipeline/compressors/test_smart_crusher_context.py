"""Streams of events: what led to trouble is shown with it."""

from __future__ import annotations

import json
import random

import pytest

from pipeline import markers
from pipeline.compressors.api import Content
from pipeline.compressors.smart_crusher import SmartCrusher
from pipeline.compressors.smart_crusher.collect import Kind
from pipeline.compressors.smart_crusher.context import with_context
from pipeline.compressors.smart_crusher.rank import NOTABLE
from pipeline.compressors.smart_crusher.table import analyse
from pipeline.policy import Policy
from pipeline.query import Query

QUERIES = ["run the tests", "why does CI fail?", ""]


def crush(events, query=""):
    text = "\n".join(map(json.dumps, events))
    rewrite = SmartCrusher().compress(Content(text, Query(query)), Policy())
    assert rewrite is not None
    marked = [(int(m[1]), int(m[2] or m[1])) for m in markers.IN_PLACE.finditer(rewrite.text)]
    assert marked == [(g.first, g.last) for g in rewrite.gaps]
    assert [json.loads(text[a:b]) for a, b in rewrite.spans] == events
    return rewrite


def package(number, tests, failing, log=0):
    """The events of ``go test -json``: what a test prints comes before the line that says how it ended."""
    events = []

    def add(action, test, **more):
        events.append({"Action": action, "Package": f"example.com/m/pkg{number}", "Test": test, **more})

    for i in range(tests):
        test = f"Test{'ABC'[i % 3]}{number}n{i}"
        add("run", test)
        add("output", test, Output=f"=== RUN   {test}\n")
        for step in range(log):
            add("output", test, Output=f"    work.go:{40 + step}: step {step}, port {(i * 7919 + step) % 9999}\n")
        if i in failing:
            add("output", test, Output=f"    thing_test.go:{i}: got 4{number}{i}, want 5{number}{i}\n")
        add("output", test, Output=f"--- {'FAIL' if i in failing else 'PASS'}: {test} (0.00s)\n")
        add("fail" if i in failing else "pass", test, Elapsed=0.01 if i in failing else 0)
    return events


def timed(events):
    return [{"Time": f"2024-05-01T10:{n // 600:02}:{n // 10 % 60:02}.{n % 10}23Z", **event} for n, event in enumerate(events)]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("log", [0, 3])
def test_what_a_failing_test_printed_is_kept(query, log):
    events = timed([e for number in range(10) for e in package(number, 30, {17} if number in {2, 6} else (), log)])
    rewrite = crush(events, query)
    for number in (2, 6):
        assert f"got 4{number}17, want 5{number}17" in rewrite.text
        assert f"--- FAIL: TestC{number}n17" in rewrite.text
    assert rewrite.left_out > 0.9 * len(events)


@pytest.mark.parametrize("query", QUERIES)
def test_of_packages_tested_at_once_the_records_of_the_failing_test_are_kept(query):
    draw = random.Random(5)
    streams = [package(number, 30, {17} if number in {2, 6} else (), log=6) for number in range(8)]
    events = []
    while any(streams):
        stream = draw.choice([s for s in streams if s])
        events.append(stream.pop(0))
    rewrite = crush(timed(events), query)
    for number in (2, 6):
        assert f"got 4{number}17, want 5{number}17" in rewrite.text
        assert rewrite.text.count(f'C{number}n17\t"    work.go:') == 6
    assert rewrite.left_out > 0.9 * len(events)


def requests(count, seed=1):
    draw = random.Random(seed)
    return [{"level": "info", "msg": f"GET /item/{draw.randrange(10**5)}", "status": 200, "ms": draw.randrange(90)} for _ in range(count)]


@pytest.mark.parametrize("query", ["show the log", "why did it crash?"])
@pytest.mark.parametrize(
    "said",
    [
        ["panic: index out of range [5] with length 3", "", "goroutine 1 [running]:", "main.handle(0xc000012345)", "\t/src/main.go:1377 +0x1d"],
        ["opening the ledger", "ledger is 12 pages", "page 7 is not as it was written", "giving up", "fatal: the ledger is corrupt"],
    ],
)
def test_where_nothing_tells_what_an_event_is_about_its_neighbours_are_kept(said, query):
    events = requests(500)
    events[300:300] = [{"level": "info", "msg": line} for line in said]
    rewrite = crush(events, query)
    assert all(json.dumps(line)[1:-1] in rewrite.text for line in said)


def raised(records, *rows):
    table = analyse(Kind.RECORDS, records)
    priority = [0.0] * len(records)
    for row in rows:
        priority[row] = NOTABLE + 5
    after = with_context(table, priority)
    assert all(after[row] == NOTABLE + 5 for row in rows)
    return {i for i, p in enumerate(after) if p >= NOTABLE} - set(rows)


def test_a_column_whose_values_few_records_share_and_near_each_other_tells_what_belongs_together():
    draw = random.Random(2)
    order = sorted((i + draw.random() * 8, i) for i in range(100) for _ in range(5))
    records = [{"request": f"r{n % 7}{n:04}", "pid": n % 3, "ms": draw.randrange(90), "text": f"{draw.random()}"} for _, n in order]
    [asked] = [[i for i, r in enumerate(records) if r["request"] == "r20051"]]
    assert raised(records, asked[3]) == set(asked) - {asked[3]}
    assert raised(records, asked[0]) == set(asked) - {asked[0]}


@pytest.mark.parametrize(
    "value",
    [
        lambda n, draw: draw.randrange(90),  # a measure: its values are shared by chance, far from each other
        lambda n, draw: f"2024-05-01T10:00:{n // 5 % 60:02}Z",  # a time: what happened at once need not belong together
        lambda n, draw: 1_750_000_000 + n // 3,
        lambda n, draw: round(n // 3 / 10 + 0.05, 2),
        lambda n, draw: n,
        lambda n, draw: "web",
        lambda n, draw: f"worker{n % 4}",
        lambda n, draw: None if n % 9 else f"r{n // 18}",
    ],
)
def test_otherwise_neighbours_belong_together(value):
    draw = random.Random(3)
    records = [{"text": f"{draw.random()}", "value": value(n, draw)} for n in range(400)]
    assert raised(records, 202) == {*range(194, 202), *range(203, 211)}


def test_the_nearest_come_first_and_at_the_ends_there_are_none():
    records = [{"text": f"{n * n}"} for n in range(50)]
    after = with_context(analyse(Kind.RECORDS, records), [NOTABLE + 9, *[0.0] * 49])
    assert after[0] > after[1] > after[2] > after[8] >= NOTABLE > after[9]
    assert with_context(analyse(Kind.RECORDS, records), [1.0] * 50) == [1.0] * 50


def test_of_many_that_matter_only_the_first_have_a_context():
    records = [{"text": f"{n * n}"} for n in range(400)]
    assert len(raised(records, *range(0, 400, 4))) <= 40 * 16
    assert 200 in raised(records, *range(1, 400, 8))
    assert 399 not in raised(records, *range(1, 400, 4))


def test_records_are_counted_by_a_word_rather_than_by_a_number():
    rewrite = crush(timed(package(1, 250, {17})), "why does CI fail?")
    assert "all by Action: output 501, run 250, pass 249, fail 1" in rewrite.text
