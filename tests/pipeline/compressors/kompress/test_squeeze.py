from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.segment import segment
from pipeline.compressors.kompress.squeeze import Hyphens, separator, squeeze


def squeezed(text: str) -> str:
    units = segment(text)
    said = squeeze(text, units)
    out = []
    for n, unit in enumerate(units):
        out.append("\n" if unit.kind is Kind.BLANK else said[n] + separator(text, unit, units[n + 1] if n + 1 < len(units) else None))
    return "".join(out)


def test_wrapped_and_justified_lines_become_one() -> None:
    text = (
        "       ldconfig  creates  the necessary links and cache to the most recent shared libraries found\n"
        "       in the directories specified on the command line.  It is run  at  boot  and  whenever  the\n"
        "       administrator asks.\n"
    )
    said = (
        "ldconfig creates the necessary links and cache to the most recent shared libraries found in the directories specified on the command line."
    )
    assert squeezed(text) == f" {said} It is run at boot and whenever the administrator asks.\n"


def test_code_tables_and_headings_stay() -> None:
    text = "Title\n=====\n\n    x  =  1;\n    y  =  2;\n\na     b     c\n1     2     3\n\n\n\n\nIt  ends  here.\n"
    assert squeezed(text) == "Title\n=====\n\n    x  =  1;\n    y  =  2;\n\na     b     c\n1     2     3\n\nIt ends here.\n"


def test_cells_of_markdown_are_not_filled_up() -> None:
    text = "| a        | b    |\n|----------|:----:|\n| `x  y`   |      |\n| `a \\|  b`   | 2    |\n"
    assert squeezed(text) == "| a | b |\n|---|:---:|\n| `x  y` | |\n| `a \\|  b`   | 2    |\n"


def test_the_margin_of_prose_is_one_blank() -> None:
    text = "NAME\n       ls - list directory contents\n\n       Information about files is listed.\n\n       -a     do not ignore entries\n"
    assert squeezed(text) == "NAME\n ls - list directory contents\n\n Information about files is listed.\n\n -a     do not ignore entries\n"
    change = "2022-12-31  Ann Lee  <ann@example.org>\n\n\t* man.c (try): Only free the names.\n\t  Nested stays deeper, as it was.\n"
    assert "\n * man.c (try): Only free" in squeezed(change)


def test_items_below_items_stay_further_in() -> None:
    text = "- The first thing of all.\n    - One below the first thing.\n    - Another one below it.\n- The second thing of all.\n"
    assert squeezed(text) == text


def test_lines_ended_on_purpose_stay_lines() -> None:
    text = "Status: Final\nType: Process\nCreated: 05-Jul-2001\n"
    assert squeezed(text) == text


def test_a_term_stays_above_its_description() -> None:
    text = "OPTIONS\n       -C cache\n              Use cache instead of the one that the system has, which would be\n              in /etc.\n"
    assert "-C cache\n              Use cache instead of the one that the system has, which would be in /etc." in squeezed(text)


def test_blanks_in_code_spans_and_between_an_option_and_its_text_stay() -> None:
    assert "`a  b`" in squeezed("We write `a  b` with two blanks, and that is\nwhat counts for the one who reads it.\n")
    assert "-h, --help    show this help" in squeezed("usage: x\n\n  -h, --help    show this help\n  -v            be verbose\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the Applica‐\n       tion starts", "the Application starts"),
        ("set CLOUDSDK_COM‐\nPUTE_REGION", "set CLOUDSDK_COMPUTE_REGION"),
        ("a user‐\nprovided value for user‐provided things", "a user‐provided value for user‐provided things"),
        ("a well-\nknown fact", "a well-known fact"),
        ("an exam-\nple, for example", "an example, for example"),
        ("soft\xad\nware", "software"),
        ("from 2010-\n2014 on", "from 2010-2014 on"),
        ("wait--\nthere", "wait--\nthere"),
        ("see https://a.example/health-\ncheck for the healthcheck", "see https://a.example/health-check for the healthcheck"),
        ("a - \nb", "a - \nb"),
    ],
)
def test_hyphens_at_the_ends_of_lines(text: str, expected: str) -> None:
    assert Hyphens(text).joined(text) == expected


WORDS = st.sampled_from(
    ["one", "two.", "Three", "‐", "-", "a-", "b‐", "\n", "\n\n", "  ", " ", "    ", "- ", "`x  y`", "9", "é", "\xad", "\r\n", "\t", "::"]
)


@settings(max_examples=200)
@given(st.lists(WORDS, max_size=50).map("".join))
def test_nothing_but_blanks_and_hyphens_is_lost(text: str) -> None:
    def visible(s: str) -> str:
        return "".join(s.split()).replace("-", "").replace("‐", "").replace("\xad", "")

    assert visible(squeezed(text)) == visible(text)
    assert len(squeezed(text)) <= len(text) + 1
