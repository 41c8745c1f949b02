"""Slips of the keys."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.miners.slips import slip


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("kubctl", "kubectl"),
        ("pytset", "pytest"),
        ("teraform", "terraform"),
        ("--wrp", "--wrap"),
        ("dokcer", "docker"),
        ("makr", "make"),
        ("--fixx", "--fix"),
        ("--al", "--all"),
    ],
)
def test_a_slip(typed: str, meant: str) -> None:
    assert slip(typed, meant)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("python", "python3"), ("rg", "ag"), ("--max-fail", "--maxfail"), ("terraform", "tofu"), ("make", "make"), ("", ""), ("--colour", "--color"), ("abcd", "badc"), ("abca", "bca")],
)  # fmt: skip
def test_another_name(typed: str, meant: str) -> None:
    assert not slip(typed, meant)
