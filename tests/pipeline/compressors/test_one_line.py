from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.git_log import GitLogCompressor
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall
from tests.pipeline.compressors.test_git_log import restored

BALANCED, LOSSLESS = (Policy(profile=p) for p in (Profile.BALANCED, Profile.LOSSLESS))
G = GitLogCompressor()


def bash(command: str) -> ToolCall:
    return describe("1", "Bash", {"command": command}, {})


ONE = bash("git log --oneline -90")
LOG = [f"{(n + 17) * 2654435761 % 0xFFFFFFF:07x} {'fix race in ssl' if n in {30, 61} else f'speed up module number {n}'} (#{n})" for n in range(90)]


def compress(lines: Sequence[str], query: str, policy: Policy = BALANCED, call: ToolCall | None = ONE) -> Rewrite | None:
    return G.compress(Content("\n".join(lines), Query(query), call), policy)


def shown(lines: Sequence[str], query: str) -> list[str]:
    rewrite = compress(lines, query)
    assert rewrite is not None
    assert restored(rewrite, lines) == list(lines)
    return rewrite.text.split("\n")


def test_recognised_where_git_printed_it() -> None:
    text = "\n".join(LOG)
    assert G.recognise(Content(text, call=ONE)) == 0.96
    assert G.recognise(Content("\n".join(f"| * {line}" for line in LOG), call=ONE)) == 0.96
    assert G.recognise(Content("\n".join(line.replace(" ", "|", 1) for line in LOG), call=bash("cd x && git log --format='%h|%s'"))) == 0.96
    assert G.recognise(Content(text)) == G.recognise(Content(text, call=bash("tail requests.log"))) == 0
    assert G.recognise(Content("\n".join(LOG[:1] * 90), call=ONE)) == 0, "each is another commit"
    assert G.recognise(Content("\n".join(f"{n:07x}a refs/heads/topic-{n}" for n in range(90)), call=bash("git show-ref"))) == 0
    assert G.recognise(Content("\n".join(["no commit", *LOG[:5]] * 9), call=ONE)) == 0


@pytest.mark.parametrize(
    "question", ["Which commits touch ssl?", "who fixed races?", "what are #30 and #61?", f"and {LOG[30][:7]} or {LOG[61][:7]}?"]
)
def test_commits_that_share_something_with_the_question_stay(question: str) -> None:
    assert shown(LOG, question) == [LOG[0], "[… 2-30: 29 commits]", LOG[30], "[… 32-61: 30 commits]", LOG[61], "[… 63-89: 27 commits]", LOG[89]]
    rewrite = compress(LOG, question)
    assert rewrite is not None
    assert rewrite.summary == "86 commits that share no word or name with the question"


def test_edges_of_a_graph_are_no_commits() -> None:
    lines = [f"{'* | ' if n % 2 else '| * '}{line}" for n, line in enumerate(LOG)]
    lines[10:10] = ["|\\", "| |/"]
    assert "[… 2-32: 29 commits]" in shown(lines, "Which commits touch ssl?")


@pytest.mark.parametrize(
    "question", ["", "Summarise the history.", "Write the changelog of ssl", f"What came after {LOG[30][:7]}?", "What of modules?", "Which commits?"]
)
def test_questions_about_all_leave_it_whole(question: str) -> None:
    assert compress(LOG, question) is None


def test_other_lines_stay() -> None:
    assert "warning: something" in shown(["warning: something", *LOG, "done"], "ssl?")
    assert compress(LOG, "ssl?", LOSSLESS) is None


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([*LOG, "", "| |", "\r"]) | st.text(max_size=9).filter(lambda t: "\n" not in t), max_size=20), st.booleans())
def test_whole_lines_go_and_a_marker_stands_for_each(more: list[str], ended: bool) -> None:
    lines = [*LOG, *more, *([""] * ended)]
    rewrite = compress(lines, "Which commits touch ssl?")
    if rewrite is not None:
        assert restored(rewrite, lines) == lines
        assert len(rewrite.text) < len("\n".join(lines))
