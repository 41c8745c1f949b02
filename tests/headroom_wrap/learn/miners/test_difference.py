"""In what one command line differs from another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.learn.miners.difference import difference, hides

WORDS = st.lists(st.sampled_from(("run", "-x", "--long", "--long=1", "a", "b c", "--", "-")), min_size=1, max_size=6).map(tuple)


@pytest.mark.parametrize(
    ("one", "other", "lost", "gained"),
    [
        (("a", "b"), ("a", "--x", "b"), (), ("--x",)),
        (("a", "b"), ("a", "-e", "native", "b"), (), ("-e", "native")),
        (("a", "b"), ("a", "b", "--x=1"), (), ("--x=1",)),
        (("a", "--x", "b"), ("a", "b"), ("--x",), ()),
        (("a", "-x", "1", "b"), ("a", "b"), ("-x", "1"), ()),
        (("a", "--x", "b"), ("a", "--y", "b"), ("--x",), ("--y",)),
        (("a", "-p", "one"), ("a", "-p", "two"), ("-p", "one"), ("-p", "two")),
        (("a", "up", "--db", "t", "head"), ("a", "-n", "t", "up", "head"), ("--db", "t"), ("-n", "t")),  # it may stand elsewhere
        (("a", "--match", "Lexer"), ("a", "--ta", "--match Lexer"), ("--match", "Lexer"), ("--ta", "--match Lexer")),
    ],
)
def test_one_option(one: tuple[str, ...], other: tuple[str, ...], lost: tuple[str, ...], gained: tuple[str, ...]) -> None:
    found = difference(one, other)
    assert found is not None
    assert (found.lost, found.gained) == (lost, gained)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b"), ("a", "b")),
        (("a", "b"), ("c", "b", "-x")),  # another program
        (("a", "b"), ("a", "c")),  # another argument
        (("a", "b"), ("a", "b", "c")),
        (("a", "b"), ("a", "b", "-x", "-y")),  # two options
        (("a", "b"), ("a", "c", "-x")),
        (("a", "b"), ("a", "b", "--")),
        ((), ("a",)),
        (("a", *"b" * 50), ("a", *"b" * 50, "-x")),
    ],
)
def test_more_or_something_else(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert difference(one, other) is None


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS)
def test_what_is_common_lost_and_gained_makes_up_both(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    found = difference(one, other)
    if found is not None:
        assert sorted((*found.common, *found.lost)) == sorted(one)
        assert sorted((*found.common, *found.gained)) == sorted(other)
        assert all(not unit or (unit[0].startswith("-") and len(unit) <= 2) for unit in (found.lost, found.gained))


@pytest.mark.parametrize(
    "name", ["--skip-tests", "-DskipTests", "--max-warnings", "-k", "--no-cache", "--passWithNoTests", "LOG_LEVEL", "DEBUG", "--reporter=line"]
)
def test_it_hides(name: str) -> None:
    assert hides(name)


@pytest.mark.parametrize(
    "name", ["--legacy-peer-deps", "-e", "--vault-password-file", "--project=.", "-Dspring.profile=x", "MIX_ENV", "NODE_OPTIONS"]
)
def test_it_does_not_hide(name: str) -> None:
    assert not hides(name)
