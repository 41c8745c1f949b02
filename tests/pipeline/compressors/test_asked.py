from __future__ import annotations

import pytest

from pipeline.compressors.asked import asked_paths, call_paths, hits_of, names_of, naming
from pipeline.query import Query
from pipeline.tool_calls import describe


def test_names_stand_as_a_whole() -> None:
    lines = ["max_size = 3", "max_size_hint", "see MAX_SIZE", "port 80", "port 8080 and 80"]
    assert naming(lines, ["max_size"]) == {0, 2}
    assert naming(lines, ["MAX_SIZE"]) == {2}
    assert naming(lines, ["port 80"]) == {3}
    assert naming(lines, ["port 80", "port 8080", "missing"]) == {3, 4}
    assert naming(lines, []) == set()


def test_lines_are_right_where_lower_case_is_longer() -> None:
    assert naming(["İİİİ", "İ", "a_b", "İ a_b"], ["a_b"]) == {2, 3}


def test_what_stands_nearly_everywhere_tells_nothing() -> None:
    lines = [f"spam_eggs {n}" for n in range(100)]
    assert naming(lines, ["spam_eggs"]) == set()
    assert naming([*lines, *["other"] * 300], ["spam_eggs"]) == set(range(100))


def test_hits_of_each_name() -> None:
    assert hits_of(["a_1 a_1", "b_1", "a_1"], ["a_1", "b_1", "c_1"], 2) == [[0, 2], [1]]
    assert hits_of(["a_1", "b_1", "a_1"], ["a_1", "b_1"], 1) == [[1]]


def test_names_are_entities_and_phrases() -> None:
    assert names_of(Query("what of foo_bar and 'two words'?")) == ["foo_bar", "two words"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("git diff -U9 HEAD~1 -- ./src/a.py", {"src/a.py"}),
        ("git diff src", set()),
        ("git diff", set()),
    ],
)
def test_paths_named_by_a_command(command: str, expected: set[str]) -> None:
    call = describe("1", "Bash", {"command": command}, {})
    assert asked_paths(["src/a.py", "src/b.py"], Query("go on"), call) == expected


def test_paths_named_by_other_calls() -> None:
    call = describe("1", "mcp__git__diff", {"repo": ".", "paths": ["a.py", 3]}, {})
    assert call_paths(call) == [".", "a.py"]
    assert call_paths(None) == []


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("review src/core/a.py", {"src/core/a.py"}),
        ("review core/a.py", {"src/core/a.py"}),
        ("review a.py", {"src/core/a.py", "src/a.py"}),
        ("review src/core/", {"src/core/a.py"}),
        ("review the Makefile", {"Makefile"}),
        ("review a.pyi", set()),
        ("review it all", set()),
    ],
)
def test_paths_named_by_the_user(question: str, expected: set[str]) -> None:
    assert asked_paths(["src/core/a.py", "src/a.py", "Makefile"], Query(question), None) == expected


def test_parts_of_words_where_they_are_asked_for() -> None:
    assert hits_of(["retrying", "retry", "try"], ["retry"], 5) == [[1]]
    assert hits_of(["retrying", "Retry", "try"], ["retry"], 5, within_words=True) == [[0, 1]]
