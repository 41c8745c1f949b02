from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import ccr
from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.diff import DiffCompressor, feeds_a_patch
from pipeline.compressors.unified import CHANGE, parse
from pipeline.markers import gap
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall
from tests.cpu import cpu_seconds

BALANCED, LOSSLESS, AGGRESSIVE = (Policy(profile=p) for p in (Profile.BALANCED, Profile.LOSSLESS, Profile.AGGRESSIVE))
D = DiffCompressor()


def bash(command: str) -> ToolCall:
    return describe("1", "Bash", {"command": command}, {})


def heading(path: str) -> list[str]:
    return [f"diff --git a/{path} b/{path}", "index 0123456..789abcd 100644", f"--- a/{path}", f"+++ b/{path}"]


def hunk(line: int = 10, name: str = "value", before: int = 3, after: int = 3) -> list[str]:
    around = [f" context_{name}_{n} = compute(arguments, {n})" for n in range(before + after)]
    size = before + after + 1
    change = [f"-{name} = old(arguments)", f"+{name} = new(arguments)"]
    return [f"@@ -{line},{size} +{line},{size} @@ def {name}():", *around[:before], *change, *around[before:]]


def diff(*paths: str, hunks: int = 3) -> list[str]:
    return [line for path in paths for line in (*heading(path), *(x for n in range(hunks) for x in hunk(100 * n + 30, f"v{n}")))]


def compress(lines: Sequence[str], query: str = "", policy: Policy = BALANCED, call: ToolCall | None = None) -> Rewrite | None:
    return D.compress(Content("\n".join(lines), Query.of(query, call), call), policy)


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
    assert isinstance(D, Compressor)
    assert D.name == "diff"


# --- what it recognises


@pytest.mark.parametrize(
    "lines",
    [
        diff("src/a.py"),
        ["commit 0123456789", "Author: A <a@x>", "Date: today", "", "    Subject", "", *diff("src/a.py")],
        ["\ufeff" + diff("src/a.py")[0], *diff("src/a.py")[1:]],
        [line + "\r" for line in diff("src/a.py")],
        [f"\x1b[1m{line}\x1b[m" for line in diff("src/a.py")],
        ["--- a.py\t2024-01-01", "+++ b.py\t2024-01-01", *hunk()],
        ["diff --cc a.c", "index 1,2..3", "--- a/a.c", "+++ b/a.c", "@@@ -1,1 -1,1 +1,2 @@@", "  same", "++new"],
    ],
)
def test_recognised(lines: list[str]) -> None:
    assert D.recognise(Content("\n".join(lines))) > 0.9


@pytest.mark.parametrize(
    "lines",
    [
        [""],
        ["@@ -1 +1 @@"],
        [" indented", "- a list", "+ another"],
        [*["AssertionError: the files differ"] * 40, *diff("a.py", hunks=1)],
        [*diff("a.py"), "[headroom 0123abcd: 3 of 9 lines left out]"],
        ["@@ -1,2 +1,2 @@", " a patch", "-without", "+names"],
    ],
)
def test_not_recognised(lines: list[str]) -> None:
    assert D.recognise(Content("\n".join(lines))) == 0


# --- what stays


def test_context_is_trimmed_and_every_change_stays() -> None:
    assert shown([*heading("a.py"), *hunk(), *heading("b.py"), *hunk(), " end of it"]) == [
        "diff --git a/a.py b/a.py",
        "[… 2-4]",
        "@@ -10,7 +10,7 @@ def value():",
        "[… 6-7]",
        " context_value_2 = compute(arguments, 2)",
        "-value = old(arguments)",
        "+value = new(arguments)",
        "[… 11-13]",
        "diff --git a/b.py b/b.py",
        "[… 15-17]",
        "@@ -10,7 +10,7 @@ def value():",
        "[… 19-20]",
        " context_value_2 = compute(arguments, 2)",
        "-value = old(arguments)",
        "+value = new(arguments)",
        "[… 24-26]",
        " end of it",
    ]


def test_between_changes_a_line_of_context_stays_beside_each() -> None:
    middle = [f" line {n} of the context between" for n in range(6)]
    text = shown([*heading("a.py"), "@@ -1,8 +1,8 @@", "-old one", *middle, "+new two", "x"])
    assert text[2:] == ["@@ -1,8 +1,8 @@", "-old one", middle[0], "[… 8-11]", middle[5], "+new two", "x"]


def test_wide_context_is_counted() -> None:
    text = shown([*heading("a.py"), *hunk(before=30, after=20), "end"])
    assert "[… 6-34: 29 context]" in text
    assert "[… 38-57: 20 context]" in text


def test_what_is_asked_for_stays_whole() -> None:
    text = shown(diff("src/a.py", "src/b.py", "lib/c.py"), "what changed in src/b.py?")
    start, end = text.index("diff --git a/src/b.py b/src/b.py"), text.index("diff --git a/lib/c.py b/lib/c.py")
    assert text[start + 2 : end] == diff("src/b.py")[4:]
    assert len(text[end:]) < len(text[start:end])


def test_what_the_call_names_stays_whole() -> None:
    assert compress(diff("src/a.py", hunks=9), call=bash("git diff HEAD~1 -- src/a.py"), policy=AGGRESSIVE) is None
    assert set(diff("src/a.py")[4:]) <= set(shown(diff("src/a.py", "src/b.py"), call=bash("git diff src/a.py src"), policy=AGGRESSIVE))


def test_hunks_that_name_what_is_asked_for_stay_whole() -> None:
    lines = [*diff("a.py", "b.py", hunks=5), *heading("c.py"), *hunk(name="renew_lease")]
    assert set(hunk(name="renew_lease")) <= set(shown(lines, "why was `renew_lease` changed?"))
    assert "[… 6-7]" in shown(lines, "why was `renew_lease` changed?")


def test_a_line_that_is_named_stays_though_everything_names_it() -> None:
    lines = diff("a.py", "b.py", "c.py", hunks=4)
    text = shown(lines, "where is context_v1_0 used?")
    assert text.count(" context_v1_0 = compute(arguments, 0)") == 3


def test_heads_of_renames_modes_and_binary_files_stay() -> None:
    lines = [
        *["diff --git a/x b/y", "similarity index 90%", "rename from x", "rename to y", "index 1..2", "--- a/x", "+++ b/y", *hunk()],
        *["diff --git a/run b/run", "old mode 100644", "new mode 100755"],
        *["diff --git a/i.png b/i.png", "index 0123456..0123457 100644", "Binary files a/i.png and b/i.png differ"],
        *diff("z.py"),
    ]
    text = shown(lines)
    assert set(lines[:4]) | set(lines[5:7]) | {"old mode 100644", "new mode 100755", "Binary files a/i.png and b/i.png differ"} <= set(text)


def test_other_output_stays() -> None:
    lines = ["warning: LF will be replaced", *diff("a.py"), "error: something failed", "exit status 1"]
    assert {"warning: LF will be replaced", "error: something failed", "exit status 1"} <= set(shown(lines))


def test_what_a_tool_cut_off_stays() -> None:
    lines = [*diff("a.py", "b.py"), "@@ -500,90 +500,90 @@", " one", "-two", "... [900 lines truncated]"]
    assert shown(lines)[-1] == "... [900 lines truncated]"


def test_carriage_returns_and_the_last_line_break_stay() -> None:
    text = "\r\n".join(diff("a.py", "b.py")) + "\r\n"
    rewrite = D.compress(Content(text), BALANCED)
    assert rewrite is not None
    assert rewrite.text.endswith("\r\n")
    assert rewrite.total == len(diff("a.py", "b.py"))


# --- what machines write

LOCK = [*heading("web/package-lock.json"), *(line for n in range(40) for line in hunk(n * 50 + 100, f"package{n}"))]


def test_lock_files_are_counted() -> None:
    text = shown([*LOCK, *diff("a.py")])
    assert text[:3] == ["diff --git a/web/package-lock.json b/web/package-lock.json", "[… 2-364: 40 hunks, +40 -40]", "diff --git a/a.py b/a.py"]
    rewrite = compress([*LOCK, *diff("a.py")])
    assert rewrite is not None
    assert rewrite.summary == "changes to 1 file counted in the markers, every other changed line shown"


@pytest.mark.parametrize("path", ["go.sum", "yarn.lock", "dist/a.min.js", "vendor/lib/a.c", "t/__snapshots__/a.snap", "api/v1/a.pb.go"])
def test_other_files_that_no_person_wrote(path: str) -> None:
    lines = [*heading(path), *LOCK[4:], *diff("a.py")]
    assert "[… 2-364: 40 hunks, +40 -40]" in shown(lines)


def test_files_that_say_so_and_files_of_endless_lines() -> None:
    said = [*heading("a/models.go"), "@@ -1,2 +1,9 @@", " // Code generated by tool. DO NOT EDIT.", *[f"+field {n}" for n in range(8)], " }"]
    assert "[… 2-14: 1 hunk, +8 -0]" in shown([*said, *diff("a.py")])
    endless = [*heading("app.js"), "@@ -1 +1 @@", "-" + "x" * 9000, "+" + "y" * 9000]
    assert "[… 2-7: 1 hunk, +1 -1]" in shown([*endless, *diff("a.py")])


def test_few_changes_of_a_lock_file_are_shown() -> None:
    assert "-value = old(arguments)" in shown([*heading("yarn.lock"), *hunk(), *diff("a.py")])


def test_a_lock_file_alone_or_asked_for_is_shown() -> None:
    assert "+package7 = new(arguments)" in shown(LOCK)
    assert set(LOCK[4:]) <= set(shown([*LOCK, *diff("a.py")], "what changed in web/package-lock.json?"))


def test_what_the_question_names_in_a_lock_file_is_shown() -> None:
    lines = [*LOCK, *heading("x.lock"), *hunk(name="lodash"), *(x for n in range(9) for x in hunk(name=f"other{n}")), *diff("a.py")]
    assert "+lodash = new(arguments)" in shown(lines, "which lodash do we get?")
    assert "+lodash = new(arguments)" not in shown(lines)
    assert set(hunk(20 * 50 + 100, "package20")) <= set(shown(lines, "what about package20?"))


# --- profiles


def test_aggressive_shows_no_context_and_focuses_on_what_is_asked() -> None:
    lines = [*diff("src/a.py", "src/b.py"), "x"]
    unasked = shown(lines, policy=AGGRESSIVE)
    assert not any(line.startswith(" ") for line in unasked)
    assert sum(line[:1] in "+-" for line in unasked) == 12
    assert shown(lines, "review src/b.py", AGGRESSIVE)[:2] == ["diff --git a/src/a.py b/src/a.py", "[… 2-31: 3 hunks, +3 -3]"]


def test_lossless_drops_what_repeats_the_heading_and_no_more() -> None:
    lines = [line for n in range(9) for line in (*heading(f"src/a_long_folder/module{n}.py"), "@@ -1 +1 @@", "-x", "+y")]
    rewrite = compress(lines, policy=LOSSLESS)
    assert rewrite is not None
    assert rewrite.gaps == ()
    assert rewrite.text.split("\n") == [line for line in lines if not line.startswith(("---", "+++"))]
    assert compress(lines, policy=Policy(elide=False)) == rewrite
    assert compress(diff("a.py", hunks=9), policy=LOSSLESS) is None


# --- what may be applied


@pytest.mark.parametrize(
    ("command", "query", "feeds"),
    [
        ("git diff", "", False),
        ("git show HEAD", "review the patch", False),
        ("cd /x && git diff 2>&1 | head -500", "", False),
        ("git diff 2>/dev/null > /dev/null", "", False),
        ("git diff -- src/patch.py", "", False),
        ("git diff --stat=200 HEAD", "apply the reviewers' ideas", False),
        ("git format-patch --stdout HEAD~2", "", True),
        ("git diff | tee all.patch", "", True),
        ("git diff > a.patch; cat a.patch", "", True),
        ("git diff --binary", "", True),
        ("diff -u a b | patch -p0 --dry-run", "", True),
        ("git diff", "apply this patch to the other branch", True),
    ],
)
def test_what_may_be_applied_is_left_alone(command: str, query: str, feeds: bool) -> None:
    assert feeds_a_patch(bash(command), Query(query)) is feeds
    assert (compress(diff("a.py", "b.py"), query, call=bash(command)) is None) is feeds


# --- histories with changes


def history(*subjects: str) -> list[str]:
    lines: list[str] = []
    for n, subject in enumerate(subjects):
        lines += [f"commit {n:040x}", "Author: Jane <jane@x.org>", "Date:   Mon Jan 1 10:00:00 2024 +0000", "", f"    {subject}", "    "]
        lines += [*(f"    Reason number {i} for what was done." for i in range(12)), "", *diff(f"src/m{n}.py", hunks=2), ""]
    return lines


def test_messages_of_a_history_are_counted_too() -> None:
    text = shown(history("Add a parser", "Fix the lexer"))
    assert "[… 6-19: 12 message]" in text
    assert {"    Add a parser", "    Fix the lexer", "+v1 = new(arguments)"} <= set(text)


def test_a_commit_asked_for_is_whole_with_its_changes() -> None:
    lines = history("Add a parser for dates", "Fix the lexer for once", "Improve the printer (#123)")
    assert set(history("x", "Fix the lexer for once")[42:]) - {""} <= set(shown(lines, "what did 'Fix the lexer for once' change?")) | set(
        heading("src/m1.py")
    )


THREE = ("Add a parser for dates", "Fix the lexer for once", "Improve the printer (#123)")


@pytest.mark.parametrize("question", ["what did 'Fix the lexer for once' change?", f"What is {1:040x}?"])
def test_where_a_commit_is_named_outright_the_changes_of_others_are_counted(question: str) -> None:
    lines = history(*THREE)
    text = shown(lines, question)
    assert text.count("+v1 = new(arguments)") == 1
    assert {f"commit {n:040x}" for n in range(3)} | {f"diff --git a/src/m{n}.py b/src/m{n}.py" for n in range(3)} <= set(text)
    assert sum(line.endswith(": 2 hunks, +2 -2]") for line in text) == 2
    rewrite = compress(lines, question)
    assert rewrite is not None
    assert rewrite.summary == "changes to 2 files counted in the markers, every other changed line shown"


@pytest.mark.parametrize(
    "question", ["what of the lexer?", f"What came since {1:040x}?", "Why did src/m1.py change?", f"{1:040x} and src/m0.py, src/m2.py?"]
)
def test_otherwise_every_changed_line_of_a_history_stays(question: str) -> None:
    assert shown(history(*THREE), question).count("+v1 = new(arguments)") == 3


def test_the_message_of_a_single_commit_stays() -> None:
    lines = history("Add a parser")
    assert lines[:19] == shown(lines)[:19]


# --- whatever the input

TEXTS = st.lists(
    st.sampled_from(
        [*diff("a.py", "yarn.lock", hunks=2), *history("One more thing")[:22], "", "\r", "\x1b[1m", "+" * 50, "@@@ -1,2 -1,2 +1,3 @@@", "é\0"]
    )
    | st.text(max_size=12).filter(lambda t: "\n" not in t),
    min_size=1,
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from(["", "see a.py and context_v1_0", "a commit of One more thing"]), st.sampled_from([BALANCED, AGGRESSIVE]))
def test_nothing_but_whole_lines_goes_and_a_marker_stands_for_each(lines: list[str], query: str, policy: Policy) -> None:
    content = Content("\n".join(lines), Query(query))
    assert 0 <= D.recognise(content) <= 1
    rewrite = D.compress(content, policy)
    if rewrite is None:
        return
    assert restored(rewrite, lines) == lines
    assert len(rewrite.text) < len(content.text)
    parts = parse(lines).parts
    hidden = [g for g in rewrite.gaps if CHANGE in parts[g.first - 1 : g.last]]
    assert ("every changed line shown" == rewrite.summary) is not bool(hidden)


@settings(max_examples=50, deadline=None)
@given(st.text(), st.sampled_from([BALANCED, LOSSLESS, AGGRESSIVE]))
def test_any_text(text: str, policy: Policy) -> None:
    D.recognise(Content(text))
    D.compress(Content(text), policy)


HOSTILE = {
    "one line": "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-" + "x" * 1_000_000,
    "one heading": "diff --git " + "a " * 500_000 + "\n@@ -1 +1 @@\n-x\n",
    "headings": "diff --git a/x b/x\n--- a/x\n+++ b/x\n" * 20_000,
    "counts": "--- a\n+++ b\n@@ -1,999999999 +1,999999999 @@\n" + " x\n" * 200_000,
    "hunks": "--- a\n+++ b\n" + "@@ -1,9 +1,9 @@\n" * 60_000,
    "runs": "--- a\n+++ b\n@@ -1,999999 +1,999999 @@\n" + " x\n-x\n+x\n" * 80_000,
    "files": "diff --git a/{0} b/{0}\n--- a/{0}\n+++ b/{0}\n@@ -1 +1 @@\n-x_y\n+y\n" * 8_000,
    "quoted": 'diff --git "' + "\\303" * 200_000 + '"\n@@ -1 +1 @@\n-x\n',
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_text_takes_linear_time(name: str) -> None:
    content = Content(HOSTILE[name], Query("what of x_y, {0} and `a/{0}`?"))
    assert cpu_seconds(lambda: (D.recognise(content), D.compress(content, AGGRESSIVE))) < 3  # 0.3 s is usual; what is not linear takes minutes


@pytest.mark.slow
def test_the_hash_seed_does_not_matter() -> None:
    program = (
        "from pipeline.compressors.diff import DiffCompressor\n"
        "from pipeline.compressors.api import Content\n"
        "from pipeline.policy import Policy\n"
        "from pipeline.query import Query\n"
        "from tests.pipeline.compressors.test_diff import history\n"
        "t = '\\n'.join(history('Add a parser', 'Fix the parser', 'Test a parser', 'Print it'))\n"
        "print(DiffCompressor().compress(Content(t, Query('who wrote the parser of src/m3.py, context_v1_0 and context_v0_2?')), Policy()))\n"
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


# --- the real thing


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_git_prints(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=Jäne", "-c", "user.email=jane@x.org", *arguments]
        environment = {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/local/bin:/usr/bin:/bin"}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False, encoding="utf-8").stdout

    git("init", "-q", "-b", "main", ".")
    text = [f"line {n} of a file with some text in it" for n in range(80)]
    for name in ("a.c", "fä x.py", "dir/n.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("\n".join(text) + "\n")
    git("add", "-A")
    git("commit", "-qm", "First")
    git("mv", "dir/n.txt", "dir/m.txt")
    changed = [*text[:20], "twenty", *text[21:60], "sixty", *text[61:]]
    for name in ("a.c", "fä x.py", "dir/m.txt"):
        (tmp_path / name).write_text("\n".join(changed))
    git("commit", "-qam", "Second")
    git("checkout", "-qb", "side", "HEAD~1")
    (tmp_path / "a.c").write_text("\n".join([*text[:20], "zwanzig", *text[21:]]) + "\n")
    git("commit", "-qam", "Side")
    git("merge", "-q", "main")
    outputs = [
        git("diff"),
        *(git(*command.split(), "main") for command in ("show", "show --color", "log -p --stat", "show -U20 --no-prefix", "show -R")),
    ]
    for output in outputs:
        content = Content(output)
        assert D.recognise(content) > 0.9
        rewrite = D.compress(content, BALANCED)
        assert rewrite is not None
        assert rewrite.summary == "every changed line shown"
        assert restored(rewrite, output.split("\n")[:-1])[: rewrite.total] == output.split("\n")[:-1]
        assert len(ccr.render(rewrite, "01234567")) < len(output)
        for change in ("twenty", "sixty", "zwanzig"):
            assert (change in rewrite.text) is (change in output)
