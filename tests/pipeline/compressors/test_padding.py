from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.compressors.api import Content
from pipeline.compressors.padding import PaddingCompressor, told, with_told, without_told
from pipeline.policy import Policy, Profile

PADDING = PaddingCompressor()


def cat_n(text: str) -> str:
    return "\n".join(f"{n:6}\t{line}" for n, line in enumerate(text.split("\n"), 1))


LINES = st.one_of(st.text(st.characters(blacklist_characters="\n"), max_size=30), st.just(""), st.sampled_from(["3\t", "3\tx", "  4\t", "}"]))


@given(st.lists(LINES, min_size=12, max_size=60))
def test_nothing_but_blanks_and_numbers_that_are_told_is_left_out(lines: list[str]) -> None:
    text = cat_n("\n".join(lines))
    rewrite = PADDING.compress(Content(text), Policy(profile=Profile.LOSSLESS, elide=False))
    assert PADDING.recognise(Content(text)) > 0
    assert rewrite is not None
    assert rewrite.gaps == ()
    numbers = (line.split("\t", 1) for line in with_told(rewrite.text.split("\n")))
    assert [f"{n:>6}\t{rest}" for n, rest in numbers] == text.split("\n")


def test_empty_lines_between_numbered_ones_have_no_number() -> None:
    text = cat_n("\n\nfrom a import b\n\n\ndef f():\n\n    return b\n\n")
    rewrite = PADDING.compress(Content(text), Policy())
    assert rewrite is not None
    assert rewrite.text == "1\t\n\n3\tfrom a import b\n\n\n6\tdef f():\n\n8\t    return b\n9\t\n10\t"
    assert rewrite.summary == "only blanks before numbers, numbers of empty lines left out"


def test_arrows_are_numbers_too() -> None:
    text = cat_n("x = 1\n\n" * 12).replace("\t", "→")
    rewrite = PADDING.compress(Content(text), Policy())
    assert PADDING.recognise(Content(text)) > 0
    assert rewrite is not None
    assert rewrite.text.startswith("1→x = 1\n\n3→x = 1\n")


@given(st.lists(st.sampled_from(["", "1\t", "2\t", "3\t", "3→", "4\tx", "5\ty", "6\t", "06\t", "7\tz", "8\t", "9→z", "note"]), max_size=30))
def test_every_number_comes_back(lines: list[str]) -> None:
    shorter = without_told(lines)
    assert shorter == lines or (with_told(shorter) == lines and len("".join(shorter)) < len("".join(lines)))


@given(st.lists(st.sampled_from(["", "x"]), max_size=12), st.data())
def test_only_empty_lines_with_room_for_exactly_them_get_a_number(lines: list[str], data: st.DataObject) -> None:
    numbers = [data.draw(st.one_of(st.none(), st.integers(0, 9))) for _ in lines]
    found = told(lines, numbers)
    for at, (line, number, after) in enumerate(zip(lines, numbers, found, strict=True)):
        assert after == number or (number is None and line == "")
        if after != number:
            assert found[at - 1] == after - 1
            assert found[at + 1] == after + 1


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    rewrite = PADDING.compress(Content(text), Policy())
    if rewrite is not None:
        given, made = text.split("\n"), rewrite.text.split("\n")
        made = with_told(made) if "empty lines" in rewrite.summary else made
        assert [line.lstrip(" ") for line in made] == [line.lstrip(" ") for line in given]


def test_other_text_is_not_recognised() -> None:
    assert PADDING.recognise(Content("\n".join(f"{n}\tline" for n in range(100)))) == 0
    assert PADDING.recognise(Content("\n".join(f"   {n} files" for n in range(100)))) == 0
    assert PADDING.compress(Content("1\ta\n2\tb"), Policy()) is None
