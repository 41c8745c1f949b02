from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom_wrap.supervisor.compare import KEPT, LEFT_OUT, PUT_IN, UNTOLD, Compared, compare

lines = st.lists(st.sampled_from(["a", "b", "c", "", "[… 2-3]"]), max_size=20).map("\n".join)


def test_an_elision_stands_where_it_was_made() -> None:
    marks = "".join(mark for mark, _ in compare("a\nb\nc\nd\ne", "a\n[… 2-4]\ne\n[footer]").lines)
    assert marks == " ---+ +"


def test_a_text_of_another_shape() -> None:
    assert [mark for mark, _ in compare("a\nb", "x").lines] == [LEFT_OUT, LEFT_OUT, PUT_IN]


@given(lines, lines)
def test_both_texts_can_be_read_off_it(original: str, sent: str) -> None:
    found, kept, left_out, whole = compare(original, sent)
    assert "\n".join(text for mark, text in found if mark in (KEPT, LEFT_OUT)) == original
    assert sorted(text for mark, text in found if mark in (KEPT, PUT_IN)) == sorted(sent.split("\n"))
    assert (kept, left_out) == tuple(sum(mark == wanted for mark, _ in found) for wanted in (KEPT, LEFT_OUT))
    assert whole


@pytest.mark.slow
def test_it_is_linear() -> None:
    many = "\n".join(str(n % 7) for n in range(200_000))
    assert compare(many, many).lines == [Compared(KEPT, str(n % 7)) for n in range(200_000)]


@pytest.mark.slow
def test_the_end_of_a_long_text_is_compared_and_what_is_left_out_counted() -> None:
    lines = [f"line {n} of a text of many megabytes" for n in range(60_000)]
    found, kept, left_out, whole = compare("\n".join(lines), "\n".join(["[… 1-59990]", *lines[-10:]]))
    assert (kept, left_out, whole) == (10, 59_990, True)
    assert found[-10:] == [Compared(KEPT, line) for line in lines[-10:]]
    assert found[-12:-10] == [Compared(UNTOLD, "9,990 more lines that were left out"), Compared(PUT_IN, "[… 1-59990]")]
    assert len(found) == 50_000 + 12


@pytest.mark.slow
def test_it_is_said_where_more_was_sent_than_is_compared() -> None:
    lines = [str(n) for n in range(200_005)]
    found, kept, left_out, whole = compare("\n".join(lines), "\n".join(lines[1:]))
    assert (kept, left_out, whole) == (200_000, 1, False)
    assert found[-2:] == [Compared(KEPT, "200000"), Compared(UNTOLD, "what follows was not compared")]
