from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.outline import Outline
from pipeline.compressors.kompress.segment import Unit, segment
from pipeline.compressors.kompress.squeeze import squeeze

DOCUMENT = """# Manual

An introduction to the thing.

## Install

Run the installer. It asks for a key. Nothing else is needed here.

### On Linux

Do this first:

    make install

Supported are:

- one system of the first kind
- one system of the second kind. It is slower.

## Proxy settings

    --proxy

        Names the proxy. This is a URL.

The end of it all.
"""


def outline(text: str) -> tuple[tuple[Unit, ...], list[str], Outline]:
    units = segment(text)
    said = squeeze(text, units)
    return units, said, Outline(text, units, said)


def kept(chosen: str) -> list[str]:
    """What is kept where one unit is chosen."""
    units, said, found = outline(DOCUMENT)
    index = next(n for n, s in enumerate(said) if chosen in s)
    marks = bytearray(len(units))
    marks[index] = 1
    return [s.strip() for s, stays in zip(said, found.with_context(marks), strict=True) if stays]


def test_headings_above_stay() -> None:
    assert kept("Run the installer.") == ["# Manual", "## Install", "Run the installer."]


def test_a_sentence_that_points_back_keeps_the_one_before() -> None:
    assert kept("It asks for a key.") == ["# Manual", "## Install", "Run the installer.", "It asks for a key."]


def test_code_keeps_its_announcement_and_an_announcement_its_code() -> None:
    both = ["# Manual", "## Install", "### On Linux", "Do this first:", "make install"]
    assert kept("make install") == both
    assert kept("Do this first:") == both


def test_an_item_keeps_what_announces_the_list_and_its_own_first_sentence() -> None:
    head = ["# Manual", "## Install", "### On Linux", "Supported are:"]
    assert kept("first kind") == [*head, "- one system of the first kind"]
    assert kept("It is slower.")[-2:] == ["- one system of the second kind.", "It is slower."]


def test_a_description_keeps_its_term() -> None:
    assert kept("Names the proxy.") == ["# Manual", "## Proxy settings", "--proxy", "Names the proxy."]
    assert kept("The end of it all.") == ["# Manual", "## Proxy settings", "The end of it all."]


@pytest.mark.parametrize(
    ("question", "quoted", "heading"),
    [
        ("How do the proxy settings work?", (), "## Proxy settings"),
        ('What does "On Linux" say?', ("On Linux",), "### On Linux"),
        ("how do I install it on windows?", (), None),
        ("what is this?", (), None),
    ],
)
def test_sections_that_a_question_names(question: str, quoted: tuple[str, ...], heading: str | None) -> None:
    _, said, found = outline(DOCUMENT)
    sections = found.sections(question, quoted)
    assert [said[s.start] for s in sections] == ([heading] if heading else [])
    if heading == "### On Linux":
        assert said[sections[0].stop] == "## Proxy settings", "it ends where the next of its level or above begins"


def test_most_of_a_text_is_no_section() -> None:
    _, _, found = outline("# All of it\n\nOne sentence here. Another there.\n")
    assert found.sections("all of it", ()) == []


def test_underlines_rank_by_first_use() -> None:
    text = "Top\n===\n\nA one.\n\nSub\n---\n\nB two.\n\nNext\n====\n\nC three.\n"
    _, said, found = outline(text)
    three = next(n for n, s in enumerate(said) if s == "C three.")
    two = next(n for n, s in enumerate(said) if s == "B two.")
    assert [said[n] for n in found.headings(three)] == ["Next\n===="]
    assert [said[n] for n in found.headings(two)] == ["Sub\n---", "Top\n==="]


LINES = st.lists(
    st.sampled_from(
        ["# A", "## B", "Title", "---", "===", "", "It is so. This too.", "- item one", "    code = 1;", "  term", "      text of it.", "x::"]
    ),
    max_size=30,
)


@settings(max_examples=200)
@given(LINES, st.data())
def test_context_only_adds(lines: list[str], data: st.DataObject) -> None:
    units, _, found = outline("\n".join(lines))
    marks = bytearray(data.draw(st.lists(st.integers(0, 1), min_size=len(units), max_size=len(units))))
    with_context = found.with_context(marks)
    assert all(a <= b for a, b in zip(marks, with_context, strict=True))
    assert len(with_context) == len(units)
    for section in found.sections("what is b title", ("A",)):
        assert 0 <= section.start < section.stop <= len(units)


@pytest.mark.slow
def test_linear() -> None:
    for text in ("It is so. " * 30_000, "# A b\n\nIt is so.\n\n" * 10_000, "- it:\n" * 30_000, "    --x\n\n        it.\n\n" * 10_000):
        began = time.process_time()
        units, _, found = outline(text)
        found.with_context(bytearray(b"\1" * len(units)))
        found.sections("a b", ("a b",))
        assert time.process_time() - began < 20, "what is quadratic in these sizes takes minutes"
