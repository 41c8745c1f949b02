from __future__ import annotations

import gzip
import json
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.testing import ApiError
from headroom.testing.wire import deltas, encode, parse

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS = {"": bytes, "identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress}


@given(st.sampled_from(sorted(PACKERS)), st.dictionaries(st.text(max_size=5), st.integers()))
def test_bodies_however_they_are_packed(encoding, value):
    assert parse(PACKERS[encoding](json.dumps(value).encode()), encoding, 10_000) == value


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_what_unpacks_to_too_much_or_ends_too_early(encoding):
    packed = PACKERS[encoding](json.dumps("x" * 5000).encode())
    for data, limit, status in ((packed, 1000, 413), (packed[:-6], 10_000, 400), (b"no", 100, 400)):
        with pytest.raises(ApiError) as caught:
            parse(data, encoding, limit)
        assert caught.value.status == status


@pytest.mark.parametrize(("data", "encoding"), [(b"{", ""), (b"[" * 100_000, ""), (b"\xff", ""), (b"{}", "br")])
def test_what_is_no_json(data, encoding):
    with pytest.raises(ApiError):
        parse(data, encoding, 1_000_000)


@given(st.text(max_size=10_000))
def test_deltas_make_up_the_text(value):
    pieces = list(deltas(value))
    assert "".join(pieces) == value
    assert len(pieces) <= 200
    assert all(pieces)


def test_halves_of_pairs_become_question_marks():
    assert encode({"a": "\ud800"}) == b'{"a":"?"}'
