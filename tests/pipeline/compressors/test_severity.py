"""Severity: levels win, counts and negations are read, codes decide."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.severity import deciders, deciding, deciding_places, judge, judge_all, severity


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2024-03-05 01:00:00 ERROR db: x", (2, "ERROR")),
        ("2024-03-05 01:00:00 [warn] x", (1, "WARN")),
        ("2024-03-05 01:00:00 INFO all is well", (0, "INFO")),
        ("[Tue Mar 05 2024] [error] x", (2, "ERROR")),
        ("ts=1 level=error msg=x", (2, "ERROR")),
        ('{"msg":"ERROR in title","level":"info"}', (1, "INFO")),
        ('{"level":50,"msg":"x"}', (2, "ERROR")),
        ('{"level":30,"msg":"x"}', (0, "INFO")),
        ("E0601 12:00:00.000 1 a.go:1] x", (2, "ERROR")),
        ("03-05 01:00:00.811  1702  2395 E Tag: x", (2, "ERROR")),
        ("RAS KERNEL FATAL data storage interrupt", (2, "FATAL")),
        ("warning: unused", (1, "WARN")),
        ("CRITICAL:root:x", (2, "FATAL")),
        ("a DEBUG_MODE b", (0, "")),
    ],
)
def test_explicit_levels(line: str, expected: tuple[int, str]):
    assert tuple(judge(line)) == expected


def test_an_info_level_lowers_what_the_words_say():
    assert severity("login failed") == 2
    assert severity("INFO login failed") == 1
    assert severity("connection is slow") == 1
    assert severity("INFO connection is slow") == 0


@pytest.mark.parametrize(
    "line",
    [
        "AuthFail for bob",
        "ConnectException while reading",
        "file not found",
        "request timed out",
        "read: connection reset by peer",
        "process exited with code 137",
        "rc=2",
        '"GET / HTTP/1.1" 502 0',
        "status: 503",
        "3 errors",
        "10 errors found",
        "Verbindung fehlgeschlagen",
        "échec de la connexion",
        "Ошибка чтения",
        "读取失败",
        "エラーが発生しました",
    ],
)
def test_error_like(line: str):
    assert severity(line) == 2


@pytest.mark.parametrize("line", ['"GET / HTTP/1.1" 404 0', "feature is deprecated", "retrying in a moment", "предупреждение: мало места"])
def test_warning_like(line: str):
    assert severity(line) == 1


@pytest.mark.parametrize(
    "line",
    [
        "",
        "all good",
        "0 errors",
        "finished with no errors",
        "errors: 0, files: 7",
        '{"error": null}',
        "error=none",
        "exit code 0",
        "rc=0",
        '"GET / HTTP/1.1" 200 500',
        "without any problems",
        "failover ready",
        "terrorist film",
    ],
)
def test_harmless(line: str):
    assert severity(line) == 0


@pytest.mark.parametrize(
    "line",
    [
        'ts=1 msg="push" error="EOF"',
        'app {"err":"read tcp 10.0.0.3:443: EOF"}',
        r"app {\"error\":\"EOF\"}",
        "svc dial failed: no route to host",
        "svc error: none of the replicas answered",
        'svc worker error: null value in column "id"',
        "x crash: [] is not a function",
        "x exception: false start",
        "x error: nil pointer dereference",
        "x error: - the disk is full",
        "x error: no /dev/kvm",
        'job failed: "disk full"',
        "job failed: 'disk full'",
    ],
)
def test_a_value_that_begins_like_nothing_is_something(line: str):
    assert severity(line) == 2


@pytest.mark.parametrize(
    "line",
    [
        'ts=1 error="" took=1ms',
        "ts=1 error='' took=1ms",
        r"app {\"error\":\"\",\"a\":1}",
        "ts=1 err=null code=1",
        "x error=<nil> path=/a/b",
        "x error=null took=12ms",
        "x error: none, took: 3",
        "x error: nil took: 3",
        "x warnings: - errors: -",
        "x errors=[] a=1",
        "result (exception: None)",
    ],
)
def test_a_value_that_is_nothing_is_none(line: str):
    assert severity(line) == 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("worker 0 failed", 2),
        ("rank 0 error: nccl", 2),
        ("GPU 0 lost contact", 2),
        ("bus 0 fault", 2),
        ("pod web-0 failed to start", 2),
        ("#0 failed", 2),
        ("TX packets 0 dropped", 0),
        ("5 passed, 0 failed", 0),
        ("5 passed and 0 failed", 0),
        ("5 skipped 0 failed", 0),
        ("rank 0 errors", 0),
        ("0 failed", 0),
    ],
)
def test_the_number_of_one_of_many_is_no_count(line: str, expected: int):
    assert severity(line) == expected


def decided_by(line: str) -> tuple[str, ...]:
    return deciding(line, deciders(line))


def test_deciding_numbers_tell_lines_of_one_shape_apart():
    assert decided_by("exit code 0") != decided_by("exit code 1")
    assert decided_by("exit code 1 after 5 tries") == decided_by("exit code 1 after 6 tries")
    assert decided_by("found 0 errors in 9 files") != decided_by("found 2 errors in 9 files")
    assert decided_by("nothing to see 12") == ()


def test_places_of_deciding_numbers():
    assert deciding_places([]) == []
    assert deciding_places(["at 10:00 exit code 1 after 5 tries", "7 files", '"GET /a1 HTTP/1.1" 200 512', ""]) == [(2,), (), (1, 2, 3), ()]
    assert deciding_places(["0 errors " + "5 " * 4000]) == [(0,)]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["exit code ", " errors ", "status=", '" ', "level:", "HTTP/1.1 ", "rc=", "x", "12", "0 failed", "rank ", "7", "-", " "]),
        max_size=12,
    ).map("".join)
)
def test_lines_that_differ_in_digits_and_agree_in_those_places_agree_in_severity(line: str):
    (places,) = deciding_places([line])
    runs = re.split(r"(\d+)", line)
    other = "".join(run if at % 2 == 0 or at // 2 in places else "3" * len(run) for at, run in enumerate(runs))
    assert judge(other) == judge(line)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_a_verdict(line: str):
    assert severity(line) in (0, 1, 2)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        ["exit code {}", "{} errors", "errors: {}", "status={}", '" {} 7', "took {} ms", "level={}", "HTTP/1.1 {} OK", "{} retries, rc={}"]
    ),
    st.integers(0, 700),
    st.integers(0, 700),
)
def test_lines_that_agree_in_deciding_numbers_agree_in_severity(form: str, a: int, b: int):
    one, two = form.format(a, a), form.format(b, b)
    assert deciders(one) == deciders(two)
    if decided_by(one) == decided_by(two):
        assert judge(one) == judge(two)


_PIECES = [
    "ERROR",
    "[warn]",
    "level=info",
    "timedOut",
    "ConnectException",
    "not found",
    "0 errors",
    "no",
    "failures",
    "error: null",
    "err=none",
    " took=7ms",
    " next:",
    "worker ",
    "0 failed",
    "-0 failed",
    "web1-0 failed",
    "E0601 12:00:00.0 ",
    "rc=3",
    "status: 404",
    '" 502 ',
    "échec",
    "読",
    "失敗",
    "x",
    "7",
    " ",
    "-",
    "\u2028",
    "İ",
    "\ud800",
    "aB",
    "03-05 01:00:00.811  1702  2395 E ",
]


def masked(line: str) -> str:
    return re.sub(r"[^\s\"'=,]*\d[^\s\"'=,]*|/\w+/\S+", "0", line)


def test_no_lines_have_no_verdicts():
    assert judge_all([], []) == []


def test_words_that_a_form_hides_are_read():
    lines = [
        "job ok1 done",
        "job error1 done",
        "job 7 done",
        "x /var/ok/a y",
        "x /var/error/a y",
        "code rc=1 id=5f",
        "code rc=0 id=5f",
        "code rc=0 id=7a",
        "code ret=5ms id=7a",
        "code ret=5 id=7a",
        "code ret=5ms id=7a",
        '{"level":30,"id":"a1"}',
        '{"level":50,"id":"b-1"}',
    ]
    assert [masked(line) for line in lines[:2]] == ["job 0 done"] * 2
    assert judge_all(lines, [masked(line) for line in lines]) == [judge(line) for line in lines]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join), st.text(st.characters(exclude_characters="\n"))), max_size=8))
def test_lines_are_judged_together_as_they_are_alone(lines: list[str]):
    assert judge_all(lines, lines) == judge_all(lines, [masked(line) for line in lines]) == [judge(line) for line in lines]
