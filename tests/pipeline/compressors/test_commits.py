from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline.compressors.commits import parse, starts

LETTERS = ".chkbsmtSTn"  # by the constants of commits


def kinds(lines: Sequence[str], *, names: bool = False) -> str:
    return "".join(LETTERS[k] for k in parse(lines, names=names).kinds)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["commit 0123456", "Merge: 1 2", "Author: J", "Date: d", "", "    S", "    ", "    body", "    Change-Id: 12", "", " a | 2 +-"],
            "chhhbsbmtbS",
        ),
        (["commit 0123456", "Author:     J", "AuthorDate: d", "Commit:     C", "CommitDate: d", "", "    S"], "chhkkbs"),
        (["commit 0123456", "tree 1", "parent 2", "author J", "committer C", "", "    S"], "chhhkbs"),
        (["commit 0123456", "Author: J", "", "    long subject", "    on two lines", "    ", "    body"], "chbssbm"),
        (["commit 0123456", "Author: J", "", "    S", "", "M\ta.c", "R100\ta\tb", "3\t-\tx", ":100644 100755 1 2 M\ta"], "chbsbnnnn"),
        (["commit 0123456", "Author: J", "", "    S", "", "Notes:", "    a note"], "chbsb.."),
        (["commit 0123456", "Author: J", "", "    S", "    ", "    BREAKING CHANGE: x", "    This reverts commit 0123456."], "chbsb.."),
        (["commit 0123456", "Author: J", "", "    S", "", " create mode 100644 x", " i.png | Bin 0 -> 12 bytes", " 2 files changed"], "chbsbSST"),
        (["commit 0123456", "Author: J", "", "    S", "", "src/a.c"], "chbsb."),
        (["* commit 0123456", "| Author: J", "| ", "|     S", "|     ", "|     body", "| ", "|  a | 2 +-", "|/  "], "chbsbmbSb"),
        (["before", "commit 0123456", "Author: J", "", "    S", "", "diff --git a/x b/x", " a | 3"], ".chbsb.."),
    ],
)
def test_kinds(lines: list[str], expected: str) -> None:
    assert kinds(lines) == expected


def test_bare_names_count_where_the_call_asks_for_them() -> None:
    assert kinds(["commit 0123456", "Author: J", "", "    S", "", "src/a.c"], names=True) == "chbsbn"


def test_lines_of_a_diff_are_no_files() -> None:
    lines = ["commit 0123456", "Author: J", "", "    S", "", " a | 3", " b | 3"]
    assert "".join(LETTERS[k] for k in parse(lines, bytearray([0, 0, 0, 0, 0, 0, 1])).kinds) == "chbsbS."


def test_hashes_and_subjects() -> None:
    lines = ["* commit 0123456 (HEAD -> main)", "| Author: J", "| ", "|     A subject", "|     on two lines", "* commit - 0123457", "| Author: J"]
    assert [(c.start, c.end, c.id, c.subject) for c in parse(lines).commits] == [(0, 5, "0123456", "A subject on two lines"), (5, 7, "0123457", "")]


@pytest.mark.parametrize(
    "lines",
    [
        ["commit 0123456"],
        ["commit 0123456", "is where it broke"],
        ["commit 0123456x", "Author: J"],
        ["    commit 0123456", "    Author: J"],
        ["commit ", "Author: J"],
    ],
)
def test_no_commits(lines: list[str]) -> None:
    assert starts(lines) == []
