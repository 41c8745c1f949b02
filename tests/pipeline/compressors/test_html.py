from __future__ import annotations

import html as entities
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import ccr, markers
from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.html import HtmlCompressor
from pipeline.compressors.html.markdown import Markdown
from pipeline.compressors.html.scan import QUOTED, UNSEEN, pieces
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall
from tests.cpu import cpu_seconds

H = HtmlCompressor()
CURL = describe("1", "Bash", {"command": "curl -s https://docs.example/guide.html"}, {})
PAGE = """<!DOCTYPE html>
<html lang="en">
<head><title>A guide</title><link rel="stylesheet" href="style.css"><style>p {{ color: red }}</style></head>
<body class="page">
{}
<p>This sentence is long enough for the page to count as one with a text.</p>
<script>var hidden = "never shown";</script>
</body>
</html>
"""


def bash(command: str) -> ToolCall:
    return describe("1", "Bash", {"command": command}, {})


def markdown(body: str) -> str:
    return "".join(Markdown().read(pieces(body)).parts)


def compress(body: str, query: str = "", call: ToolCall | None = CURL, policy: Policy | None = None) -> Rewrite | None:
    return H.compress(Content(PAGE.format(body), Query.of(query, call), call), policy or Policy())


def shown(body: str, query: str = "", call: ToolCall | None = CURL) -> str:
    rewrite = compress(body, query, call)
    assert rewrite is not None
    return rewrite.text


def words(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", text))


def test_it_is_a_compressor() -> None:
    assert isinstance(H, Compressor)
    assert H.name == "html"


# --- what it recognises


@pytest.mark.parametrize(
    "call",
    [
        CURL,
        bash("curl -sSL 'https://docs.example/a?b=c' | head -c 20000"),
        bash("cd /tmp && sudo wget -qO- https://docs.example/a"),
        bash("curl -so page.html https://docs.example/a && cat page.html"),
        bash("curl -s docs.example/a"),
        bash("curl -sS -X GET -H Accept:text/html -o /dev/stdout -m 10 --max-redirs 5 https://docs.example/a"),
        bash("wget -qO- --timeout 10 docs.example/a"),
        bash("http GET docs.example/a X-Id:5"),
        bash("python3 -c \"import urllib.request as r; print(r.urlopen('https://docs.example').read().decode())\""),
        describe("1", "shell", {"command": ["bash", "-lc", "curl -s https://docs.example/a.html"]}, {}),
        describe("1", "fetch_page", {"address": "https://docs.example/a"}, {}),
        describe("1", "mcp__browser__open", {"options": {"urls": ["https://docs.example/a"]}}, {}),
        describe("1", "WebFetch", {"target": "docs.example"}, {}),
    ],
)
def test_fetched_pages_are_recognised(call: ToolCall) -> None:
    assert H.recognise(Content(PAGE.format("<p>text</p>"), Query(), call)) > 0.95


@pytest.mark.parametrize(
    "call",
    [
        None,
        bash("cat index.html"),
        bash("curl -s https://docs.example/a; cat src/index.html"),
        bash("git clone https://docs.example/a && cat a/index.html"),
        bash("curl -s http://localhost:3000/"),
        bash("curl -s localhost:3000"),
        bash("curl -s http://127.0.0.1:8080/a"),
        bash("curl -s http://192.168.1.4/"),
        bash("curl -s http://web:8080/"),
        bash("curl -s web:8080/"),
        bash("curl -sSL 192.168.1.4:8080/"),
        bash("curl --silent -m 5 web/index.html"),
        bash("wget -qO- app.internal/"),
        bash("http :8000/"),
        bash("http --body GET :8000/a X-Id:5"),
        bash("curl -s file:///src/index.html"),
        bash("curl -s https://docs.example | grep -i title"),
        bash("curl -s https://docs.example | python3 parse.py"),
        bash("grep -rn https://docs.example ."),
        bash("make page"),
        describe("1", "Read", {"file_path": "/src/index.html"}, {}),
        describe("1", "mcp__files__get", {"path": "index.html"}, {}),
    ],
)
def test_pages_that_may_be_worked_on_are_not(call: ToolCall | None) -> None:
    content = Content(PAGE.format("<p>text</p>"), Query(), call)
    assert H.recognise(content) == 0
    assert H.compress(content, Policy()) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text about <html> and <body>",
        "# Title\n\n```html\n<!DOCTYPE html>\n<html>\n```\n",
        '<?xml version="1.0"?>\n<rss version="2.0"><channel><title>News</title></channel></rss>',
        '<svg xmlns="http://www.w3.org/2000/svg"><text>html</text></svg>',
        '{"page": "<html><body>text</body></html>"}',
        "2024-01-01 10:00:00 ERROR got <html> instead of JSON",
        "src/a.html:1:<!DOCTYPE html>",
        PAGE.format("<p>text</p>") + "\n[headroom 0123abcd: all lines are here]",
    ],
)
def test_other_texts_are_not(text: str) -> None:
    assert H.recognise(Content(text, Query(), CURL)) == 0
    assert H.compress(Content(text, Query(), CURL), Policy()) is None


@pytest.mark.parametrize(
    ("query", "about_markup"),
    [
        ("Which CSS class does the menu have?", True),
        ("write a scraper: which selector finds the price?", True),
        ("What is the hidden input of the login form?", True),
        ("What does this page say under `class-definitions`?", False),
        ("How does the Session class retry?", False),
        ('What stands under "html"?', False),
        ("summarize https://docs.example/guide.html", False),
    ],
)
def test_where_markup_is_asked_for_it_stays(query: str, about_markup: bool) -> None:
    assert (compress("<p>text</p>", query) is None) == about_markup


def test_it_loses_markup_so_it_is_not_loss_free() -> None:
    assert compress("<p>text</p>", policy=Policy(profile=Profile.LOSSLESS)) is None
    assert compress("<p>text</p>", policy=Policy(elide=False)) is None


# --- Markdown


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h1>One</h1><p>two\n  three</p><p>four<br>five", "# One\n\ntwo three\n\nfour\nfive"),
        ("<UL><LI>a</LI><LI>b<UL><LI>c</LI></UL></LI></UL>d", "- a\n- b\n  - c\n\nd"),
        ('<ol start="3"><li><p>a</p><li>b</ol>', "3. a\n\n4. b"),
        ("<table><tr><th>a<th>b<tr><td><p>1</p></td><td>2</td></tr></table>", "a | b\n1 | 2"),
        ("<pre><code>if a &lt; b:\r\n    <b>c</b>\n</code></pre>after", "```\nif a < b:\n    c\n```\n\nafter"),
        ("see <a href='/x?a=1&amp;b=2'> the\n docs </a>, <a href=#y>here</a>", "see [the docs](/x?a=1&b=2) , here"),
        ('<h2>Title<a class="headerlink" href="#title">¶</a></h2>text', "## Title\n\ntext"),
        ('<a href="/home" aria-label="Home"><svg><path d="M0"/></svg></a> <a href="javascript:go()">go</a>', "[Home](/home) go"),
        ("use <code>f<span>(x)</span></code> and <tt></tt> more", "use `f(x)` and more"),
        ("10<sup>6</sup> H<sub>2</sub>O <del>50</del> 40</sup>", "10^{6} H_{2}O ~~50~~ 40"),
        ("<span>3</span><span>14</span> <b>1</b>5 <button>1</button><button>2</button>", "3 14 15 1 2"),
        ("<blockquote>said</blockquote><hr><dl><dt>a<dd>b</dl>", "> said\n\na\nb"),
        ('<img src=a.png alt="A &amp; B"><img src=b.png alt="">', "![A & B]"),
        ('<input type=hidden value=h><input value="v"><input type=checkbox checked> on', "[v] [x] on"),
        ("a<!-- no > no -->b<!doctype x>c<?php no ?>d</ >e", "abcde"),
        ("a < b && c > d <3 &lt;p&gt;", "a < b && c > d <3 <p>"),
        ('<p title="a > b" don\'t>x</p><p data-x=a"b>y', "x\n\ny"),
        ("<style>a</style><script>if (a<b) '</p>'</script ><template><p>t</p></template>x<noscript>n</noscript>", "xn"),
        ("<svg><title>no</title><path/></svg>a<svg><g><text>axis</text></g></svg>", "aaxis"),
        ("<textarea><b>kept</textarea> <![CDATA[a & b]]>", "<b>kept a & b"),
        ("<x-card>one</x-card><x-card>two</x-card>", "one two"),
        ("<h2></h2><ul><li><li>a</ul><p>b", "- a\n\nb"),
        ("cut here <a href='/x", "cut here"),
        ("cut here <script>var a\n... [12 lines truncated]", "cut here\n... [12 lines truncated]"),
        ("&#99999999999999999999; &nbsp;&copy;", "&#99999999999999999999; &nbsp;&copy;"),
        ("\x00<p\x00>\x1b[31mred\ud800", "\x00\n\n\x1b[31mred\ud800"),
    ],
)
def test_markdown(body: str, expected: str) -> None:
    assert markdown(body).strip(" ") == expected


def test_what_cannot_be_read_stays_as_it_is() -> None:
    rest = "<a href=\"/x>one</a> <b title='>two</b> and much more"
    read = Markdown().read(pieces("<p>before</p>" + rest))
    assert read.unread
    assert "".join(read.parts) == "before\n\n" + rest


def test_a_long_comment_without_end_hides_nothing() -> None:
    body = "<p>before</p><!-- " + "<p>text that somebody may want</p>" * 400
    assert "".join(Markdown().read(pieces(body)).parts).endswith(body[14:])


@pytest.mark.parametrize(
    ("attributes", "target"),
    [
        (' class="x" href="/a?b=1"', "/a?b=1"),
        (' data-href="/no" href="/yes"', "/yes"),
        (" HREF=/plain class=x", "/plain"),
        (" href = '/quoted'", "/quoted"),
        (' title="the href of it" href="/yes"', "/yes"),
        (' title="é" href="/yes"', "/yes"),
    ],
)
def test_where_a_link_leads_is_read_however_it_is_written(attributes: str, target: str) -> None:
    assert markdown(f"<a{attributes}>there</a>") == f"[there]({target})"


def test_a_piece_is_a_tag_and_the_text_behind_it() -> None:
    page = "a<p class=x>b<em>c</em>1<span>2<title>t</title><script>s</script><!-- c -->d<![CDATA[e&f]]>g<"
    found = list(pieces(page))
    assert [page[at:end] for name, _, text, _, at, end in found if text and name[:1] != "!"] == ["a", "b", "c", "1", "2", "t", "d", "g<"]
    assert [name for name, *_ in found if name] == ["p", "/span", "title", "/title", UNSEEN, "/script", QUOTED]
    assert all(start <= at <= end for _, _, _, start, at, end in found)


# --- the page as a whole


def test_everything_shown_is_kept_and_nothing_else() -> None:
    rewrite = compress("<div><p>one <em>two</em></p></div>" * 9)
    assert rewrite is not None
    assert rewrite.gaps == ()
    assert rewrite.total == PAGE.format("").count("\n")
    assert rewrite.text.startswith("# A guide\n\none two\n\none two")
    assert "never shown" not in rewrite.text
    assert "red" not in rewrite.text
    assert "all its text and links are here" in rewrite.summary


def test_headers_before_and_status_behind_the_page_are_kept() -> None:
    text = "HTTP/2 200\ncontent-type: text/html\nx-id: 17\n\n" + PAGE.format("<p>text</p>" * 20) + "\nstatus=200 time=0.31\n"
    rewrite = H.compress(Content(text, Query(), CURL), Policy())
    assert rewrite is not None
    assert rewrite.text.startswith("HTTP/2 200\ncontent-type: text/html\nx-id: 17\n")
    assert rewrite.text.endswith("\nstatus=200 time=0.31")


def test_an_id_that_the_question_names_is_shown() -> None:
    body = '<h2 id="other">Other</h2><p>no</p><h2 id="set-up">Preparation</h2><p>yes</p>'
    assert "## {#set-up} Preparation" in shown(body, 'What stands under "set-up"?')
    assert "## {#set-up} Preparation" in shown(body, "What is it about?", bash("curl -s https://docs.example/guide.html#set-up"))
    assert "{#" not in shown(body, "What is it about?")


def test_what_only_the_markup_has_is_not_taken_away() -> None:
    body = '<p data-build="rel_4711">text of the page</p>'
    assert compress(body, "is `rel_4711` out?") is None
    assert compress(body, "is `rel_4712` out?") is not None


def test_a_page_that_scripts_build_stays() -> None:
    state = '<script id="__NEXT_DATA__" type="application/json">{"items": [' + '{"name": "widget"}, ' * 50 + "{}]}</script>"
    assert compress(state) is None
    assert H.compress(Content(f"<html><head>{'<meta a=b>' * 50}</head><body><div id=app></div></body></html>", Query(), CURL), Policy()) is None


def test_a_cut_inside_a_script_is_still_told() -> None:
    text = shown("<script>var a = 1;\n... [4211 characters truncated] ...\nvar b = 2;</script>")
    assert text.endswith("... [4211 characters truncated] ...")


def test_it_says_where_a_page_breaks_off() -> None:
    page = PAGE.format("<p>text</p>" * 30).replace("</p>\n<script>", "</p>\n<div class='fo", 1).split("var hidden")[0]
    rewrite = H.compress(Content(page, Query(), CURL), Policy())
    assert rewrite is not None
    assert "breaks off" in rewrite.summary


def test_markdown_is_not_recognised_again() -> None:
    text = shown("<h1>&lt;!DOCTYPE html></h1><pre>&lt;!DOCTYPE html>\n&lt;html>\n&lt;body></pre>" * 3)
    assert H.recognise(Content(text, Query(), CURL)) == 0


# --- navigation

NAV = "<nav>\n" + "\n".join(f'<a href="/guide/{n}">chapter {w} of the long guide</a>' for n, w in enumerate("abcdefghijklmnop")) + "\n</nav>"
TEXT = "<p>Sentences of the text of the page, many of them, one behind the other.</p>\n" * 20


def test_navigation_is_folded_and_counted() -> None:
    rewrite = compress(NAV + TEXT)
    assert rewrite is not None
    assert len(rewrite.gaps) == 1
    gap = rewrite.gaps[0]
    assert markers.gap(gap.first, gap.last, "navigation, 16 links") in rewrite.text.split("\n")
    left_out = "\n".join(PAGE.format(NAV + TEXT).split("\n")[gap.first - 1 : gap.last])
    assert left_out.startswith("<nav>")
    assert "</nav>" in left_out
    assert "Sentences of the text" in rewrite.text
    assert "chapter" not in rewrite.text
    assert f"{len(gap)} of {rewrite.total} lines left out" in ccr.render(rewrite, "0123abcd")


@pytest.mark.parametrize("query", ["Which chapter comes after a?", "open `/guide/7`", "what is on /guide/7"])
def test_navigation_that_is_asked_for_stays(query: str) -> None:
    assert "[chapter h of the long guide](/guide/7)" in shown(NAV + TEXT, query)


def test_navigation_on_the_line_of_the_text_stays() -> None:
    text = PAGE.format(NAV + TEXT).replace("\n", " ")
    rewrite = H.compress(Content(text, Query(), CURL), Policy())
    assert rewrite is not None
    assert rewrite.gaps == ()
    assert "[chapter p of the long guide](/guide/15)" in rewrite.text


def test_a_sidebar_of_sentences_is_no_navigation() -> None:
    aside = NAV.replace("nav>", "aside>").replace("</a>", "</a> is a chapter about which there is more to say than its name tells")
    assert "more to say" in shown(aside + TEXT)


def test_errors_beside_the_text_stay() -> None:
    assert "payment service failed" in shown(NAV.replace("nav>", "aside>").replace("chapter p of the long guide", "payment service failed") + TEXT)


def test_nested_navigation_is_counted_once() -> None:
    nested = f'<div role="navigation">\n<div>{NAV}</div>\n<div>{NAV}</div>\n</div>\n'
    rewrite = compress(nested + TEXT + TEXT)
    assert rewrite is not None
    assert len(rewrite.gaps) == 1
    assert "navigation, 32 links" in rewrite.text


# --- properties

TAGS = "p div span b a li ul ol td tr table h1 h2 pre code sup nav svg template script style title textarea input x-y br footer aside".split()
SOUP = st.lists(
    st.one_of(
        st.sampled_from([f"<{t}>" for t in TAGS] + [f"</{t}>" for t in TAGS]),
        st.sampled_from(
            ['<a href="/x">', "<a href='#y'>", "<", "</", "<!--", "-->", "<![CDATA[", "]]>", "&amp;", "&#", "\n", "\r\n", "\0", '"', "'", "=", "12"]
        ),
        st.text(max_size=8),
    ),
    max_size=60,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(SOUP, st.sampled_from(["", "what is `x-y`", "nav 12"]))
def test_no_text_is_too_odd(soup: str, query: str) -> None:
    text = PAGE.format(soup)
    content = Content(text, Query.of(query, CURL), CURL)
    rewrite = H.compress(content, Policy())
    assert rewrite == H.compress(content, Policy())
    if rewrite is not None:
        assert H.recognise(replace(content, text=rewrite.text)) == 0
        assert len(rewrite.text) < len(text)
        assert all(a.last < b.first for a, b in zip(rewrite.gaps, rewrite.gaps[1:], strict=False))
        assert all(1 <= g.first <= g.last <= rewrite.total for g in rewrite.gaps)


NODE = st.recursive(
    st.text(alphabet="abc 1<&\n\"'", min_size=1, max_size=12).map(lambda t: ("text", t)),
    lambda inner: st.tuples(st.sampled_from("p div span b li td h2 pre code a section nav".split()), st.lists(inner, max_size=4)),
    max_leaves=25,
)


def written(node: tuple[str, object]) -> tuple[str, str]:
    """A tree as HTML and its text."""
    name, inside = node
    if isinstance(inside, str):
        return entities.escape(inside), inside
    parts = [written(i) for i in inside]  # type: ignore[attr-defined]
    return f'<{name} class="x">{"".join(p[0] for p in parts)}</{name}>', "".join(p[1] for p in parts)


@settings(max_examples=100, deadline=None)
@given(NODE)
def test_every_character_comes_through_in_order(node: tuple[str, object]) -> None:
    page, text = written(node)
    assert words(markdown(page)) == words(text)


@settings(max_examples=60, deadline=None)
@given(NODE)
def test_a_tree_builder_sees_the_same_words(node: tuple[str, object]) -> None:
    lexbor = pytest.importorskip("selectolax.lexbor")
    page = f"<html><body>{written(node)[0]}</body></html>"
    assert words(markdown(page)) == words(lexbor.LexborHTMLParser(page).body.text())


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        "<p><b id=1>x",
        '<a href="',
        "<!--",
        "<div>",
        "</p>",
        "<svg><text>",
        "<template shadowrootmode=open>",
        "<nav>" + NAV,
        "<sup>",
        "&",
        "&#1234567890",
        "<",
        "<a ",
        "<a =",
        '<a b="c" ',
        "<a b= \"c\" d='e' ",
        "< ",
        "<svg>",
        "<title>",
        "<script>",
        "<ul><li>",
        "truncated ",
        ' id="needle"',
        "</html>",
        "<ol><table><td>",
    ],
)
def test_time_is_linear(unit: str) -> None:
    def seconds(size: int) -> float:
        text = PAGE.format("text " * 20 + unit * (size // len(unit)))
        return cpu_seconds(lambda: H.compress(Content(text, Query.of("where is `needle`", CURL), CURL), Policy()), 3)

    assert seconds(200_000) < 12 * max(seconds(50_000), 0.01)


@pytest.mark.slow
def test_ten_megabytes_on_one_line() -> None:
    text = "<!doctype html><body>" + "<p>word <b>word</b></p>" * 400_000
    rewrite = H.compress(Content(text, Query(), CURL), Policy())
    assert rewrite is not None
    assert rewrite.total == 1


@pytest.mark.slow
def test_the_hash_seed_changes_nothing() -> None:
    program = (
        "from tests.pipeline.compressors.test_html import *\nimport hashlib\n"
        "r = compress(NAV + TEXT + '<a href=/x>y</a><sup>2</sup>' * 9, 'where is `x-y` or `/z`')\nprint(hashlib.sha256(repr(r).encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": s, "PYTHONPATH": "."}
        ).stdout
        for s in ("0", "1", "77")
    }
    assert len(seen) == 1
