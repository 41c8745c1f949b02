from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import jsonc

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(VALUES)
def test_json_is_json_with_comments(value: Any) -> None:
    assert jsonc.loads(json.dumps(value, ensure_ascii=False)) == value


@settings(max_examples=60)
@given(st.dictionaries(st.text(), st.text(), min_size=1, max_size=4))
def test_comments_and_last_commas_are_left_out(value: dict[str, str]) -> None:
    lines = ',\n// a comment, with "quotes" }\n'.join(f"/* {{ */ {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
    assert jsonc.loads("\ufeff{" + lines + ", // the end\n /* , */ }") == value


@pytest.mark.parametrize("text", ['"http://x/*y*/"', '"a,]"', '"\\"//"'])
def test_what_stands_in_a_string_stays(text: str) -> None:
    assert jsonc.loads(text) == json.loads(text)


@pytest.mark.parametrize("text", ["", " \n", "// nothing\n", "/* nothing"])
def test_nothing_is_none(text: str) -> None:
    assert jsonc.loads(text) is None


@pytest.mark.parametrize("text", ["{", '{"a": }', "[1,,2]", '{"a": "b'])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        jsonc.loads(text)


@pytest.mark.parametrize("piece", ["/*", '"', "//", ",", ", ", "\\", "/* */,"])
def test_hostile_input_takes_linear_time(piece: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError):
        jsonc.loads("{" + piece * 200_000)
    assert time.process_time() - began < 2
