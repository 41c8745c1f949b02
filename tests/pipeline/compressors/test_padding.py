from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.compressors.api import Content
from pipeline.compressors.padding import PaddingCompressor
from pipeline.policy import Policy, Profile

PADDING = PaddingCompressor()


def cat_n(text: str) -> str:
    return "\n".join(f"{n:6}\t{line}" for n, line in enumerate(text.split("\n"), 1))


@given(st.lists(st.text(st.characters(blacklist_characters="\n"), max_size=30), min_size=12, max_size=60))
def test_nothing_but_the_blanks_is_left_out(lines: list[str]) -> None:
    text = cat_n("\n".join(lines))
    rewrite = PADDING.compress(Content(text), Policy(profile=Profile.LOSSLESS, elide=False))
    assert PADDING.recognise(Content(text)) > 0
    assert rewrite is not None
    assert rewrite.gaps == ()
    numbers = (line.split("\t", 1) for line in rewrite.text.split("\n"))
    assert [f"{n:>6}\t{rest}" for n, rest in numbers] == text.split("\n")


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    rewrite = PADDING.compress(Content(text), Policy())
    if rewrite is not None:
        assert [line.lstrip(" ") for line in rewrite.text.split("\n")] == [line.lstrip(" ") for line in text.split("\n")]


def test_other_text_is_not_recognised() -> None:
    assert PADDING.recognise(Content("\n".join(f"{n}\tline" for n in range(100)))) == 0
    assert PADDING.recognise(Content("\n".join(f"   {n} files" for n in range(100)))) == 0
    assert PADDING.compress(Content("1\ta\n2\tb"), Policy()) is None
