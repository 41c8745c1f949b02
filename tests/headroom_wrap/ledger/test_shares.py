from __future__ import annotations

import pytest

from headroom_wrap.ledger.shares import hit


@pytest.mark.parametrize(("share", "said"), [(0.0, "0%"), (0.004, "0%"), (0.957, "95%"), (0.9996, "99%"), (0.999999, "99%"), (1.0, "100%")])
def test_it_is_rounded_down(share: float, said: str) -> None:
    assert hit(share) == said


def test_whole_percentages_are_told_as_they_are() -> None:
    assert [hit(read / 100) for read in range(101)] == [f"{read}%" for read in range(101)]
    assert [hit(7 * read / 700) for read in range(101)] == [f"{read}%" for read in range(101)]
