"""Pages of prose, by the question: the sentences that stay, and those left out, had from the page by their numbers."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import ccr
from pipeline.compressors.api import Content
from pipeline.compressors.html import HtmlCompressor
from pipeline.compressors.html.markdown import Markdown
from pipeline.compressors.html.places import places
from pipeline.compressors.html.scan import pieces
from pipeline.markers import IN_PLACE
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.router import route
from pipeline.tool_calls import describe
from tests.cpu import cpu_seconds
from tests.memory_store import MemoryStore

CURL = describe("1", "Bash", {"command": "curl -s https://house.example/rules.html"}, {})
TOPICS = "rooms heating parking breakfast bicycles laundry pets keys parcels gardens ovens windows doors cellars attics stairs".split()
QUESTION = "Until when may the washing machine in the cellar be used?"
ANSWER = "it may be used until ten in the evening"


def page() -> str:
    out = ["<!DOCTYPE html>\n<html><head><title>House rules</title><script>var a = '<p>no</p>';</script></head><body><nav><a href='/'>Home</a></nav>"]
    for topic in TOPICS:
        out.append(
            f"<h2 id='{topic}'>About the {topic}</h2><p>The <b>{topic}</b> of the house are looked after by those who have lived there the longest."
            f" They write down what they notice about the <a href='/{topic}'>{topic}</a> in the book &amp; the list&nbsp;beside the door."
            f" Whoever finds that something is missing tells them\nbefore the end of the week.</p>"
        )
        if topic == "laundry":
            out.append(f"<p>The washing machine in the cellar is quiet, and {ANSWER}. Nobody is asked to be there.</p>")
    return "\n".join([*out, "</body></html>"])


def content(query: str = QUESTION) -> Content:
    return Content(page(), Query(query), CURL)


def words(text: str) -> str:
    """The letters and digits that a stretch of a page shows."""
    return re.sub(r"[\W_]+", "", html.unescape(re.sub(r"<[^>]*>", " ", text)))


def unmarked(text: str) -> str:
    """A stretch of a page without its markup."""
    return html.unescape(re.sub(r"(?s)<!\[CDATA\[|\]\]>|<script.*?</script>|</?[a-z][^>]*>|<!--.*?-->", "", text))


def test_what_is_asked_stays_and_the_rest_is_had_by_number() -> None:
    outcome = route(content(), (), Policy())
    assert outcome.compressor == "html+kompress"
    assert outcome.text is not None
    assert outcome.rewrite is not None
    assert ANSWER in outcome.text
    assert len(outcome.text) < len(page()) / 3
    store = MemoryStore()
    handle = store.put_original(page(), unit=outcome.rewrite.unit, spans=outcome.rewrite.spans)
    whole = "".join(Markdown().read(pieces(page())).parts)
    for gap in outcome.rewrite.gaps:
        assert IN_PLACE.search(outcome.text)
        found = ccr.retrieve(store, handle, lines=f"{gap.first}-{gap.last}").text
        units = [line.split("\t", 1)[1] for line in re.split(r"\n(?=\d+\t)", found)]
        shown = words(" ".join(units))
        assert shown
        assert shown in words(whole.replace("](/", " ").replace(")", " ")) or all(words(u)[:20] in words(page()) for u in units)


def test_every_number_is_its_sentence() -> None:
    outcome = route(content(), (), Policy())
    assert outcome.rewrite is not None
    numbered = [page()[a:b] for a, b in outcome.rewrite.spans]
    of_laundry = next(n for n, unit in enumerate(numbered) if "washing machine" in unit)
    assert words(numbered[of_laundry]) == words(f"The washing machine in the cellar is quiet, and {ANSWER}.")
    assert words(numbered[of_laundry + 1]) == words("Nobody is asked to be there.")
    assert numbered[of_laundry - 2].startswith("They write down")
    assert numbered[of_laundry - 2].endswith("beside the door.")


@pytest.mark.parametrize(
    "policy",
    [Policy(disabled=frozenset({"kompress"})), Policy(profile=Profile.LOSSLESS), Policy(elide=False)],
    ids=["disabled", "lossless", "no elision"],
)
def test_nothing_is_left_out_where_that_may_not_be(policy: Policy) -> None:
    rewrite = HtmlCompressor().compress(content(), policy)
    assert rewrite is None or (rewrite.also == "" and not rewrite.gaps)


@pytest.mark.parametrize("query", ["", "Thanks, go on.", "Which telescope photographed the comet of 1910 over Potsdam?"])
def test_a_question_about_something_else_leaves_the_page_whole(query: str) -> None:
    rewrite = HtmlCompressor().compress(content(query), Policy())
    assert rewrite is not None
    assert rewrite.also == ""
    assert ANSWER in rewrite.text


def test_a_section_is_asked_for_by_its_anchor() -> None:
    rewrite = HtmlCompressor().compress(content('What does this page say under "parcels"?'), Policy())
    assert rewrite is not None
    assert rewrite.also == "kompress"
    for part in ("{#parcels}", "The parcels of the house", "They write down what they notice about the [parcels]", "Whoever finds"):
        assert part in rewrite.text


BROKEN = {"quote": '<p class="x>', "comment": "<!-- ", "declaration": "<![CDATA[", "script": "<script>"}


@pytest.mark.parametrize("broken", list(BROKEN))
def test_what_is_left_out_behind_a_break_is_had_by_number(broken: str) -> None:
    """However much of a page cannot be read: all that the answer does not show is in what the numbers of its markers give."""
    said = "The tenants of flat number{} have looked after the {} for the longest time &amp; they write down what they notice about it there."
    paragraphs = [f"<p>{said.format(n, TOPICS[n % len(TOPICS)])}</p>" for n in range(120)]
    paragraphs.insert(20, f"<p>The washing machine in the cellar is quiet, and {ANSWER}.</p>")
    text = "\n".join(["<html><body>", *paragraphs[:40], BROKEN[broken] + paragraphs[40], *paragraphs[41:], "That was all of the number999."])
    outcome = route(Content(text, Query(QUESTION), CURL), (), Policy())
    assert outcome.text is not None
    assert outcome.rewrite is not None
    assert outcome.compressor == "html+kompress"
    assert all(text[a:b].strip() for a, b in outcome.rewrite.spans)
    store = MemoryStore()
    handle = store.put_original(text, unit=outcome.rewrite.unit, spans=outcome.rewrite.spans)
    had = "".join(ccr.retrieve(store, handle, lines=f"{gap.first}-{gap.last}").text for gap in outcome.rewrite.gaps)
    whole = "".join(Markdown().read(pieces(text)).parts)
    shown = set(re.findall(r"number\d+", outcome.text))
    assert shown
    assert set(re.findall(r"number\d+", whole)) - shown == set(re.findall(r"number\d+", had)) - shown
    assert len(had) < 2 * len(text)


_TEXTS = st.sampled_from(["one two.", " Three", "four. Five ", "&amp;", "a&nbsp;b", "x\ny", "  ", "1", "é. È", "<![CDATA[six. Seven]]>"])
_TAGS = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<li>",
        "<a href=/x>",
        "</a>",
        "<pre>",
        "</pre>",
        "<h2>",
        "</h2>",
        "<br>",
        "<td>",
        "<code>",
        "</code>",
        "<!-- c -->",
    ]
)
_IDS = ["hall", "roof"]
_ODD = st.sampled_from(
    [
        "<p id=hall>",
        "<b id='roof'>",
        "<script></script>",
        "<script id=roof></script>",
        '<script>var a = "<p>";</script>',
        "<textarea></textarea>",
        "<nav>",
        "</nav>",
        "<svg></svg>",
        "<a href='/y'>",
        "<p title='>",
        '<p class="x>',
        "<!-- ",
        "<![CDATA[",
        "<script>\n",
        "<b",
        "\n",
        "&#160; &",
    ]
)


@settings(max_examples=150)
@given(st.lists(st.one_of(_TEXTS, _TAGS), max_size=40), st.data())
def test_words_are_found_where_they_are_written(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    read = Markdown().read(pieces(text))
    markdown = "".join(read.parts)
    found = [(m.start(), m.end()) for m in re.finditer(r"\S+", markdown)]
    spans = places(text, read, found)
    assert all(0 <= a <= b <= len(text) for a, b in spans)
    for (a, b), (start, end) in zip(found, spans, strict=True):
        word = markdown[a:b]
        if re.fullmatch(r"[A-Za-z]+", word):
            assert word in unmarked(text[start:end])
    starts = [start for start, _ in spans]
    assert starts == sorted(starts)


@settings(max_examples=200)
@given(st.lists(st.one_of(_TEXTS, _TAGS, _ODD), max_size=30), st.integers(0, 1), st.booleans())
def test_nothing_on_a_page_comes_from_nowhere(parts: list[str], size: int, named: bool) -> None:
    """Every word has its place in the page, broken or not, and is to be read there if it is a word of the page."""
    text = "".join([*parts, "\nlast words" + " and more" * size * 1200])
    anchors = sorted((text.index(f"id={q}{name}") + 3 + len(q), name) for name in _IDS for q in ("", "'") if f"id={q}{name}" in text) if named else ()
    read = Markdown(anchors).read(pieces(text))
    markdown = "".join(read.parts)
    found = [(m.start(), m.end()) for m in re.finditer(r"\S+", markdown)][:200]
    for (a, b), (start, end) in zip(found, places(text, read, found), strict=True):
        assert text[start:end].strip()
        word = markdown[a:b].strip("{#}")
        if word.isalpha():
            assert word in text[start:end] or word in unmarked(text[start:end])


@pytest.mark.parametrize("page", ["<p>x  y &#{};z</p>", "<a href='/&#{};'>x  z</a>", "<p title='> x &#{}; z"])
def test_a_reference_too_long_for_a_character_is_no_error(page: str) -> None:
    text = page.format("1" * 5000)
    read = Markdown().read(pieces(text))
    markdown = "".join(read.parts)
    ((start, end),) = places(text, read, [(markdown.index("x"), markdown.rindex("z") + 1)])
    assert text[start] == "x"
    assert text[start:end].endswith("z")


@pytest.mark.slow
def test_long_texts_without_markup_take_linear_time() -> None:
    def cost(sentences: int) -> float:
        text = "<html><body>" + "This is the sentence and it says what it says. " * sentences
        units = [(n * 47, n * 47 + 46) for n in range(sentences)]
        return cpu_seconds(lambda: places(text, Markdown().read(pieces(text)), units), 3)

    cost(100)
    assert cost(40_000) < 30 * cost(4_000) + 0.2
