"""Tables whose header the command left off, and what short words of a question name in tables and listings."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.listing import ListingCompressor
from pipeline.compressors.listing.calls import prints_rows
from pipeline.compressors.parts import called
from pipeline.compressors.table import TableCompressor
from pipeline.compressors.table.headless import headless
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall
from tests.cpu import cpu_seconds
from tests.pipeline.compressors.test_table import check

L = ListingCompressor()
DRAW = random.Random(7)


def bash(command: str) -> ToolCall:
    return describe("1", "Bash", {"command": command}, {})


def aligned(rows: Sequence[Sequence[str]], gap: int = 3) -> list[str]:
    widths = [max(map(len, column)) + gap for column in zip(*rows, strict=True)]
    return ["".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def pods(count: int = 90, *, head: bool = False) -> list[str]:
    rows = [(f"team-{n % 4}", f"web-{n:03}-x7k", "1/1", "Running", "0" if n % 5 else "3 (5h ago)", f"{n % 9}d") for n in range(count)]
    rows[40] = ("team-3", "db-039-q9", "0/1", "CrashLoopBackOff", "42 (2m ago)", "2d")
    rows[60] = ("team-1", "job-069-zz", "0/1", "Error", "0", "2d")
    if head:
        rows.insert(0, ("NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"))
    return aligned(rows)


def containers(count: int = 60) -> list[str]:
    names = ["web", "api", "cache", "db", "queue", *(f"svc{n}" for n in range(count - 5))]
    rows = []
    for n, name in enumerate(names):
        state = "Exited (137) 5 minutes ago" if n == 33 else "Up 3 hours"
        ports = ("", "5432/tcp", f"0.0.0.0:{8000 + n}->80/tcp")[n % 3]
        image = f"{DRAW.getrandbits(48):012x}"
        rows.append((image, f"acme/{n % 9}:1.{n}", '"docker-entrypoint.s…"', f"{n % 20 + 2} hours ago", state, ports, f"shop_{name}_1"))
    return aligned(rows)


def processes(count: int = 90) -> list[str]:
    users = ["root", "postgres", "www-data"]
    rows = []
    for n in range(count):
        size = 10**9 + n if n == 50 else 4000 + n * 37 % 900  # wider than its column: what follows is shifted
        command = "/usr/bin/python3 -m app --worker" if n % 4 else "[kworker/1:0]"
        rows.append(
            f"{users[n % 3]:8} {n + 100:>7}  0.{n % 9}  {'71.5' if n == 33 else ' 0.1'} {size:>6} {n * 91 % 500:>5} ?        S    09:{n % 60:02}   0:00 {command}"
        )
    return rows


def packages(count: int = 300) -> list[str]:
    names = [f"lib{DRAW.getrandbits(24):06x}" for _ in range(count)]
    names[100], names[200] = "jq", "curl"
    return [
        f"ii  {name:12} 1.{n}.0-{n % 9} {'all  ' if n % 3 else 'amd64'}  what the package {n} does in a few words" for n, name in enumerate(names)
    ]


def installed(count: int = 300) -> list[str]:
    return [
        "Listing...",
        *(
            f"{line.split()[1]}/stable,now {line.split()[2]} {line.split()[3]} [installed{',automatic' * (n % 2)}]"
            for n, line in enumerate(packages(count))
        ),
    ]


def releases(count: int = 60) -> list[str]:
    return [
        f"rel-{n}\tns{n % 3}\t{n % 9}\t2026-03-0{n % 9 + 1} 10:11:12 UTC\t{'failed' if n == 33 else 'deployed'}\tchart-{n % 7}-1.2.3\t1.{n % 5}"
        for n in range(count)
    ]


def disks(count: int = 50) -> list[str]:
    return aligned(
        [(f"/dev/sd{n}", str(10**6 + n * 7919), str(n * 977), "100%" if n == 17 else f"{n + 10}%", f"/mnt/vol{n}") for n in range(count)], 1
    )


def sockets(count: int = 40) -> list[str]:
    return [
        f"tcp        0      0 {f'127.0.0.1:{3000 + n}':23} 0.0.0.0:*               LISTEN      {1000 + n}/{'node' if n % 3 else 'java'}   "
        for n in range(count)
    ]


def archive(count: int = 300) -> list[str]:
    rows = ["drwxr-xr-x root/root         0 2026-11-22 16:41 npm/"]
    for n in range(count):
        rows.append(f"-rw-r--r-- root/root {n * 37 % 9000 + 1:>9} 2026-11-22 16:41 npm/node_modules/mod{n}/package.json")
        rows.append(f"-rw-r--r-- root/root {n * 31 % 9000 + 1:>9} 2026-11-22 16:41 npm/node_modules/mod{n}/index.js")
    rows[301] = rows[301].replace("mod150", "semver")
    return rows


def shown(lines: Sequence[str], command: str, query: str, policy: Policy | None = None) -> Rewrite:
    call = bash(command)
    content = Content("\n".join(lines), Query.of(query, call), call)
    assert L.recognise(content) >= 0.6
    rewrite = L.compress(content, policy or Policy())
    assert rewrite is not None
    return rewrite


# --- rows without a header

TABLES = [
    (pods, "kubectl get pods -A --no-headers", "Which pods are unhealthy?", ["CrashLoopBackOff", "job-069"]),
    (pods, "kubectl get pods -A | grep team", "How is the db pod?", ["CrashLoopBackOff", "job-069", "db-039"]),
    (containers, "docker ps -a | grep shop", "Is the db container up?", ["shop_db_1", "Exited (137)"]),
    (processes, "ps aux | grep -v sshd", "Which process uses the most memory?", ["71.5", "root         100"]),
    (processes, "ps aux | tail -n +2 | sort -k4", "What is process 177?", [" 177 "]),
    (packages, "dpkg -l | grep ^ii", "Which version of jq and of curl is there?", [" jq ", " curl "]),
    (packages, "dpkg -l | awk '/ii/' | sort", "Which version of jq?", [" jq "]),
    (installed, "apt list --installed 2>/dev/null", "Is jq installed, and curl?", ["jq/stable", "curl/stable"]),
    (releases, "helm list -A | tail -n +2", "Which releases failed?", ["rel-33\t"]),
    (disks, "df | grep /dev", "Which disk has the highest use?", ["vol17"]),
    (sockets, "netstat -tlpn | grep LISTEN", "Who listens on port 3017?", [":3017 "]),
]


@pytest.mark.parametrize(("make", "command", "query", "wanted"), TABLES)
def test_rows_without_a_header_are_left_out_but_for_what_matters(make, command: str, query: str, wanted: list[str]) -> None:  # type: ignore[no-untyped-def]
    lines = make()
    rewrite = shown(lines, command, query)
    check(rewrite, "\n".join(lines))
    assert len(rewrite.text) < 0.4 * len("\n".join(lines))
    for text in wanted:
        assert text in rewrite.text
    kept = rewrite.text.split("\n")
    assert kept[0] == lines[0]
    assert kept[-1] == lines[-1]
    assert rewrite == shown(lines, command, query)


@pytest.mark.parametrize(("make", "command", "query", "wanted"), TABLES)
def test_of_other_calls_such_lines_are_nothing(make, command: str, query: str, wanted: list[str]) -> None:  # type: ignore[no-untyped-def]
    text = "\n".join(make())
    for call in (None, bash("cat rows.txt"), bash("kubectl logs web"), bash("make test")):
        assert L.compress(Content(text, Query.of(query, call), call), Policy()) is None


def test_counts_are_those_of_all_rows() -> None:
    rewrite = shown(pods(), "kubectl get pods -A --no-headers", "Which pods are unhealthy?")
    counts = Counter(line.split()[3] for line in pods())
    assert rewrite.summary.startswith(f"all 90 rows by column 4: Running {counts['Running']}, CrashLoopBackOff 1, Error 1")


def test_a_column_is_told_by_the_place_that_it_has_in_the_line() -> None:
    grid = headless(installed()[1:])
    assert grid is not None
    assert grid.names[:3] == ("column 1", "end of column 1", "column 2")
    assert grid.columns[0][100] == "jq"


def test_nothing_is_left_out_where_nothing_may_be() -> None:
    call = bash("dpkg -l | grep ^ii")
    for policy in (Policy(profile=Profile.LOSSLESS), Policy(elide=False)):
        rewrite = L.compress(Content("\n".join(packages()), Query.of("", call), call), policy)
        assert rewrite is None or not rewrite.gaps


@pytest.mark.parametrize(
    ("make", "command", "message"),
    [
        (pods, "kubectl get pods -A --no-headers 2>&1", "Error from server (Forbidden): pods is forbidden in team-7 now"),
        (pods, "kubectl get pods -A --no-headers 2>&1", "fatal: lost"),
        (disks, "df 2>&1 | grep -v tmpfs", "error: cannot read /mnt/vol9 now"),
    ],
)
def test_a_message_of_error_among_the_rows_stays(make, command: str, message: str) -> None:  # type: ignore[no-untyped-def]
    lines = make()
    lines.insert(70, message)
    assert message in shown(lines, command, "How many are there?").text.split("\n")


def test_a_header_is_still_read_as_one() -> None:
    lines = pods(head=True)
    rewrite = shown(lines, "kubectl get pods -A", "Which pods are unhealthy?")
    assert rewrite.text.startswith(lines[0])
    assert "by STATUS" in rewrite.summary


WORDS = "those who read this sentence find in it little of interest nothing at all or whatever they want to see while it rains".split()
PROSE = [" ".join(DRAW.choices(WORDS, k=9 + n % 5)) for n in range(60)]
YAML = [line for n in range(60) for line in (f"- name: web-{n}", "  image:", f"    tag: v{n}", "  ports:", "  - 80", "")]


@pytest.mark.parametrize("lines", [PROSE, YAML, [f"name-{n}" for n in range(90)], ["x"] * 5, []])
def test_words_that_stand_in_no_columns_are_no_table(lines: list[str]) -> None:
    assert headless(lines) is None


@pytest.mark.parametrize(
    "command",
    [
        "kubectl get pods --no-headers",
        "kubectl -n shop get po -o wide | grep web",
        "cd /srv && sudo docker ps -a | grep shop | sort",
        "bash -lc 'dpkg -l | grep ^ii'",
        "dpkg-query -W",
        "ps aux | awk '{print $2}'",
        "apt list --installed 2>/dev/null | head -50",
        "helm ls | tail -n +2",
        "docker image ls | grep acme",
        "systemctl list-units --no-legend",
        "kubectl exec web -- ps aux",
        "gh run list -L 50",
        "for n in a b; do kubectl -n $n get pods --no-headers; done",
        "echo pods; kubectl get pods --no-headers",
    ],
)
def test_calls_that_print_rows(command: str) -> None:
    assert prints_rows(bash(command))


@pytest.mark.parametrize(
    "command",
    [
        "kubectl logs list",
        "docker logs ps | grep x",
        "docker exec ps cat list",
        "kubectl get pods -o name | xargs kubectl logs",
        "ps aux; tail app.log",
        "kubectl get pods --no-headers; df | grep dev",
        "kubectl get pods | python report.py",
        "docker build images",
        "dpkg -s curl",
        "dpkg --configure list",
        "cat list",
        "make list-of-things.txt",
        "echo list",
        "",
    ],
)
def test_calls_that_print_something_else(command: str) -> None:
    assert not prints_rows(bash(command))


def test_calls_of_tools_that_are_no_shell() -> None:
    assert prints_rows(describe("1", "kubectl", {"cmd": "get pods"}, {}))
    assert prints_rows(describe("1", "kubectl_get", {"resource": "pods"}, {}))
    assert not prints_rows(describe("1", "kubectl_logs", {"pod": "web"}, {}))
    assert not prints_rows(None)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from(pods() + sockets() + releases()), st.text(st.sampled_from("ab 1\t:/[]…\r\u2028é"), max_size=30)),
        max_size=80,
    ),
    st.text(st.sampled_from("db jq3/: "), max_size=20),
)
def test_any_lines(lines: list[str], query: str) -> None:
    call = bash("kubectl get pods --no-headers")
    text = "\n".join(lines)
    content = Content(text, Query.of(query, call), call)
    assert 0 <= L.recognise(content) <= L.surest
    rewrite = L.compress(content, Policy())
    if rewrite is not None and rewrite.gaps:
        assert len(rewrite.text) < len(text)


@pytest.mark.slow
@pytest.mark.parametrize("line", ["a b", "a 1", "a\t1", " ", "a" * 90, "1 " * 600, "a/b 1", "jq-jq_jq 1"])
def test_time_grows_as_the_text(line: str) -> None:
    call = bash("dpkg -l | grep ^ii")

    def cost(count: int) -> float:
        text = "\n".join(f"{line}{n % 7}" for n in range(count // (len(line) + 2)))
        return cpu_seconds(lambda: L.compress(Content(text, Query("is jq in b 1?"), call), Policy()))

    small, large = cost(100_000), cost(800_000)
    assert large <= max(0.5, 24 * small)


# --- archives


def test_tar_prints_owner_and_group_with_a_slash() -> None:
    lines = archive()
    rewrite = shown(lines, "tar -tvf npm.tar", "How large is the package.json of semver?")
    check(rewrite, "\n".join(lines))
    assert len(rewrite.text) < 0.35 * len("\n".join(lines))
    assert "node_modules/semver/package.json" in rewrite.text
    assert "semver's package.json" not in rewrite.text
    assert "node_modules/semver/package.json" in shown(lines, "tar -tvf npm.tar", "How large is semver's package.json?").text


# --- short names


@pytest.mark.parametrize("query", ["How large is jq?", "how large are JQ and as?", "Is jq there, or fd?"])
def test_a_short_word_of_the_question_names_an_entry(query: str) -> None:
    lines = [f"-rwxr-xr-x 1 root root {n * 37 % 5000 + 1:>9} Nov {n % 28 + 1:>2} 16:{n % 60:02} tool-{n:03}x" for n in range(400)]
    lines[233] = "-rwxr-xr-x 1 root root       308 Jul  9  2025 jq"
    lines[120:124] = [lines[120].replace("tool-120x", f"to{c}") for c in "abcd"]
    rewrite = shown(lines, "ls -l /usr/bin", query)
    assert any(line.endswith(" jq") for line in rewrite.text.split("\n"))


def test_a_short_word_of_the_question_names_a_row_of_a_table() -> None:
    head = ("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES")
    cells = [(f"{n:012x}", "acme/x:1", '"run"', "2 hours ago", "Up 3 hours", "80/tcp", row.split()[-1]) for n, row in enumerate(containers())]
    lines = aligned([head, *cells])
    content = Content("\n".join(lines), Query("Since when is the db container up?"))
    rewrite = TableCompressor().compress(content, Policy())
    assert rewrite is not None
    assert "shop_db_1" in rewrite.text


def test_parts_of_names() -> None:
    cells = [
        "shop_db_1",
        "shop-ui-1",
        "a.go",
        "jq",
        "libjq.so",
        "web db",
        "is",
        "pod/tv-0",
        "https://a.b/in-the-tv",
        *(f"x-{n}-eu" for n in range(9)),
    ]
    assert list(called(cells, Query("the db, the UI, jq, TV, eu and libjq: is it?"), 40)) == [0, 1, 3, 7]
    assert not called(cells, Query("to do"), 40)
    assert not called(cells, Query("db ui jq"), 2), "of too many none"
