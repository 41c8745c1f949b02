"""The log compressor on logs made here: what must stay, what may go, and what holds for any text."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import markers
from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.log import LogCompressor, durations, named, outlying
from pipeline.compressors.log.fold import fold, header_columns, unfold
from pipeline.compressors.log.rows import as_rows, from_rows
from pipeline.compressors.log.shapes import mine
from pipeline.compressors.severity import ERROR, WARNING
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.transcript import ToolCall, ToolKind

LOG = LogCompressor()
BALANCED = Policy()
AGGRESSIVE = Policy(profile=Profile.AGGRESSIVE)


def compress(text: str, question: str = "", policy: Policy = BALANCED) -> Rewrite | None:
    return LOG.compress(Content(text, Query.of(question, None)), policy)


def rewritten(text: str, question: str = "", policy: Policy = BALANCED) -> Rewrite:
    rewrite = compress(text, question, policy)
    assert rewrite is not None
    return rewrite


def clock(i: int) -> str:
    return f"2024-03-05T{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}.{i * 37 % 1000:03}Z"


def service_log(n: int = 400) -> list[str]:
    rng = random.Random(7)
    kinds = [
        lambda i: f"{clock(i)} INFO  [worker-{i % 8}] c.example.Orders - Order {rng.randrange(10**6)} accepted from 10.0.{i % 9}.{i % 250}",
        lambda i: f"{clock(i)} DEBUG [worker-{i % 8}] c.example.Cache - cache hit for key user:{rng.randrange(10**4)}",
        lambda i: f"{clock(i)} INFO  [worker-{i % 8}] c.example.Http - GET /api/v1/items/{rng.randrange(999)} 200 in {20 + rng.randrange(9)} ms",
    ]
    return [kinds[rng.randrange(3)](i) for i in range(n)]


def check_partition(text: str, rewrite: Rewrite) -> None:
    """Kept lines and gaps make up the original, in order, and every marker stands where its gap is."""
    lines = text.split("\n")
    ended = lines[-1] == ""
    lines = lines[:-1] if ended else lines
    assert rewrite.total == len(lines)
    out = from_rows(rewrite.text.split("\n"))
    if not any(line.startswith("»") or line.endswith("»") for line in lines):  # a text with such lines is not folded
        out = unfold(out)
    if ended:
        assert out.pop() == ""
    gaps = {g.first: g for g in rewrite.gaps}
    at = 1
    for line in out:
        gap = gaps.get(at)
        if gap is None:
            assert line == lines[at - 1]
            at += 1
        else:
            assert line.startswith(markers.gap(gap.first, gap.last)[:-1])
            assert markers.IN_PLACE.fullmatch(line)
            assert 1 <= gap.first <= gap.last
            at = gap.last + 1
    assert at == len(lines) + 1


def test_it_is_a_compressor():
    assert isinstance(LOG, Compressor)
    assert LOG.name == "log"


def test_repeats_go_and_kept_lines_are_verbatim():
    text = "\n".join(service_log()) + "\n"
    rewrite = rewritten(text)
    check_partition(text, rewrite)
    assert len(rewrite.text) < 0.2 * len(text)
    assert rewrite.left_out > 300
    assert "no error-like line left out" in rewrite.summary


@pytest.mark.parametrize("profile", [BALANCED, AGGRESSIVE])
@pytest.mark.parametrize(
    "line",
    [
        "2024-03-05T01:00:00.000Z ERROR [worker-1] c.example.Db - connection to db-3 lost",
        "2024-03-05T01:00:00.000Z WARN  [worker-1] c.example.Db - pool is nearly exhausted",
        "panic: runtime error: index out of range [5] with length 3",
        '{"level":50,"time":1700000000000,"msg":"cannot reach upstream"}',
        "E0305 01:00:00.000000       1 reflector.go:138] Failed to watch *v1.Pod",
        '10.0.0.9 - - [05/Mar/2024:01:00:00 +0000] "GET /pay HTTP/1.1" 503 12 "-" "curl"',
        "Mar  5 01:00:00 host app[71]: Der Vorgang ist fehlgeschlagen",
        "2024-03-05 01:00:00 接続エラーが発生しました",
    ],
)
def test_one_error_in_many_lines_is_kept(line: str, profile: Policy):
    lines = service_log()
    lines[211] = line
    out = rewritten("\n".join(lines), policy=profile).text.split("\n")
    assert line in out or any(o.startswith("»") and line.endswith(o[1:]) for o in out)


def test_of_many_equal_errors_first_last_and_other_values_stay():
    lines = service_log()
    errors = [f"{clock(i)} ERROR [worker-1] c.example.Db - host 10.1.1.{6 if i == 190 else 5} refused the connection" for i in range(10, 390, 3)]
    lines[10:390:3] = errors
    rewrite = rewritten("\n".join(lines))
    kept = [line for line in rewrite.text.split("\n") if "refused the connection" in line]
    assert errors[0] in kept
    assert errors[-1] in kept
    assert any("10.1.1.6" in line for line in kept)
    assert len(kept) < 12
    assert f"{len(errors) - len(kept)} error-like left out, of shapes shown" in rewrite.summary


ERRORS_OF_A_SERVICE = {
    "json": ('{{"ts":"{0}","level":"{1}","msg":"posted","err":"{2}"}}', "info", ""),
    "pino": ('{{"level":{1},"time":"{0}","msg":"done","error":"{2}"}}', "30", ""),
    "logfmt": ('ts={0} level={1} component=tsdb msg="write block" err="{2}"', "info", ""),
    "syslog": ("{0} host app[71]: sync with the mirror {1} err={2} ", "done", "null"),
    "text": ("{0} {1} c.example.Db - write went with error: {2}", "INFO", "none"),
}


@pytest.mark.parametrize("kind", list(ERRORS_OF_A_SERVICE))
@pytest.mark.parametrize("policy", [BALANCED, AGGRESSIVE])
def test_of_every_shape_with_trouble_a_line_is_shown_and_what_is_left_out_is_counted(kind: str, policy: Policy):
    form, level, nothing = ERRORS_OF_A_SERVICE[kind]
    said = ["no space left", "balance would become negative", "context deadline exceeded", "corruption in segment 12", "no route to host", "EPIPE"]
    lines = [form.format(clock(i), level, nothing) for i in range(600)]
    for n, wrong in enumerate(said):
        for i in range(20 + n * 7, 600, 40 + 31 * n):
            lines[i] = form.format(clock(i), level, wrong)
    text = "\n".join(lines)
    rewrite = rewritten(text, "Which errors are there?", policy)
    out = unfold(from_rows([line for line in rewrite.text.split("\n") if not markers.IN_PLACE.fullmatch(line)]))
    assert [wrong for wrong in said if not any(wrong in line for line in out)] == []
    shapes = mine(lines, [False] * len(lines))
    gone = [n for g in rewrite.gaps for n in range(g.first - 1, g.last)]
    for severity, word in ((ERROR, "error"), (WARNING, "warning")):
        left = sum(shapes.severities[n] == severity for n in gone)
        counted = re.search(rf"(\d+) {word}-like left out, of shapes shown", rewrite.summary)
        assert (int(counted[1]) if counted else 0) == left
    assert sum(bool(shapes.severities[n]) for n in gone) > 20
    assert not any(shapes.severities[n] for n in range(600) if not any(wrong in lines[n] for wrong in said))


def test_errors_that_differ_in_one_word_are_each_shown_once_where_they_are_few():
    codes = "EPIPE ECONNRESET ENOSPC EMFILE EACCES ENOENT EBUSY EAGAIN EXDEV EISDIR".split()
    lines = service_log()
    rng = random.Random(2)
    for i in range(5, 395, 6):
        lines[i] = f"{clock(i)} ERROR [worker-1] c.example.Disk - write of segment failed with {rng.choice(codes)} again"
    assert all(any(code in line for line in lines) for code in codes)
    out = rewritten("\n".join(lines), "What of the disk?").text
    assert [code for code in codes if code not in out] == []
    assert out.count("write of segment") < 15


def test_a_rare_line_that_says_the_same_again_is_shown_once():
    lines = service_log()
    for at in (77, 278):
        lines[at] = f"{clock(at)} INFO  [main] c.example.Boot - leader election begins"
        lines[at + 1] = f"{clock(at)} INFO  [main] c.example.Boot - clock stepped by {at} s"
    out = rewritten("\n".join(lines), "Anything unusual in here?").text
    assert out.count("leader election begins") == 1
    assert out.count("clock stepped by") == 2


def test_a_count_of_zero_errors_is_no_error_but_a_count_of_three_is():
    lines = [f"{clock(i)} scan of block {i} done: 0 errors, 12 files" for i in range(300)]
    lines[150] = f"{clock(150)} scan of block 150 done: 3 errors, 12 files"
    rewrite = rewritten("\n".join(lines))
    assert lines[150] in rewrite.text.split("\n")
    assert "no error-like line" in rewrite.summary


def test_a_status_that_no_line_before_had_is_an_error():
    lines = [f"{clock(i)} health probe {i} status: 0" for i in range(300)]
    lines[150] = f"{clock(150)} health probe 150 status: 503"
    assert lines[150] in rewritten("\n".join(lines)).text.split("\n")


def test_ids_of_letters_do_not_make_every_line_its_own_shape():
    rng = random.Random(3)
    lines = [f"{clock(i)} ERROR request {''.join(rng.choices('abcdefgh', k=9))} failed" for i in range(3000)]
    assert rewritten("\n".join(lines)).left_out > 2800


def test_lines_with_an_entity_are_kept_and_longer_numbers_are_not():
    lines = service_log()
    lines[100] = f"{clock(100)} INFO  [worker-1] c.example.Net - peer 10.9.8.4 joined"
    lines[200] = f"{clock(200)} INFO  [worker-1] c.example.Net - peer 10.9.8.40 joined"
    lines[300] = f"{clock(300)} INFO  [worker-1] c.example.Net - peer 10.9.8.4 left"
    out = rewritten("\n".join(lines), "What became of 10.9.8.4?").text.split("\n")
    assert lines[100] in out
    assert lines[300] in out


def test_an_entity_in_most_lines_names_everything_and_is_ignored():
    text = "\n".join(service_log())
    assert rewritten(text, "What does c.example.Orders do?").left_out > 300


def test_content_words_of_the_question_pick_shapes():
    lines = service_log()
    for i in range(5, 400, 20):
        lines[i] = f"{clock(i)} INFO  [worker-1] c.example.Mail - invoice {i} mailed to customer"
    out = rewritten("\n".join(lines), "Which invoices were mailed to customers?").text.split("\n")
    assert all(lines[i] in out for i in range(5, 400, 20))


@pytest.mark.parametrize("question", ["When did the job end?", "Did the DNS answer?", "Which pod was it?"])
def test_names_of_three_letters_pick_shapes(question: str):
    lines = service_log()
    wanted = {"job": f"{clock(390)} INFO job 3 left", "dns": f"{clock(391)} INFO dns knows it", "pod": f"{clock(392)} INFO pod is ready"}
    lines[390:393] = wanted.values()
    for i in range(5, 380, 5):  # each as rare
        lines[i] = f"{clock(i)} INFO " + " ".join(f"{'abcdefghij'[i // 5 % 10]}{'klmnopqrst'[i // 50]}{'uvwxyz'[n]}ing" for n in range(6))
    out = rewritten("\n".join(lines), question, AGGRESSIVE).text
    found = [name for name, line in wanted.items() if line[25:] in out]
    assert found == [name for name in wanted if name in question.lower()]


@pytest.mark.parametrize("question", ["List all backup runs", "Did any backup fix itself long ago?", "Neither disk nor backup?"])
def test_small_words_of_a_question_name_nothing(question: str):
    lines = service_log(600)
    for i in range(20, 600, 30):
        lines[i] = f"{clock(i)} INFO  [worker-2] c.example.Cache - flushed all caches, a fix of long ago, nor more"
    backups = range(45, 600, 100)
    for i in backups:
        lines[i] = f"{clock(i)} INFO  [worker-1] c.example.Backup - backup of volume {'abcdef'[i // 100]} finished"
    out = rewritten("\n".join(lines), question).text.split("\n")
    assert [i for i in backups if lines[i] in out] == list(backups)


def package_log() -> list[str]:
    names = [
        "gawk",
        "flex",
        "bison",
        "crun",
        "meson",
        "ninja",
        "rsync",
        "slirp-net",
        "strace",
        "tcpdump",
        *(f"{a}{b}" for a in "abcde" for b in "vwxyz"),
    ]
    steps = ("status half-configured {0}:amd64 1.2-{1}", "configure {0}:amd64 1.2-{1} <none>", "status installed {0}:amd64 1.2-{1}")
    return [f"2024-03-05 01:{n // 20:02}:{n % 20:02} {step.format(name, n % 7)}" for n, name in enumerate(names) for step in steps]


@pytest.mark.parametrize("name", ["crun", "slirp-net"])
def test_a_plain_name_that_is_a_value_of_frequent_lines_is_an_entity(name: str):
    lines = package_log()
    out = rewritten("\n".join(lines), f"What happened to {name}? List every event.").text.split("\n")
    wanted = [line for line in lines if f" {name}:" in line]
    assert len(wanted) == 3
    assert set(wanted) <= set(out)


@pytest.mark.parametrize("question", ["Which packages of amd were installed by whom?", "What of the status when crunching?"])
def test_words_that_all_lines_of_a_shape_say_and_parts_of_words_name_nothing(question: str):
    assert named.values(mine(package_log(), [False] * 105), Query.of(question, None).words) == []


def test_a_word_of_most_lines_of_a_short_log_names_none_of_them():
    lines = [f"10:00:{n:02d} ERROR timeout calling http://backend:8080/api/{'users' if n % 2 else 'orders'}" for n in range(16)]
    assert named.values(mine(lines, [False] * 16), ["api", "users"]) == []
    assert named.values(mine([*lines, "10:01:00 ERROR timeout calling http://backend:8080/api/carts"], [False] * 17), ["carts"]) == [[16]]


def test_a_name_in_masses_of_lines_names_nothing():
    lines = [f"{clock(i)} INFO login of {'crun' if i % 3 else 'abcdefghijk'[i // 3 % 11] * 4} from 10.0.0.{i % 99}" for i in range(400)]
    assert named.values(mine(lines, [False] * 400), ["crun"]) == []
    assert len(named.values(mine(lines, [False] * 400), ["bbbb"])) == 1


def test_a_word_in_the_path_of_a_frame_names_nothing():
    lines = service_log()
    for n in range(3, -1, -1):
        lines[20 + 90 * n : 20 + 90 * n] = PYTHON
    lines = "\n".join(lines).split("\n")
    asked, other = (rewritten("\n".join(lines), f"Why does the {what} hang?").text for what in ("srv", "xyz"))
    assert asked.count("/srv/app") == other.count("/srv/app")


def shop_log() -> list[str]:
    """From 06:00 on, a line in ten seconds, with what changes states here and there."""
    lines = [
        f"2024-03-05T{i * 10 // 3600 + 6:02}:{i // 6 % 60:02}:{i % 6 * 10:02} INFO c.example.Orders - order {i * 7919 % 10007} taken"
        for i in range(900)
    ]
    for at, said in ((300, "breaker CLOSED to OPEN"), (600, "journal moved to disk two"), (820, "leader is node three")):
        lines[at] = lines[at][:24] + "c.example.State - " + said
    return lines


@pytest.mark.parametrize("time", ["08:00", "08:00Z", "8:00", "08:00,"])
def test_a_time_of_day_says_where_to_look_and_not_what_for(time: str):
    lines = shop_log()
    out = rewritten("\n".join(lines), f"Orders are broken since {time} what happened?").text.split("\n")
    assert {lines[300], lines[600], lines[820]} <= set(out), "what stands out is shown, as without a time"
    assert {lines[719], lines[720]} <= set(out), "the log comes to it here"
    assert sum("08:00:" in line for line in out) < 4
    assert len(out) < 40


def test_of_a_mass_of_trouble_the_first_line_after_the_time_named_is_shown():
    lines = shop_log()
    for at in range(5, 900, 5):
        lines[at] = lines[at][:20] + f"WARN c.example.Db - pool {at} is nearly exhausted"
    out = rewritten("\n".join(lines), "What happened after 07:30?").text.split("\n")
    assert lines[540] in out


def test_of_a_log_of_several_days_the_last_is_meant():
    lines = [f"2024-03-0{1 + i // 24} {i % 24:02}:30:00 INFO tick" for i in range(72)]
    for question, starts in {
        "since 08:00": [56],
        "between 08:00 and 09:31": [56, 58],
        "at 25:00 with a:80": [],
        "at 8:30:00": [56],
        "at 0:30:00": [48],
    }.items():
        assert [moment.start for moment in named.moments(Query.of(question, None), lines)] == starts
    assert named.moments(Query.of("at 00:30:00", None), lines[:20]) == [named.Moment(0, [0])]


@pytest.mark.parametrize("time", ["07:11:50", "07:11:50.000", "2024-03-05T07:11:50Z"])
def test_a_time_to_the_second_names_its_lines(time: str):
    lines = [line.replace(" INFO", ".037Z INFO") for line in shop_log()]
    assert lines[431] in rewritten("\n".join(lines), f"What was at {time}?").text.split("\n")


def test_the_words_of_the_question_leave_a_little_for_the_rarest_lines():
    lines = shop_log()
    for i in range(0, 900, 3):
        lines[i] = lines[i][:24] + f"c.example.Net - client of the database shop left after {i} s"
    lines[301] = lines[301][:24] + "c.example.State - work_mem set by hand"
    assert lines[301] in rewritten("\n".join(lines), "The shop has a problem. What does the database say?").text.split("\n")


def test_rare_lines_are_kept_when_the_unusual_is_asked_for():
    lines = service_log()
    lines[77] = f"{clock(77)} INFO  [main] c.example.Boot - leader election begins"
    lines[78] = f"{clock(78)} INFO  [main] c.example.Boot - clock stepped by hand"
    out = rewritten("\n".join(lines), "Anything unusual in here?").text.split("\n")
    assert lines[77] in out
    assert lines[78] in out


def test_the_slowest_are_kept_when_slowness_is_asked_for():
    lines = service_log()
    for i in (40, 170, 310):
        lines[i] = f"{clock(i)} INFO  [worker-1] c.example.Http - GET /api/v1/items/1 200 in {900 + i} ms"
    out = rewritten("\n".join(lines), "Which requests are slow?").text.split("\n")
    assert all(lines[i] in out for i in (40, 170, 310))


def test_where_all_lines_of_a_shape_take_about_as_long_none_is_slow():
    lines = [f"{clock(i)} INFO GET /servers/detail status: 200 len: {1500 + i} time: 0.{190 + i * 7 % 130}" for i in range(400)]
    lines[250] = f"{clock(250)} INFO [instance 7f] took 61.18 seconds to spawn"
    rewrite = rewritten("\n".join(lines), "Which operations were slow?")
    assert lines[250] in rewrite.text.split("\n")
    assert rewrite.left_out > 380


def test_what_takes_long_once_is_slow_beside_what_all_lines_take():
    lines = [f"{clock(i)} INFO [job-{i}] run in {20 + i % 9} ms" for i in range(400)]
    lines[100] = f"{clock(100)} INFO backup of the ledger done in 95 s"
    lines[200] = f"{clock(200)} INFO index of the ledger done in 3 ms"
    assert durations.slow(mine(lines, [False] * 400), asked=True).long == [100]


def access_log(form: str, slow: dict[int, float]) -> list[str]:
    rng = random.Random(5)
    methods = ["GET"] * 60 + ["POST", "PUT"]
    return [
        form.format(
            f"05/Mar/2024:{i // 60:02}:{i % 60:02}:07 +0000", rng.choice(methods), rng.randrange(200, 9000), slow.get(i) or rng.random() * 0.3
        )
        for i in range(400)
    ]


@pytest.mark.parametrize(
    "form",
    [
        '10.0.0.9 - - [{0}] "{1} /pay HTTP/1.1" 200 {2} "-" "curl" rt={3:.3f}',
        '10.0.0.9 - - [{0}] "{1} /pay HTTP/1.1" 200 {2} "-" "curl/8.5" {3:.3f}',
        '10.0.0.9 - - [{0}] "{1} /pay HTTP/1.1" 200 {2} "-" "curl" urt="{3:.3f}" .',
        '{{"at":"{0}","method":"{1}","bytes":{2},"rt":{3:.3f}}}',
    ],
)
def test_a_long_time_that_nothing_names_as_one_is_slow(form: str):
    lines = access_log(form, {77: 29.871, 210: 6.25, 333: 11.5})
    rewrite = rewritten("\n".join(lines), "Which requests were very slow?")
    assert {lines[77], lines[210], lines[333]} <= set(from_rows(rewrite.text.split("\n")))
    assert rewrite.left_out > 370
    assert lines[77] not in rewritten("\n".join(lines), "What was paid?").text.split("\n")


def test_where_no_time_is_printed_whole_numbers_may_be_one():
    lines = [f"{clock(i)} served page rt={i * 7919 % 90 + 10} worker={i % 7}" for i in range(400)]
    lines[123] = f"{clock(123)} served page rt=31200 worker=3"
    assert lines[123] in rewritten("\n".join(lines), "Is anything slow?").text.split("\n")


@pytest.mark.parametrize("form", ["bytes={0}", "{0} bytes", '"size": {0}', "wrote {0}k", "PUT 200 {0}"])
def test_what_is_far_larger_than_usual_is_shown_where_the_large_is_asked_for(form: str):
    lines = [f"{clock(i)} INFO object {i * 7919 % 10007} stored {form.format(300 + i * 7919 % 4001)}" for i in range(400)]
    lines[211] = f"{clock(211)} INFO object 1711 stored {form.format(48211233)}"
    assert lines[211] in rewritten("\n".join(lines), "Which uploads were unusually large?").text.split("\n")
    assert lines[211] not in rewritten("\n".join(lines), "What was stored at first?").text.split("\n")


def test_units_tell_how_large_a_number_is():
    lines = [f"{clock(i)} chunk {i * 7919 % 10007} of {900 + i * 31 % 99} kB" for i in range(100)]
    lines[40] = f"{clock(40)} chunk 4 of 2.1 GB"
    assert outlying.outlying(lines, [range(100)]) == [40]


@pytest.mark.parametrize(
    "lines",
    [
        [f"up since {i * i / 10:.1f} s" for i in range(100)],
        [f"port {1024 + i * 7919 % 60000} of {i * 31 % 977}" for i in range(100)],
        [f"load {9.5 if i % 4 else 0.3}" for i in range(100)],
        ["load 0.0"] * 100,
        ["load 0.3", "load 9.9"] * 3,
        ["at 12:08:4711 on 2024-03-05 with 1.2.3.4 of v0.9 took x7.1y"] * 100,
    ],
    ids=["clock", "uniform", "usual", "nothing", "few", "no-numbers"],
)
def test_numbers_that_are_not_far_from_others(lines: list[str]):
    assert outlying.outlying(lines, [range(len(lines))]) == []


@pytest.mark.parametrize("form", ["Completed in {0} ms (Views: 2.1ms | Cache: 1.9ms)", "query_time: {0}  lock_time: 0.000041 rows: 12"])
def test_the_longest_duration_of_a_line_is_what_it_takes(form: str):
    lines = [f"{clock(i)} INFO [web] {form.format(11 + i % 7)}" for i in range(300)]
    lines[137] = f"{clock(137)} INFO [web] {form.format(18234)}"
    assert lines[137] in rewritten("\n".join(lines), "Is anything slow?").text.split("\n")


def test_the_rarest_lines_are_shown_as_long_as_little_else_is():
    lines = service_log()
    odd = [
        f"{clock(0)} INFO  [main] c.example.Boot - {said}" for said in ("sitemap v3 is used", "budget set to 12 pages", "leader became node three")
    ]
    for i, line in enumerate(odd):
        lines[90 + 80 * i] = line
    crowd = [f"{clock(i)} ERROR [db] lost {'state ' * (i // 2 + 1)}" for i in range(48)]
    assert set(odd) <= set(rewritten("\n".join(lines), "Did anything fail?").text.split("\n"))
    assert set(odd).isdisjoint(rewritten("\n".join(lines[:300] + crowd), "Did anything fail?").text.split("\n"))


def test_without_printed_durations_the_slowest_pairs_of_an_id_are_kept():
    lines = []
    for i in range(150):
        begun = i * 20
        lines.append(f"{clock(begun)} begin request_id={i:04x}-job of tenant")
        lines.append(f"{clock(begun + (15 if i == 90 else 1 + i % 3))} end request_id={i:04x}-job of tenant")
    out = rewritten("\n".join(lines), "What took so long? Find the slowest.").text.split("\n")
    assert lines[180] in out
    assert lines[181] in out


JAVA = [
    "2024-03-05T01:00:00.000Z ERROR [http-1] c.example.Pay - payment failed",
    "java.lang.IllegalStateException: no ledger",
    *[f"\tat com.example.pay.Step{i}.run(Step{i}.java:{i + 10})" for i in range(30)],
    "Caused by: java.net.ConnectException: refused by ledger-7",
    *[f"\tat com.example.net.Hop{i}.open(Hop{i}.java:{i + 10})" for i in range(20)],
    "\t... 28 more",
]
PYTHON = [
    "2024-03-05T01:00:00.000Z ERROR jobs: job 17 failed",
    "Traceback (most recent call last):",
    *[f'  File "/srv/app/m{i}.py", line {i + 3}, in step\n    run_{i}()' for i in range(12)],
    "ValueError: bad rate for zone 4",
]


@pytest.mark.parametrize("trace", [JAVA, "\n".join(PYTHON).split("\n")])
def test_a_stack_trace_keeps_its_causes_and_first_frames(trace: list[str]):
    lines = service_log()
    lines[200:200] = trace
    text = "\n".join(lines)
    rewrite = rewritten(text)
    check_partition(text, rewrite)
    out = rewrite.text.split("\n")
    for line in trace:
        if not line.startswith((" ", "\t")):
            assert line in out
    first = next(line for line in trace if line.startswith((" ", "\t")))
    assert first in out
    assert sum(line in out for line in trace) < len(trace) - 4


def test_a_repeated_trace_is_shown_once():
    lines = service_log()
    for at in (300, 200, 100):
        lines[at:at] = JAVA
    out = rewritten("\n".join(lines)).text
    assert out.count("Step0.run") == 1
    assert out.count("payment failed") == 3


def rust_trace(i: int, said: str, place: int = 200) -> list[str]:
    frames = [
        ("rust_begin_unwind", "/rustc/9fc6/library/std/src/panicking.rs:652:5"),
        ("core::panicking::panic_fmt", "/rustc/9fc6/library/core/src/panicking.rs:72:14"),
        ("core::result::unwrap_failed", "/rustc/9fc6/library/core/src/result.rs:1654:5"),
        *((f"tokio::task::poll{n}", f"/home/a/.cargo/registry/src/tokio-1.37/src/task{n}.rs:{n}:3") for n in range(3)),
        ("ingest::shard::flush", f"./src/shard.rs:{place}:33"),
        ("ingest::worker::tick", "./src/worker.rs:70:9"),
        *((f"tokio::task::spawn{n}", f"/home/a/.cargo/registry/src/tokio-1.37/src/task{n}.rs:{n}:3") for n in range(8)),
    ]
    told = [line for n, (name, at) in enumerate(frames) for line in (f"  {n:2}: {name}", f"             at {at}")]
    return [f"{clock(i)} ERROR ingest: a task died", f"thread 'worker' panicked at src/shard.rs:{place}:33:", said, "stack backtrace:", *told]


@pytest.mark.parametrize("said", ["called `Result::unwrap()` on an `Err` value: Closed", "the len is 3 but the index is 7"])
def test_of_a_panic_what_is_said_and_the_frames_of_own_code_are_kept(said: str):
    lines = service_log()
    lines[200:200] = rust_trace(200, said)
    out = rewritten("\n".join(lines), "Why does it crash?").text.split("\n")
    assert said in out
    assert {"   6: ingest::shard::flush", "             at ./src/shard.rs:200:33", "   7: ingest::worker::tick"} <= set(out)
    assert sum("/rustc/" in line or "tokio" in line for line in out) < 6


def test_frames_that_an_earlier_trace_shows_are_not_shown_again():
    lines = service_log()
    for n in range(9, -1, -1):  # the places differ, and what is said
        lines[20 + 35 * n : 20 + 35 * n] = rust_trace(n, f"{'abcdefghij'[n] * 5} {'klmnopqrst'[n] * (n + 1)} is an error", 200 + n)
    text = "\n".join(lines)
    rewrite = rewritten(text, "Why does it crash?")
    check_partition(text, rewrite)
    out = rewrite.text
    assert all(f"panicked at src/shard.rs:{place}:33" in out for place in (200, 209))
    assert out.count("rust_begin_unwind") == out.count("tokio::task::spawn7") == out.count("./src/worker.rs:70:9") == 1


def test_traces_that_differ_in_their_first_line_only_are_shown_once():
    frames = ["    at route (/srv/gw/src/route.js:71:18)"]
    frames += [f"    at Layer.handle{n} (/srv/gw/node_modules/express/lib/router/layer.js:{90 + n}:5)" for n in range(12)]
    lines = service_log()
    for n in range(9, -1, -1):
        lines[20 + 35 * n : 20 + 35 * n] = [f"TypeError: {'abcdefghij'[n] * 5} is not a function{' here' * n}", *frames]
    out = rewritten("\n".join(lines), "Why does it crash?").text
    assert out.count("is not a function") == 10
    assert out.count("route.js:71:18") == 1
    assert out.count("node_modules") < 3


def test_of_a_python_trace_the_frames_of_own_code_next_to_the_end_are_kept():
    inner = [
        line for n in range(9) for line in (f'  File "/srv/venv/lib/python3.11/site-packages/web/m{n}.py", line {n}, in call', "    return next()")
    ]
    own = [line for n in range(4) for line in (f'  File "/srv/app/own{n}.py", line {n}, in own{n}', f"    own{n + 1}()", "    ~~~~^^")]
    lines = service_log()
    lines[200:200] = ["Traceback (most recent call last):", *inner, *own, *inner[:4], "ValueError: bad rate"]
    out = rewritten("\n".join(lines), "What failed?").text
    assert [n for n in range(4) if f"own{n}.py" in out] == [2, 3]
    assert out.count("site-packages") == 2, "the first frame and the last"


def test_a_sample_of_a_long_run_is_no_frame_of_a_trace():
    lines = [
        line
        for i in range(40)
        for line in [f"{clock(i)} INFO [job] dump of {i}", *(f"    at com.example.M{n}.run(M{n}.java:{n})" for n in range(30))]
    ]
    out = rewritten("\n".join(lines), "Which jobs?").text.split("\n")
    assert [line for line in out[1:-6] if "INFO" in line and "[…" not in line]
    assert not [line for line in out[12:-6] if line.startswith("    at ")]


def test_markers_say_what_is_missing():
    out = rewritten("\n".join(service_log())).text
    notes = [m for m in out.split("\n") if markers.IN_PLACE.fullmatch(m) and "INFO" in m]
    assert notes
    assert any("DEBUG" in note for note in notes)


def test_no_long_run_is_left_without_a_sample():
    assert max(map(len, rewritten("\n".join(service_log(2000))).gaps)) <= 96


def test_a_mass_of_one_error_that_ends_alike_shows_what_is_said_otherwise():
    lines = [f"{clock(i)} ERROR db[{i % 7 + 40}]: pool 3 of the primary is exhausted" for i in range(300)]
    lines[150] = f"{clock(150)} ERROR db[41]: lane 3 of the primary is exhausted"
    out = rewritten("\n".join(lines), "What errors are there?").text.split("\n")
    assert lines[150] in out
    assert sum("exhausted" in line for line in out) < 20


def test_a_mass_of_trouble_is_left_out_in_short_runs_where_trouble_is_asked_for():
    lines = [f"{clock(i)} ERROR [worker-1] c.example.Db - query {i} timed out on db-3" for i in range(300)]
    assert max(map(len, rewritten("\n".join(lines), "Which errors are there?").gaps)) <= 8
    assert max(map(len, rewritten("\n".join(lines), "What was done about db-7?").gaps)) > 40


def test_first_and_last_lines_are_kept():
    lines = service_log()
    out = rewritten("\n".join(lines)).text.split("\n")
    assert out[0] == lines[0]
    assert out[-3:] == lines[-3:]


def test_colours_and_carriage_returns_are_matched_through_and_kept():
    lines = [f"\x1b[32m{line}\x1b[0m\r" for line in service_log()]
    lines[120] = "\x1b[31m2024-03-05T01:00:00.000Z \x1b[1mERROR\x1b[0m disk sda1 is gone\r"
    text = "\n".join(lines)
    rewrite = rewritten(text)
    check_partition(text, rewrite)
    assert lines[120] in rewrite.text.split("\n")


def test_numbered_lines_of_a_read_tool():
    lines = [f"{i + 1:6}→{line}" for i, line in enumerate(service_log())]
    text = "\n".join(lines)
    rewrite = rewritten(text)
    check_partition(text, rewrite)
    assert len(rewrite.text) < 0.25 * len(text)


def test_json_lines():
    lines = [json.dumps({"level": 30, "time": 1_700_000_000_000 + i, "reqId": f"r{i}", "msg": "request completed"}) for i in range(300)]
    lines[140] = json.dumps({"level": 50, "time": 1_700_000_000_140, "reqId": "r140", "msg": "request completed"})
    out = rewritten("\n".join(lines)).text.split("\n")
    assert lines[140] in out
    assert len(out) < 40


def requests(n: int = 300) -> list[str]:
    """What a JSON logger writes about requests, and plain lines that the program prints between."""
    rng = random.Random(9)
    lines = []
    for i in range(n):
        head = f'{{"level":30,"time":{1_700_000_000_000 + i * 137},"pid":1,"hostname":"api-7","reqId":"req-{i:x}"'
        lines.append(
            f'{head},"req":{{"method":"GET","url":"/{"ab"[i % 2]}/items/{rng.randrange(999)}","remotePort":{40000 + i}}},"msg":"incoming request"}}'
        )
        took = 900.5 + i if i in (40, 120, 250) else rng.randrange(400) / 10
        lines.append(f'{head},"res":{{"statusCode":200}},"responseTime":{took},"msg":"request completed"}}')
        lines.append(f"** trace of {rng.randrange(10**9):x}")
    return lines


@pytest.mark.parametrize("plain", [True, False])
def test_json_lines_are_a_log_and_slow_requests_stay_where_asked_for(plain: bool):
    lines = [line for line in requests() if plain or line.startswith("{")]
    text = "\n".join(lines)
    assert LOG.recognise(Content(text)) > 0.9
    rewrite = rewritten(text, "Which requests are slow?")
    check_partition(text, rewrite)
    out = from_rows(rewrite.text.split("\n"))
    assert all(line in out for line in lines if re.search(r'Time":(940|1020|1150)\.5', line))
    assert len(rewrite.text) < 0.2 * len(text)
    rewrite = rewritten(text, policy=Policy(profile=Profile.LOSSLESS))
    assert len(rewrite.text) < 0.4 * len(text)


@pytest.mark.parametrize("profile", [BALANCED, AGGRESSIVE])
def test_kept_json_lines_become_rows_but_trouble_stays_written_out(profile: Policy):
    lines = [f'{{"level":30,"time":{1_700_000_000_000 + i},"host":"api-7","took":{i * 37 % 50},"msg":"a \\"b\\" c: {i}"}}' for i in range(300)]
    slow = range(5, 300, 30)
    for i in slow:
        lines[i] = lines[i].replace('"took":', '"took":9')
    lines[140] = lines[140].replace('"level":30', '"level":50')
    rewrite = rewritten("\n".join(lines), "Which are slow?", profile)
    check_partition("\n".join(lines), rewrite)
    out = rewrite.text.split("\n")
    assert lines[140] in out
    assert sum(line.startswith("@A ") for line in out) >= len(slow)
    assert out.count(lines[5]) == 0


JSON_VALUES = st.one_of(st.integers(-5, 10**6), st.floats(allow_nan=False), st.booleans(), st.none(), st.text(max_size=8))
JSON_LINES = st.lists(
    st.one_of(
        st.tuples(JSON_VALUES, JSON_VALUES).map(lambda v: json.dumps({"msg": v[0], "a": {"b: ": [v[1], 7]}, "where": "somewhere in the middle"})),
        JSON_VALUES.map(lambda v: json.dumps({"only": v, "text": "of enough characters to be worth a form of its own * *"}, ensure_ascii=False)),
        st.sampled_from(['{"broken": 1"}', '{"}', "@A 1", "@A=x", "plain", "", '{"a":1 2,"b"}', None]),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(JSON_LINES, st.integers(1, 6))
def test_rows_are_loss_free(lines: list[str | None], times: int):
    lines = lines * times
    out = as_rows(lines, [False] * len(lines))
    assert [line is None for line in out if line is None] == [True for line in lines if line is None]
    given = [line for line in lines if line is not None]
    told = [line for line in out if line is not None]
    if told != given:
        assert from_rows(told) == given
        assert sum(map(len, told)) < sum(map(len, given))


def test_json_lines_that_must_stay_parseable_are_left_to_others():
    lines = [line for line in requests() if line.startswith("{")]
    assert compress("\n".join(lines), policy=Policy(preserve_json=True)) is None
    assert compress("\n".join(requests()), policy=Policy(preserve_json=True)) is not None


def test_nothing_to_gain_gives_none():
    assert compress("") is None
    assert compress("\n".join(service_log(11))) is None
    different = "\n".join(f"ERROR {'abcdefghijklmnopqrstuvwxyz'[i] * 9} {'zyxwvutsrqponmlkjihgfedcba'[i] * 7}" for i in range(26))
    assert compress(different) is None


def test_what_is_asked_for_stays_in_aggressive_too():
    lines = [f"{clock(i)} INFO GET /api/items {40 + i % 7} ms" for i in range(300)]
    slow = [f"{clock(i)} INFO GET /api/items {900 + i} ms" for i in range(0, 300, 10)]
    for n, line in enumerate(slow):
        lines[n * 10] = line
    assert set(slow) <= set(
        unfold([x for x in rewritten("\n".join(lines), "Which requests are slow?", AGGRESSIVE).text.split("\n") if "[… " not in x])
    )


def test_where_nothing_may_go_no_line_is_left_out():
    text = "\n".join(service_log())
    for policy in (Policy(profile=Profile.LOSSLESS), Policy(elide=False)):
        rewrite = rewritten(text, policy=policy)
        assert not rewrite.gaps
        assert len(rewrite.text) < 0.6 * len(text)


def test_aggressive_is_smaller_and_its_fold_is_loss_free():
    lines = service_log()
    for i in range(100, 140):
        lines[i] = f"2024-03-05T01:00:00.000Z ERROR [worker-1] c.example.Db - step {'abcdefgh'[i % 8] * 5} {'mnopq'[i % 5] * 6} broke"
    text = "\n".join(lines)
    rewrite = rewritten(text, policy=AGGRESSIVE)
    assert len(rewrite.text) < len(rewritten(text).text)
    kept = [line for line in rewrite.text.split("\n") if not markers.IN_PLACE.fullmatch(line)]
    gone = {n for g in rewrite.gaps for n in range(g.first, g.last + 1)}
    assert unfold(kept) == [line for n, line in enumerate(lines, 1) if n not in gone]
    assert len(kept) > len(unfold(kept))  # something was folded


LINES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "2024-03-05 01:00:00 INFO a b c",
            "2024-03-05 01:00:01 ERROR a b d",
            "\tat a.b.C(D.java:7)",
            "Caused by: x",
            "Traceback (most recent call last):",
            '  File "a.py", line 3',
            "ValueError: 3",
            "goroutine 1 [running]:",
            "»",
            "x »",
            "[… 5-18]",
            "\x1b[31mfail\x1b[0m\r",
            "exit code 3",
            '"GET / HTTP/1.1" 500 3',
            "took 5 ms",
            "a\ud800b",
            "",
        ]
    ),
    st.builds(lambda i: f"2024-03-05 01:{i % 60:02}:00 INFO job id-{i} took {i} ms for a{i % 5}@b.example", st.integers(0, 3000)),
)
QUESTIONS = st.sampled_from(["", "anything unusual or slow?", "what errors for id-7 and a1@b.example?", "find jobs that took long", '"took 5 ms"'])


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=120), QUESTIONS, st.booleans())
def test_any_text_kept_lines_and_gaps_are_the_original(lines: list[str], question: str, ended: bool):
    text = "\n".join(lines) + ("\n" if ended else "")
    rewrite = compress(text, question)
    if rewrite is not None:
        check_partition(text, rewrite)
        assert len(rewrite.text) < len(text)
    LOG.recognise(Content(text))
    compress(text, question, AGGRESSIVE)


@settings(max_examples=30, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=12), st.integers(5, 30), QUESTIONS)
def test_repeated_text_kept_lines_and_gaps_are_the_original(lines: list[str], times: int, question: str):
    text = "\n".join(lines * times)
    rewrite = compress(text, question)
    if rewrite is not None:
        check_partition(text, rewrite)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda a, b, c: f"{a} {b}  {c}", st.sampled_from(["1:00", "1:01", "[x]"]), st.sampled_from(["INFO", "ERROR"]), st.text("ab »", max_size=9)
        ),
        max_size=30,
    )
)
def test_fold_is_loss_free(lines: list[str]):
    folded = [line for line in fold(lines, header_columns(lines)) if line is not None]
    assert folded == lines or unfold(folded) == lines
    assert sum(map(len, folded)) <= sum(map(len, lines))


def test_a_header_that_many_lines_share_is_said_once_where_that_was_asked_for():
    """What a boot logs in one second: its header is longer than what the lines say."""
    head = "- 1131567043 2005.11.09 admin-1 Nov 9 12:10:43 local@admin-1 "
    boot = [f"{head}{name}: {said}" for name in ("acpi", "pci", "usb", "md", "scsi") for said in ("probing", "table found", "driver is there")]
    lines = [
        *boot[:8],
        *(f"- 1131567{i:03} 2005.11.09 b-{i % 7} Nov 9 12:10:{i % 60:02} b-{i % 7}/b-{i % 7} crond: job {i}" for i in range(200)),
        *boot[8:],
    ]
    rewrite = rewritten("\n".join(lines), "Anything unusual?", AGGRESSIVE)
    check_partition("\n".join(lines), rewrite)
    assert f"{head}»" in rewrite.text
    shown = rewritten("\n".join(lines), "Anything unusual?").text.split("\n")
    assert set(boot) <= set(shown), "in balanced a line stands as it came"


def test_lines_whose_headers_differ_stay_as_they_are():
    text = "\n".join(service_log())
    assert "»" not in rewritten(text, "Which errors are there?").text


def test_a_warning_that_says_the_same_again_is_shown_once():
    lines = service_log()
    for at in (50, 250):
        lines[at] = f"{clock(at)} WARN  [worker-1] c.example.Db - pool is nearly exhausted"
    assert rewritten("\n".join(lines)).text.count("pool is nearly exhausted") == 1
    lines[250] = f"{clock(250)} WARN  [worker-1] c.example.Db - pool is nearly exhausted by 7"
    assert rewritten("\n".join(lines)).text.count("pool is nearly exhausted") == 2


def test_a_mass_of_one_message_needs_no_samples():
    same = [f"{clock(i)} ERROR [worker-1] c.example.Db - the connection is lost" for i in range(90)]
    own = [f"{clock(i)} ERROR [worker-1] c.example.Db - the connection of {i:08x} is lost" for i in range(90)]
    question = "Which errors are there?"
    assert rewritten("\n".join(same), question).left_out > rewritten("\n".join(own), question).left_out


def test_fold_never_goes_into_the_message():
    lines = [f"2024-03-05 01:00:00 INFO the same words every time {'ab'[i % 2]}{'cde'[i % 3]}" for i in range(20)]
    mixed = [line.replace("the same words", f"{'xyzuvw'[i % 6]}{'abcde'[i % 5]} words") for i, line in enumerate(lines)]
    assert header_columns(mixed) == 3


@pytest.mark.slow
def test_the_result_is_the_same_under_every_hash_seed(tmp_path: Path):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pipeline.compressors.api import Content\nfrom pipeline.compressors.log import LogCompressor\n"
        "from pipeline.policy import Policy\nfrom pipeline.query import Query\n"
        "text = open(sys.argv[2], encoding='utf-8', newline='').read()\n"
        "r = LogCompressor().compress(Content(text, Query.of('unusual slow errors of worker-3 orders and caches', None)), Policy())\n"
        "sys.stdout.buffer.write((r.text + r.summary).encode())\n"
    )
    log = tmp_path / "x.log"
    log.write_text("\n".join(service_log()), encoding="utf-8")
    root = str(Path(__file__).parents[3])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, root, str(log)], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 100


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "a" * 2_000_000,
        "0" * 2_000_000,
        "/a" * 1_000_000,
        "a@" * 1_000_000,
        "\n".join(["x"] * 20 + ["1 " * 1_000_000]),
        "\n".join(["x"] * 20 + ["error: " * 300_000]),
        "\n".join(f"{i:x} {'x' * (i % 50)} {i * i:x}z" for i in range(60_000)),
        "\n" * 500_000,
        "\n".join(["  indented"] * 150_000),
        "\n".join(["Traceback (most recent call last):", "  x"] * 50_000),
        "\n".join("[" * 1000 + "<" * 1000 for _ in range(500)),
        "\n".join(["5 ms " * 400] * 1000),
    ],
    ids=lambda text: repr(text[:12]) + str(len(text)),
)
def test_hostile_text_ends(text: str):
    """Quadratic behaviour on any of these would take hours; the deadline only has to tell the two apart."""
    compress(text, "what errors or slow or unusual things about a@a and /a/a?", AGGRESSIVE)
    LOG.recognise(Content(text))


def call(command: str = "", name: str = "Bash", path: str = "") -> ToolCall:
    return ToolCall("1", name, ToolKind.SHELL, {}, command, path)


@pytest.mark.parametrize(
    "head",
    [
        "2024-03-05T01:00:00.000Z INFO",
        "2024-03-05 01:00:00,123 - INFO",
        "[Tue Mar 05 01:00:00 2024] [notice]",
        "Mar  5 01:00:00 host app[71]:",
        "20240305-01:00:00:123|Step|30002312|",
        "[05.03 01:00:00] chrome.exe",
        "03-05 01:00:00.811  1702  2395 D WindowManager:",
        "I0305 01:00:00.000000       1 main.go:5]",
        '10.0.0.9 - - [05/Mar/2024:01:00:00 +0000] "GET / HTTP/1.1" 200 12',
        "[   12.345678] usb 1-1:",
        "node-246 unix.hw state 1077804742 1",
        "web_1  | 2024-03-05 01:00:00 INFO",
    ],
)
def test_recognises_timestamps(head: str):
    text = "\n".join(f"{head} event {'abc'[i % 3]}" for i in range(40))
    assert LOG.recognise(Content(text)) == 0.9


def test_recognises_json_lines_with_time_and_message_but_no_other_records():
    logs = "\n".join(json.dumps({"level": "info", "msg": "x", "ts": i}) for i in range(40))
    rows = "\n".join(json.dumps({"name": "x", "size": i}) for i in range(40))
    assert LOG.recognise(Content(logs)) > 0.5
    assert LOG.recognise(Content(rows)) == 0


def test_without_timestamps_the_call_decides():
    text = "\n".join(f"connection {i} accepted" for i in range(40))
    assert LOG.recognise(Content(text)) == 0
    for made in (
        call("kubectl logs -n prod api-1"),
        call("journalctl -u x"),
        call(path="/var/log/boot"),
        call("tail -50 app.log"),
        call(name="kubectl_logs"),
    ):
        assert LOG.recognise(Content(text, call=made)) > 0.5
    assert LOG.recognise(Content(text, call=call("cat src/log.py"))) == 0
    assert LOG.recognise(Content(text, call=call("grep -rn accepted app.log"))) == 0


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x\n\n" * 20,
        "src/a.py:12:def f(x):\nsrc/b.py:40:    return f(3)\n" * 20,
        "diff --git a/x b/x\n@@ -1,3 +1,3 @@\n-a\n+b\n c\n" * 8,
        "-rw-r--r-- 1 root root 120 2024-03-05 01:00:00.000 +0000 a.txt\n" * 20,
        "id,when,amount\n" + "1,2024-03-05 01:00:00,7\n" * 30,
        "<html>\n" + "<p>2024-03-05 01:00:00</p>\n" * 30,
        "commit 1234\nAuthor: x\nDate:   Tue Mar 5 01:00:00 2024 +0100\n\n    words\n\n" * 8,
        "tests/test_a.py::test_x PASSED\n" * 30 + "=== 30 passed in 0.10s ===\n",
        "src/a.c:12:5: error: expected ';'\n  12 | x\n     | ^\n" * 12,
        "NAME   READY   STATUS    AGE\n" + "api-1  1/1     Running   3d\n" * 20,
        "The meeting of 5 March began at ten. Nothing was decided.\n" * 20,
        '[\n  {"time": "2024-03-05T01:00:00Z"},\n' * 20,
    ],
)
def test_does_not_claim_other_kinds(text: str):
    assert LOG.recognise(Content(text)) == 0
