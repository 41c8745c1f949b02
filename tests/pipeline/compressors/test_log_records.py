"""Logs whose records have several lines: they are known, and one is shown with what it says as a whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Content
from pipeline.compressors.log import LogCompressor
from pipeline.compressors.log.records import record_starts
from pipeline.compressors.log.traces import events
from pipeline.compressors.registry import compressors, ranking
from pipeline.policy import Policy
from pipeline.query import Query
from tests.cpu import cpu_seconds

LOG = LogCompressor()


def event(i: int, level: str = "Information", message: str = "") -> list[str]:
    said = message or f"The service {'abcdefgh'[i % 8] * 4} entered the running state."
    return [
        f"Created  : 03/14/2026 {8 + i // 60:02}:{i % 60:02}:07 AM",
        "Provider : Service Manager",
        f"Level    : {level}",
        f"Message  : {said}",
        "",
    ]


def statement(i: int, seconds: float = 1.2, text: str = "SELECT * FROM products WHERE category = 7;") -> list[str]:
    return [f"# Time: 2026-03-14T{8 + i // 60:02}:{i % 60:02}:07.118Z", f"# User: app @ web{i % 4}", f"# Query_time: {seconds} Rows: {i}", text]


def flat(records: list[list[str]]) -> str:
    return "\n".join(line for record in records for line in record)


def compressed(text: str, question: str) -> str:
    assert next(ranking(Content(text), compressors()))[1].name == "log"
    rewrite = LOG.compress(Content(text, Query(question)), Policy())
    assert rewrite is not None
    return rewrite.text


def test_an_event_is_shown_with_all_that_it_says():
    records = [event(i) for i in range(120)]
    records[50] = event(50, "Critical", "The system has rebooted without cleanly shutting down first.")
    records[80] = event(80, "Warning", "A paging operation was slow on Harddisk1.")
    out = compressed(flat(records), "Did this server crash?")
    assert "\n".join(records[50][:4]) in out
    assert "\n".join(records[80][:4]) in out
    assert len(out) < 0.25 * len(flat(records))


def test_a_slow_statement_is_shown_with_its_text():
    records = [statement(i, 1 + i % 9 / 10) for i in range(120)]
    records[77] = statement(77, 122.9, "UPDATE carts SET state = 'abandoned';")
    out = compressed(flat(records), "Which query is the slowest?")
    assert "\n".join(records[77]) in out
    assert len(out) < 0.25 * len(flat(records))


@pytest.mark.parametrize("make", [event, statement])
def test_each_record_is_an_event_from_its_first_line_to_the_next(make):
    lines = flat([make(i) for i in range(40)]).split("\n")
    size = len(make(0))
    found = events(lines)
    assert found.records
    assert record_starts(lines) == list(range(0, 40 * size, size))
    assert all(found.head_of[i] == i - i % size for i in range(len(lines)))


@pytest.mark.parametrize(
    "lines",
    [
        [f"2026-03-14T08:00:{i % 60:02}Z INFO request {i}" for i in range(100)],
        [f"INFO 2026-03-14T08:00:{i % 60:02}Z request {i}" for i in range(100)],
        [line for i in range(40) for line in (f"Package: lib{i}", f"Version: {i}.2", "Section: misc", "")],
        [line for i in range(40) for line in (str(i), f"00:00:{i:02},000 --> 00:00:{i + 1:02},500", "words", "")],
        ["", *[f"## 2026-03-14 part {i}" for i in range(10)]],
        [],
        [""],
    ],
)
def test_what_is_no_list_of_records(lines):
    assert record_starts(lines) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["", "  ", "# Time: 08:00:01", "# Time: 9", "a: b", "Created : 03/14/2026 08:00:07", "x"]), max_size=60))
def test_the_starts_are_lines_and_ascend(lines):
    starts = record_starts(lines)
    assert starts == sorted(set(starts))
    assert all(lines[i].strip() for i in starts)
    found = events(lines)
    assert all(head <= i for i, head in enumerate(found.head_of))


@pytest.mark.slow
def test_a_record_of_very_many_lines_takes_time_by_their_number():
    def log(lines: int) -> Content:
        long = [f"  step {i} took {i * 7919 % 999_983} ms" for i in range(lines)]
        return Content(flat([*map(event, range(120)), [*event(120)[:3], *long, ""], *map(event, range(121, 200))]), Query("Which error is slow?"))

    small, large = (cpu_seconds(lambda text=log(lines): LOG.compress(text, Policy()), 3) for lines in (2_000, 16_000))
    assert large <= 0.25 or large < 24 * small
