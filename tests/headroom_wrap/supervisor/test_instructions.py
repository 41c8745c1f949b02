from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.events import Began, Block
from headroom_wrap.supervisor.instructions import Instructions, Watched, Who, conditional, duplicates
from pipeline.tokens import estimate

RULE = "Never commit without running the whole suite, and say in the message why the change was made, not what it changes.\n"


def request(blocks: int, *labels: str) -> Began:
    return Began("m", "/v1/messages", understood=True, blocks=blocks, decided=tuple(Block(label, "no gain") for label in labels))


def test_weights_of_what_stands_in_every_request() -> None:
    watched = Watched()
    watched.found("CLAUDE.md", RULE * 3, always=True)
    watched.found("src/CLAUDE.md", RULE * 9, always=False)
    told = watched.snapshot()
    assert [(f.path, f.tokens) for f in told.files] == [("CLAUDE.md", estimate(RULE * 3)), ("src/CLAUDE.md", estimate(RULE * 9))]
    assert told.standing == estimate(RULE * 3)
    assert told.changes == ()


@pytest.mark.parametrize(
    ("events", "who"),
    [
        ((request(3, "Edit /home/u/p/CLAUDE.md"),), Who.AGENT),
        ((request(3, "Bash: echo x >> CLAUDE.md"),), Who.AGENT),
        ((request(3, "Bash: make test"),), Who.PERHAPS),
        ((request(2),), Who.OTHER),
        ((request(0), request(2)), Who.OTHER),
        ((request(0), request(3)), Who.PERHAPS),
        ((), Who.OTHER),
    ],
)
def test_who_changed_a_file_is_told_by_the_next_request(events: tuple[Began, ...], who: Who) -> None:
    watched = Watched()
    watched.found("CLAUDE.md", "a rule", always=True)
    watched.take(request(2, "Read CLAUDE.md"))
    watched.changed("CLAUDE.md", "a rule\nand another", 5.0)
    for event in events:
        watched.take(event)
    if events:
        watched.take(request(9, "Edit CLAUDE.md"))  # too late to have been it
    (change,) = watched.snapshot().changes
    assert (change.path, change.time, change.who) == ("CLAUDE.md", 5.0, who)
    assert (change.before, change.after) == (estimate("a rule"), estimate("a rule\nand another"))


def test_what_headroom_writes_is_its_own() -> None:
    watched = Watched({"AGENTS.md": "ours"})
    watched.changed("AGENTS.md", "ours", 1.0)
    watched.take(request(1, "Edit AGENTS.md"))
    assert [c.who for c in watched.snapshot().changes] == [Who.HEADROOM]


def test_an_editor_that_deletes_and_writes_anew_makes_one_change() -> None:
    watched = Watched()
    watched.found("AGENTS.md", "old", always=True)
    for text in (None, "", "ne", "new text"):
        watched.changed("AGENTS.md", text, 2.0)
    (change,) = watched.snapshot().changes
    assert (change.before, change.after) == (estimate("old"), estimate("new text"))
    watched.changed("AGENTS.md", "old", 3.0)
    assert watched.snapshot().changes == ()


def test_files_that_come_and_go() -> None:
    watched = Watched()
    watched.changed("GEMINI.md", "new", 1.0)
    watched.take(request(0))
    watched.changed("GEMINI.md", None, 2.0)
    told = watched.snapshot()
    assert [(c.before, c.after) for c in told.changes] == [(None, estimate("new")), (estimate("new"), None)]
    assert told.files == ()


def test_paragraphs_in_two_files() -> None:
    other = "Long enough to be a paragraph of its own, this one stands in a single file only, and so is not told.\n"
    texts = {"AGENTS.md": f"# Rules\n\n{RULE}\n{other}", "CLAUDE.md": f"# Rules\n \n  {RULE.replace(' ', '  ')}\n\nshort"}
    (twice,) = duplicates(texts)
    assert (twice.first, twice.second, twice.paragraphs) == ("AGENTS.md", "CLAUDE.md", 1)
    assert twice.tokens == estimate(RULE.strip())
    assert duplicates({"AGENTS.md": f"{RULE}\n\n{RULE}"}) == ()


@pytest.mark.parametrize(
    ("text", "some_only"),
    [
        ("---\npaths:\n  - src/**\n---\nx", True),
        ("---\nglobs: *.py\nalwaysApply: false\n---\nx", True),
        ("---\nglobs: *.py\nalwaysApply: true\n---\nx", False),
        ('---\napplyTo: "**"\n---\nx', False),
        ("---\ndescription: a rule\n---\npaths: in the text", False),
        ("paths: no head", False),
        ("---\nno end\npaths: x", False),
    ],
)
def test_rules_for_some_files(text: str, some_only: bool) -> None:
    assert conditional(text) is some_only


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["A.md", "B.md"]), st.sampled_from([None, "", "x", RULE]), st.booleans()), max_size=20))
def test_the_last_state_is_told_and_changes_lead_to_it(steps: list[tuple[str, str | None, bool]]) -> None:
    watched = Watched()
    state: dict[str, str] = {}
    for now, (path, text, asked) in enumerate(steps):
        watched.changed(path, text, float(now))
        if text is None:
            state.pop(path, None)
        else:
            state[path] = text
        if asked:
            watched.take(request(1))
    told = watched.snapshot()
    assert {f.path: f.tokens for f in told.files} == {path: estimate(text) for path, text in state.items()}
    for path in ("A.md", "B.md"):
        weight: int | None = None
        for change in told.changes:
            if change.path == path:
                assert change.before == weight
                weight = change.after
        assert weight == (estimate(state[path]) if path in state else None)
    assert told == Instructions(told.files, told.changes, duplicates(state))
