from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Compressor, Content
from pipeline.compressors.blame import BlameCompressor
from pipeline.policy import Policy, Profile
from tests.cpu import cpu_seconds

LOSSLESS = Policy(profile=Profile.LOSSLESS)
B = BlameCompressor()
COLUMNS = (
    "^0123456 (Jane Doe   2024-01-01 10:00:00 +0000",
    "89abcdef src/old.c (Jöe (he) 2023-05-01 09:00:00 -0200",
    "00000000 (Not Yet     2024-02-01 10:00:00 +0000",
    "89abcdef src/new.c (Jöe (he) 2023-05-01 09:00:00 -0200",  # -C and -f name the file, and a commit touches several
)
SHORT = re.compile(r"(\^?[0-9a-f]{7,64})?( +\d+\).*)")


def blame(*whose: int) -> list[str]:
    return [f"{COLUMNS[w]} {n:>3}) code of line {n}" for n, w in enumerate(whose, 1)]


def unfolded(text: str) -> list[str]:
    """The lines as they were, by what the summary says."""
    lines: list[str] = []
    known: dict[str, str] = {}
    above = ""
    for line in text.split("\n"):
        if short := SHORT.fullmatch(line):
            above = known[short[1]] if short[1] else above
            lines.append(above + short[2])
        else:
            above = next((c for c in COLUMNS if line.startswith(c)), "")
            known[above.split(" ")[0]] = above
            lines.append(line)
    return lines


def test_it_is_a_compressor() -> None:
    assert isinstance(B, Compressor)
    assert B.name == "blame"


def test_columns_stand_once() -> None:
    lines = blame(0, 0, 1, 0, 0, 1, 2, 2, 2, 0)
    content = Content("\n".join(lines))
    assert B.recognise(content) == 0.95
    rewrite = B.compress(content, LOSSLESS)
    assert rewrite is not None
    assert rewrite.gaps == ()
    assert rewrite.text.split("\n") == [
        lines[0],
        "   2) code of line 2",
        lines[2],
        "^0123456   4) code of line 4",
        "   5) code of line 5",
        "89abcdef   6) code of line 6",
        lines[6],
        "   8) code of line 8",
        "   9) code of line 9",
        "^0123456  10) code of line 10",
    ]
    assert unfolded(rewrite.text) == lines


def test_a_commit_without_columns_has_those_that_stand_nearest_above_with_it() -> None:
    lines = blame(1, 1, 3, 3, 0, 3, 3, 3, 1, 1)
    rewrite = B.compress(Content("\n".join(lines)), LOSSLESS)
    assert rewrite is not None
    assert "nearest above" in rewrite.summary
    out = rewrite.text.split("\n")
    assert out[5] == "89abcdef   6) code of line 6"  # src/new.c, as in line 3, not src/old.c, as in line 1
    assert out[8] == lines[8]
    assert unfolded(rewrite.text) == lines


def test_not_recognised_and_not_rewritten() -> None:
    for lines in ([""], blame(0, 1, 2), ["0123456 a subject"] * 20, [*blame(*[0] * 20), "[headroom 0123abcd: 3 of 9 lines left out]"]):
        assert B.recognise(Content("\n".join(lines))) == 0
    assert B.compress(Content("\n".join([*blame(*[0] * 9), "[headroom 0123abcd: 3 of 9 lines left out]"])), LOSSLESS) is None
    assert B.compress(Content("\n".join(["x" * 90] * 9)), LOSSLESS) is None
    assert B.compress(Content("\n".join([*blame(*[0] * 9), "  12) a line that would read as ours"])), LOSSLESS) is None


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(0, len(COLUMNS) - 1), min_size=1, max_size=30),
    st.lists(st.text(max_size=9).filter(lambda t: "\n" not in t and not SHORT.fullmatch(t)), max_size=3),
)
def test_nothing_is_lost(whose: list[int], around: list[str]) -> None:
    lines = [*around, *blame(*whose), *around]
    rewrite = B.compress(Content("\n".join(lines)), LOSSLESS)
    if rewrite is not None:
        assert unfolded(rewrite.text) == lines
        assert rewrite.total == len(lines)
    else:
        assert len(set(whose)) > 1 or len(whose) < 3 or around


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_text(text: str) -> None:
    B.recognise(Content(text))
    B.compress(Content(text), LOSSLESS)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["0123456 (" + " " * 1_000_000, ("0123456 (" + " " * 400 + "\n") * 2000, "a" * 1_000_000, (" " * 300 + "\n") * 3000])
def test_hostile_text_takes_linear_time(text: str) -> None:
    assert cpu_seconds(lambda: (B.recognise(Content(text)), B.compress(Content(text), LOSSLESS))) < 2
