"""Arrays that come element by element."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.proxy.retrieval.elements import RawElements, closes, element, placed

VALUES = st.recursive(
    st.one_of(st.none(), st.integers(-9, 9), st.text(st.sampled_from('ab"\\\\[]{},ü\n'), max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(st.sampled_from('k"]}'), max_size=3), inner, max_size=3)),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), max_size=5)
modest = settings(max_examples=80, deadline=None)


@modest
@given(values=OBJECTS, sizes=st.lists(st.integers(1, 9), min_size=1, max_size=9), indent=st.sampled_from([None, 2]))
def test_elements_come_whole_however_they_are_split(values, sizes, indent):
    data = json.dumps(values, indent=indent).encode()
    parser = RawElements()
    pieces, at, turn = [], 0, 0
    while at < len(data):
        pieces += parser.feed(data[at : at + sizes[turn % len(sizes)]])
        at += sizes[turn % len(sizes)]
        turn += 1
    assert b"".join(pieces) + parser.rest() == data
    assert [found[1] for piece in pieces if (found := element(piece)) is not None] == values
    assert [closes(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]


@modest
@given(st.lists(st.one_of(st.binary(max_size=20), st.sampled_from([b"[{", b"}", b"]", b'"', b"\\", b"[{}]"])), max_size=12))
def test_whatever_it_is_fed_comes_back(chunks):
    parser = RawElements()
    out = [piece for chunk in chunks for piece in parser.feed(chunk)]
    assert b"".join(out) + parser.rest() == b"".join(chunks)


@pytest.mark.slow
def test_an_element_without_an_end_is_let_go():
    parser = RawElements()
    chunk = b'[{"a":"' + b"x" * (1 << 20)
    out = [piece for _ in range(40) for piece in parser.feed(chunk)]
    assert b"".join(out) + parser.rest() == chunk * 40
    assert len(out) > 1


@pytest.mark.parametrize("piece", [b'{"a":1}', b'[1,{"a":1}', b'[{"a":1},{"b":2}', b"]", b"[]", b'{"error": {}', b"[{a}", b"[" + b'{"a":' * 9999])
def test_what_is_no_element(piece):
    assert element(piece) is None


@pytest.mark.parametrize(
    ("piece", "as_first", "as_other"),
    [
        (b' [ {"a":1}', b' [ {"a":1}', b' , {"a":1}'),
        (b'\r\n,{"a":1}', b'\r\n[{"a":1}', b'\r\n,{"a":1}'),
        (b"\n]", b"[\n]", b"\n]"),
        (b"[ ]", b"[ ]", b"]"),
        (b"no array", b"no array", b"no array"),
        (b"", b"", b""),
    ],
)
def test_a_piece_in_another_place(piece, as_first, as_other):
    assert (placed(piece, first=True), placed(piece, first=False)) == (as_first, as_other)
