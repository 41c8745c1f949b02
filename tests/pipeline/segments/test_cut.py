from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Content
from pipeline.segments import Segment, segment
from pipeline.segments.islands import islands
from pipeline.tool_calls import describe

LOG = [f"2025-03-0{d} 10:{m:02}:07 INFO worker {m} took job {m * 7 % 100}" for d in (1, 2) for m in range(40)]
JSON = json.dumps([{"id": i, "name": f"item {i}", "state": "open"} for i in range(60)], indent=2).split("\n")
DIFF = [
    "diff --git a/src/a.py b/src/a.py",
    "index 1..2 100644",
    "--- a/src/a.py",
    "+++ b/src/a.py",
    *(
        line
        for n in range(30)
        for line in (f"@@ -{n * 20 + 1},3 +{n * 20 + 1},4 @@ def f{n}():", "     before = 1", "+    added = 2", "     between = 3", "     after = 4")
    ),
]
PODS = [
    "NAME                 READY   STATUS    RESTARTS   AGE",
    *(f"web-{i:05}-abcde      1/1     Running   {i % 4}          {i}d" for i in range(40)),
]
PROSE = ["This is what a person wrote, a sentence of it on each line.", "", "It goes on for a while, and says nothing that a table would say."]
STATUS = [
    "On branch main",
    "Changes not staged for commit:",
    '  (use "git add <file>..." to update what will be committed)',
    "\tmodified:   src/a.py",
    "",
]


def content(lines: list[str], command: str = "") -> Content:
    return Content("\n".join(lines), call=describe("1", "Bash", {"command": command}, {}) if command else None)


def cut(lines: list[str], command: str = "") -> list[tuple[int, int, str, str]]:
    found = segment(content(lines, command))
    assert covers(found, len(lines))
    return [(s.first, s.last, s.hint, "separator" if s.separator else s.kind) for s in found]


def covers(found: list[Segment], lines: int) -> bool:
    ends = [0, *(s.last for s in found)]
    return ends[-1] == lines and all(s.first == end + 1 and s.last >= s.first for s, end in zip(found, ends, strict=False))


# --- one segment where nothing is sure


@pytest.mark.parametrize(
    ("lines", "command"),
    [
        (PROSE, ""),
        (LOG, ""),
        ([*LOG[:40], *(["no time here"] * 20), *LOG[40:]], ""),
        (["exit status 1", *DIFF, ""], "git diff"),
        (LOG, "kubectl logs web"),
        (JSON, "cat a.json"),
        (DIFF, "git diff"),
        ([""], ""),
        (["---", *PROSE, "---", *PROSE], ""),
        (["=== RUN   TestA", "--- FAIL: TestA (0.00s)", "=== RUN   TestB", "--- PASS: TestB (0.00s)"] * 20, "go test ./..."),
        ([f"---- tests::t{n} stdout ----" for n in range(9)], "cargo test"),
        (["=" * 30 + " FAILURES " + "=" * 30, *PROSE, "=" * 26 + " short test summary " + "=" * 26], "pytest"),
        (["--- captured ---", *PROSE, "--- captured ---", *PROSE], ""),
        ([*PROSE, "+ added", "- removed", "+ added too"], ""),
        (["==> alone <==", *PROSE], ""),
    ],
)
def test_one_segment(lines: list[str], command: str) -> None:
    assert len(cut(lines, command)) == 1


# --- what the command echoes


def test_echoes_of_the_command() -> None:
    lines = [*PROSE, "---", *LOG, "=== disk ===", "Filesystem"]
    assert cut(lines, "cat notes.txt; echo ---; tail -n 80 app.log && echo '=== disk ===' && df -h | head") == [
        (1, 3, "cat notes.txt", ""),
        (4, 4, "tail -n 80 app.log", "separator"),
        (5, 84, "tail -n 80 app.log", "log"),
        (85, 85, "df -h | head", "separator"),
        (86, 86, "df -h | head", ""),
    ]


@pytest.mark.parametrize("command", ["ls; echo ---; cat a", "ls; echo --- > file; cat a"])
def test_an_echo_that_stands_there_twice_is_none(command: str) -> None:
    assert len(cut(["a", "---", "b", "---", "c"], command)) == 1


def test_the_same_echo_as_often_as_it_is_made() -> None:
    assert cut(["a", "-----", "b", "-----", "c"], "x; echo -----; y; echo -----; z") == [
        (1, 1, "x", ""),
        (2, 2, "y", "separator"),
        (3, 3, "y", ""),
        (4, 4, "z", "separator"),
        (5, 5, "z", ""),
    ]


def test_an_echo_with_two_variables() -> None:
    assert [s[2] for s in cut(["== a b ==", "1", "== c d ==", "2"], 'while read a b; do echo "== $a $b =="; cat $a; done') if s[3]] == [
        "cat '$a'"
    ] * 2


def test_echoes_out_of_order_are_none() -> None:
    assert len(cut(["== two", "b", "== one", "a"], "echo '== one'; x; echo '== two'; y")) == 1


@pytest.mark.parametrize(
    "command",
    [
        'for f in a.log b.log; do echo "=== $f ==="; tail -n 40 $f; done',
        'cd /srv && for f in *.log; do echo "=== ${f} ==="; tail -n 40 "${f}"; done',
        'bash -lc \'for f in a.log b.log; do printf "=== %s ===\\n" "$f"; tail -n 40 "$f"; done\'',
        'for f in a.log b.log\ndo\n  echo -e "\\n=== $f ==="\n  tail -n 40 $f\ndone',
    ],
)
def test_loops(command: str) -> None:
    lines = ["=== a.log ===", *LOG[:40], "=== b.log ===", *LOG[40:], "=== c.txt ==="]
    found = cut(lines, command)
    if "*" not in command and "-lc" not in command:
        assert (82 + 1, 83, "", "") != found[-1]
    assert found[0][3] == "separator"
    assert found[1] == (2, 41, "tail -n 40 a.log", "log")
    assert found[3][:3] == (43, found[3][1], "tail -n 40 b.log")


def test_what_a_loop_cannot_have_echoed_is_no_separator() -> None:
    lines = ["--- src/a.py", "x = 1", "--- src/b.py", "y = 2", "--- a/src/a.py"]
    assert [s for s in cut(lines, 'for f in src/a.py src/b.py; do echo "--- $f"; cat $f; done') if s[3]] == [
        (1, 1, "cat src/a.py", "separator"),
        (3, 3, "cat src/b.py", "separator"),
    ]


def test_real_shell(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a shell prints is cut where the shell changed from one command to the next."""
    folder = tmp_path_factory.mktemp("shell")
    (folder / "a.log").write_text("\n".join(LOG) + "\n")
    (folder / "b.json").write_text("\n".join(JSON) + "\n")
    for command, expected in (
        ("head -n 30 *", ["cat a.log", "cat b.json"]),
        ("echo '## logs'; cat a.log; echo; echo '## data'; cat b.json", ["cat a.log", "cat b.json"]),
        ('for f in *; do echo ">>> $f"; wc -l < $f; cat $f; done', ["wc -l; cat a.log", "wc -l; cat b.json"]),
        ("set -x; cat a.log; cat b.json", ["cat a.log", "cat b.json"]),
    ):
        done = subprocess.run(["sh", "-c", command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
        found = cut(done.stdout.split("\n"), command)
        assert [hint for _, _, hint, kind in found if kind == "separator"] == expected, command


# --- what it looks like


def test_heads_of_files() -> None:
    lines = ["==> a.log <==", *LOG[:20], "", "==> my b.json <==", *JSON[:30]]
    assert [s for s in cut(lines) if s[3] == "separator"] == [(1, 1, "cat a.log", "separator"), (23, 23, "cat 'my b.json'", "separator")]


def test_titles() -> None:
    lines = ["=== src/a.py ===", *PROSE, "=== kubectl get pods ===", *PODS]
    assert [s[2] for s in cut(lines) if s[3] == "separator"] == ["cat src/a.py", "kubectl get pods"]


def test_traces() -> None:
    lines = ["+ make -j8", "cc a.c", "++ git rev-parse HEAD", "abc", "+ ./run"]
    assert [s[2] for s in cut(lines) if s[3] == "separator"] == ["make -j8", "git rev-parse HEAD", "./run"]


@pytest.mark.parametrize(
    ("lines", "command", "expected"),
    [
        ([*PODS, *LOG], "kubectl get pods && kubectl logs web-1", [(1, 41, "kubectl get pods", "table"), (42, 121, "kubectl logs web-1", "log")]),
        ([*STATUS, *DIFF], "git status && git diff", [(1, 5, "git status", ""), (6, 159, "git diff", "diff")]),
        ([*JSON, *LOG], "cat a.json; cat b.log", [(1, 302, "cat a.json", "json"), (303, 382, "cat b.log", "log")]),
        ([*LOG[:40], *JSON, *LOG[40:]], "", [(1, 40, "", "log"), (41, 342, "", "json"), (343, 382, "", "log")]),
        ([*PROSE, *PODS, "", *PROSE], "", [(1, 3, "", ""), (4, 44, "", "table"), (45, 48, "", "")]),
        ([*PROSE, *DIFF, "", *PROSE], "make check", [(1, 3, "make check", ""), (4, 157, "make check", "diff"), (158, 161, "make check", "")]),
        (
            [*PROSE, "| name | value |", "|---|---:|", *(f"| parameter number {n} | what it is worth, {n} |" for n in range(30)), "", *PROSE],
            "",
            [(1, 3, "", ""), (4, 35, "", "table"), (36, 39, "", "")],
        ),
    ],
)
def test_islands(lines: list[str], command: str, expected: list[tuple[int, int, str, str]]) -> None:
    assert cut(lines, command) == expected


def test_kubernetes_description() -> None:
    head = [
        "Name:         web-0",
        "Namespace:    default",
        "Annotations:  kubectl.kubernetes.io/restartedAt: 2024-03-01",
        "Conditions:",
        "  Type   Status",
    ]
    events = [
        "Events:",
        "  Type     Reason     Age    From     Message",
        "  ----     ------     ----   ----     -------",
        *(f"  Normal   Pulled     {n}m    kubelet  Container image number {n} already present on machine" for n in range(10, 30)),
    ]
    assert cut([*head, *events], "kubectl describe pod web-0") == [
        (1, 6, "kubectl describe pod web-0", ""),
        (7, 28, "kubectl describe pod web-0", "table"),
    ]


def test_stack_traces_stay_with_their_log() -> None:
    trace = ["Traceback (most recent call last):", *(f'  File "/srv/app/m{n}.py", line {n}, in f' for n in range(30)), "ValueError: no"]
    assert cut([*LOG[:40], *trace, *LOG[40:]]) == [(1, 112, "", "log")]


def test_commits_stay_with_their_diffs() -> None:
    commit = ["commit 1234567890abcdef1234567890abcdef12345678", "Author: A <a@b>", "Date:   Sat Nov 22 10:00:00 2025 +0000", "", "    Why", ""]
    assert len(cut([*commit, *DIFF, "", *commit, *DIFF], "git log -p")) == 1


# --- properties

LINES = st.one_of(
    st.sampled_from(
        [*LOG[:3], *PODS[:3], *DIFF[:8], *STATUS, *PROSE, *JSON[:6], "---", "=== a ===", "=== b ===", "==> a <==", "+ make", "", "\r", "{", "["]
    ),
    st.sampled_from(["LOG", "JSON", "DIFF", "PODS"]),
    st.text(max_size=30),
)
COMMANDS = st.one_of(
    st.just(""),
    st.sampled_from(
        ["a; echo ---; b", 'for f in a b; do echo "=== $f ==="; cat $f; done', "git status && git diff", "sh -x run", "cat a.json; cat b.log"]
    ),
    st.text(alphabet="ab;|&$'\"`(){}=- \n<>echo", max_size=40),
)


def expand(lines: list[str]) -> list[str]:
    blocks = {"LOG": LOG, "JSON": JSON, "DIFF": DIFF, "PODS": PODS}
    return [inner for line in lines for inner in blocks.get(line, line.split("\n"))] or [""]


@settings(max_examples=150)
@given(st.lists(LINES, max_size=25), COMMANDS)
def test_segments_are_a_partition(lines: list[str], command: str) -> None:
    block = content(expand(lines), command)
    found = segment(block)
    assert covers(found, len(block.lines))
    assert "\n".join(s.text(block) for s in found) == block.text
    assert found == segment(content(expand(lines), command))


@settings(max_examples=100)
@given(st.lists(LINES, max_size=20))
def test_islands_are_ascending_and_long(lines: list[str]) -> None:
    block = expand(lines)
    at = 0
    for island in islands(block):
        assert at <= island.start < island.end <= len(block)
        assert sum(map(len, block[island.start : island.end])) >= 1000
        at = island.end


@pytest.mark.slow
def test_hash_seeds_do_not_matter() -> None:
    code = (
        "import sys;from pipeline.segments import segment;from pipeline.compressors.api import Content;from pipeline.tool_calls import describe;"
        "print(segment(Content(sys.stdin.read(),call=describe('1','Bash',{'command':'git status; echo ---; kubectl logs a; curl b'},{}))))"
    )
    text = "\n".join([*STATUS, *DIFF, "---", *LOG, *JSON])
    run = [sys.executable, "-c", code]
    out = {
        subprocess.run(run, input=text, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."}).stdout
        for seed in "012"
    }
    assert len(out) == 1
    assert out.pop().count("Segment(") == 5


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "--- a",
        "diff --git a b",
        "commit 1234567",
        "+ make",
        "=== a ===",
        "{",
        '{"a":1}',
        "A  B  C",
        "== a a a a a a a a a a a a",
        "|a|",
        "|---|",
        "@@ -1,999999 +1,999999 @@",
        "10:10:10 x",
        "  x",
        "==> a <==",
        "",
    ],
)
def test_time_is_linear(line: str) -> None:
    began = time.process_time()
    segment(content([line, " "] * 40_000, 'echo \'=== a ===\'; for f in a; do echo "+ $f"; echo "== $f $g $h x"; done'))
    segment(content([line] * 80_000))
    segment(content([line * 200_000]))
    assert time.process_time() - began < 5
