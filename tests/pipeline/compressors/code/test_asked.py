from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.code.asked import choose, names_of
from pipeline.compressors.code.outline import Definition, Outline
from pipeline.query import Query
from tests.cpu import cpu_seconds

NAMES = names_of(Query("What does `GetRequest` do?"))


def outline_of(*definitions: tuple[str, int, int, bool]) -> Outline:
    found = Outline()
    found.definitions = [Definition(name, "", first, last, (first + 1, last), container=container) for name, first, last, container in definitions]
    found.definitions.sort(key=lambda d: (d.first, -d.last))
    return found


def chosen(outline: Outline, rows: int) -> set[tuple[int, int]]:
    return {(d.first, d.last) for d in choose(outline, NAMES, ["x"] * rows).definitions}


def test_members_of_what_is_named_loosely_stay() -> None:
    found = outline_of(
        ("Outer", 0, 90, True),
        ("GetUserRequest", 1, 20, True),
        ("first", 2, 5, False),
        ("Inner", 6, 15, True),
        ("second", 7, 12, False),
        ("other", 21, 24, False),
        ("GetItemRequest", 30, 40, True),
        ("third", 31, 33, False),
        ("same_row", 40, 41, False),
    )
    assert chosen(found, 100) == {(2, 5), (7, 12), (31, 33)}


SPANS = st.lists(st.tuples(st.sampled_from(["GetOneRequest", "one", "GetTwoRequest", "two"]), st.integers(0, 30), st.integers(0, 20)), max_size=20)


@settings(max_examples=200)
@given(SPANS)
def test_they_are_those_that_lie_within(spans: list[tuple[str, int, int]]) -> None:
    found = outline_of(*((name, first, first + size, name[0] == "G") for name, first, size in spans))
    within = {
        (d.first, d.last)
        for holder in found.definitions
        if holder.container
        for d in found.definitions
        if not d.container and holder.first < d.first and d.last <= holder.last
    }
    assert chosen(found, 10_000) == within


@pytest.mark.slow
@pytest.mark.parametrize("nested", [False, True])
def test_time_grows_as_the_number_of_classes(nested: bool) -> None:
    def seconds(size: int) -> float:
        spans = [(n, 3 * size - n) if nested else (3 * n, 3 * n + 2) for n in range(size)]
        found = outline_of(
            *((f"GetUser{n}Request", first, last, True) for n, (first, last) in enumerate(spans)),
            *((f"run{n}", first + 1, last - 1, False) for n, (first, last) in enumerate(spans)),
        )
        return cpu_seconds(lambda: choose(found, NAMES, ["x"] * (3 * size)), 2)

    assert seconds(4000) < 8 * 3 * max(seconds(500), 0.005)
