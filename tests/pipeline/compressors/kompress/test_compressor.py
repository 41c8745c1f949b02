from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from pipeline.compressors.api import Compressor, Content
from pipeline.compressors.kompress import KompressCompressor, core
from pipeline.markers import IN_PLACE
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.router import Reason, route
from pipeline.tool_calls import describe
from pipeline.transcript import ToolKind
from tests.pipeline.compressors.kompress.stand_in import Overlap, coverage
from tests.pipeline.compressors.kompress.test_core import document

K = KompressCompressor()
ONLY = (K,)
ASKED = Query("Which value must MAX_ROUTER_3 be larger than, so that --max-router may be set?")
FETCH = describe("1", "WebFetch", {"url": "https://example.org"}, {"WebFetch": ToolKind.FETCH})
TEXT = document(14)
WRAPPED = TEXT.replace(" of the ", " of  the\n")


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "embedded", SimpleNamespace(load=Overlap, coverage=coverage, COVERAGE_GATE=0.25, threshold=lambda recall: recall))


def read(path: str) -> Content:
    return Content(TEXT, ASKED, describe("1", "Read", {"file_path": path}, {"Read": ToolKind.READ}))


def test_the_interface() -> None:
    assert isinstance(K, Compressor)


def test_prose_is_recognised_below_everybody_else() -> None:
    assert K.recognise(Content(TEXT, call=FETCH)) == 0.2


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"2026-01-02T03:04:{n:02d}Z INFO the server is up and it has served the request of the user with the id {n}" for n in range(60)),
        "\n".join(f"     {n}\tthe line of a file that is numbered, as it is shown by the tool that reads it" for n in range(60)),
        "\n".join(f"{n}:the line of a file that is numbered, as it is shown by the tool that reads it" for n in range(60)),
        "def f(x):\n    return {a: b for a, b in x.items() if a not in (1, 2)}\n" * 60,
        '{"a": "it is the one that is of the kind", "b": [1, 2, 3]}\n' * 60,
        "src/a/b.py\nsrc/c/d.py\n" * 60,
        "Das ist ein deutscher Text, der von der Katze und dem Hund handelt, die sich nicht mochten. " * 20,
        "",
        "Too short.",
    ],
)
def test_what_is_no_prose_is_not_recognised(text: str) -> None:
    assert K.recognise(Content(text)) == 0.0
    assert K.compress(Content(text, ASKED), Policy()) is None


def test_balanced_keeps_every_word_of_what_stays() -> None:
    rewrite = K.compress(Content(WRAPPED, ASKED, FETCH), Policy())
    assert rewrite is not None
    assert rewrite.unit == "sentence"
    shown = IN_PLACE.split(rewrite.text)[::3]
    whole = " ".join(WRAPPED.split())
    assert all(" ".join(part.split()) in whole for part in shown), "between two markers the text is as it was but for its blanks"
    assert "--max-router to more than 422 unless the value of MAX_ROUTER_3" in rewrite.text
    assert rewrite.gaps


def test_without_a_question_it_is_only_reflowed() -> None:
    rewrite = K.compress(Content(WRAPPED.replace(" ", "  "), call=FETCH), Policy())
    assert rewrite is not None
    assert not rewrite.gaps
    assert rewrite.text.split() == WRAPPED.split()


def test_aggressive_leaves_out_articles() -> None:
    balanced = K.compress(Content(WRAPPED, ASKED, FETCH), Policy())
    aggressive = K.compress(Content(WRAPPED, ASKED, FETCH), Policy(profile=Profile.AGGRESSIVE))
    assert balanced is not None
    assert aggressive is not None
    assert " the " in balanced.text.split("[headroom")[0]
    assert len(aggressive.text) < len(balanced.text)
    assert "unless value of MAX_ROUTER_3" in aggressive.text


@pytest.mark.parametrize("policy", [Policy(profile=Profile.LOSSLESS), Policy(elide=False)])
def test_lossless_touches_nothing(policy: Policy) -> None:
    assert K.compress(Content(WRAPPED, ASKED, FETCH), policy) is None


@pytest.mark.parametrize(
    ("path", "touched"),
    [
        ("docs/guide.md", False),
        ("/home/u/project/docs/guide.md", False),
        ("/home/u/project/node_modules/x/README.md", True),
        ("/usr/share/doc/x/README", True),
        ("/home/u/other/guide.md", True),
        ("/home/u/other/CLAUDE.md", False),
        ("/home/u/.claude/plans/plan.md", False),
        ("/home/u/other/AGENTS.md", False),
        ("/home/u/other/skills/x/SKILL.md", False),
    ],
)
@pytest.mark.parametrize("profile", [Profile.BALANCED, Profile.AGGRESSIVE])
def test_files(path: str, touched: bool, profile: Profile) -> None:
    policy = Policy(profile=profile, workspace="/home/u/project")
    assert (K.compress(read(path), policy) is not None) == touched
    assert (route(read(path), (), policy, among=ONLY).reason is Reason.COMPRESSED) == touched


def test_a_file_read_by_another_servers_tool_may_be_edited_too() -> None:
    call = describe("1", "mcp__files__read_file", {"path": "/home/u/project/docs/guide.md"}, {})
    assert K.compress(Content(TEXT, ASKED, call), Policy(workspace="/home/u/project")) is None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("Task", {"prompt": "look"}), ("Skill", {"skill": "x"}), ("Bash", {"command": "cat ~/.claude/CLAUDE.md"}), ("Grep", {"pattern": "x"})],
)
def test_what_tells_the_agent_what_to_do_stays(name: str, arguments: dict[str, object]) -> None:
    call = describe("1", name, arguments, {"Grep": ToolKind.SEARCH})
    assert K.compress(Content(TEXT, ASKED, call), Policy()) is None


def test_failures_stay() -> None:
    assert K.compress(Content(TEXT, ASKED, FETCH, is_error=True), Policy()) is None


def test_the_question_of_the_call_goes_before_the_users() -> None:
    call = replace(FETCH, arguments={"url": "https://example.org", "prompt": ASKED.text})
    rewrite = K.compress(Content(TEXT, Query("Make the tests pass."), call), Policy())
    assert rewrite is not None
    assert "MAX_ROUTER_3" in rewrite.text
    assert rewrite.gaps


def test_what_the_user_names_stays() -> None:
    call = replace(FETCH, arguments={"url": "https://example.org", "prompt": ASKED.text})
    rewrite = K.compress(Content(TEXT, Query("I wonder about `MAX_LEDGER_4`."), call), Policy())
    assert rewrite is not None
    assert "MAX_LEDGER_4" in rewrite.text


def test_through_the_router() -> None:
    outcome = route(Content(WRAPPED, ASKED, FETCH), (), Policy(), among=ONLY)
    assert outcome.reason is Reason.COMPRESSED
    assert outcome.compressor == "kompress"
    assert outcome.text is not None
    assert "sentences left out, chosen by the question" in outcome.text
    assert outcome.tokens_after < 0.7 * outcome.tokens_before
