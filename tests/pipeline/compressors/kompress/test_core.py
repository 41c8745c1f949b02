from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import ccr
from pipeline.compressors.kompress import core
from pipeline.compressors.kompress.core import Mode, Result, kompress
from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.segment import segment
from pipeline.markers import IN_PLACE
from tests.memory_store import MemoryStore
from tests.pipeline.compressors.kompress.stand_in import Overlap, coverage

TOPICS = "parser cache server router ledger panel socket worker cursor window".split()
ACTIONS = "opens closes reads writes checks copies counts moves holds drops".split()


def document(paragraphs: int = 12) -> str:
    """A manual with a heading and four sentences a topic; numbers, paths, options and negations among them."""
    out = ["# The manual", ""]
    for n in range(paragraphs):
        topic, action = TOPICS[n % 10], ACTIONS[(n * 7 + 3) % 10]
        out += [f"## About the {topic} number {n}", ""]
        out += [
            f"The {topic} {action} the files of the project in the order in which they are named in /etc/{topic}/{n}.conf, and it is not run twice.",
            f"You must never set --max-{topic} to more than {n * 137 + 11} unless the value of MAX_{topic.upper()}_{n} is larger than that.",
            "It is a matter of taste whether this is the best of the ways in which it could be done, and there are many others of the kind.",
            f"See https://example.org/{topic}/{n} for the whole story of the {topic}.",
        ]
        out.append("")
    return "\n".join(out)


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "embedded", SimpleNamespace(load=Overlap, coverage=coverage, COVERAGE_GATE=0.25, threshold=lambda recall: recall))


def shown(result: Result) -> str:
    """The text without its markers."""
    return IN_PLACE.sub("", result.text)


def is_subsequence(part: str, whole: str) -> bool:
    characters = iter("".join(whole.split()))
    return all(c in characters for c in "".join(part.split()))


FACTS = re.compile(r"https?://\S+|/etc/\S+\.conf|--max-\w+|MAX_\w+|\d+|\b(?:not|never|must|unless|and|or|could|more)\b")


def test_safe_leaves_out_only_words_that_a_reader_supplies() -> None:
    text = document()
    result = kompress(text)
    assert result.mode is Mode.SAFE
    assert not result.gaps
    assert len(result.text) <= 0.9 * len(text)
    assert FACTS.findall(result.text) == FACTS.findall(text)
    assert is_subsequence(result.text, text)


def test_focus_keeps_what_is_asked_for_with_its_heading() -> None:
    text = document()
    result = kompress(text, "Which value must MAX_ROUTER_3 exceed for the router?")
    assert result.mode is Mode.FOCUS
    assert "--max-router to more than 422" in result.text
    assert "## About the router number 3" in result.text
    assert "# The manual" in result.text
    assert len(result.text) < 0.6 * len(text)
    assert result.gaps


def test_gaps_name_the_units_that_are_not_there() -> None:
    text = document()
    result = kompress(text, "Which value must MAX_ROUTER_3 exceed for the router?")
    marked = [(int(m[1]), int(m[2] or m[1])) for m in IN_PLACE.finditer(result.text)]
    assert marked == [(gap.first, gap.last) for gap in result.gaps]
    numbered = [unit for unit in result.units if unit.kind is not Kind.BLANK]
    kept = [stays for unit, stays in zip(result.units, result.kept, strict=True) if unit.kind is not Kind.BLANK]
    gone = {n for gap in result.gaps for n in range(gap.first, gap.last + 1)}
    assert gone == {n for n, stays in enumerate(kept, 1) if not stays}
    assert len(numbered) == len(result.spans)


def test_what_a_marker_names_comes_back() -> None:
    text = document()
    result = kompress(text, "Which value must MAX_ROUTER_3 exceed for the router?")
    rewrite = result.rewrite()
    store = MemoryStore()
    handle = store.put_original(text, unit=rewrite.unit, spans=rewrite.spans)
    gap = result.gaps[0]
    got = ccr.retrieve(store, handle, f"{gap.first}-{gap.last}")
    assert got.shown == len(gap)
    first = next(u for u, stays in zip(result.units, result.kept, strict=True) if not stays)
    assert text[first.start : first.end].strip() in got.text
    footer = ccr.render(rewrite, handle).rsplit("\n", 1)[-1]
    assert footer.startswith(f"[headroom {handle}: {rewrite.left_out} of {len(rewrite.spans)} sentences left out, chosen by the question; ")
    assert "lines in all" in footer


def test_an_unrelated_question_changes_nothing() -> None:
    text = document()
    assert kompress(text, "Who painted a chapel ceiling?") == kompress(text, mode="safe")


def test_a_section_that_is_named_stays_whole() -> None:
    text = document()
    result = kompress(text, 'What does the section "About the panel number 5" say?')
    section = text[text.index("## About the panel number 5") : text.index("## About the socket number 6")]
    assert all(
        " ".join(line.split()) in kompress(text, 'What about "About the panel number 5"?', mode="focus").text for line in section.split("\n")[:1]
    )
    assert "MAX_PANEL_5" in result.text
    assert "example.org/panel/5" in result.text


def test_warnings_stay() -> None:
    text = document().replace("## About the window number 9", "Warning: never run this as root.\n\n## About the window number 9")
    assert "Warning: never run this as root." in kompress(text, "Which value must MAX_ROUTER_3 exceed for the router?").text


def test_budget() -> None:
    text = document()
    sizes = [len(kompress(text, target=target).text) / len(text) for target in (0.9, 0.5, 0.3, 0.1)]
    assert sizes == sorted(sizes, reverse=True)
    assert all(size <= target + 0.1 for size, target in zip(sizes, (0.9, 0.5, 0.3, 0.1), strict=True)), sizes
    facts = FACTS.findall(text)
    assert len(FACTS.findall(shown(kompress(text, target=0.5)))) > 0.6 * len(facts), "facts go last"
    asked = kompress(text, "Which value must MAX_ROUTER_3 exceed for the router?", target=0.1)
    assert asked.mode is Mode.BUDGET
    assert "--max-router to more than 422" in asked.text


def test_repeated_paragraphs_are_said_once() -> None:
    said = "This paragraph says something at length, so that to say it for the second time would be a waste of everybody's time. It has two."
    paragraph = " ".join([said] * 4)
    text = document() + "\n\n" + paragraph + "\n\nBetween.\n\n" + paragraph + "\n"
    result = kompress(text)
    assert result.text.count("waste") == 4
    assert re.search(r"\[… \d+-\d+: same as \d+\]", result.text)
    assert "said before" in result.summary


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Too short to be made shorter. It is the only one.",
        document() + "\n[headroom 3f9a2c7b: 3 of 9 lines left out; full text: headroom_retrieve 3f9a2c7b lines=1-2]\n",
        "A sentence.\n\n```\n" + "x = compute(1, 2);\n" * 200 + "```\n",
    ],
)
def test_refusals(text: str) -> None:
    for result in (kompress(text), kompress(text, "what is it", target=0.2)):
        assert result.text == text
        assert result.mode is None
        assert not result.gaps


def test_short_texts_lose_no_sentence() -> None:
    text = document(3)
    assert 640 < len(text) < 2000
    assert not kompress(text, "Which value must MAX_CACHE_1 exceed for the cache?").gaps
    assert not kompress(text, target=0.1).gaps


def test_other_scripts_lose_no_word() -> None:
    text = "Это  предложение написано по-русски,  и оно довольно\nдлинное, the a of.  Второе  тоже  a  the.\n\n" * 40
    result = kompress(text, "что это", target=0.2)
    assert not result.level > 1
    assert shown(result).split() == text.split()


@pytest.mark.parametrize("kwargs", [{"target": 0.0}, {"target": 1.5}, {"recall": 0.0}, {"recall": 2.0}, {"mode": "harder"}])
def test_bad_settings(kwargs: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        kompress("text", **kwargs)  # type: ignore[arg-type]


PIECES = st.sampled_from([
    "The cat sat on the mat and did not move. ", "You must never do that! ", "It is 3 of 5. ", "# Title\n\n", "\n\n", "\n", "- an item of the list\n", "    code(x);\n\n",
    "See /etc/x and https://a.b/c. ", "| a | b |\n", "Warning: hot.\n", "\r\n", "\ud800", "日本語。", "[… 3-9]", "term\n    is described here.\n", "a" * 300, "::\n\n   literal\n",
])  # fmt: skip


@settings(max_examples=150)
@given(
    st.lists(PIECES, max_size=120).map("".join), st.sampled_from(["", "what did the cat do", "title", "hot?"]), st.sampled_from([None, 0.1, 0.5, 0.9])
)
def test_never_an_exception_and_a_subsequence(text: str, query: str, target: float | None) -> None:
    result = kompress(text, query, target=target)
    last = 0
    for gap in result.gaps:
        assert last < gap.first <= gap.last <= len(result.spans)
        last = gap.last
    assert len(result.text) <= len(text)
    if "[…" not in text:
        assert is_subsequence(shown(result), text)
    if result.mode is not None:
        assert result.units == segment(text)
    assert kompress(text, query, target=target) == result


HOSTILE = {
    "one line": "The word is not here. " * 20_000,
    "one sentence": "and the word of it " * 30_000,
    "no words": "x" * 2_000_000,
    "paragraphs": "The word is not here.\n\n" * 4_000,
    "hyphens": "re-\n" * 60_000,
    "headings": "# The word\n\nIt is so.\n\n" * 4_000,
    "terms": "  --opt\n\n      it is: so\n\n" * 4_000,
    "hyphens of formatters": "a‐\n b " * 40_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_linear(name: str) -> None:
    began = time.process_time()
    kompress(HOSTILE[name], "what word is not here?")
    kompress(HOSTILE[name], target=0.3)
    assert time.process_time() - began < 60, "no promise of speed: what is quadratic in these sizes takes hours"


@pytest.mark.slow
def test_the_same_bytes_under_every_hash_seed() -> None:
    code = (
        "import hashlib; from tests.pipeline.compressors.kompress.test_core import document; from pipeline.compressors.kompress.core import kompress; t = document(); "
        "r = [kompress(t, q, target=x).text for q in ('', 'which value must MAX_ROUTER_3 exceed?') for x in (None, 0.1, 0.5)]; "
        "print(hashlib.sha256(''.join(r).encode()).hexdigest())"
    )
    digests = set()
    for seed in ("0", "1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        digests.add(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True).stdout)
    assert len(digests) == 1
