from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headroom_wrap.supervisor.compare import KEPT, LEFT_OUT, PUT_IN, compare

lines = st.lists(st.sampled_from(["a", "b", "c", "", "[… 2-3]"]), max_size=20).map("\n".join)


def test_an_elision_stands_where_it_was_made() -> None:
    marks = "".join(mark for mark, _ in compare("a\nb\nc\nd\ne", "a\n[… 2-4]\ne\n[footer]"))
    assert marks == " ---+ +"


def test_a_text_of_another_shape() -> None:
    assert [mark for mark, _ in compare("a\nb", "x")] == [LEFT_OUT, LEFT_OUT, PUT_IN]


@given(lines, lines)
def test_both_texts_can_be_read_off_it(original: str, sent: str) -> None:
    found = compare(original, sent)
    assert "\n".join(text for mark, text in found if mark in (KEPT, LEFT_OUT)) == original
    assert sorted(text for mark, text in found if mark in (KEPT, PUT_IN)) == sorted(sent.split("\n"))


def test_it_is_linear() -> None:
    many = "\n".join(str(n % 7) for n in range(200_000))
    assert len(compare(many, many)) == 200_000
