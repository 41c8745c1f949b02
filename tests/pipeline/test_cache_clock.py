from __future__ import annotations

import pytest

from pipeline import cache_clock
from pipeline.cache_clock import Entry, Life
from pipeline.usage import Usage

WRITE, WRITE_1H, READ, BOTH = Usage(cache_write_5m=9), Usage(cache_write_1h=9), Usage(cache_read=9), Usage(cache_write_5m=5, cache_write_1h=4)


@pytest.mark.parametrize(
    ("dialect", "usages", "least", "most"),
    [
        ("anthropic", [WRITE], 300, 300),
        ("anthropic", [WRITE_1H, READ, READ], 3600, 3600),
        ("anthropic", [BOTH], 300, 3600),
        ("anthropic", [READ], 300, 3600),
        ("anthropic", [WRITE_1H, Usage(cache_read=9, cache_write_5m=9)], 300, 3600),
        ("anthropic", [WRITE, Usage(cache_read=9, cache_write_5m=9)], 300, 300),
        ("anthropic", [Usage(cache_read=9, cache_write_5m=9)], 300, 3600),
        ("anthropic", [Usage(cache_read=9, cache_write_5m=9), WRITE], 300, 300),
        ("openai-chat", [READ], 300, 86_400),
        ("openai-responses", [WRITE, READ], 1800, 43_200),
        ("gemini", [READ], 0, float("inf")),
        ("", [WRITE], 300, 300),
    ],
)
def test_a_life_is_what_the_provider_promises(dialect, usages, least, most):
    entry = None
    for at, usage in enumerate(usages):
        entry = cache_clock.after(entry, dialect, usage, float(at))
    assert entry is not None
    assert (entry.tokens, entry.used) == (usages[-1].prompt, len(usages) - 1)
    assert entry.life == Life(least, most)


def test_what_neither_writes_nor_reads_leaves_nothing():
    assert cache_clock.after(Entry(9, Life(300, 300), 0.0), "anthropic", Usage(input=9), 1.0) is None


def test_between_the_least_and_the_most_nothing_is_sure():
    entry = Entry(9, Life(300, 3600), 100.0)
    assert [(entry.fresh(at), entry.gone(at)) for at in (400.0, 401.0, 3700.0, 3701.0)] == [
        (True, False),
        (False, False),
        (False, False),
        (False, True),
    ]
