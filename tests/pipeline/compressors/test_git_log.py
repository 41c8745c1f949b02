from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.commits import parse
from pipeline.compressors.git_log import GitLogCompressor
from pipeline.markers import gap
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall
from tests.cpu import cpu_seconds

BALANCED, LOSSLESS, AGGRESSIVE = (Policy(profile=p) for p in (Profile.BALANCED, Profile.LOSSLESS, Profile.AGGRESSIVE))
G = GitLogCompressor()

LETTERS = ".chkbsmtSTn"  # by the constants of commits


def bash(command: str) -> ToolCall:
    return describe("1", "Bash", {"command": command}, {})


def commit(number: int, subject: str, body: Sequence[str] = (), files: int = 0) -> list[str]:
    lines = [f"commit {number:08x}{'ab' * 16}", "Author: Jane Doe <jane@example.org>", "Date:   Mon Jan 1 10:00:00 2024 +0000", "", f"    {subject}"]
    if body:
        lines += ["    ", *(f"    {line}".rstrip() if not line else f"    {line}" for line in body)]
    if files:
        lines += [
            "",
            *(f" src/folder/module_{number}_{n}.py | {n + 3} +++" for n in range(files)),
            f" {files} files changed, {files * 3} insertions(+)",
        ]
    return [*lines, ""]


BODY = ["The old way was slow for large inputs, and", "wrong for empty ones.", "", *(f"* point {n} of the description" for n in range(9))]
SUBJECTS = [
    "Add a lexer",
    "Fix the parser for dates (#101)",
    "Speed up printing of tables (#102)",
    "Drop support for old kernels",
    "Bump requests to 2.31.0 (#104)",
]
LOG = [line for n, subject in enumerate(SUBJECTS) for line in commit(n, subject, [*BODY, "", "Signed-off-by: Jane <jane@x.org>"], 4)]


def compress(lines: Sequence[str], query: str = "", policy: Policy = BALANCED, call: ToolCall | None = None) -> Rewrite | None:
    return G.compress(Content("\n".join(lines), Query.of(query, call), call), policy)


def shown(lines: Sequence[str], query: str = "", policy: Policy = BALANCED, call: ToolCall | None = None) -> list[str]:
    rewrite = compress(lines, query, policy, call)
    assert rewrite is not None
    assert restored(rewrite, lines) == list(lines)
    return rewrite.text.split("\n")


def restored(rewrite: Rewrite, lines: Sequence[str]) -> list[str]:
    """The text with every marker replaced by the lines it stands for; fails where a gap has no marker."""
    back: list[str] = []
    text = rewrite.text.split("\n")
    at = 0
    for left_out in rewrite.gaps:
        while len(back) < left_out.first - 1:
            back.append(text[at])
            at += 1
        assert text[at].startswith(gap(left_out.first, left_out.last)[:-1])
        at += 1
        back += lines[left_out.first - 1 : left_out.last]
    return back + text[at:]


def test_it_is_a_compressor() -> None:
    assert isinstance(G, Compressor)
    assert G.name == "git_log"


# --- what it recognises


@pytest.mark.parametrize(
    "lines",
    [
        LOG,
        ["warning: something", *LOG],
        ["\ufeff" + LOG[0], *LOG[1:]],
        [line + "\r" for line in LOG],
        [f"\x1b[33m{line}\x1b[m" for line in LOG],
        ["*   commit 0123456", "|\\  Merge: 12 34", "| | Author: J", "| | ", "| |     Merge", "| | ", "| * commit 0123457", "| | Author: J", "| | "],
        ["commit 0123456 (HEAD -> main, tag: v1)", "Author: J", "", "    S", "", "commit 0123457", "Author: J", "", "    T"],
        ["commit 0123456", "tree 12", "author J <j@x> 1 +0000", "", "    S", "", "commit 0123457", "tree 13", "author J <j@x> 1 +0000", "", "    T"],
    ],
)
def test_recognised(lines: list[str]) -> None:
    assert G.recognise(Content("\n".join(lines))) == 0.95


@pytest.mark.parametrize(
    "lines",
    [
        [""],
        commit(1, "One is no history", BODY),
        [f"{n:07x} Subject of commit {n:07x}" for n in range(50)],
        ["commit to the cause", "Author: nobody"] * 9,
        ["commit 0123456", "is where it broke"] * 9,
        ["    commit 0123456", "    Author: quoted in a message"] * 9,
        [*LOG, "[headroom 0123abcd: 3 of 9 lines left out]"],
    ],
)
def test_not_recognised(lines: list[str]) -> None:
    content = Content("\n".join(lines))
    assert G.recognise(content) == 0
    assert G.compress(content, AGGRESSIVE) is None


def test_with_changes_it_gives_way() -> None:
    lines = [*LOG, "diff --git a/x b/x", "--- a/x", "+++ b/x", "@@ -1 +1 @@", "-x", "+y"]
    assert G.recognise(Content("\n".join(lines))) == 0.7


# --- what stays


def test_every_commit_shows_who_when_and_what() -> None:
    text = shown(LOG)
    assert text[:7] == [
        f"commit 00000000{'ab' * 16}",
        "Author: Jane Doe <jane@example.org>",
        "Date:   Mon Jan 1 10:00:00 2024 +0000",
        "",
        "    Add a lexer",
        "[… 6-25: 11 message, 1 trailer, 4 stat]",
        " 4 files changed, 12 insertions(+)",
    ]
    assert {f"    {s}" for s in SUBJECTS} <= set(text)
    assert sum(line.startswith("Author: ") for line in text) == sum(line.startswith("Date: ") for line in text) == 5
    assert text.count(" 4 files changed, 12 insertions(+)") == 5
    rewrite = compress(LOG)
    assert rewrite is not None
    assert rewrite.summary == "hash, author and subject of all 5 commits shown"


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("What did 00000003abab change?", 3),
        ("What does 'drop support for old kernels' mean?", 3),
        ("Tell me of Speed up printing of tables", 2),
        ("Tell me about #102", 2),
        ("When was requests raised to 2.31.0?", 4),
        ("How did the parser for dates get fixed?", 1),
    ],
)
def test_a_commit_asked_for_is_whole(question: str, number: int) -> None:
    text = shown(LOG, question)
    assert set(commit(number, SUBJECTS[number], BODY, 4)) <= set(text)
    rewrite = compress(LOG, question)
    assert rewrite is not None
    assert rewrite.summary.endswith(f"{number:08x} whole")
    assert len(rewrite.gaps) == 4


def test_a_commit_that_the_call_names_is_whole() -> None:
    call = bash(f"git log --stat 00000002{'ab' * 16}")
    assert set(commit(2, SUBJECTS[2], BODY, 4)) <= set(shown(LOG, call=call))


def test_where_a_history_begins_says_nothing_of_its_other_commits() -> None:
    call = bash(f"git log --stat 00000000{'ab' * 16}")
    text = shown(LONG, "Who wrote most?", call=call)
    assert starting(text, "commit ") == starting(text, "Author: ") == len(WORK)


def test_lines_that_name_what_is_asked_for_stay() -> None:
    assert " src/folder/module_3_2.py | 5 +++" in shown(LOG, "who touched module_3_2.py?")
    assert "    * point 7 of the description" in shown(commit(8, "Other", ["x"], 3) + LOG[:26], 'where is "point 7" told?')
    special = [*LOG, *commit(9, "Search", ["a", "", "b", "the needle_x is here"], 3)]
    assert "    the needle_x is here" in shown(special, call=bash("git log --stat --grep=needle_x"))


def test_a_short_message_stays() -> None:
    lines = [*LOG, *commit(9, "Last", ["Because of an outage", "on Monday."], 4)]
    assert {"    Because of an outage", "    on Monday."} <= set(shown(lines))
    assert "    Because of an outage" not in shown(lines, policy=AGGRESSIVE)


def test_reverts_and_breaking_changes_stay() -> None:
    lines = [*LOG, *commit(9, "Last", ["x", "", "This reverts commit 0123456789.", "", *BODY, "", "BREAKING CHANGE: no more"], 4)]
    assert {"    This reverts commit 0123456789.", "    BREAKING CHANGE: no more"} <= set(shown(lines))


# --- what stays of the commits that are not asked for

AUTHORS = ["Jane Doe <jane@example.org>", "张伟 <zw@example.cn>", "J. O'Neill <on@example.org>"]
WORK = ["Lexer", "Parser", "Printer", "Kernels", "Sockets", "Threads", "Tables", "Colours", "Margins"]
LONG = [
    line.replace("Jane Doe <jane@example.org>", AUTHORS[0 if n not in {3, 7} else 1 + (n == 7)])
    for n, subject in enumerate(WORK)
    for line in commit(n, f"{subject}: no longer slow (#{200 + n})", ["Signed-off-by: Jane <jane@x.org>"], 2)
]


def starting(text: Sequence[str], beginning: str) -> int:
    return sum(line.startswith(beginning) for line in text)


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("What is 00000004abab about?", [4]),
        ("Who wrote 'sockets: no longer slow', and when?", [4]),
        ("What of #204?", [4]),
        ("Which commits changed src/folder/module_4_1.py?", [4]),
        ("Which commit changed deep/below/folder/module_4_1.py?", [4]),
        ("Which commits are by 张伟?", [3]),
        ("What has on@example.org done?", [7]),
    ],
)
def test_where_commits_are_named_outright_the_others_show_their_subjects(question: str, asked: list[int]) -> None:
    text = shown(LONG, question)
    assert starting(text, "    ") - starting(text, "    Signed") - text.count("    ") == len(WORK)
    for n in asked:
        assert {f"commit {n:08x}{'ab' * 16}", "Date:   Mon Jan 1 10:00:00 2024 +0000"} <= set(text)
    assert starting(text, "Author: ") == starting(text, "Date: ") == len(asked)
    assert starting(text, "commit ") == len({0, *asked})
    rewrite = compress(LONG, question)
    assert rewrite is not None
    assert "subject of all 9 commits shown" in rewrite.summary
    assert "hash" not in rewrite.summary.partition(" of all")[0]


def test_the_file_that_was_asked_for_shows_its_line() -> None:
    assert [line for line in shown(LONG, "How much did module_4_1.py change?") if "|" in line] == [" src/folder/module_4_1.py | 4 +++"]


@pytest.mark.parametrize("question", ["Why did the sockets change?", "What has O'Neill changed?", "What came between 00000002abab and 00000006abab?"])
def test_where_words_are_shared_the_others_keep_their_hashes(question: str) -> None:
    text = shown(LONG, question)
    assert starting(text, "commit ") == len(WORK)
    assert 0 < starting(text, "Author: ") < 3
    rewrite = compress(LONG, question)
    assert rewrite is not None
    assert rewrite.summary.startswith("hash and subject of all 9 commits shown")


@pytest.mark.parametrize(("question", "headers"), [("Summarise it.", 0), ("", 9), ("Who wrote most?", 9), ("Summarise the last week", 9)])
def test_without_a_commit_asked_for_headers_stay_if_the_question_may_mean_them(question: str, headers: int) -> None:
    text = shown(LONG, question)
    assert starting(text, "commit ") == len(WORK)
    assert starting(text, "Author: ") == starting(text, "Date: ") == headers
    assert text.count(" 2 files changed, 6 insertions(+)") == len(WORK)


def test_tags_and_branches_stay() -> None:
    lines = [line.replace("ab" * 16, "ab" * 16 + " (tag: v2)") if line.startswith("commit 00000005") else line for line in LONG]
    assert f"commit 00000005{'ab' * 16} (tag: v2)" in shown(lines, "What of #204?")


def test_above_a_diff_headers_stay() -> None:
    change = ["diff --git a/x b/x", "--- a/x", "+++ b/x", "@@ -1,2 +1,2 @@", " a table | 3 columns", "-x", "+y", ""]
    lines = [line for n in range(8) for line in (*commit(n, WORK[n], [*BODY], 3), *change)]
    text = shown(lines, "What of 00000004abab?")
    assert starting(text, "commit ") == starting(text, "Author: ") == 8


def fuller(number: int) -> list[str]:
    lines = commit(number, f"Subject {number}", BODY, 4)
    return [lines[0], lines[1], "AuthorDate: today", "Commit: GitHub <noreply@github.com>", "CommitDate: Mon Jan 1 10:00:00 2024 +0000", *lines[3:]]


def test_committers_go_unless_asked_for() -> None:
    lines = [*fuller(1), *fuller(2)]
    assert "[… 4-6]" in shown(lines)
    assert "Commit: GitHub <noreply@github.com>" in shown(lines, "who committed it?")
    assert "Commit: GitHub <noreply@github.com>" in shown(lines, call=bash("git log --format=fuller --stat"))


def test_long_lists_of_names_are_cut() -> None:
    lines = [line for n in range(3) for line in (*commit(n, "Subject", BODY), *(f"M\tsrc/module_{n}_{i}.py" for i in range(30)), "")]
    text = shown(lines)
    assert "M\tsrc/module_0_9.py" in text
    assert "M\tsrc/module_0_10.py" not in text
    assert "[… 30-50: 20 path]" in text
    bare = [line.removeprefix("M\t") for line in lines]
    assert "src/module_0_29.py" in shown(bare)
    assert "src/module_0_29.py" not in shown(bare, call=bash("git log --name-only"))


def test_a_graph_is_understood() -> None:
    lines = [("* " if line.startswith("commit") else "| ") + line for line in LOG]
    assert "[… 6-25: 11 message, 1 trailer, 4 stat]" in shown(lines)


def test_other_output_stays() -> None:
    lines = ["hint: something", *LOG, "error: pathspec 'x' did not match", "exit status 1"]
    assert {"hint: something", "error: pathspec 'x' did not match", "exit status 1"} <= set(shown(lines))


def test_changes_are_not_taken_for_files() -> None:
    change = ["diff --git a/x b/x", "--- a/x", "+++ b/x", "@@ -1,2 +1,2 @@", " a table | 3 columns", "-x", "+y"]
    assert set(change) <= set(shown([*LOG, *change]))


def test_lossless_leaves_it_alone() -> None:
    assert compress(LOG, policy=LOSSLESS) is None
    assert compress(LOG, policy=Policy(elide=False)) is None
    assert compress([line for n in range(9) for line in commit(n, "Subject")]) is None


# --- whatever the input

TEXTS = st.lists(
    st.sampled_from(
        [*LOG[:30], *fuller(7), "* commit 0123456", "| Author: J", "| ", "|     x", "", "\r", "M\ta.c", "\x1b[1m", "é\0", "diff --git a/x b/x"]
    )
    | st.text(max_size=12).filter(lambda t: "\n" not in t),
    min_size=1,
    max_size=80,
)


@settings(max_examples=150, deadline=None)
@given(
    TEXTS, st.sampled_from(["", "Add a lexer", "see #101, module_1_1.py and 'point 3'", "who committed?"]), st.sampled_from([BALANCED, AGGRESSIVE])
)
def test_nothing_but_whole_lines_goes_and_a_marker_stands_for_each(lines: list[str], query: str, policy: Policy) -> None:
    lines = [*LOG[:26], *lines]
    content = Content("\n".join(lines), Query(query))
    assert 0 <= G.recognise(content) <= 1
    rewrite = G.compress(content, policy)
    if rewrite is None:
        return
    assert restored(rewrite, lines) == lines
    assert len(rewrite.text) < len(content.text)
    assert all(
        LETTERS[k] in "chkbmtSTn"
        for g in rewrite.gaps
        for k in parse([x.removesuffix("\r") for x in lines]).kinds[g.first - 1 : g.last]
        if "\x1b" not in content.text
    )


@settings(max_examples=50, deadline=None)
@given(st.text(), st.sampled_from([BALANCED, LOSSLESS, AGGRESSIVE]))
def test_any_text(text: str, policy: Policy) -> None:
    G.recognise(Content(text))
    G.compress(Content(text), policy)


HEAD = "commit 0123456\nAuthor: J\n\n    S\n"
HOSTILE = {
    "one line": 2 * HEAD + "    \n    " + "x" * 1_000_000,
    "one path": 2 * HEAD + "\n " + "x | " * 250_000,
    "paths": 2 * HEAD + "\n" + (" " + "x | " * 400 + "\n") * 600,
    "commits": HEAD * 15_000,
    "subjects": "".join(f"commit {n:040x}\nAuthor: J\n\n    Fix the parser of a_b {n}\n" for n in range(10_000)),
    "graph": "| " * 500_000 + "\n" + HEAD * 2,
    "no commits": "commit " * 150_000 + "\n" + 2 * HEAD,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_text_takes_linear_time(name: str) -> None:
    content = Content(HOSTILE[name], Query("what of a_b, #17, the parser fix, 0123456 and 'Fix the parser'?"))
    assert cpu_seconds(lambda: (G.recognise(content), G.compress(content, AGGRESSIVE))) < 3  # 0.3 s is usual; what is not linear takes minutes


@pytest.mark.slow
def test_the_hash_seed_does_not_matter() -> None:
    program = (
        "from pipeline.compressors.git_log import GitLogCompressor\n"
        "from pipeline.compressors.api import Content\n"
        "from pipeline.policy import Policy\n"
        "from pipeline.query import Query\n"
        "from tests.pipeline.compressors.test_git_log import LOG\n"
        "print(GitLogCompressor().compress(Content('\\n'.join(LOG * 3), Query('who fixed the parser, the lexer and the tables in module_1_2.py?')), Policy()))\n"
    )
    root = str(Path(__file__).parents[3])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join([root, *sys.path])}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "77")
    }
    assert len(outputs) == 1
    assert b"Rewrite" in outputs.pop()
