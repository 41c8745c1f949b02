from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from headroom_wrap.terminal.page import Page, Span, cut, render

texts = st.text(st.one_of(st.characters(), st.sampled_from("ab\t漢e\u0301\u200b")), max_size=120)


@pytest.mark.slow
@settings(max_examples=200)
@given(texts, st.integers(2, 30), st.integers(2, 5))
def test_rows_fit_and_nothing_is_lost_unsaid(text: str, cells: int, most: int) -> None:
    rows, more = cut(text, cells, most)
    assert len(rows) <= (most - 1 if more else most)
    for row in rows:
        assert cell_len(row) <= cells
        shown = render(Page((Span(row),), (), ()), 0, cells + 1, 1, color=False)[0]
        assert shown.decode() == row.encode("utf-8", "replace").decode(), "it is shown as it is"
    whole, none = cut(text, cells, 1000)
    assert none == 0
    assert "".join(whole).startswith("".join(rows))
    told = text[: len(text) - more].expandtabs(4)
    assert len(told) <= sum(map(len, rows)) < len(told) + 4, "a tab may be cut"
    if not more:
        assert rows == whole


def test_a_text_of_a_megabyte_is_not_looked_at_to_its_end() -> None:
    for text in ("x" * (1 << 20), "\u0301" * (1 << 20), "\t" * (1 << 20), "漢" * (1 << 20)):
        rows, more = cut(text, 80, 20)
        assert len(rows) == 19
        assert sum(map(len, rows)) + more >= len(text) - 19 * 80
