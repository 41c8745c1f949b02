from __future__ import annotations

from adapters.layers import at, merged


def test_objects_are_merged_and_the_rest_is_the_upper_ones() -> None:
    below, above = {"a": {"b": 1, "c": [1]}, "d": 1}, {"a": {"c": [2]}, "d": {"e": 1}}
    assert merged(below, above) == {"a": {"b": 1, "c": [2]}, "d": {"e": 1}}
    assert below == {"a": {"b": 1, "c": [1]}, "d": 1}, "nothing is changed in place"


def test_a_path_that_leads_nowhere_is_none() -> None:
    assert at({"a": {"b": 1}}, "a", "b") == 1
    assert at({"a": 1}, "a", "b") is None
    assert at({}, "a") is None
