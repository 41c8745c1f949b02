from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pipeline.compressors import elision
from pipeline.compressors.api import Gap


def test_units_are_the_lines_without_the_end_of_the_text() -> None:
    assert elision.units(["a", "b", ""]) == ["a", "b"]
    assert elision.units(["a", "b"]) == ["a", "b"]
    assert elision.units([""]) == [""]


def test_plain_lines_have_no_colours_carriage_returns_or_mark() -> None:
    text = "\ufeff\x1b[1mdiff\x1b[m\r\n\x1b[31;1m-a\r"
    assert elision.plain(text.split("\n"), text) == ["diff", "-a"]


def test_a_run_that_is_hardly_longer_than_its_marker_stays() -> None:
    lines = ["first", "x", "y", "a line that is long enough to go", "last"]
    assert elision.gaps_of(lines, bytearray([1, 0, 0, 1, 1]), lambda a, b: "") == []
    assert elision.gaps_of(lines, bytearray([1, 1, 1, 0, 1]), lambda a, b: f"{b - a} of them") == [(Gap(4, 4), "[… 4: 1 of them]")]


@given(st.lists(st.tuples(st.text(alphabet="ab ", max_size=30), st.booleans()), min_size=1, max_size=30))
def test_markers_stand_exactly_where_lines_are_missing(told: list[tuple[str, bool]]) -> None:
    lines = [line for line, _ in told]
    gaps = elision.gaps_of(lines, bytearray(kept for _, kept in told), lambda a, b: "")
    back: list[str] = []
    markers = {marker: gap for gap, marker in gaps}
    for line in elision.render(lines, gaps).split("\n"):
        gap = markers.get(line)
        back += [line] if gap is None else lines[gap.first - 1 : gap.last]
    assert back == lines
    assert all(not told[i][1] for gap, _ in gaps for i in range(gap.first - 1, gap.last))


def test_files_are_counted_below_their_folders() -> None:
    counts = Counter({"src/a.c": 3, "src/b[1].c": 2, "c.c": 9, "src/d.c": 1, "/e": 4})
    assert elision.by_folder(counts) == "src/: a.c 3, b(1).c 2; c.c 9; src/: d.c 1; /: e 4"
    assert elision.by_folder(Counter(f"f{n}" for n in range(152))).endswith(", f149 1; 2 more files 2")


def test_a_cleaned_path_ends_no_marker() -> None:
    assert elision.clean("a[1].py") == "a(1).py"
    assert elision.clean("x" * 500 + "/a.py").endswith("/a.py")
    assert len(elision.clean("x" * 500)) == 200
