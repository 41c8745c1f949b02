from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import ccr
from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.table import TableCompressor
from pipeline.compressors.table.aligned import aligned
from pipeline.compressors.table.delimited import barred, delimited
from pipeline.markers import IN_PLACE
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall
from tests.cpu import cpu_seconds

BALANCED, LOSSLESS, AGGRESSIVE = (Policy(profile=p) for p in (Profile.BALANCED, Profile.LOSSLESS, Profile.AGGRESSIVE))
T = TableCompressor()
NAMES = "ada bob cyd dan eva fay gus hal ida joe kim lea max ned ola pia".split()


def people(count: int = 200, seed: int = 1) -> list[str]:
    """A CSV file: one suspended account, one long latency, three regions."""
    draw = random.Random(seed)
    rows = ["id,name,status,latency_ms,region"]
    rows += [f"{n},{draw.choice(NAMES)}-{n},active,{draw.uniform(5, 50):.2f},{draw.choice(['eu', 'us', 'ap'])}" for n in range(count)]
    if count < 122:
        return rows
    rows[61] = "60,hal-60,suspended,17.20,eu"
    rows[121] = "120,zoe-120,active,912.75,us"
    return rows


def pods(count: int = 120) -> list[str]:
    rows = [("NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "NOMINATED NODE")]
    rows += [(f"team-{n % 4}", f"web-{n:03}-x7k2", "1/1", "Running", "0", f"{n % 9}d", "<none>") for n in range(count)]
    rows[40] = ("team-3", "db-039-q9", "0/1", "CrashLoopBackOff", "42 (2m ago)", "2d", "<none>")
    rows[70] = ("team-1", "job-069-zz", "0/1", "Completed", "0", "2d", "<none>")
    widths = [max(map(len, column)) + 3 for column in zip(*rows, strict=True)]
    return ["".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def markdown(rows: Sequence[str]) -> list[str]:
    cells = [row.split(",") for row in rows]
    return [f"| {' | '.join(c)} |" for c in (cells[0], ["---"] * len(cells[0]), *cells[1:])]


def compress(lines: Sequence[str], query: str = "", policy: Policy = BALANCED, call: ToolCall | None = None) -> Rewrite | None:
    return T.compress(Content("\n".join(lines), Query.of(query, call), call), policy)


def shown(lines: Sequence[str], query: str = "", policy: Policy = BALANCED, call: ToolCall | None = None) -> list[str]:
    rewrite = compress(lines, query, policy, call)
    assert rewrite is not None
    check(rewrite, "\n".join(lines))
    return rewrite.text.split("\n")


def check(rewrite: Rewrite, text: str) -> None:
    """Kept lines and gaps together are the original's lines, each once, in order."""
    lines = text.split("\n")
    total = len(lines) - (len(lines) > 1 and lines[-1] == "")
    assert rewrite.total == total
    gaps = iter(rewrite.gaps)
    at = 0
    for line in rewrite.text.split("\n")[: None if total == len(lines) else -1]:
        marker = IN_PLACE.fullmatch(line)
        if marker and (at >= total or lines[at] != line):
            gap = next(gaps)
            assert gap.first == int(marker[1]) == at + 1
            assert gap.last == int(marker[2] or marker[1])
            at = gap.last
        else:
            assert line == lines[at]
            at += 1
    assert at == total
    assert next(gaps, None) is None


def test_it_is_a_compressor() -> None:
    assert isinstance(T, Compressor)
    assert T.name == "table"


# --- what it recognises


@pytest.mark.parametrize(
    "lines",
    [
        people(),
        [r.replace(",", "\t") for r in people()],
        [r.replace(",", ";") for r in people()],
        ["stdout:", *people()],
        [r + "\r" for r in people()],
        ["\ufeff" + people()[0], *people()[1:]],
        markdown(people()),
        pods(),
        ["stdout:", *pods(), "", "stderr:"],
        ["Events:", *("  " + line for line in pods())],
        ["  " + " ".join("-" * 9 for _ in range(3)) if n == 1 else f"  {'name' + str(n):9} {n:9} x" for n in range(90)],
    ],
)
def test_recognised(lines: list[str]) -> None:
    assert T.recognise(Content("\n".join(lines))) >= 0.6
    assert compress(lines) is not None


@pytest.mark.parametrize(
    "lines",
    [
        [""],
        people()[:5],
        people()[1:],  # no header
        pods()[1:],
        [f"2024-01-01 10:15:{n % 60:02},INFO,worker,started {n}" for n in range(90)],
        [f"2024-01-01 10:15:{n % 60:02}   INFO   worker   started {n}" for n in range(90)],
        [f"INFO   worker   started job {n}" for n in range(90)],
        [f"src/a.ts({n},5): error TS2304: Cannot find name, x" for n in range(90)],
        [f"\tat java.util.Map.get(Map.java:{n})" for n in range(90)],
        [f"name{n}     = {n}" for n in range(90)],
        [f'{{"a": {n}, "b": 2}},' for n in range(90)],
        [f"It was the {n}th day, and it rained, as it had to." for n in range(90)],
        ["import os, sys", *(f"value_{n} = call(a, {n})" for n in range(90))],
        [*people(), "[headroom 0123abcd: 3 of 9 lines left out]"],
    ],
)
def test_not_recognised(lines: list[str]) -> None:
    assert T.recognise(Content("\n".join(lines))) == 0
    assert compress(lines) is None


def test_nothing_is_left_out_where_that_is_not_allowed() -> None:
    assert compress(people(), policy=LOSSLESS) is None
    assert compress(people(), policy=Policy(elide=False)) is None


# --- reading tables


def test_cells_of_quoted_records() -> None:
    lines = ["name,note", *(f'a{n},"first\nsecond, ""quoted"""' for n in range(9))]
    grid = delimited("\n".join(lines).split("\n"))
    assert grid is not None
    assert grid.columns[1][0] == 'first\nsecond, "quoted"'
    assert (grid.starts[:2], grid.ends[:2]) == ([1, 3], [3, 5])


def test_a_record_of_several_lines_stays_or_goes_whole() -> None:
    lines = "\n".join(["name,note", *(f'a{n},"first {n}\nsecond"' for n in range(200))]).split("\n")
    out = shown(lines, "What is the note of a77?")
    assert out[out.index('a77,"first 77') + 1] == 'second"'


def test_quotes_in_tabs_are_letters() -> None:
    grid = delimited(["name\tinch", *(f'a{n}\t"{n}' for n in range(9))])
    assert grid is not None
    assert grid.columns[1][3] == '"3'


def test_columns_of_an_aligned_table() -> None:
    (grid,) = aligned(pods())
    assert grid.names == ("NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "NOMINATED NODE")
    assert [c[39] for c in grid.columns] == ["team-3", "db-039-q9", "0/1", "CrashLoopBackOff", "42 (2m ago)", "2d", "<none>"]


def test_a_wide_number_shifts_no_column() -> None:
    rows = [f"root {n:8} {n % 7}.0 {n * 31:8} S    worker {n}" for n in range(1, 60)]
    rows[30] = "root       31 9.9 123456789012 S    hungry one"
    (grid,) = aligned(["USER      PID %MEM     RSS STAT COMMAND", *rows])
    assert [c[30] for c in grid.columns] == ["root", "31", "9.9", "123456789012", "S", "hungry one"]


STRAY = [
    "Unable to connect to the server: dial tcp 10.0.0.1:443: i/o",
    "I0312 12:00:01.123 request.go:665 Waited for 1.1s due to client-side throttling, not priority and fairness",
    "error: connection refused",
]


def maps(count: int = 100) -> list[str]:
    draw = random.Random(3)
    return [
        "NAME                                DATA   AGE",
        *(f"config-{draw.randrange(10**8):<28} {draw.randrange(9):<6} {n}d" for n in range(count)),
    ]


def states(count: int = 100) -> list[str]:
    draw = random.Random(3)
    return [
        "NAME                 STATUS    ROLES",
        *(f"{draw.randrange(10**8):08x}-node        Ready     {'worker' if n % 9 else 'etcd'}" for n in range(count)),
    ]


@pytest.mark.parametrize("line", STRAY)
@pytest.mark.parametrize("table", [maps(), states()])
def test_a_line_between_rows_that_has_as_many_words_stays(table: list[str], line: str) -> None:
    lines = [*table[:52], line, *table[52:]]
    (grid,) = aligned(lines)
    assert list(grid.odd) == [51]
    assert line in shown(lines, "list them")
    rewrite = compress(lines)
    assert rewrite is not None
    assert "all 100 rows" in rewrite.summary


def test_rows_that_wide_cells_shift_are_rows_and_counted() -> None:
    lines = maps()
    for n in (20, 50, 70):
        lines[n] = f"{'config-with-a-name-that-is-longer-than-its-column-' + str(n)} 1234567 {n}d"
    (grid,) = aligned(lines)
    assert not grid.odd
    assert grid.columns[1][49] == "1234567"


def test_rule_lines_say_where_columns_begin() -> None:
    rows = [f"ii  lib{n:<9} 1.{n:<5} all" for n in range(30)]
    (grid,) = aligned(["||/ Name         Version Architecture", "+++-============-=======-============", *rows])
    assert grid.names == ("||/", "Name", "Version", "Architecture")
    assert [c[7] for c in grid.columns] == ["ii", "lib7", "1.7", "all"]


@pytest.mark.parametrize(
    ("rule", "row"),
    [("|---|---:|", "| a{n} | {n} |"), ("----+----", " a{n} | {n}"), ("+---+---+", "| a{n} | {n} |")],
)
def test_drawn_tables(rule: str, row: str) -> None:
    (grid,) = barred(["text", row.format(n="x"), rule, *(row.format(n=n) for n in range(9)), rule, "(9 rows)"])
    assert grid.columns == [[f"a{n}" for n in range(9)], [str(n) for n in range(9)]]


def test_a_bar_that_is_escaped_is_a_letter() -> None:
    (grid,) = barred(["| a | b |", "|---|---|", *(f"| x\\|{n} | {n} |" for n in range(9))])
    assert grid.columns[0][3] == "x\\|3"


# --- what is kept


@pytest.mark.parametrize("policy", [BALANCED, AGGRESSIVE])
@pytest.mark.parametrize("table", [people(), markdown(people()), [r.replace(",", "\t") for r in people()]])
@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("What is the region of lea-77?", ""),
        ("Show the row with id `133`.", "133"),
        ("Which user has the highest latency?", "zoe-120"),
        ("Who is suspended?", "hal-60"),
        ("Anything unusual?", "hal-60"),
        ("Which request was slowest?", "zoe-120"),
    ],
)
def test_what_is_asked_for_is_kept(table: list[str], query: str, wanted: str, policy: Policy) -> None:
    wanted = wanted or next(x for x in query.split() if "-" in x).strip("?")
    if wanted == "lea-77":
        table = [re.sub(r"\w{3}-77\b", wanted, row) for row in table]
    out = shown(table, query, policy)
    assert any(wanted in line for line in out if not IN_PLACE.fullmatch(line))
    assert len(out) < len(table) / 2


def test_the_header_and_the_ends_stay() -> None:
    lines = people()
    out = shown(lines, "How many are there?")
    assert out[0] == lines[0]
    assert out[1] == lines[1]
    assert out[-1] == lines[-1]


def test_trouble_stays_unasked() -> None:
    out = shown(pods(), "hello")
    assert any("CrashLoopBackOff" in line for line in out)
    assert any("job-069-zz" in line for line in out)


def test_where_trouble_is_asked_for_and_few_rows_tell_of_it_they_are_the_answer() -> None:
    draw = random.Random(3)
    rows = ["id,status,cpu,memory,disk,load,region"]
    rows += [f"{n},active,{','.join(str(draw.randrange(10**6)) for _ in range(4))},{draw.choice(['eu', 'us'])}" for n in range(80)]
    rows[40:42] = [row.replace(",active,", ",failed,") for row in rows[40:42]]
    asked, unasked = (compress(rows, query) for query in ("Which accounts failed?", "Who is there?"))
    assert asked is not None
    assert unasked is not None
    assert all(row in asked.text for row in rows[40:42])
    assert asked.left_out > unasked.left_out
    assert "active 78, failed 2" in asked.summary
    assert "region" in unasked.summary
    assert "region" not in asked.summary


def test_values_that_begin_alike_are_told_apart() -> None:
    rows = ["id,host,state"] + [f"{n},the-long-name-of-a-machine-number-{n % 3},{'up' if n % 9 else 'down'}" for n in range(120)]
    rewrite = compress(rows, "How many per host?")
    assert rewrite is not None
    assert all(f"the-long-name-of-a-machine-number-{n} 40" in rewrite.summary for n in range(3))


def test_where_trouble_is_common_some_of_each_kind_stays_and_the_rest_is_counted() -> None:
    kinds = ("Error", "Running", "OOMKilled")
    lines = ["NAME        STATUS      AGE", *(f"pod-{n:<7} {kinds[n % 3]:<11} {n % 5}d" for n in range(300))]
    rewrite = compress(lines)
    assert rewrite is not None
    check(rewrite, "\n".join(lines))
    assert "STATUS: Error 100, OOMKilled 100, Running 100" in rewrite.summary
    assert "no error-like" not in rewrite.summary
    kept = [line for line in rewrite.text.split("\n") if not IN_PLACE.fullmatch(line)]
    assert sum("Error" in line for line in kept) >= 3
    assert sum("OOMKilled" in line for line in kept) >= 3


def test_an_event_table_keeps_its_warnings() -> None:
    rows = [f"{n % 60}m         Normal    Pulled      pod/web-{n:<6} Successfully pulled image" for n in range(150)]
    rows[70] = "10m         Warning   FailedMount pod/web-70     MountVolume.SetUp failed"
    out = shown(["LAST SEEN   TYPE      REASON      OBJECT         MESSAGE", *rows])
    assert rows[70] in out


def test_rows_that_share_two_named_values() -> None:
    draw = random.Random(3)
    rows = [f"{n},{draw.choice(['Adelie', 'Gentoo'])},{draw.choice(['Dream', 'Biscoe', 'Torgersen'])},{n * 3 % 101}" for n in range(300)]
    rows[200] = "200,Gentoo,Rose,5"
    out = shown(["id,species,island,mass", *rows], "Which Gentoo live on Rose?")
    assert "200,Gentoo,Rose,5" in out


def test_a_cell_that_the_question_quotes() -> None:
    rows = [f"Kind,Is {word} number {n} a good one?,answer {n}" for n, word in enumerate(NAMES * 8)]
    rows[50] = "Kind,What did the gardener do to the hedge?,He cut it"
    out = shown(["kind,question,answer", *rows], "Best answers to: What did the gardener do to the hedge? Who was it?")
    assert rows[50] in out


def test_rows_that_do_not_fit_stay() -> None:
    lines = people(400)
    lines[222] = "broken line"
    assert "broken line" in shown(lines)


def test_the_arguments_of_the_call_name_rows() -> None:
    call = describe("1", "Bash", {"command": "pip list --verbose pkg_133 other"}, {})
    rows = [f"{'pkg_' + str(n):12} 1.{n}" for n in range(300)]
    assert rows[133] in shown(["Package      Version", "------------ -------", *rows], "", BALANCED, call)


def test_a_name_with_a_hyphen_names_rows() -> None:
    rows = [f"{n:03}-{'api-gateway' if n == 77 else 'web'}-x,{n % 7},u{n}" for n in range(300)]
    assert rows[77] in shown(["pod,restarts,owner", *rows], "Is the api-gateway fine?")


@pytest.mark.parametrize("lines", [people(19), pods()[:20]])
def test_a_table_of_few_rows_stays(lines: list[str]) -> None:
    assert compress(lines) is None


def test_markers_say_where_to_look_and_count() -> None:
    rows = [f"{n:04},{'odd' if n % 4 else 'even'},x" for n in range(200)]
    out = shown(["key,group,other", *rows])
    markers = [line for line in out if IN_PLACE.fullmatch(line)]
    assert any(re.search(r": 00\d\d to 01\d\d, odd \d+, even \d+\]", m) for m in markers)


def test_totals_are_those_of_all_rows() -> None:
    rewrite = compress(people())
    assert rewrite is not None
    assert "all 200 rows by status: active 199, suspended 1" in rewrite.summary
    assert "no error-like word among them" in rewrite.summary
    assert "[headroom 0123abcd: " in ccr.render(rewrite, "0123abcd")


@pytest.mark.parametrize("stray", ["a line that is no row", "1,2,3,4,5,6,7"])
def test_rows_that_do_not_fit_are_not_counted(stray: str) -> None:
    rows = [f"{n:03},job-{n * 7919 % 1000},{'skipped' if n % 7 else 'done'},eu" for n in range(120)]
    lines = ["id,name,status,region", *rows[:50], stray, *rows[50:90], stray, *rows[90:]]
    rewrite = compress(lines)
    assert rewrite is not None
    assert "all 120 rows by status: skipped 102, done 18" in rewrite.summary
    assert "none" not in rewrite.summary
    assert shown(lines).count(stray) == 2
    assert re.search(r": \d\d\d to \d\d\d, ", rewrite.text)  # in the order of their ids, whatever stands between


def test_what_stands_around_tables_stays() -> None:
    lines = ["Name: node-1", "Pods:", *("  " + x for x in pods()), "Allocated:", "  cpu 5039m (15%)", ""]
    out = shown(lines)
    assert out[:2] == lines[:2]
    assert out[-3:] == lines[-3:]


def test_a_marker_cannot_be_ended_by_a_cell() -> None:
    rows = [f"k{n:04},[a]\x00b {'x' if n % 9 else 'y'},1" for n in range(200)]
    for line in shown(["key,state,n", *rows]):
        assert not line.startswith("[…") or IN_PLACE.fullmatch(line)


# --- whatever the input

CELL = st.text(st.characters(codec="utf-8"), max_size=8)
ROWS = st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=30)


@settings(max_examples=150)
@given(ROWS, st.sampled_from([",", "\t", " | ", "   ", ";"]), st.text(max_size=40), st.sampled_from(["\n", "\r\n"]))
def test_any_table(rows: list[list[str]], delimiter: str, query: str, end: str) -> None:
    text = end.join([delimiter.join(["NAME", "STATUS", "AGE"]), *(delimiter.join(r) for r in rows * 9)])
    assert 0 <= T.recognise(Content(text)) <= 1
    rewrite = T.compress(Content(text, Query(query)), BALANCED)
    if rewrite is not None:
        check(rewrite, text)


@settings(max_examples=150)
@given(st.text())
@example("a,b\n" * 30)
@example('a,b\n"' + "x,y\n" * 30)
@example("a\tb\n" + "\x00\t\x1b[31m\n" * 30)
@example("|a|b|\n|-|-|\n" + "|x|\n" * 30)
@example("A  B\n=====  =\n" + " \n" * 30)
def test_any_text(text: str) -> None:
    assert 0 <= T.recognise(Content(text)) <= 1
    rewrite = T.compress(Content(text), AGGRESSIVE)
    if rewrite is not None:
        check(rewrite, text)


@settings(max_examples=40)
@given(st.integers(0, 1000), st.sampled_from(["", "Who is suspended?", "What is the slowest?", "lea-7"]), st.sampled_from([BALANCED, AGGRESSIVE]))
def test_any_people(seed: int, query: str, policy: Policy) -> None:
    lines = people(60 + seed % 90 + 70, seed)
    assert "60,hal-60,suspended,17.20,eu" in shown(lines, query, policy)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "x" * 5_000_000,
        "a,b\n" + "," * 5_000_000,
        'a,b\n"' + "x\n" * 1_000_000,
        "A  B\n" * 500_000,
        "NAME  AGE\n" + "x " * 2_000_000,
        "| a | b |\n|---|---|\n" + "| x | 1 |\n" * 100_000,
        " " * 3_000_000 + "\n" + "-" * 2_000_000,
        "\n" * 1_000_000,
        "-- --\n" * 500_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    asked = Content(text, Query("NAME `x y` highest a1b2"))
    assert cpu_seconds(lambda: (T.recognise(Content(text)), T.compress(asked, BALANCED))) < 10


@pytest.mark.slow
def test_the_same_under_every_hash_seed() -> None:
    program = (
        "import hashlib, sys; sys.path[:0] = sys.argv[1:]; from test_table import *; "
        "print(hashlib.sha256(repr([compress(t, 'highest latency of hal-60 in eu') for t in (people(), pods())]).encode()).hexdigest())"
    )
    folders = [os.path.dirname(__file__), os.getcwd()]
    found = {
        subprocess.run([sys.executable, "-c", program, *folders], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True).stdout
        for seed in ("0", "1", "77")
    }
    assert len(found) == 1
