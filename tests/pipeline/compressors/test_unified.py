from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.unified import CHANGE, CONTEXT, HEADING, HUNK, INDEX, META, OUTSIDE, REPEAT, is_hunk, parse

LETTERS = {OUTSIDE: ".", HEADING: "H", META: "m", INDEX: "i", REPEAT: "r", HUNK: "@", CONTEXT: "c", CHANGE: "x"}


def parts(text: str) -> str:
    return "".join(LETTERS[p] for p in parse(text.split("\n")).parts)


def paths(text: str) -> list[tuple[str, ...]]:
    return [f.paths for f in parse(text.split("\n")).files]


GIT = """\
diff --git a/src/a.c b/src/a.c
index 0123456..789abcd 100644
--- a/src/a.c
+++ b/src/a.c
@@ -1,3 +1,3 @@ int main()
 one
-two
+TWO
 three"""


def test_every_line_of_a_git_diff_has_its_part() -> None:
    assert parts(GIT) == "Hirr@cxxc"
    (file,) = parse(GIT.split("\n")).files
    assert (file.start, file.end, file.paths, file.changed) == (0, 9, ("src/a.c",), 2)
    (hunk,) = file.hunks
    assert (hunk.start, hunk.end, hunk.added, hunk.removed, hunk.line) == (4, 9, 1, 1, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"commit 0123456\n\n{GIT}\nafter", "..Hirr@cxxc."),
        ("--- a\t2024-01-01\n+++ b\t2024-01-02\n@@ -1 +1 @@\n-x\n+y", "mm@xx"),
        ("diff -ru old/a new/a\n--- old/a\t2024\n+++ new/a\t2024\n@@ -1 +1 @@\n-x\n+y", "Hmm@xx"),
        ("Index: a.c\n==========\n--- a.c\t(revision 1)\n+++ a.c\t(working copy)\n@@ -1 +1 @@\n-x\n+y", "Hmmm@xx"),
        ("diff --git a/x b/x\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+x", "Hmirr@x"),
        ("diff --git a/x b/x\ndeleted file mode 100644\nindex 0..1\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-x", "Hmirr@x"),
        ("diff --git a/x b/y\nsimilarity index 90%\nrename from x\nrename to y\nindex 0..1\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-x\n+y", "Hmmmimm@xx"),
        ("diff --git a/x b/x\nold mode 100644\nnew mode 100755", "Hmm"),
        ("diff --git a/x b/x\nindex 0..1 100644\nBinary files a/x and b/x differ", "Him"),
        ("diff --git a/a b b/a b\n--- a/a b\t\n+++ b/a b\t\n@@ -1 +1 @@\n-x\n+y", "Hrr@xx"),
        ("@@ -1,2 +1,2 @@\n a\n-b\n+c", "@cxx"),
        ("@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n", "@xxx."),
        ("@@ -1 +1 @@\n-x\n+x\n\\ No newline at end of file\nafter", "@xxx."),
        ("@@ -1,3 +1,3 @@\n a\n\n-x\n+y", "@ccxx"),  # the blank of the empty line was cut
        ("--- a\nsomething", ".."),
        ("diff --brief\nsomething", ".."),
        ("Index: finger\nring finger", ".."),
        ("@@ no hunk @@", "."),
    ],
)
def test_parts(text: str, expected: str) -> None:
    assert parts(text) == expected


def test_what_looks_like_a_heading_within_a_hunk_is_a_change() -> None:
    assert parts("@@ -1,2 +1,2 @@\n--- a/x\n-- y\n+++ b/x\n+@@ -1 +1 @@\n") == "@xxxx."


def test_a_hunk_that_was_cut_ends_early() -> None:
    assert parts("@@ -1,90 +1,90 @@\n a\n-b\n[output truncated]\n c") == "@cx.."
    assert parts("@@ -1,1 +1,9 @@\n-a\n b") == "@x."  # no old line is left for it


def test_combined_diffs_have_a_column_for_each_parent() -> None:
    text = "diff --cc a.c\nindex 1,2..3\n--- a/a.c\n+++ b/a.c\n@@@ -1,3 -1,3 +1,4 @@@ f\n  same\n++both\n -theirs\n- ours\n +mine\n  end\nafter"
    assert parts(text) == "Hirr@cxxxxc."
    (file,) = parse(text.split("\n")).files
    assert (file.paths, file.hunks[0].added, file.hunks[0].removed) == (("a.c",), 2, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('diff --git "a/f\\303\\244 \\"q\\".py" "b/f\\303\\244 \\"q\\".py"\nold mode 1\nnew mode 2', [('fä "q".py',)]),
        ("diff --git a/x b/d/y\nrename from x\nrename to d/y", [("d/y", "x")]),
        ("diff --git i/x w/x\n--- i/x\n+++ w/x\n@@ -1 +1 @@\n-x\n+y", [("x",)]),
        ("diff --git x x\n--- x\n+++ x\n@@ -1 +1 @@\n-x\n+y", [("x",)]),
        ("diff --git a/x b/x\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+y", [("x",)]),
        ("@@ -1 +1 @@\n-x\n+y", [()]),
        ("--- before\n+++ after\n@@ -1 +1 @@\n-x\n+y", [("after", "before")]),
        ("Index: d/a.c\n==========\n--- d/a.c\t(revision 1)\n+++ d/a.c\t(working copy)\n@@ -1 +1 @@\n-x\n+y", [("d/a.c",)]),
    ],
)
def test_paths(text: str, expected: list[tuple[str, ...]]) -> None:
    assert paths(text) == expected


def test_hunk_headers() -> None:
    assert is_hunk("@@ -1 +1,2 @@ def f():")
    assert is_hunk("@@@ -1 -1,2 +1,2 @@@")
    assert not is_hunk("@@ -1,x +1 @@")
    assert not is_hunk("@@@ -1 +1 @@@")


LINES = st.sampled_from(
    [
        *GIT.split("\n"),
        "",
        " ",
        "-",
        "+",
        "--- a",
        "+++ b",
        "@@ -1,5 +1,5 @@",
        "@@@ -1,2 -1,2 +1,2 @@@",
        "\\ No newline",
        "diff --git",
        "Index: ",
        "x",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES | st.text(max_size=20).filter(lambda t: "\n" not in t), max_size=40))
def test_files_and_hunks_lie_apart_and_agree_with_the_parts(lines: list[str]) -> None:
    diff = parse(lines)
    assert len(diff.parts) == len(lines)
    covered = bytearray(len(lines))
    for file in diff.files:
        assert file.start < file.end
        assert OUTSIDE not in diff.parts[file.start : file.end]
        assert not any(covered[file.start : file.end])
        covered[file.start : file.end] = b"\x01" * (file.end - file.start)
        for hunk in file.hunks:
            assert file.start <= hunk.start < hunk.end <= file.end
            assert diff.parts[hunk.start] == HUNK
            assert hunk.added + hunk.removed <= diff.parts.count(CHANGE, hunk.start, hunk.end)
    assert all(covered[i] or part == OUTSIDE for i, part in enumerate(diff.parts))
