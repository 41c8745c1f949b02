"""What lines are alike in: the masks of level 2."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.log.shapes import mine


def mask(line: str) -> str:
    return mine([line], [False]).masks[0]


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("mail from jo.doe@example.com rejected", "mail from * rejected"),
        ("to=<a@b.c>, cc=<d@e.org>", "to=<*>, cc=<*>"),
        ("local@host says", "local@host says"),
        ("@example.com", "@example.com"),
        (f"{'x' * 64}@example.com", "*"),
        (f"{'x' * 65}@example.com", f"{'x' * 65}@example.com"),
        ("read /var/lib/app/data in blk_771", "read * in *"),
    ],
)
def test_what_is_masked(line: str, masked: str) -> None:
    assert mask(line) == masked


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab.-+_@ <=", max_size=60))
def test_only_addresses_lose_their_signs(line: str) -> None:
    """Without a digit and a slash nothing but an address goes, and where no host stands behind an ``@`` nothing at all."""
    made = mask(line)
    assert made.count("@") + made.count("*") <= line.count("@") + line.count("*")
    if not any(part[:1].isalpha() and "." in part for part in line.split("@")[1:]) and "_" not in line and "-" not in line:
        assert made == line
