from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.json_text import UnfitError, append, insert, remove, without

KEYS = st.text(max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=3),
    max_leaves=8,
)
LAYOUT = st.sampled_from([None, 2, 4, "\t"])
ENTRY = {"command": "/x/héadroom", "args": ["mcp", "serve"]}


@settings(max_examples=150)
@given(
    st.dictionaries(KEYS, VALUES, max_size=4),
    st.dictionaries(KEYS, VALUES, max_size=3),
    LAYOUT,
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n", " \n"]),
)
def test_one_member_more_and_all_else_as_it_was(others: dict, servers: dict, indent: object, ascii_only: bool, newline: str, end: str) -> None:
    servers.pop("headroom", None)
    whole = {**others, "mcpServers": servers}
    text = json.dumps(whole, indent=indent, ensure_ascii=ascii_only).replace("\n", newline) + end
    new = insert(text, ("mcpServers", "headroom"), ENTRY)
    assert json.loads(new) == {**whole, "mcpServers": {**servers, "headroom": ENTRY}}
    taken = remove(new, ("mcpServers", "headroom"))
    assert json.loads(taken) == whole
    if servers:
        assert taken == text


@pytest.mark.parametrize("text", ["", "  \n", "{}", "{ }\n", '{"mcpServers": {}}', '{\n    "a": 1\n}\n'])
def test_what_is_missing_is_made(text: str) -> None:
    new = insert(text, ("mcpServers", "headroom"), ENTRY)
    assert json.loads(new) == {**json.loads(text.strip() or "{}"), "mcpServers": {"headroom": ENTRY}}


def test_it_is_laid_out_like_the_rest() -> None:
    text = '{\n\t"a": [1,2],\n\t"mcpServers": {\n\t\t"b": {}\n\t}\n}'
    wanted = '{\n\t"a": [1,2],\n\t"mcpServers": {\n\t\t"b": {},\n\t\t"headroom": {\n\t\t\t"x": 1\n\t\t}\n\t}\n}'
    assert insert(text, ("mcpServers", "headroom"), {"x": 1}) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, // why\n"b": 2}', "no plain JSON"),
        ('{"a": 1,}', "no plain JSON"),
        ("\ufeff{}", "no plain JSON"),
        ('{"a": 1, "a": 2}', "twice"),
        ("[" * 100_000, "no plain JSON"),
        ("[]", "no object as the whole of it"),
        ('{"mcpServers": []}', "no object as mcpServers"),
        ('{"mcpServers": {"headroom": {}}}', "has mcpServers.headroom already"),
    ],
    ids=range(8),
)
def test_what_is_not_understood_is_refused(text: str, why: str) -> None:
    with pytest.raises(UnfitError, match=why):
        insert(text, ("mcpServers", "headroom"), ENTRY)


@pytest.mark.parametrize("text", ["{}", "[]", '{"mcpServers": 1}', '{"mcpServers": {"other": 1}}'])
def test_what_is_not_there_is_not_removed(text: str) -> None:
    with pytest.raises(UnfitError, match="has no mcpServers.headroom"):
        remove(text, ("mcpServers", "headroom"))


@given(st.dictionaries(KEYS, VALUES, max_size=4), LAYOUT)
@settings(max_examples=50)
def test_what_was_added_goes_from_a_text_that_was_laid_out_anew(theirs: dict, indent: object) -> None:
    theirs.pop("s", None)
    before = json.dumps(theirs)
    after = insert(before, ("s", "ours"), {"command": "x"})
    now = {**json.loads(after), "later": 1}
    text, changed = without(json.dumps(now, indent=indent), before, after)
    assert (json.loads(text), changed) == ({**theirs, "later": 1}, [])
    now["s"]["theirs"] = {"command": "y"}
    text, changed = without(json.dumps(now, indent=indent), before, after)
    assert (json.loads(text), changed) == ({**theirs, "later": 1, "s": {"theirs": {"command": "y"}}}, [])


@pytest.mark.parametrize(
    ("now", "left", "changed"),
    [
        ('{"s": {"ours": {"command": "x", "more": 1}}}', '{"s": {"ours": {"command": "x", "more": 1}}}', ["s.ours"]),
        ('{"s": 1}', '{"s": 1}', []),
        ("{}", "{}", []),
        ("", "", []),
    ],
)
def test_what_was_changed_since_is_left(now: str, left: str, changed: list[str]) -> None:
    assert without(now, "", '{"s": {"ours": {"command": "x"}}}') == (left, changed)


@pytest.mark.parametrize(
    ("now", "before", "after"),
    [("{} // x", "", "{}"), ("[]", "", "{}"), ("{}", '{"a": 1}', "{}"), ("{}", '{"a": 1}', '{"a": 2}'), ("{}", "text", "more text")],
)
def test_where_more_than_members_was_added_nothing_is_told(now: str, before: str, after: str) -> None:
    with pytest.raises(UnfitError):
        without(now, before, after)


ITEM = {"command": "x", "timeout": 10}


@given(st.lists(VALUES, max_size=4), st.lists(VALUES, max_size=3), LAYOUT)
@settings(max_examples=100)
def test_items_that_were_added_go_from_a_list_that_others_changed(theirs: list, later: list, indent: object) -> None:
    before = json.dumps({"a": 1, "list": theirs})
    after = append(append(before, ("list",), ITEM), ("other",), ITEM)
    now = json.loads(after)
    now["list"] = [*later, *now["list"][1:], *later] if theirs else [*later, *now["list"], *later]
    now["other"].append("theirs")
    text, changed = without(json.dumps(now, indent=indent), before, after)
    assert json.loads(text) == {"a": 1, "list": [*later, *theirs[1:], *later], "other": ["theirs"]}
    assert changed == []


@pytest.mark.parametrize(
    ("now", "left", "changed"),
    [
        ([1, ITEM], [1], []),
        ([ITEM, 1, ITEM], [ITEM, 1], []),  # one was added, so one goes
        ([1], [1], []),
        ([1, {**ITEM, "timeout": 60}], [1, {**ITEM, "timeout": 60}], ["list"]),
        ("text", "text", []),
    ],
)
def test_only_items_that_are_as_they_were_added_go(now: object, left: object, changed: list[str]) -> None:
    before = '{"list": [1]}'
    assert without(json.dumps({"list": now}), before, append(before, ("list",), ITEM)) == (json.dumps({"list": left}), changed)


def test_a_list_of_plain_values_that_was_added_is_one_thing() -> None:
    assert without('{"list": ["a", "b"]}', "", '{"list": ["a"]}') == ('{"list": ["a", "b"]}', ["list"])


@pytest.mark.parametrize(("rest", "stays"), [({}, False), ({"hooks": {"stop": [1]}}, True)])
def test_what_says_how_to_read_the_rest_stays_with_it(rest: dict, stays: bool) -> None:
    text, _ = without(json.dumps({"version": 1, **rest}), "", json.dumps({"version": 1}))
    assert json.loads(text) == ({"version": 1} if stays else {}) | rest


def test_items_before_those_that_are_not_last_are_not_told() -> None:
    with pytest.raises(UnfitError, match="list changed"):
        without("{}", '{"list": [1, 2]}', '{"list": [1, 3, 2]}')
