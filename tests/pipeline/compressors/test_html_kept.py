"""What a page shows is in its Markdown, or in the lines that a marker names; what is not is said."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import markers
from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.html import HtmlCompressor
from pipeline.compressors.html.markdown import Markdown
from pipeline.compressors.html.scan import pieces
from pipeline.policy import Policy
from pipeline.query import Query
from pipeline.tool_calls import describe

H = HtmlCompressor()
FILLER = "".join(f'<p class="para x{n}" style="margin:0 0 1em">Sentence number {n} of a page about nothing much.</p>\n' for n in range(40))
WORD = re.compile(r"wq\d+z")


def markdown(body: str) -> str:
    return "".join(Markdown().read(pieces(body)).parts)


def compress(
    body: str, head: str = "", query: str = "tell me everything", command: str = "curl -si https://docs.example/p"
) -> tuple[Content, Rewrite]:
    call = describe("1", "Bash", {"command": command}, {})
    content = Content(
        f"{head}<!DOCTYPE html>\n<html><head><title>T</title></head><body>\n{body}{FILLER}</body></html>\n", Query.of(query, call), call
    )
    rewrite = H.compress(content, Policy())
    assert rewrite is not None
    return content, rewrite


def lost(content: Content, rewrite: Rewrite) -> list[str]:
    """Words of the text that are neither in the rewrite nor in a line that it leaves out."""
    left_out = "\n".join(line for gap in rewrite.gaps for line in content.lines[gap.first - 1 : gap.last])
    there = set(WORD.findall(rewrite.text)) | set(WORD.findall(left_out))
    return [word for word in WORD.findall(content.text) if word not in there]


# --- code and the permalinks in it


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<pre>make\nmake install\n<a href="#install">#</a></pre>after', "```\nmake\nmake install\n```\n\nafter"),
        ('<pre><code>a = 1\n<a href="#q"></a></code></pre>after', "```\na = 1\n```\n\nafter"),
        ('<pre>a = 1\n<a href="#q"></a>\nb = 2</pre>', "```\na = 1\n\nb = 2\n```"),
        ('<pre>a<br><a href="#q"></a>\nb</pre>', "```\na\n\nb\n```"),
        ('<pre><a href="#q"></a></pre>after', "after"),
        ("<pre>code<h1></pre>after", "```\ncode\n\n```\n\nafter"),
        ("<pre><h1></pre>after", "after"),
        ("<ul><li><pre></pre>after</ul>", "- after"),
        ('<h2><a href="#q">¶</a> Title</h2>text', "## Title\n\ntext"),
        ("<table><tr><td><a href=#q>¶</a><p>one</p><td>two</table>", "one | two"),
    ],
)
def test_an_empty_link_takes_no_line_of_code_away(body: str, expected: str) -> None:
    assert markdown(body).strip() == expected


# --- list numbers


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<ol><li value='4'>a<li>b<li value=9>c</ol>", "4. a\n5. b\n9. c"),
        ("<ol start=0><li>a<li>b</ol>", "0. a\n1. b"),
        ("<ol start=-1><li>a<li>b</ol>", "-1. a\n0. b"),
        ("<ol reversed start=3><li>a<li>b</ol>", "3. a\n2. b"),
        ("<ol reversed><li>a<li>b</ol>", "- a\n- b"),
        ("<ol><li><li>b</ol>", "2. b"),
        ("<ol type=a start=26><li>a<li>b</ol>", "z. a\naa. b"),
        ("<ol type=A start=0><li>a<li>b</ol>", "0. a\nA. b"),
        ("<ol type=i start=1994><li>a<li value=4000>b</ol>", "mcmxciv. a\n4000. b"),
        ("<ol type=I><li value=4>a<li>b</ol>", "IV. a\nV. b"),
        ("<ol reversed><li>a<li value=2>b<li>c</ol>", "- a\n2. b\n1. c"),
        ("<ol><li value=x>a<li value='99999999999999'>b</ol>", "1. a\n2. b"),
        ("<ul><li value=4>a</ul><li value=5>b", "- a\n\n- b"),
    ],
)
def test_list_numbers_are_those_of_the_page(body: str, expected: str) -> None:
    assert markdown(body).strip() == expected


# --- where links in code lead


def test_names_cut_short_in_an_index_of_files_are_there_in_full() -> None:
    names = [f"a_very_long_package_name_of_many_parts-1.{n}.0-py3-none-manylinux_x86_64.whl" for n in range(40)]
    rows = "".join(f'<a href="{name}">{name[:40]}..&gt;</a> 12-Jan-2026 10:{n:02d}    {n * 7919}\n' for n, name in enumerate(names))
    _, rewrite = compress(f'<h1>Index of /simple/</h1><hr><pre><a href="../">../</a>\n<a href="a.txt">a.txt</a>\n{rows}</pre><hr>')
    assert f"{names[7][:40]}..> <{names[7]}> 12-Jan-2026" in rewrite.text
    assert "\n../\na.txt\n" in rewrite.text
    assert "all its text and links are here" in rewrite.summary


@pytest.mark.parametrize("short", ["report...", "report…"])
def test_a_name_cut_short_in_another_way(short: str) -> None:
    assert f"{short} </full/report-2026.tar.gz>" in markdown(f'<pre>see <a href="/full/report-2026.tar.gz">{short}</a> 12M\n</pre>')


def test_it_says_where_links_in_code_are_left_out() -> None:
    _, rewrite = compress('<pre>x = <a href="https://api.example/open">open</a>("y")</pre>')
    assert 'x = open("y")' in rewrite.text
    assert "all its text is here, but not where links in code lead" in rewrite.summary


# --- headers above the page


LINK = 'link: <https://cdn.example/a.css>; rel=preload, <https://api.example/p?page=2>; rel="next"'


@pytest.mark.parametrize(
    "head",
    [
        f"HTTP/2 200 \ncontent-type: text/html\n{LINK}\ncache-control: max-age=60\nx-request-id: 8f0c\n\n",
        f"* Connected to docs.example\n> GET /p HTTP/2\n> Host: docs.example\n>\n< HTTP/2 200\n< {LINK}\n< x-request-id: 8f0c\n<\n",
        f"< HTTP/2 200\n< {LINK}\n< x-request-id: 8f0c\n<\n",
    ],
)
def test_headers_above_the_page_stay_as_they_are(head: str) -> None:
    _, rewrite = compress("<p>text</p>", head=head)
    assert rewrite.text.startswith(head.rstrip())
    assert "# T" in rewrite.text


# --- navigation


NAV = "<nav>\n" + "\n".join(f'<a href="/guide/{w}">chapter {w} of the long guide</a>' for w in "abcdefghijklmn") + "\n"


@pytest.mark.parametrize(
    "body",
    [
        NAV + '<a href="#top">#</nav></a>\n<p>wq1z</p>\n',
        NAV + '<a href="#top">#<nav></nav></nav></a>\n<p>wq1z wq2z</p>\n',
        '<a href="#top">#' + NAV.replace("</a>", "") + "</a>wq1z</nav><p>wq2z</p>\n",
        NAV + '<ul><li><code></nav><a href="#top">#</a></code></ul>\n<p>wq1z</p>\n',
    ],
)
def test_what_stands_behind_navigation_is_not_folded_with_it(body: str) -> None:
    content, rewrite = compress(body)
    assert lost(content, rewrite) == []


def test_a_marker_stands_on_a_line_of_its_own() -> None:
    _, rewrite = compress(f"<sup>{NAV}</nav></sup> and more\n")
    assert sum(markers.IN_PLACE.fullmatch(line) is not None for line in rewrite.text.split("\n")) == len(rewrite.gaps) == 1


# --- any page

TEXT = st.sampled_from(["@", "@ @", "@\n", "\n@", " @ ", "\n@\n@\n", "@&nbsp;@", "#", "¶", "\n", " ", "1"])
ODD = st.sampled_from(
    ["</pre>", "<pre>", "</nav>", "<nav>", "</a>", '<a href="#x">', "</li>", "<li>", "</p>", "<br>", "</code>", "<code>", "<td>", "<h2>", "<ul>"]
)
PERMALINK = st.sampled_from(['<a href="#x"></a>', '<a href="#x">#</a>', '<a href="#x">¶</a>', '<a href="#x">\n</a>'])
TAGS = "pre pre code nav aside ul ol li p h2 div span table tr td blockquote sup q".split()


def around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=1, max_size=5).map("".join)
    return st.one_of(
        st.builds(lambda tag, text: f"<{tag}>{text}</{tag}>", st.sampled_from(TAGS), several),
        st.builds(lambda to, text: f'<a href="{to}">{text}</a>', st.sampled_from(["#x", "/x", ""]), several),
        st.builds(lambda text: NAV + text + "\n</nav>\n", several),
    )


PAGES = st.lists(st.recursive(st.one_of(TEXT, TEXT, PERMALINK, ODD), around, max_leaves=12), min_size=1, max_size=6).map("".join)


@settings(max_examples=300, deadline=None)
@given(PAGES)
@example("<pre>@\n@\n<a href='#x'>#</a></pre>")
@example(NAV + '<a href="#x">#</nav></a><p>@</p>')
@example('<p>@</p><a href="#x">¶</a>@')
def test_every_word_is_there_or_in_what_a_marker_names(page: str) -> None:
    numbers = iter(range(10_000))
    body = re.sub("@", lambda _: f"wq{next(numbers)}z", page)
    content, rewrite = compress(f"{body}\n")
    assert lost(content, rewrite) == []
