"""Rewrites of parts as one of the text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import markers
from pipeline.compressors.api import Content, Gap, Rewrite
from pipeline.segments import Part, by_line, restored, within

LINES = [f"line {n}" for n in range(1, 21)]


def left_out(lines: list[str], *gaps: tuple[int, int]) -> Rewrite:
    out, at = [], 0
    for first, last in gaps:
        out += [*lines[at : first - 1], markers.gap(first, last, "some")]
        at = last
    return Rewrite("\n".join(out + lines[at:]), len(lines), tuple(Gap(*g) for g in gaps), "none of them odd")


def test_lines_come_back_into_their_places():
    made = restored(left_out(LINES, (3, 8), (12, 15)), LINES, [5, 8, 13, 19])
    assert made is not None
    assert made.gaps == (Gap(3, 4), Gap(6, 7), Gap(12, 12), Gap(14, 15))
    assert made.text.split("\n")[2:7] == ["[… 3-4]", "line 5", "[… 6-7]", "line 8", "line 9"]


def test_a_gap_that_hides_nothing_of_them_is_as_it_was():
    made = left_out(LINES, (3, 8))
    assert restored(made, LINES, [1, 20]) == made
    assert restored(made, LINES, []) is made


def test_a_form_that_does_not_show_them_is_none():
    other = Rewrite("all of it in another form", 20, (), "")
    assert restored(other, LINES, [4]) is None
    assert restored(Rewrite("a form\nline 4", 20, (), ""), LINES, [4]) is not None
    assert restored(Rewrite("line 4", 3, (Gap(1, 2),), "", "record", ((0, 1), (2, 3), (4, 5))), LINES, [4]) is None


def test_two_parts_in_the_numbers_of_the_text():
    content = Content("\n".join(["Why?", *LINES, "And:", *LINES, "Thanks"]))
    made = within(content, [(Part(2, 21, "log"), left_out(LINES, (3, 8))), (Part(23, 42, "log"), left_out(LINES, (1, 20)))])
    assert made is not None
    assert made.gaps == (Gap(4, 9), Gap(23, 42))
    assert made.text.split("\n") == ["Why?", *LINES[:2], "[… 4-9: some]", *LINES[8:], "And:", "[… 23-42: some]", "Thanks"]
    assert made.summary == "2-21: none of them odd; 23-42: none of them odd"
    assert within(content, []) is None


def test_units_that_are_no_lines_keep_their_numbers_and_stand_further_on():
    content = Content("Why?\n[{}, {}]\nThanks")
    made = within(content, [(Part(2, 2, "json"), Rewrite("[1 of 2]", 2, (Gap(2, 2),), "s", "record", ((1, 3), (5, 7))))])
    assert made is not None
    assert made.text == "Why?\n[1 of 2]\nThanks"
    assert [content.text[a:b] for a, b in made.spans] == ["{}", "{}"]
    assert not by_line(made)


def test_markers_that_are_not_the_gaps_one_by_one_are_refused():
    content = Content("\n".join(LINES))
    assert within(content, [(Part(1, 20, "log"), Rewrite("line 1", 20, (Gap(2, 20),), ""))]) is None


@settings(max_examples=80)
@given(st.sets(st.integers(1, 20)), st.lists(st.integers(1, 20), min_size=1, max_size=6, unique=True))
def test_restoring_is_exact(kept, cuts):
    edges = sorted(cuts)
    gaps = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    if not gaps:
        return
    made = restored(left_out(LINES, *gaps), LINES, sorted(kept))
    assert made is not None
    hidden = {n for g in made.gaps for n in range(g.first, g.last + 1)}
    assert hidden == {n for a, b in gaps for n in range(a, b + 1)} - kept
    assert [line for line in made.text.split("\n") if line in LINES] == [line for n, line in enumerate(LINES, 1) if n not in hidden]
    assert len(markers.IN_PLACE.findall(made.text)) == len(made.gaps)
