from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import ccr
from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.search import SearchCompressor
from pipeline.compressors.search.choice import FEWEST_HITS, MANY_HITS
from pipeline.markers import IN_PLACE
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall

GREP = describe("1", "Bash", {"command": "grep -rn spam src tests"}, {})
BALANCED, LOSSLESS, AGGRESSIVE = (Policy(profile=p) for p in (Profile.BALANCED, Profile.LOSSLESS, Profile.AGGRESSIVE))
S = SearchCompressor()


def hits(path: str, count: int, text: str = "    spam = cook(eggs)") -> list[str]:
    return [f"{path}:{10 * n}:{text} {n}" for n in range(1, count + 1)]


def compress(lines: Sequence[str], query: str = "", policy: Policy = BALANCED, call: ToolCall | None = GREP) -> Rewrite | None:
    return S.compress(Content("\n".join(lines), Query(query), call), policy)


def shown(lines: Sequence[str], query: str = "", policy: Policy = BALANCED, call: ToolCall | None = GREP) -> list[str]:
    rewrite = compress(lines, query, policy, call)
    assert rewrite is not None
    return rewrite.text.split("\n")


def test_it_is_a_compressor() -> None:
    assert isinstance(S, Compressor)
    assert S.name == "search"


# --- what it recognises

NEITHER = describe("1", "Bash", {"command": "make"}, {})
RG = describe("1", "Grep", {"pattern": "spam"}, {})


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        (None, hits("src/a.py", 30)),
        (GREP, hits("src/a.py", 30)),
        (None, hits("Makefile", 30)),
        (None, hits("C:\\src\\a.py", 30)),
        (None, [line for n in range(9) for line in (f"src/a-{n}.py-9-before", f"src/a-{n}.py:10:hit", f"src/a-{n}.py-11-after", "--")]),
        (GREP, [f"src/a{n}.py:import spam" for n in range(30)]),
        (RG, [f"src/a{n}.py:import spam" for n in range(30)]),
        (GREP, ["src/a.py", *(f"{n}:spam" for n in range(1, 20)), "", "src/b.py", "3:spam", "4-eggs"]),
        (None, ["src/a.py", *(f"{n}:spam" for n in range(1, 20)), "", "src/b.py", "3:spam"]),
        (GREP, [f"{n}:spam" for n in range(1, 40)]),
        (GREP, [*hits("src/a.c", 10), *(["something else"] * 20)]),
    ],
)
def test_recognised(call: ToolCall | None, lines: list[str]) -> None:
    assert S.recognise(Content("\n".join(lines), call=call)) >= 0.6


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        (None, [f"2024-01-01T10:15:{n} started worker" for n in range(10, 60)]),
        (GREP, [f"2024-01-01 10:15:{n} started worker" for n in range(10, 60)]),
        (GREP, [f"Nov 22 16:45:{n} host cron[12]: started" for n in range(10, 60)]),
        (GREP, [f'10.0.0.1 - - [10/Oct/2024:13:55:{n} +0000] "GET / HTTP/1.1" 200' for n in range(10, 60)]),
        (None, [f"{n}:{n + 1}:{n + 2} 17 numbers" for n in range(10, 40)]),
        (None, [f"http://localhost:80{n}/a" for n in range(10, 40)]),
        (GREP, [f"https://host{n}:443:tls" for n in range(10, 40)]),
        (None, [f"src/a.c:{n}:5: error: expected ';'" for n in range(1, 30)]),
        (None, [f"src/a.c:{n}: warning: unused" for n in range(1, 30)]),
        (None, [f"{n}:text of a file" for n in range(1, 30)]),
        (None, [f"src/a{n}.py:import spam" for n in range(30)]),
        (NEITHER, [f"key{n}: value" for n in range(30)]),
        (GREP, [f"key{n}: value" for n in range(30)]),
        (GREP, ["No matches found"]),
        (GREP, [""]),
        (GREP, ["--"]),
        (GREP, [*hits("src/a.c", 10), "[headroom 0123abcd: 3 of 9 lines left out]"]),
    ],
)
def test_not_recognised(call: ToolCall | None, lines: list[str]) -> None:
    content = Content("\n".join(lines), call=call)
    assert S.recognise(content) == 0
    assert S.compress(content, AGGRESSIVE) is None


def test_what_was_found_in_a_log_gives_way() -> None:
    found = [f"{n}:2024-01-01 10:15:{n % 60:02} ERROR no spam" for n in range(1, 90)]
    assert 0 < S.recognise(Content("\n".join(found), call=GREP)) < 0.5


# --- grouping loses nothing


def test_each_path_stands_once() -> None:
    assert shown([*hits("src/cook/a.py", 2), *hits("src/cook/b.py", 1), *hits("src/cook/c.py", 2)], policy=LOSSLESS) == [
        "src/cook/a.py",
        "10:    spam = cook(eggs) 1",
        "20:    spam = cook(eggs) 2",
        "src/cook/b.py:10:    spam = cook(eggs) 1",
        "src/cook/c.py",
        "10:    spam = cook(eggs) 1",
        "20:    spam = cook(eggs) 2",
    ]


def test_context_and_separators() -> None:
    lines = ["src/x-1-y.py-1-a:3:b", "src/x-1-y.py:2:hit", "src/x-1-y.py-3-", "--", "src/x-1-y.py:9:hit:12:", "--", "src/b.py:7:hit"]
    assert shown(lines * 3, policy=LOSSLESS)[:7] == ["src/x-1-y.py", "1-a:3:b", "2:hit", "3-", "--", "9:hit:12:", "--"]


def test_hits_without_line_numbers() -> None:
    lines = ["src/a.py-before", "src/a.py:spam", "src/a.py-after", "--", "src/b.py:spam"]
    assert shown(lines * 4, policy=LOSSLESS)[:5] == ["src/a.py", "-before", ":spam", "-after", "--"]


def test_what_is_no_hit_stays_and_ends_a_group() -> None:
    lines = [*hits("src/cook/a.py", 3), "Binary file src/b.bin matches", *hits("src/cook/a.py", 3), ""]
    assert shown(lines, policy=LOSSLESS) == [
        "src/cook/a.py",
        *(line.removeprefix("src/cook/a.py:") for line in lines[:3]),
        "Binary file src/b.bin matches",
        "src/cook/a.py",
        *(line.removeprefix("src/cook/a.py:") for line in lines[:3]),
        "",
    ]


def test_an_empty_line_after_the_last_line_break_is_no_line() -> None:
    lines = [*hits("src/a.py", 40), *hits("src/b.py", 30)]
    rewrite = compress([*lines, ""], "a.py")
    assert rewrite is not None
    assert rewrite.total == 70
    assert rewrite.text.endswith("]\n")


def test_too_much_that_is_no_hit() -> None:
    assert compress([*hits("src/a.py", 30), *(["what is this"] * 10)]) is None


def test_lossless_leaves_nothing_out() -> None:
    lines = [line for n in range(20) for line in hits(f"src/cook/m{n}.py", 30)]
    for policy in (LOSSLESS, Policy(elide=False), Policy(profile=Profile.AGGRESSIVE, elide=False)):
        rewrite = compress(lines, "m3.py", policy)
        assert rewrite is not None
        assert rewrite.gaps == ()
        assert rewrite.left_out == 0
        assert rewrite.summary == ""


# --- leaving out


def test_a_file_asked_for_is_whole_and_the_others_are_counted() -> None:
    lines = [*hits("src/a.py", 40), *hits("src/b.py", 3), *hits("tests/test_a.py", 30), *hits("tests/c.py", 15)]
    rewrite = compress(lines, "What do the matches in test_a.py do?")
    assert rewrite is not None
    assert rewrite.text.split("\n") == [
        "[… 1-43: 43 hits in 2 files: src/: a.py 40, b.py 3]",
        "tests/test_a.py",
        *(line.removeprefix("tests/test_a.py:") for line in lines[43:73]),
        "[… 74-88: 15 hits in tests/c.py, file lines 10-150]",
    ]
    assert rewrite.summary == "58 hits, counted by file; every hit in tests/test_a.py shown"
    assert rewrite.total == 88
    assert rewrite.left_out == 58


@pytest.mark.parametrize("name", ["src/x/a.py", "x/a.py", "a.py", "./src/x/a.py"])
def test_names_of_a_file(name: str) -> None:
    got = shown([*hits("src/x/a.py", 30), *hits("src/x/aa.py", 40), *hits("src/y/b.py", 40)], f"see `{name}`")
    assert sum(line[0].isdigit() for line in got) == 30


def test_few_hits_are_all_shown_and_some_more_still_by_file() -> None:
    assert FEWEST_HITS == 20
    assert sum(line[0].isdigit() for line in shown([*hits("src/cook/a.py", 10), *hits("src/cook/b.py", 9)], "a.py", AGGRESSIVE)) == 19
    assert MANY_HITS == 60
    got = shown([*hits("src/cook/a.py", 20), *hits("src/cook/b.py", 39)], "a.py")
    assert sum(line[0].isdigit() for line in got) == 30
    assert got[-1] == "[… 31-59: 29 hits, file lines 110-390]"


@pytest.mark.parametrize(("policy", "each"), [(BALANCED, 10), (AGGRESSIVE, 3)])
def test_nothing_named_some_of_each_file(policy: Policy, each: int) -> None:
    got = shown([*hits("src/cook/a.py", 30), *hits("src/cook/b.py", 30), *hits("src/cook/c.py", 2)], policy=policy)
    assert sum(line[0].isdigit() for line in got) == 2 * each + 2
    assert got[0] == "src/cook/a.py"
    assert got[each + 1] == f"[… {each + 1}-30: {30 - each} hits, file lines {10 * each + 10}-300]"


def test_the_question_ranks_and_a_marker_stands_where_the_hits_stood() -> None:
    lines = hits("src/cook/a.py", 60)
    lines[47] = "src/cook/a.py:480:    def refundPayments(self):"
    got = shown([*lines, *hits("src/cook/b.py", 5)], "Where are payments refunded?")
    assert "480:    def refundPayments(self):" in got
    assert got[10:12] == ["[… 10-47: 38 hits, file lines 100-470]", "480:    def refundPayments(self):"]


def test_what_names_a_thing_that_was_named_is_shown_beyond_the_limit() -> None:
    lines = [*hits("src/a.py", 30), *hits("src/b.py", 60)]
    lines[77] = "src/b.py:480:    return order_4711"
    assert shown(lines, "Look at a.py: where does order_4711 come from?")[31:] == [
        "src/b.py",
        "[… 31-77: 47 hits, file lines 10-470]",
        "480:    return order_4711",
        "[… 79-90: 12 hits, file lines 490-600]",
    ]


def test_what_nearly_every_hit_names_tells_nothing() -> None:
    got = shown([*hits("src/a.py", 40), *hits("src/b.py", 60, "cook_4711()")], "cook_4711 in a.py")
    assert sum(line[0].isdigit() for line in got) == 40


@pytest.mark.parametrize(
    ("lines", "call"),
    [
        ([f"{n}:    spam = cook(eggs)" for n in range(1, 100)], GREP),
        (hits("src/a.py", 99), GREP),
        ([*hits("src/a.py", 99), *hits("src/b.py", 9)], describe("1", "Bash", {"command": "grep -n spam src/a.py src/b.py"}, {})),
        ([*hits("src/a.py", 99), *hits("src/b.py", 9)], describe("1", "Grep", {"path": "./src/a.py"}, {})),
    ],
)
def test_a_file_that_the_call_names_shows_more(lines: list[str], call: ToolCall) -> None:
    rewrite = compress(lines, call=call)
    assert rewrite is not None
    assert rewrite.left_out == 59


def test_groups_with_context_stay_together() -> None:
    lines = [line for n in range(40) for line in (f"src/a.py-{9 * n}-before", f"src/a.py:{9 * n + 1}:spam and more {n}", "--")]
    lines += hits("src/b.py", 5)
    rewrite = compress(lines)
    assert rewrite is not None
    got = rewrite.text.split("\n")
    assert got[:4] == ["src/a.py", "0-before", "1:spam and more 0", "--"]
    assert got[29:31] == ["82:spam and more 9", "[… 30-119: 30 hits, file lines 91-352]"]


def test_headings_go_with_their_hits() -> None:
    lines = [line for n in range(5) for line in (f"src/m{n}.py", *(f"{k}:spam is cooked here" for k in range(1, 21)), "")]
    assert shown(lines, "m2.py") == [
        "[… 1-43: 40 hits in 2 files: src/: m0.py 20, m1.py 20]",
        *lines[43:65],
        "[… 66-109: 40 hits in 2 files: src/: m3.py 20, m4.py 20]",
        "",
    ]


def test_a_heading_stays_while_a_hit_below_it_stays() -> None:
    lines = [line for n in range(2) for line in (f"src/m{n}.py", *(f"{k}:spam is cooked here" for k in range(1, 31)), "")]
    lines[25] = "25:    def refundPayments(self):"
    got = shown(lines, "Where are payments refunded?")
    assert got[:10] == ["src/m0.py", *lines[1:10]]
    assert got[10:13] == ["[… 11-25: 15 hits, file lines 10-24]", lines[25], "[… 27-31: 5 hits, file lines 26-30]"]


def test_a_long_list_of_files_ends_with_a_count() -> None:
    lines = [line for n in range(200) for line in hits(f"src/cook/m{n}.py", 2)]
    got = shown([*lines, *hits("x.py", 30)], "x.py")
    assert got[0].startswith("[… 1-400: 400 hits in 200 files: src/cook/: m0.py 2, m1.py 2,")
    assert got[0].endswith("m149.py 2; 50 more files 100]")


def test_no_path_can_end_a_marker() -> None:
    got = shown([*hits("src/[id]/page.tsx", 40), *hits("src/[a]/b].ts", 30), *hits("x.py", 20)], "x.py")
    assert got[0] == "[… 1-70: 70 hits in 2 files: src/(id)/: page.tsx 40; src/(a)/: b).ts 30]"


def test_little_is_not_left_out() -> None:
    rewrite = compress([*hits("src/cook/a.py", 100), *hits("src/cook/b.py", 2)], "a.py")
    assert rewrite is not None
    assert rewrite.gaps == ()


def test_nothing_to_gain() -> None:
    assert compress([f"a{n}.c:1:x" for n in range(30)]) is None


# --- files that the question names in other ways


@pytest.mark.parametrize("question", ["What do the hits in libexec/tool-root and tool-init say?", "tool-init of ./libexec/tool-root, please"])
def test_every_file_that_is_asked_for_is_whole(question: str) -> None:
    lines = [*hits("libexec/tool-root", 3), *hits("libexec/tool-init", 30), *hits("src/a.py", 40)]
    text = shown(lines, question)
    assert {"libexec/tool-root", "libexec/tool-init"} <= set(text)
    assert sum(bool(re.match(r"\d+:", line)) for line in text) == 33


def test_few_lines_of_files_asked_for_stay_as_they_were_printed() -> None:
    lines = [*hits("src/a.py", 4), *hits("src/b.py", 40), *hits("src/c.py", 30)]
    assert shown(lines, "a.py?")[:4] == lines[:4]
    assert shown(lines, "b.py?")[1:3] == ["src/b.py", "10:    spam = cook(eggs) 1"], "many are shown below their path"
    assert shown(lines[:10], "a.py?")[0] == "src/a.py", "nothing is left out"


def test_a_word_that_is_a_base_name_shows_more_and_takes_nothing_from_others() -> None:
    lines = [*hits("bin/server", 30), *hits("src/a.py", 40)]
    text = shown(lines, "How does the server cook eggs?")
    assert sum(bool(re.match(r"\d+:", line)) for line in text) == 30 + 10
    text = shown([*hits("dev", 12), *hits("src/a.py", 40), *hits("src/b.py", 40)], "What do dev and a.py say?")
    assert sum(bool(re.match(r"\d+:", line)) for line in text) == 12 + 40


def test_a_folder_that_is_named_is_whole_unless_it_is_nearly_everything() -> None:
    lines = [*hits("test/support/a.py", 30), *hits("test/support/b/c.py", 20), *[h for n in range(20) for h in hits(f"src/m{n}.py", 3)]]
    text = shown(lines, "What does test/support read?")
    assert sum(bool(re.match(r"\d+:", line)) for line in text) == 50
    everywhere = [h for n in range(30) for h in hits(f"src/core/m{n}.py", 30)]
    assert len(shown([*everywhere, *hits("x.py", 9)], "What does src/core read?")) < 400


def test_where_the_question_looks_elsewhere_the_others_are_not_only_counted() -> None:
    lines = [*hits("src/a.py", 40), *hits("src/b.py", 30)]
    assert "100:    spam = cook(eggs) 10" in shown(lines, "who uses it besides a.py?")[42:]
    assert "100:    spam = cook(eggs) 10" not in shown(lines, "who uses it in a.py?")[42:]


# --- properties

_MARK = re.compile(r"\[… (\d+)(?:-(\d+))?: (\d+) hits?")
PATHS = ("src/a.py", "src/b-2.py", "lib/x-1-y.c", "Makefile", "test/very/deep/folder/test_a.py")


@st.composite
def results(draw: st.DrawFn) -> list[str]:
    """What grep prints: files in turn, hits with and without context."""
    lines: list[str] = []
    context = draw(st.booleans())
    text = st.text(alphabet="ab 1:-.(é", max_size=12)
    for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=5, unique=True)):
        for number in range(draw(st.integers(1, 40))):
            if context and lines:
                lines.append("--")
            lines.append(f"{path}:{10 * number + 5}:hit {draw(text) if number < 3 else number} of spam")
            if context:
                lines.append(f"{path}-{10 * number + 6}-{'context' if number else draw(text)}")
    return lines


def ungroup(lines: Sequence[str]) -> list[str]:
    """The result as grep printed it, from the form that the model sees."""
    out: list[str] = []
    path = ""
    for line in lines:
        if line == "--":
            out.append(line)
        elif re.match(r"\d+[:-]", line):
            out.append(f"{path}{'-' if re.match(r'[0-9]+-', line) else ':'}{line}")
        elif re.match(r"[^:]+:\d+:", line):
            out.append(line)
        elif line.startswith("[… "):
            out.append(line)
        else:
            path = line
    return out


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(results())
def test_grouping_can_be_undone(lines: list[str]) -> None:
    rewrite = compress(lines, policy=LOSSLESS)
    if rewrite is not None:
        assert len(rewrite.text) < len("\n".join(lines))
        assert ungroup(rewrite.text.split("\n")) == lines


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(results(), st.sampled_from(["", "see a.py", "Makefile and test_a.py, what of 7?", "context"]), st.sampled_from([BALANCED, AGGRESSIVE]))
def test_every_line_is_shown_as_it_was_or_counted_where_it_stood(lines: list[str], query: str, policy: Policy) -> None:
    rewrite = compress(lines, query, policy)
    if rewrite is None:
        return
    text = "\n".join(lines)
    assert len(rewrite.text) < len(text)
    assert rewrite.total == len(lines)
    expected: list[str] = []
    done = 0
    for gap in rewrite.gaps:
        assert done < gap.first <= gap.last <= len(lines)
        expected += [*lines[done : gap.first - 1], f"{gap.first}-{gap.last}"]
        done = gap.last
    expected += lines[done:]
    got = ungroup(rewrite.text.split("\n"))
    assert len(got) == len(expected)
    for mine, theirs in zip(got, expected, strict=True):
        if not mine.startswith("[… "):
            assert mine == theirs
            continue
        mark = _MARK.match(mine)
        assert IN_PLACE.fullmatch(mine)
        assert mark
        first, last = int(mark[1]), int(mark[2] or mark[1])
        assert theirs == f"{first}-{last}"
        assert int(mark[3]) == sum(re.match(r"[^:]+:\d+:hit", line) is not None for line in lines[first - 1 : last])
    if sum(":" in line for line in lines) < FEWEST_HITS:
        assert rewrite.gaps == ()
    assert S.compress(Content(ccr.render(rewrite, "0123abcd"), Query(query), GREP), policy) is None
    assert compress(lines, query, policy) == rewrite


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet="a/.:-1 \t[]…é", max_size=30), max_size=40), st.text(max_size=60))
def test_any_text_is_borne(lines: list[str], query: str) -> None:
    for call in (None, GREP):
        content = Content("\n".join(lines), Query(query), call)
        assert 0 <= S.recognise(content) <= 1
        for policy in (LOSSLESS, BALANCED, AGGRESSIVE):
            rewrite = S.compress(content, policy)
            assert rewrite is None or len(rewrite.text) < len(content.text)


@pytest.mark.parametrize(
    "text",
    [
        "a.c:1:" + "x" * 2_000_000,
        ":" * 1_000_000,
        "a-1-" * 200_000,
        "a.c:1:x\n" * 20_000,
        "\n".join("a/" * 190 + f"b{n}.c:1:x" for n in range(1000)),
        "\n".join("/" * 390 + f"{n}.c:x" for n in range(2000)),
        "a.c:1:x\n" * 10 + ("a-1-" * 100 + "\n") * 2000,
    ],
)
def test_hostile_text_ends(text: str) -> None:
    content = Content(text, Query("what is x in a.c?"), GREP)
    assert S.recognise(content) <= 1
    rewrite = S.compress(content, BALANCED)
    assert rewrite is None or len(rewrite.text) < len(text)


@pytest.mark.slow
def test_the_hash_seed_does_not_matter() -> None:
    program = (
        "from pipeline.compressors.search import SearchCompressor\n"
        "from pipeline.compressors.api import Content\n"
        "from pipeline.policy import Policy\n"
        "from pipeline.query import Query\n"
        "t = '\\n'.join(f'src/m{i % 7}.py:{i}:def cook_{i * 7 % 13}(spam, eggs)' for i in sorted(range(200), key=lambda i: i % 7))\n"
        "print(SearchCompressor().compress(Content(t, Query('who cooks spam with eggs in m3.py or m5.py, and cook_4?')), Policy()))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "77")
    }
    assert len(outputs) == 1
    assert b"hits" in outputs.pop()
