from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Gap, Rewrite
from pipeline.markers import gap
from pipeline.segments import combine

LINES = [f"line {n}" for n in range(1, 31)]


def rewrite(*runs: tuple[int, int, str], summary: str = "", unit: str = "line", lines: list[str] = LINES) -> Rewrite:
    out: list[str] = []
    at = 0
    for first, last, note in runs:
        out += [*lines[at : first - 1], gap(first, last, note)]
        at = last
    return Rewrite("\n".join(out + lines[at:]), len(lines), tuple(Gap(a, b) for a, b, _ in runs), summary, unit)


def gaps(made: Rewrite | None) -> list[tuple[int, int]]:
    return [] if made is None else [(g.first, g.last) for g in made.gaps]


ABOVE = "as in result 5 (Bash: x) above"


def test_what_stands_above_is_named_and_the_rest_is_as_the_compressor_left_it() -> None:
    made = combine(LINES, rewrite((1, 10, ABOVE)), rewrite((4, 6, ""), (20, 29, "10 INFO"), summary="all harmless"))
    assert made is not None
    assert made.text.split("\n") == [f"[… 1-10: {ABOVE}]", *LINES[10:19], "[… 20-29: 10 INFO]", "line 30"]
    assert gaps(made) == [(1, 10), (20, 29)]
    assert made.summary == "10 of them stand above; of the others: all harmless"


def test_a_reference_that_cuts_across_is_dropped() -> None:
    both = rewrite((1, 4, ABOVE), (12, 20, f"numbered 3-9, unchanged, {ABOVE}"), (22, 24, ABOVE))
    assert gaps(combine(LINES, both, rewrite((10, 13, ""), (26, 29, "")))) == [(1, 4), (10, 13), (22, 24), (26, 29)]
    assert gaps(combine(LINES, both, rewrite((18, 22, "")))) == [(1, 4), (18, 22)]
    assert gaps(combine(LINES, both, rewrite((11, 25, "")))) == [(1, 4), (11, 25)]


def test_a_reference_into_the_block_itself_is_none_to_rely_on() -> None:
    own = rewrite((12, 14, "again lines 2-4"), (16, 20, "line 15 again, 5 times"))
    assert combine(LINES, own, rewrite((2, 4, ""))) is None


def test_only_whole_lines_can_be_combined() -> None:
    above = rewrite((1, 10, ABOVE))
    assert combine(LINES, above, rewrite((20, 29, ""), unit="record")) is None
    assert combine(LINES, above, Rewrite("all in other words", 30)) is None
    assert combine(LINES, above, Rewrite("\n".join([*LINES[:18], "in other words", "[… 20-29]", "line 30"]), 30, (Gap(20, 29),))) is None
    assert combine(LINES, above, rewrite((3, 6, ""))) is None  # nothing of it would stay
    assert combine(LINES, rewrite((3, 6, ABOVE)), rewrite((1, 10, ""))) is None


RUNS = st.lists(st.integers(1, 30), unique=True, max_size=12).map(lambda ns: list(zip(*[iter(sorted(ns))] * 2)))


@settings(max_examples=200)
@given(RUNS, RUNS)
def test_lines_and_gaps_are_the_block(above: list[tuple[int, int]], gone: list[tuple[int, int]]) -> None:
    made = combine(LINES, rewrite(*((a, b, ABOVE) for a, b in above)), rewrite(*((a, b, "") for a, b in gone)))
    if made is None:
        return
    assert rewrite(*((a, b, ABOVE if (a, b) in above else "") for a, b in gaps(made))).text == made.text
    left = {n for a, b in gone for n in range(a, b + 1)}
    assert left <= {n for a, b in gaps(made) for n in range(a, b + 1)}, "nothing comes back by it"
