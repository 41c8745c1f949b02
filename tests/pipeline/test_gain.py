from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import tokens
from pipeline.gain import exact, gain
from pipeline.tokens import Sampled

WORDS = "request served user-17 GET /api/v1/items 200 0x7f3a ERROR timeout {'a': 1} α β 12.5ms".split()


def lines(seed: int, count: int) -> list[str]:
    source = random.Random(seed)
    return [f"{n} " + " ".join(source.choices(WORDS, k=source.randint(2, 14))) for n in range(count)]


def without(all_lines: list[str], first: int, last: int) -> str:
    return "\n".join([*all_lines[:first], f"[… {first + 1}-{last}]", *all_lines[last:]])


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.6, 0.95])
def test_gain_of_lines_left_out_is_within_what_it_says(share: float) -> None:
    kept = lines(1, 3000)
    original = "\n".join(kept)
    text = without(kept, 1000, 1000 + int(share * 2000))
    before = tokens.sampled(original)
    found = gain(original, text, before)
    assert before.within > 0
    assert abs(found.saved - exact(original, text).saved) <= found.within


def test_little_that_is_left_out_of_much_is_not_lost_in_the_error_of_samples() -> None:
    kept = lines(2, 3000)
    found = gain("\n".join(kept), without(kept, 100, 130), tokens.sampled("\n".join(kept)))
    assert 0 < found.saved - found.within
    assert found.within < 0.1 * found.saved


def test_a_larger_text_is_a_loss() -> None:
    original = "\n".join(lines(3, 100))
    assert gain(original, original + "\nand more", tokens.sampled(original)).saved < 0


def test_a_line_that_stands_twice_and_then_once_is_a_gain() -> None:
    original = "\n".join(["the same line again"] * 40)
    text = "\n".join(["the same line again"] * 30)
    assert gain(original, text, tokens.sampled(original)).saved == pytest.approx(exact(original, text).saved, abs=2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=40), st.lists(st.text(max_size=30), max_size=40))
def test_of_short_texts_the_gain_is_near_the_count(one: list[str], other: list[str]) -> None:
    original, text = "\n".join(one), "\n".join(other)
    before = tokens.sampled(original)
    assert before == Sampled(tokens.count(original))
    ends = len(one) + len(other)  # each line may end within a token
    assert abs(gain(original, text, before).saved - exact(original, text).saved) <= ends + 4
