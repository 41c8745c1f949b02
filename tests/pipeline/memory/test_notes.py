from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import tokens
from pipeline.memory import notes
from pipeline.memory.notes import BUDGET, Note, State
from pipeline.store.api import Memory


def memory(key: str = "a.py", digest: str = "d1", agent: str = "claude", time: float = 0.0, kind: str = "file") -> Memory:
    return Memory("p", key, digest, "3f9a2c7b", kind, agent, "s", time, 4200, "1:2")


def test_one_content_is_one_note_whoever_saw_it() -> None:
    (a, b) = notes.gather([memory(time=90.0, agent="codex"), memory(time=30.0), memory(digest="d0", time=5.0)])
    assert (a.digest, a.seen) == ("d1", (("codex", 90.0), ("claude", 30.0)))
    assert (b.digest, b.seen) == ("d0", (("claude", 5.0),))
    assert notes.gather([memory(kind="note")])[0].state is State.NOTE


def test_a_headline_says_who_when_and_whether_it_still_holds() -> None:
    note = Note("src/a.py", "d", "3f9a2c7b", 4200, "lines 1-9", (("codex", 1000.0), ("claude", 0.0)), State.CURRENT)
    assert (
        notes.headline(note, 1180.0)
        == "src/a.py lines 1-9: ~4,200 tokens, read by codex 3 min ago, claude 19 min ago; unchanged since [headroom 3f9a2c7b: the text]"
    )


def test_spans_of_time() -> None:
    assert [notes.ago(s) for s in (-5, 0, 59, 60, 7300, 200_000)] == ["just now", "just now", "just now", "1 min ago", "2 h ago", "2 d ago"]


WORDS = st.text(st.characters(codec="utf-8"), max_size=500)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=60), st.lists(WORDS, min_size=1, max_size=60))
def test_no_answer_is_longer_than_its_budget(keys: list[str], lines: list[str]) -> None:
    found = [Note(key, key, "3f9a2c7b", 9, "", (("claude", 0.0),)) for key in keys]
    one = Note("src/a.py", "d", "3f9a2c7b", 9, "", (("claude", 0.0),))
    answers = [notes.listing(found, 9.0), notes.single(one, "\n".join(lines), 9.0), notes.lines_found([(one, lines)], 9.0)]
    assert all(tokens.estimate(answer) <= BUDGET for answer in answers)


def test_english_and_code_stay_within_it_as_they_are_counted() -> None:
    one = Note("src/a.py", "d", "3f9a2c7b", 9, "", (("claude", 0.0),))
    text = "\n".join(f"def rule_{n}(amount: Decimal) -> Decimal:  # what is rounded up" for n in range(200))
    answer = notes.single(one, text, 9.0)
    assert 250 < tokens.count(answer) <= BUDGET
    assert "lines more: headroom_retrieve 3f9a2c7b]" in answer
