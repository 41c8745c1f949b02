from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline import ccr, markers
from pipeline.ccr import Retrieved
from pipeline.compressors.api import Gap, Rewrite

HANDLE = "3f9a2c7b"


def test_gap_says_what_and_where() -> None:
    assert markers.gap(120, 480, "352 INFO, 9 DEBUG") == "[… 120-480: 352 INFO, 9 DEBUG]"
    assert markers.gap(5, 18) == "[… 5-18]"
    assert markers.gap(5, 5) == "[… 5]"


def test_footer_names_handle_totals_and_the_way_back() -> None:
    footer = markers.footer(HANDLE, Rewrite("x", 612, (Gap(3, 3), Gap(120, 479)), "no error-like line among them"))
    assert footer == (
        "[headroom 3f9a2c7b: 361 of 612 lines left out, no error-like line among them; full text: headroom_retrieve 3f9a2c7b lines=120-479, "
        "or run: headroom show 3f9a2c7b --lines 120-479]"
    )


def test_footer_of_a_regrouped_block_claims_nothing_is_missing() -> None:
    footer = markers.footer(HANDLE, Rewrite("x", 3))
    assert footer == "[headroom 3f9a2c7b: nothing left out, only regrouped]"
    assert markers.footer(HANDLE, Rewrite("x", 3, summary="all 3 lines, in columns")) == "[headroom 3f9a2c7b: all 3 lines, in columns]"
    assert markers.handles(footer) == [HANDLE]
    assert markers.carries_marker(footer)
    assert not markers.elides(footer)


def test_footer_of_a_regrouped_block_names_no_tool_that_the_model_may_not_have() -> None:
    for by_command in (False, True):
        assert "headroom_retrieve" not in markers.footer(HANDLE, Rewrite("x", 3), by_command=by_command)
        assert "headroom show" not in markers.footer(HANDLE, Rewrite("x", 3), by_command=by_command)


def test_footer_for_a_shell_names_the_command_alone() -> None:
    lossy = Rewrite("x", 612, (Gap(3, 3), Gap(120, 479)), "no error-like line among them")
    footer = markers.footer(HANDLE, lossy, by_command=True)
    said = "no error-like line among them; full text: run headroom show 3f9a2c7b --lines 120-479]"
    assert footer == f"[headroom 3f9a2c7b: 361 of 612 lines left out, {said}"
    assert markers.elides(footer)
    assert len(footer) <= len(markers.footer(HANDLE, lossy))


def test_excerpts_are_markers_too() -> None:
    assert markers.carries_marker("12\tline\n" + ccr.closing(Retrieved("12\tline", HANDLE, 612, 1, "line", "1 of 612 lines")))
    assert not markers.carries_marker("we use headroom and [brackets] and sha 3f9a2c7b")


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.text(st.characters(blacklist_characters="]\n\r"), max_size=40))
def test_in_place_markers_are_recognised(first: int, more: int, note: str) -> None:
    match = markers.IN_PLACE.fullmatch(markers.gap(first, first + more, note))
    assert match is not None
    assert int(match[1]) == first
    assert int(match[2] or first) == first + more


def test_what_stands_above_is_not_to_be_fetched() -> None:
    rewrite = Rewrite("", 100, (Gap(3, 60),), "each stands above", above=True)
    assert markers.footer("3f9a2c7b", rewrite) == "[headroom 3f9a2c7b: 58 of 100 lines left out, each stands above]"
    assert markers.elides(markers.footer("3f9a2c7b", rewrite))
    assert markers.handles(markers.footer("3f9a2c7b", rewrite)) == ["3f9a2c7b"]
