from __future__ import annotations

import pytest

from headroom_wrap.events import Began
from headroom_wrap.proxy.prepared import Prepared
from pipeline.store.api import Decision


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        (Decision("k", "t", "compressed", "log", "h", 12_400, 1_100), "Bash: make test 12.4k → 1.1k (log)"),
        (Decision("k", "t", "compressed", "log", "h", 999, 80), "Bash: make test 999 → 80 (log)"),
        (Decision("k", None, "no gain", tokens_before=800, tokens_after=800), "Bash: make test 800 (no gain)"),
        (Decision("k", None, "tool excluded"), "Bash: make test (tool excluded)"),
    ],
)
def test_the_newest_outcome_in_a_few_words(decision, told):
    began = Prepared(b"", b"", fresh=(Decision("j", None, "no gain"), decision), labels=("first", "Bash: make test")).began("/v1/messages")
    assert began.last == told
    assert began.compressed == int(decision.text is not None)


def test_a_body_that_nobody_read():
    assert Prepared(b"x", b"x").began("/p") == Began("", "/p", understood=False)
