"""Members and elements are added, and nothing else changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.proxy.retrieval import bodies
from pipeline.dialects import json_spans
from pipeline.dialects.api import splice
from pipeline.dialects.json_spans import Malformed

VALUES = st.recursive(st.one_of(st.none(), st.integers(), st.text(max_size=5)), lambda inner: st.lists(inner, max_size=3), max_leaves=6)
DUMPS = st.sampled_from([{}, {"indent": 2}, {"separators": (",", ":")}])


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), st.lists(VALUES, max_size=4), DUMPS)
def test_values_are_added(rest, listed, how):
    rest.pop("tools", None)
    new = {"name": "ä"}
    for given_tools in (listed, None, ...):
        value = {**rest, **({} if given_tools is ... else {"tools": given_tools})}
        body = json.dumps(value, **how).encode()
        more = bodies.with_element(body, bodies.top(body), "tools", json.dumps(new).encode())
        expected = [*(listed if given_tools is listed else []), new]
        assert json.loads(more) == {**rest, "tools": expected}
        fields = bodies.top(more)
        place = bodies.first(more, fields["tools"], [b"1", b"2"])
        assert json.loads(splice(more, [place]))["tools"] == [1, 2, *expected]


def test_what_is_no_array_is_refused():
    for body in (b'{"tools":{}}', b'{"tools":1}'):
        with pytest.raises(Malformed):
            bodies.with_element(body, bodies.top(body), "tools", b"1")
    with pytest.raises(Malformed):
        bodies.with_member(b"[]", json_spans.whole(b"[]"), "x", b"1")
