from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.testing.prefix import PIECE, Block, PrefixCache, cut

texts = st.lists(st.text("ab", min_size=1, max_size=600), min_size=1, max_size=6)


def prompt(*parts, setting="m"):
    return [Block("setting", setting, 0), *(Block(f"p{n}", part, len(part)) for n, part in enumerate(parts))]


def charge(cache, parts, now=0.0, *, minimum=0, lifetime=300.0, partition="", output=0, setting="m"):
    return cache.charge(prompt(*parts, setting=setting), now, minimum=minimum, lifetime=lifetime, partition=partition, output=output)


@settings(max_examples=60)
@given(texts, texts)
def test_a_growing_prompt_reads_all_that_stood_before(first, more):
    cache = PrefixCache()
    one = charge(cache, first, output=3)
    two = charge(cache, [*first, *more], 1.0)
    assert (one.usage.cache_read, one.usage.output, one.reason) == (0, 3, "new")
    assert two.usage.cache_read == one.usage.prompt == sum(map(len, first))
    assert two.usage.prompt == sum(map(len, [*first, *more]))
    assert (two.reason, two.broke_at, two.read_to) == ("grew", f"p{len(first)}", f"p{len(first) - 1}")
    assert charge(cache, [*first, *more], 2.0).reason == "hit"


@settings(max_examples=60)
@given(texts, st.data())
def test_a_change_loses_what_follows_and_at_most_a_piece_before(parts, data):
    whole = "".join(parts)
    at = data.draw(st.integers(0, len(whole) - 1))
    changed, passed = [], 0
    for part in parts:
        here = at - passed
        changed.append(part[:here] + "c" + part[here + 1 :] if 0 <= here < len(part) else part)
        passed += len(part)
    cache = PrefixCache()
    charge(cache, parts)
    read = charge(cache, changed, 1.0).usage.cache_read
    assert at - PIECE < read <= at
    assert charge(cache, parts, 2.0).usage.cache_read == len(whole), "the other is still there"


@settings(max_examples=60)
@given(texts, st.floats(0, 1000), st.floats(1, 500))
def test_a_prefix_lives_for_its_time_after_its_last_use(parts, gap, lifetime):
    cache = PrefixCache()
    charge(cache, parts, 0.0, lifetime=lifetime)
    late = charge(cache, parts, gap, lifetime=lifetime)
    assert late.reason == ("hit" if gap < lifetime else "expired")
    assert bool(late.usage.cache_read) is (gap < lifetime)
    assert charge(cache, parts, gap + lifetime * 0.9, lifetime=lifetime).reason == "hit"


@settings(max_examples=60)
@given(texts, texts, st.integers(1, 200), st.integers(0, 2000))
def test_steps_and_the_least_size(first, more, step, minimum):
    cache = PrefixCache(step)
    common = charge(cache, first, minimum=minimum).usage.prompt
    two = charge(cache, [*first, *more], 1.0, minimum=minimum)
    floor = common // step * step
    assert two.usage.cache_read == (floor if floor >= minimum else 0)
    assert (two.reason == "too small") is (two.usage.prompt < minimum)


def test_partitions_and_settings_share_nothing():
    cache = PrefixCache()
    charge(cache, ["a" * 2000])
    for more in ({"partition": "other"}, {"setting": "other"}):
        assert (charge(cache, ["a" * 2000], 1.0, **more).reason, charge(cache, [], 2.0).usage.prompt) == ("new", 0)


def test_a_setting_may_be_new_where_a_prompt_is_not():
    cache = PrefixCache()
    charge(cache, ["a" * 600, "b"])
    other = charge(cache, ["a" * 600, "c", "d"], 1.0)
    assert (other.reason, other.broke_at, other.usage.cache_read) == ("changed", "p1", 600)


def test_where_prefixes_may_end():
    pieces = cut(prompt("a" * (2 * PIECE), "b"))
    assert [(piece.total, piece.block, piece.last) for piece in pieces] == [
        (0, 0, True),
        (PIECE, 1, False),
        (2 * PIECE, 1, True),
        (2 * PIECE + 1, 2, True),
    ]
    joined = cut(prompt("a" * (2 * PIECE) + "b"))
    assert joined[2].chain == pieces[2].chain
    assert joined[3].chain != pieces[3].chain, "the end of a block is part of the prompt"


def test_old_prefixes_are_forgotten(monkeypatch):
    monkeypatch.setattr("headroom.testing.prefix._FORGET_ABOVE", 10)
    cache = PrefixCache()
    for now in range(0, 10_000, 500):
        charge(cache, [str(now) * 5], float(now))
    assert len(cache._expires) <= 11
    assert len(cache._whole) <= 11
