from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.instruction_files import READS
from headroom_wrap.learn.target import Need, file_of, files_of, loads, place


def having(*names: str):
    return lambda name: name in names


@pytest.mark.parametrize(
    ("agent", "there", "expected"),
    [
        ("claude", (), "CLAUDE.local.md"),
        ("claude", ("CLAUDE.md",), "CLAUDE.local.md"),
        ("codex", (), "AGENTS.md"),
        ("codex", ("AGENTS.md", "AGENTS.override.md"), "AGENTS.override.md"),
        ("opencode", ("CLAUDE.md",), "CLAUDE.md"),
        ("opencode", ("CLAUDE.md", "AGENTS.md"), "AGENTS.md"),
        ("copilot", ("CLAUDE.md",), "AGENTS.md"),
        ("gemini", (), "GEMINI.md"),
        ("cursor", (), "AGENTS.md"),
        ("aider", (), None),
    ],
)
def test_each_agents_own_file(agent: str, there: tuple[str, ...], expected: str | None) -> None:
    assert file_of(agent, having(*there)) == expected


def test_one_file_for_those_who_share_one() -> None:
    assert files_of(["codex", "copilot", "opencode", "cursor"], having()) == ("AGENTS.md",)
    assert set(files_of(["claude", "copilot"], having("CLAUDE.md"))) == {"CLAUDE.local.md", "AGENTS.md"}
    assert files_of(["gemini", "copilot"], having()) == ("GEMINI.md",)
    assert files_of(["aider"], having()) == ()


def test_no_lesson_twice_to_one_agent() -> None:
    agents = ("codex", "copilot", "gemini")
    files = files_of(agents, having())
    lessons = [Need("a", ("gemini", "codex", "copilot")), Need("b", ("codex", "copilot", "gemini")), Need("c", ("gemini",))]
    placed = place(lessons, files, agents, {}, having())
    assert placed == {"AGENTS.md": ["b"], "GEMINI.md": ["a", "c"]}


def test_what_stands_elsewhere_already_is_not_told_again() -> None:
    assert place([Need("a", ("claude",))], ("CLAUDE.local.md",), ("claude",), {"CLAUDE.md": ["a"]}, having("CLAUDE.md")) == {"CLAUDE.local.md": []}
    assert place([Need("a", ("claude",))], ("CLAUDE.local.md",), ("claude",), {"GEMINI.md": ["a"]}, having()) == {"CLAUDE.local.md": ["a"]}


def test_a_file_that_no_agent_is_known_to_read_gets_all() -> None:
    assert place([Need("a", ("claude",))], ("notes.md",), ("claude",), {}, having()) == {"notes.md": ["a"]}


def test_by_which_file_most_have_a_rule() -> None:
    def brings(agent: str, name: str) -> tuple[str, ...]:
        return ("AGENTS.md",) if (agent, name) == ("claude", "CLAUDE.md") else ()

    agents, there = ("claude", "codex"), having("CLAUDE.md", "AGENTS.md")
    files = files_of(agents, there, brings)
    lessons = [Need("a", agents), Need("b", ("claude",)), Need("c", ("codex",))]
    assert place(lessons, files, agents, {}, there, brings=brings) == {"CLAUDE.local.md": ["b"], "AGENTS.md": ["a", "c"]}
    assert place(lessons, files, agents, {"AGENTS.md": ["b"]}, there, brings=brings) == {"CLAUDE.local.md": [], "AGENTS.md": ["a", "b", "c"]}


names = st.sampled_from([name for reads in READS.values() for group in reads.groups for name in group])


@given(st.lists(st.sampled_from(sorted(READS)), min_size=1, unique=True), st.frozensets(names), st.data())
def test_every_agent_has_a_file_and_nobody_reads_a_lesson_twice(agents, there, data) -> None:
    files = files_of(agents, lambda n: n in there)
    for agent in agents:
        assert any(loads(agent, name, files, lambda n: n in there) for name in files)
    wanted = st.lists(st.sampled_from(agents), min_size=1, unique=True).map(tuple)
    lessons = [Need(i, data.draw(wanted)) for i in "abc"]
    placed = place(lessons, files, agents, {}, lambda n: n in there)
    for lesson, agent in itertools.product(lessons, agents):
        assert sum(lesson.id in ids and loads(agent, name, files, lambda n: n in there) for name, ids in placed.items()) <= 1
    assert all(any(lesson.id in ids for ids in placed.values()) for lesson in lessons)
