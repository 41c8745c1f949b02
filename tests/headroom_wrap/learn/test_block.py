from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.learn import block
from headroom_wrap.learn.block import BEGIN, END, HEADING, BrokenError, find, merge, remove

RULES = (("a1", "`python` is not installed here; use `python3`."), ("b2", "The tests: `make test`."), ("c3", "Begin with `src/main.py`."))
BIG = 10_000


def words(text: str) -> int:
    return len(text.split())


def merged(text, rules=RULES, written=None, refused=(), budget=BIG, **more):
    return merge(text, rules, written or {}, refused, budget=budget, count=words, **more)


def ours(*lines: str, newline: str = "\n") -> str:
    return newline.join([BEGIN, HEADING, *(f"- {line}" for line in lines), END])


def test_a_new_file() -> None:
    done = merged("", RULES[:1])
    assert done.text == f"{BEGIN}\n{HEADING}\n- `python` is not installed here; use `python3`.\n{END}\n"
    assert (dict(done.written), done.added, done.removed, dict(done.refused)) == (dict(RULES[:1]), (RULES[0][1],), (), {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Keep it short.\n", f"Keep it short.\n\n{ours(RULES[0][1])}\n"),
        ("Keep it short.", f"Keep it short.\n\n{ours(RULES[0][1])}"),
        ("A\r\nB\r\n", "A\r\nB\r\n\r\n" + ours(RULES[0][1], newline="\r\n") + "\r\n"),
        ("\ufeffA\n", f"\ufeffA\n\n{ours(RULES[0][1])}\n"),
    ],
    ids=["line end", "no line end", "CR LF", "byte order mark"],
)
def test_the_rest_of_a_file_stays_as_it_is(text: str, expected: str) -> None:
    done = merged(text, RULES[:1])
    assert done.text == expected
    assert remove(done.text, done.written) == (text, ())


def test_nothing_is_written_where_nothing_is_known_or_new() -> None:
    assert merged("A", ()).text == "A"
    done = merged("A\n")
    again = merged(done.text, written=done.written)
    assert (again.text, again.added, dict(again.written)) == (done.text, (), dict(RULES))


def test_what_is_no_longer_true_goes_and_what_is_new_comes_last() -> None:
    done = merged("A\n", RULES[:2])
    later = merged(done.text, RULES[1:], done.written)
    assert later.text == f"A\n\n{ours(RULES[1][1], RULES[2][1])}\n"
    assert (later.added, later.removed) == ((RULES[2][1],), (RULES[0][1],))


def test_an_empty_block_goes() -> None:
    done = merged("A\n", RULES[:1])
    later = merged(done.text, (), done.written)
    assert (later.text, later.removed) == ("A\n", (RULES[0][1],))


def test_a_deleted_rule_never_returns() -> None:
    done = merged("A\n")
    edited = done.text.replace(f"- {RULES[1][1]}\n", "")
    later = merged(edited, written=done.written)
    assert (later.text, dict(later.refused)) == (edited, {"b2": RULES[1][1]})
    assert "make test" not in merged(edited, (*RULES, ("d4", "The build: `make`.")), later.written, later.refused).text


def test_an_edited_rule_is_the_users() -> None:
    done = merged("A\n")
    edited = done.text.replace("The tests: `make test`.", "The tests: `make test`, but never on Fridays.")
    later = merged(edited, (*RULES, ("d4", "The build: `make`.")), done.written)
    assert "The tests: `make test`, but never on Fridays.\n" in later.text
    assert "- The build: `make`.\n" in later.text
    assert dict(later.refused) == {"b2": RULES[1][1]}
    assert "never on Fridays" in merged(later.text, (), later.written).text
    text, theirs = remove(later.text, later.written)
    assert theirs == ("- The tests: `make test`, but never on Fridays.",)
    assert text == "A\n\n- The tests: `make test`, but never on Fridays.\n"


def test_lines_that_a_formatter_has_touched_are_still_ours() -> None:
    done = merged("A\n")
    formatted = done.text.replace("\n- ", "\n* ").replace(f"{HEADING}\n", f"\n{HEADING}\n\n")
    assert not merged(formatted, written=done.written).refused


def test_a_block_that_is_gone_was_refused_unless_the_file_is_another() -> None:
    done = merged("A\n")
    assert dict(merged("A\n", written=done.written).refused) == dict(RULES)
    assert merged("A\n", written=done.written, gone_is_refused=False).text == done.text


def test_a_rule_that_we_forgot_we_wrote_is_ours_again() -> None:
    done = merged("A\n")
    later = merged(done.text)
    assert (later.text, dict(later.written)) == (done.text, dict(RULES))


def test_without_memory_our_words_are_taken_for_ours() -> None:
    done = merged("A\n")
    mixed = done.text.replace(END, f"- My own line.\n{END}")
    assert remove(mixed, {}) == ("A\n\n- My own line.\n", ("- My own line.",))


def test_the_first_ones_have_the_room() -> None:
    around = words(f"{BEGIN}\n{HEADING}\n{END}")
    budget = around + words("- " + RULES[0][1]) + words("- " + RULES[2][1])
    done = merged("", budget=budget)
    assert list(done.written) == ["a1", "c3"] or list(done.written) == ["a1", "b2"]
    assert words(done.text) <= budget
    assert done.left_out
    assert merged("", budget=around).text == ""


def test_what_stands_has_its_room_and_what_is_removed_is_no_longer_so() -> None:
    first = merged("", RULES[1:])
    full = words(first.text)
    later = merged(first.text, RULES, first.written, budget=full)
    assert (later.text, later.added, later.removed, later.left_out) == (first.text, (), (), ("a1",)), "whatever is more important now"
    assert merged(first.text, RULES[:2], first.written, budget=full).removed == (RULES[2][1],)
    longer = first.text.replace(END, f"- {'word ' * 200}\n{END}")
    assert merged(longer, RULES, first.written, budget=full).removed == ()


def test_the_users_lines_count() -> None:
    done = merged("A\n", RULES[:1])
    longer = done.text.replace(END, f"- {'word ' * 200}\n{END}")
    assert merged(longer, written=done.written, budget=60).added == ()


@pytest.mark.parametrize(
    "text",
    [BEGIN, END, f"{END}\n{BEGIN}", f"{BEGIN}\n{END}\n{BEGIN}\n{END}", f"{BEGIN}\n{BEGIN}\n{END}"],
    ids=["no end", "no begin", "turned round", "two", "two begins"],
)
def test_a_block_that_is_broken_is_not_touched(text: str) -> None:
    for act in (lambda: merged(text), lambda: remove(text, {})):
        with pytest.raises(BrokenError):
            act()


def test_a_text_glued_to_the_block_keeps_its_line() -> None:
    assert remove(f"a\n{BEGIN}\n{END}\nrest\n", {}) == ("a\nrest\n", ())


def test_marks_of_other_versions_are_known() -> None:
    found = find("<!-- headroom learn: other words -->\n<!-- /headroom learn -->\n")
    assert found is not None
    assert found.lines == ()


line = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=12)
texts = st.builds(
    lambda bom, lines, newline, last: bom + newline.join(lines) + (newline if last else ""),
    st.sampled_from(["", "\ufeff"]),
    st.lists(line, max_size=5),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
).filter(lambda t: "\r" not in t.replace("\r\n", "") and block.find(t) is None)
some_rules = st.lists(st.sampled_from(RULES), unique=True, min_size=1)


@settings(max_examples=150)
@given(texts, some_rules, some_rules)
def test_writing_rewriting_and_removing_gives_the_bytes_back(text: str, first, second) -> None:
    once = merged(text, first)
    twice = merged(once.text, second, once.written)
    assert set(twice.written) == {i for i, _ in second}
    assert merged(twice.text, second, twice.written).text == twice.text
    assert remove(twice.text, twice.written) == (text, ())
    assert remove(twice.text, {}) == (text, ())
    assert merged(twice.text, (), twice.written).text == text


@settings(max_examples=100)
@given(texts, some_rules, st.lists(line.filter(str.strip), max_size=3), st.data())
def test_what_the_user_does_in_the_block_stays(text: str, rules, own, data) -> None:
    done = merged(text, rules)
    found = find(done.text)
    assert found is not None
    lines = list(found.lines)
    for said in own:
        lines.insert(data.draw(st.integers(0, len(lines))), said)
    gone = data.draw(st.sampled_from(rules))
    lines.remove(f"- {gone[1]}")
    edited = found.before + found.newline.join([found.begin, *lines, END]) + found.after
    if "\n".join(own).count("headroom learn") or any("\r" in said for said in own):
        return
    later = merged(edited, RULES, done.written)
    assert gone[0] in later.refused
    after = find(later.text)
    assert after is not None
    assert [said for said in after.lines if said in own] == [said for said in lines if said in own]
    assert f"- {gone[1]}" not in after.lines
