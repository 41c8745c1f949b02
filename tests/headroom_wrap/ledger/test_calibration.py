from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom_wrap.ledger.calibration import Calibration, Grown
from pipeline.usage import Usage

MODEL = "claude-opus-4-8"


def observed(ratios: list[float], *, model: str = MODEL, clear: bool = True, counted: int = 2000, skipped: int = 0) -> Calibration:
    """A conversation whose tool results weigh so many tokens for each o200k token."""
    calibration, keys, prompt, output = Calibration(), ["k0"], 8000, 100
    calibration.observe(Grown("s", tuple(keys), model, 0, 0, clear=False), Usage(input=prompt, output=output))
    for n, ratio in enumerate(ratios):
        before = len(keys) - skipped
        keys += [f"call{n}", f"result{n}"]
        prompt += output + round(ratio * counted)
        usage = Usage(input=10, cache_read=prompt - 10, output=output)
        calibration.observe(Grown("s", tuple(keys), model, before, counted, clear), usage)
    return calibration


def test_the_ratio_is_what_the_provider_charged() -> None:
    assert observed([1.3, 1.2, 1.4, 1.3, 1.3]).ratio(MODEL) == pytest.approx(1.3)
    assert observed([1.3] * 5).ratio(f"us.anthropic.{MODEL}-20260101") == pytest.approx(1.3), "one model under another name"
    assert observed([1.3] * 5).ratio("gpt-5.2") is None


def test_too_little_says_nothing() -> None:
    assert observed([1.3] * 4).ratio(MODEL) is None
    assert observed([1.3] * 9, counted=400).ratio(MODEL) is None
    assert observed([1.3] * 9, clear=False).ratio(MODEL) is None
    assert observed([1.3] * 9, skipped=1).ratio(MODEL) is None
    assert Calibration().ratio(MODEL) is None


@given(st.lists(st.floats(0.0, 9.0), max_size=4))
def test_what_is_far_off_does_not_move_it(wrong: list[float]) -> None:
    assert observed([1.1] * 6 + wrong).ratio(MODEL) == pytest.approx(1.1, abs=0.01)
