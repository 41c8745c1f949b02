from __future__ import annotations

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
