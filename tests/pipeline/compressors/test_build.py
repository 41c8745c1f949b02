from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.build import BuildCompressor
from pipeline.compressors.build.outcomes import PASSED, PROGRESS, SKIPPED, quiet
from pipeline.markers import IN_PLACE
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall
from tests.cpu import cpu_seconds

BALANCED, LOSSLESS, AGGRESSIVE = (Policy(profile=p) for p in (Profile.BALANCED, Profile.LOSSLESS, Profile.AGGRESSIVE))
B = BuildCompressor()


def bash(command: str) -> ToolCall:
    return describe("1", "Bash", {"command": command}, {})


def compress(text: str, query: str = "", policy: Policy = BALANCED, call: ToolCall | None = None) -> Rewrite | None:
    return B.compress(Content(text, Query.of(query, call), call), policy)


def shown(text: str, query: str = "", policy: Policy = BALANCED, call: ToolCall | None = None) -> list[str]:
    rewrite = compress(text, query, policy, call)
    assert rewrite is not None
    holds(text, rewrite)
    return rewrite.text.split("\n")


def holds(text: str, rewrite: Rewrite) -> None:
    """Every line is either shown as it was, in its place, or within a gap whose marker stands in its place."""
    lines = text.split("\n")
    at = 0
    gaps = iter(rewrite.gaps)
    gap = next(gaps, None)
    for line in rewrite.text.split("\n"):
        if gap is not None and at == gap.first - 1:
            match = IN_PLACE.fullmatch(line)
            assert match is not None, line
            assert (int(match[1]), int(match[2] or match[1])) == (gap.first, gap.last)
            at, gap = gap.last, next(gaps, None)
        else:
            assert line == lines[at]
            at += 1
    assert at == len(lines)
    assert gap is None
    assert rewrite.total == len(lines) - (lines[-1] == "")


def test_it_is_a_compressor() -> None:
    assert isinstance(B, Compressor)
    assert B.name == "build"


# --- what is promised of any text

PIECES = st.sampled_from([
    "============================= test session starts ==============================",
    "=================================== FAILURES ===================================",
    "_________________________________ test_spam ____________________________________",
    "------------------------------ Captured stdout call ----------------------------",
    "=========================== short test summary info ============================",
    "========================= 1 failed, 2 passed in 0.10s ==========================",
    "E       assert 1 == 2", ">       assert x", "    def test_spam():", "tests/test_a.py:3: AssertionError", "PASSED tests/test_a.py::test_b",
    "src/a.ts(1,2): error TS2304: Cannot find name 'spam'.", "src/a.c:3:5: error: expected ';'", "src/a.c:3:5: note: here", "   3 | int x",
    "error[E0308]: mismatched types", "  --> src/main.rs:2:5", "  1:2  error  Unexpected var  no-var", "/src/a.js", "    ^", "[ERROR] A.java:[1,2] no",
    "ok 1 - spam", "not ok 2 - eggs", "  ---", "  ...", "test spam ... ok", "Compiling spam v1.0", "\tat spam (a.js:1:2)", "Traceback (most recent call last):",
    "", " ", "\r", "\x1b[31mred\x1b[0m", "\x00", "\ufeff", "✓ spam (2 ms)", "make: *** [Makefile:2: all] Error 1", "In file included from a.h:1:",
])  # fmt: skip
TEXTS = st.one_of(st.text(max_size=400), st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=60).map("\n".join))


@settings(max_examples=150, deadline=None)
@given(text=TEXTS, times=st.integers(1, 6), query=st.text(max_size=40), profile=st.sampled_from(list(Profile)))
def test_any_text(text: str, times: int, query: str, profile: Profile) -> None:
    text = "\n".join([text] * times)
    content = Content(text, Query(query))
    assert 0 <= B.recognise(content) <= 1
    rewrite = B.compress(content, Policy(profile=profile))
    if rewrite is not None:
        holds(text, rewrite)
        assert len(rewrite.text) < len(text)


def test_nothing_is_left_out_where_that_is_not_allowed() -> None:
    text = "\n".join([f"test spam_{n} ... ok" for n in range(90)])
    assert compress(text) is not None
    assert compress(text, policy=LOSSLESS) is None
    assert compress(text, policy=Policy(elide=False)) is None


def test_the_same_under_every_hash_seed() -> None:
    code = (
        "from pipeline.compressors.api import Content\nfrom pipeline.compressors.build import BuildCompressor\nfrom pipeline.policy import Policy\n"
        "from pipeline.query import Query\n"
        "t='\\n'.join(f\"src/f{i % 7}.c:{i}:1: {'error' if i % 3 else 'warning'}: no '{i % 11}'\" for i in range(200))\n"
        "r=BuildCompressor().compress(Content(t,Query('what of f3.c and `x_y`?')),Policy())\nprint(r.text, r.summary)"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
    assert b"f3.c" in seen.pop()


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        "\n", "a\nb\n", "." * 600 + "\n", "a::b" * 150 + "\n", "1:" * 400 + "\n", "a.c:1:2: error: " + "'x" * 200 + "\n", "    ^\n", "  ---\nok 1 - a\n",
        "=== FAILURES ===\n___ a ___\nE  x\n", "a.c:1:1: error: no\n" + "  x\n" * 300, '  File "x.py", line 3, in f\n    g()\n', " from a.h:1,\n",
        "a.ts:1:1 - error TS1: x\n\n1 a\n2 b\n", "_" * 3000 + " x\n", "PASSED a::b" + " " * 500 + "x\n", "  1:2  error  x  y\n", "\x1b[0m" * 90 + "\n", "\x00\r\r\n",
    ],
)  # fmt: skip
def test_time_is_linear(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit)) + "x" * 5000

        def both() -> None:
            content = Content(text, Query("what of `a.b` and x?"))
            B.recognise(content)
            B.compress(content, BALANCED)

        return cpu_seconds(both, 3)

    seconds(1000)
    assert seconds(400_000) < 12 * seconds(100_000) + 0.2


def test_one_endless_line() -> None:
    assert compress(":1: error" * 500_000) is None
    assert compress("\n".join(["x" * 100_000] * 9 + ["y:1:2: error: " + "z" * 100_000] * 4)) is not None


# --- what it recognises

PYTEST = """\
============================= test session starts ==============================
platform linux -- Python 3.11.7, pytest-9.0.1, pluggy-1.6.0
rootdir: /src/zoo
collected 45 items

tests/test_zoo.py ......................................F.s.F.E          [100%]

==================================== ERRORS ====================================
______________________ ERROR at setup of test_uses_broken ______________________

    @pytest.fixture
    def broken():
>       raise RuntimeError("narwhal exploded")
E       RuntimeError: narwhal exploded

tests/test_zoo.py:40: RuntimeError
=================================== FAILURES ===================================
__________________________________ test_price __________________________________

cage = <zoo.Cage object at 0x7f>

    def test_price(cage):
        '''The price of a cage is what it costs,

        and some more for the keeper.
        '''
        first = 1
        second = 2
        third = 3
        fourth = 4
        fifth = 5
>       assert cage.price() == 180
E       assert 170 == 180
E        +  where 170 = price()

tests/test_zoo.py:17: AssertionError
----------------------------- Captured stdout call -----------------------------
captured line 0
captured line 1
captured line 2
captured line 3
captured line 4
captured line 5 says ERROR: the okapi is out
captured line 6
captured line 7
captured line 8
captured line 9
captured line 10
captured line 11
=============================== warnings summary ===============================
tests/test_zoo.py::test_a
tests/test_zoo.py::test_b
tests/test_zoo.py::test_c
  /src/zoo/zoo.py:3: DeprecationWarning: axolotl is deprecated
    axolotl()

-- Docs: https://docs.pytest.org/en/stable/how-to/capture-warnings.html
==================================== PASSES ====================================
___________________________________ test_0 _____________________________________
----------------------------- Captured stdout call -----------------------------
noise of a test that passed, error or not
=========================== short test summary info ============================
"""
PYTEST += "".join(f"PASSED tests/test_zoo.py::test_{n}[error-{n}]\n" for n in range(40))
PYTEST += """\
SKIPPED [1] tests/test_zoo.py:30: needs a quokka
FAILED tests/test_zoo.py::test_price - assert 170 == 180
ERROR tests/test_zoo.py::test_uses_broken - RuntimeError: narwhal exploded
============= 1 failed, 40 passed, 1 skipped, 1 warning, 1 error in 0.41s =============
"""
CARGO = "\n".join([
    "   Compiling zoo v0.1.0 (/src/zoo)",
    "running 42 tests",
    *(f"test cage::error_{n} ... ok" for n in range(40)),
    "test cage::gibbon ... FAILED",
    "test cage::slow ... ignored",
    "",
    "failures:",
    "",
    "---- cage::gibbon stdout ----",
    "thread 'cage::gibbon' panicked at src/lib.rs:63:28:",
    "assertion `left == right` failed: gibbon math",
    "  left: 4",
    " right: 5",
    "",
    "test result: FAILED. 40 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.18s",
    "",
])  # fmt: skip
GCC = "\n".join(
    f"src/f{n}.c: In function 'f{n}':\nsrc/f{n}.c:{n}:9: warning: unused variable 'v{n}' [-Wunused-variable]\n {n:4} |     int v{n};\n      |         ^~"
    for n in range(1, 31)
)
GCC += "\nsrc/broken.c:4:15: error: expected ';' before 'return'\n    4 |   int x\n      |        ^\nmake: *** [Makefile:5: broken.o] Error 1\n"
TSC = "\n".join(f"app/(zoo)/m{n}.ts({n},1): error TS2304: Cannot find name 'animal{n % 20}'." for n in range(60)) + "\n"
ESLINT = "".join(f"\n/src/m{n}.js\n" + "".join(f"  {line}:1  error  Unexpected var  no-var\n" for line in range(1, 13)) for n in range(9))
ESLINT += "\n✖ 108 problems (108 errors, 0 warnings)\n"
GO = "\n".join(f"=== RUN   TestZoo{n}\n--- PASS: TestZoo{n} (0.0{n % 9}s)" for n in range(30))
GO += "\n=== RUN   TestEmu\n    zoo_test.go:12: got 3, want 4\n--- FAIL: TestEmu (0.00s)\nFAIL\nFAIL\texample.com/zoo\t0.012s\n"
UNITTEST = "\n".join(f"test_{n} (tests.test_zoo.Zoo.test_{n}) ... ok" for n in range(30))
UNITTEST += "\ntest_x (tests.test_zoo.Zoo.test_x) ... FAIL\n\n" + "=" * 70 + "\nFAIL: test_x (tests.test_zoo.Zoo.test_x)\n" + "-" * 70
UNITTEST += '\nTraceback (most recent call last):\n  File "/src/tests/test_zoo.py", line 6, in test_x\n    self.assertEqual(85.0, 84.25)\n'
UNITTEST += "AssertionError: 85.0 != 84.25\n\n" + "-" * 70 + "\nRan 31 tests in 0.002s\n\nFAILED (failures=1)\n"
TAP = "TAP version 13\n" + "".join(f"# Subtest: fine {n}\nok {n} - fine {n}\n  ---\n  duration_ms: 0.{n}\n  ...\n" for n in range(1, 31))
TAP += "# Subtest: puffin\nnot ok 31 - puffin\n  ---\n  error: 'heron flew'\n  ...\n1..31\n# tests 31\n# pass 30\n# fail 1\n"
MAVEN = "\n".join(f"[INFO] Downloading from central: https://repo.example.com/a/b{n}.jar" for n in range(30))
MAVEN += "\n[ERROR] /src/main/java/Zoo.java:[12,5] cannot find symbol\n[ERROR]   symbol:   class Okapi\n[INFO] BUILD FAILURE\n[ERROR] Failed to execute goal x\n"
ALL = {"pytest": PYTEST, "cargo": CARGO, "gcc": GCC, "tsc": TSC, "eslint": ESLINT, "go": GO, "unittest": UNITTEST, "tap": TAP, "maven": MAVEN}


@pytest.mark.parametrize("name", list(ALL))
def test_recognised_by_content_alone(name: str) -> None:
    assert B.recognise(Content(ALL[name])) >= 0.9


@pytest.mark.parametrize("kind", ["Grep", "Glob", "WebFetch"])
def test_what_another_tool_found_is_left_to_others(kind: str) -> None:
    assert B.recognise(Content(PYTEST, call=describe("1", kind, {"pattern": "x"}, {}))) == 0


CURL = "curl -sSL https://ci.example.com/job/zoo/7/make"
CONSOLE = "Started by user okapi\nRunning on agent-7 in /var/ci/workspace/zoo\n+ make all\n{}\nBuild step 'Execute shell' marked build as failure\nFinished: FAILURE\n"
SENTENCES = (
    "The zoo's keepers asked us how they can tell which of the animals is hungry.",
    "We wrote a small program for them, and what it prints is shown further below.",
    "Read it from the top, and look for the first line that tells of a failure.",
    "If nothing of that kind is printed then every animal in the zoo has been fed.",
)


@pytest.mark.parametrize("name", [name for name in ALL if name != "tap"])  # most lines of that one are those of its documents
def test_a_console_that_a_command_fetched_is_a_build(name: str) -> None:
    assert B.recognise(Content(CONSOLE.format(ALL[name]), call=bash(CURL))) >= 0.9


@pytest.mark.parametrize("name", list(ALL))
@pytest.mark.parametrize(
    "page",
    [
        "\n".join(SENTENCES) + "\n\n{}",
        "{}\n\n" + "\n".join(SENTENCES),
        "# Zoo\n\n```\n{}```\n",
        "Zoo\n===\n\n.. code-block:: text\n\n{}",
        "See [the zoo](https://zoo.example.com).\n\n{}",
        "Zoo\n<pre>\n{}</pre>\n",
        "{}" + "\n".join(f"| cage {n} | okapi |" for n in range(9)),
        "{}" + "\n".join(f"cage {n}: okapi" for n in range(600)),
    ],
)
def test_a_page_with_a_build_in_it_that_a_command_fetched_is_none(name: str, page: str) -> None:
    assert B.recognise(Content(page.format(ALL[name]), call=bash(CURL))) == 0


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"2024-01-01 10:15:{n:02} INFO started worker {n}" for n in range(60)),
        "\n".join(f"src/a{n}.py:{n}:import spam" for n in range(60)),
        "\n".join(f"line {n} of some prose that tells of tests and of errors." for n in range(60)),
        "\n".join(f"def f{n}(x: int) -> int:\n    return x + {n}\n" for n in range(60)),
        "\n".join(f"name{n},{n},{n * 2},error" for n in range(60)),
        "\n".join(f"-rw-r--r-- 1 root root {n} Jan  1 10:00 test_{n}.py" for n in range(60)),
        "diff --git a/x b/x\n" + PYTEST,
        "{\n" + PYTEST,
        PYTEST + "[headroom 0123abcd: 3 of 9 lines left out]",
        "",
        "ok",
    ],
)
def test_not_recognised(text: str) -> None:
    assert B.recognise(Content(text)) == 0


def test_the_call_helps() -> None:
    text = "\n".join(["building the zoo", *(f"step {n} of the zoo's own script" for n in range(20)), "src/zoo.c:3: error: no okapi"])
    assert B.recognise(Content(text)) == 0
    assert B.recognise(Content(text, call=bash("cd src && make all"))) == 0.8


# --- what must survive


@pytest.mark.parametrize(
    ("name", "facts", "share"),
    [
        ("pytest", ["test_price ___", "assert 170 == 180", "+  where 170", "tests/test_zoo.py:17: ", "narwhal exploded", "the okapi is out", "cage = <zoo",
                    "def test_price(cage):", "axolotl is deprecated", "FAILED tests/test_zoo.py::test_price", "1 failed, 40 passed", "collected 45"], 0.5),
        ("cargo", ["gibbon ... FAILED", "src/lib.rs:63:28", "gibbon math", "left: 4", "right: 5", "40 passed; 1 failed; 1 ignored"], 0.5),
        ("gcc", ["src/broken.c:4:15: error: expected ';'", "    4 |   int x", "make: ***", "f30.c 1"], 0.3),
        ("tsc", ["m59.ts", "Cannot find name 'animal0'"], 0.4),
        ("eslint", [*(f"/src/m{n}.js" for n in range(9)), "no-var", "108 problems (108 errors, 0 warnings)"], 0.3),
        ("go", ["zoo_test.go:12: got 3, want 4", "--- FAIL: TestEmu", "FAIL\texample.com/zoo"], 0.3),
        ("unittest", ["FAIL: test_x", "line 6, in test_x", "85.0 != 84.25", "Ran 31 tests", "FAILED (failures=1)"], 0.5),
        ("tap", ["not ok 31 - puffin", "heron flew", "# pass 30", "# fail 1"], 0.3),
        ("maven", ["Zoo.java:[12,5] cannot find symbol", "class Okapi", "BUILD FAILURE"], 0.3),
    ],
)  # fmt: skip
@pytest.mark.parametrize("policy", [BALANCED, AGGRESSIVE])
def test_failures_survive(name: str, facts: list[str], share: float, policy: Policy) -> None:
    text = ALL[name]
    got = "\n".join(shown(text, "What fails?", policy))
    assert [fact for fact in facts if fact not in got] == []
    assert len(got) <= share * len(text)


def test_good_news_is_counted() -> None:
    assert "[… 3-42: 40 passed]" in shown(CARGO)
    rewrite = compress(CARGO)
    assert rewrite is not None
    assert rewrite.summary == "40 lines of passed tests"
    assert rewrite.left_out == 40 + 1  # and the ignored one


def test_a_test_asked_for_is_shown_though_it_passed() -> None:
    assert "test cage::error_17 ... ok" in shown(CARGO, "Did `cage::error_17` pass?")
    assert "test cage::error_17 ... ok" in shown(CARGO, call=bash("cargo test cage::error_17"))
    assert "test cage::error_17 ... ok" not in shown(CARGO)


def test_skipped_tests_stay_where_they_are_asked_for() -> None:
    skipped = "\n".join(f"test cage::t{n} ... ignored" for n in range(30))
    assert len(shown(CARGO + skipped, "Which tests are skipped?")) > 30 > len(shown(CARGO + skipped)) - 15


def test_the_slowest_stay_where_slowness_is_asked_for() -> None:
    assert any("(4.50s)" in line for line in shown(GO.replace("TestZoo7 (0.07s)", "TestZoo7 (4.50s)"), "Which test is slow?"))


# --- diagnostics


def test_of_each_message_some_are_shown_and_the_rest_counted_by_file() -> None:
    lines = [f"src/{'ab'[n // 20]}/{n % 3}.c:{n}:1: error: no such thing" for n in range(40)]
    assert shown("\n".join(lines)) == [
        *lines[:3],
        "[… 4-37: 34 errors, src/a/: 0.c 6, 1.c 6, 2.c 5; src/b/: 2.c 6, 0.c 6, 1.c 5]",
        *lines[-3:],
    ]


def test_of_one_message_several_names_are_shown() -> None:
    got = shown(TSC)
    assert sum("Cannot find name" in line for line in got) == 6 + 3  # the last lines stay whatever they are
    assert "Cannot find name 'animal5'." in "\n".join(got)


def test_files_asked_for_are_whole() -> None:
    lines = [f"src/{name}.c:{n}:1: error: no such thing" for n in range(1, 21) for name in ("spam", "eggs")]
    got = shown("\n".join(lines), "What is wrong in src/spam.c?")
    assert [line for line in lines if "spam" in line] == [line for line in got if line.startswith("src/spam.c")]


def test_a_diagnostic_goes_with_its_source_and_its_notes() -> None:
    unit = "In file included from a.h:1:\nx{n}.c:3:5: error: no okapi\n    3 | int x\n      |     ^\nx{n}.c:9:1: note: declared here\n    9 | x\n"
    text = "".join(unit.format(n=n) for n in range(20)) + "make: *** no\nx\ny\n"
    got = shown(text)
    assert got[:18] == text.split("\n")[:18]
    assert got[18].startswith("[… 19-120: 17 errors, x3.c 1, ")
    assert got[19:] == ["make: *** no", "x", "y", ""]


def test_kinds_are_counted_where_they_are_mixed() -> None:
    lines = [f"a.c:{n}:1: {'error: bad' if n % 2 else 'warning: odd'} thing" for n in range(30)]
    assert "[… 7-27: 11 warnings, 10 errors, same file]" in shown("\n".join(lines))


def test_many_files_take_several_markers() -> None:
    lines = [f"src/some/folder/of/this/zoo/animal_{n}.c:{n}:1: error: bad thing" for n in range(400)]
    got = shown("\n".join(lines))
    assert len(got) > 10
    assert [n for n in range(400) if f"animal_{n}.c" not in "\n".join(got)] == []


# --- the rest


def test_a_message_of_many_tests_is_told_whole_three_times() -> None:
    one = "____ test_{n} ____\n\n    def test(n):\n        a = {n}\n        b = 2\n>       assert f(n) == 9\nE       assert 8 == 9\n\ntests/test_a.py:{n}: AssertionError\n"
    text = "=== FAILURES ===\n" + "".join(one.format(n=n) for n in range(20)) + "=== 20 failed in 0.10s ===\n"
    got = shown(text)
    assert sum(line.startswith(">") for line in got) == 3
    assert sum(line.startswith("E ") for line in got) == 20
    assert all(f"____ test_{n} ____" in got and f"tests/test_a.py:{n}: AssertionError" in got for n in range(20))


def test_what_stands_above_word_for_word_is_not_shown_again() -> None:
    block = ["  the okapi", "of the zoo is", "    not where it should be, says", "its keeper: he had last seen it at noon, when he", "fed it;"]
    block += ["it was {then} asleep below a tree that has since been felled for its wood,", "which is sad."]
    lines = ["start", *block, "between", *block, "x", "y", "z"]
    assert shown("\n".join(lines)) == [*lines[:9], "[… 10-16: as lines 2-8]", "x", "y", "z"]


def test_of_a_long_trace_own_frames_stay() -> None:
    frames = [f"    at call{n} (/src/node_modules/lib/{n}.js:1:2)" for n in range(20)]
    frames[9] = "    at feed (/src/zoo/emu.js:7:9)"
    lines = ["Error: no food", *frames, "Node.js v20", "x", "y", "z"]
    got = shown("\n".join(lines))
    assert frames[9] in got
    assert got[0] == "Error: no food"
    assert len(got) == 1 + 2 + 1 + 1 + 1 + 3 + 4


def test_a_line_that_is_one_of_many_is_counted_and_errors_are_not() -> None:
    lines = [f"feeding {'the ' * (n % 2)}animal {n} in its cage" for n in range(60)]
    lines[30] = "feeding animal 30 in its cage failed: error 7"
    got = shown("\n".join(lines))
    assert lines[30] in got
    assert len(got) < 20
    assert any("like line 1" in line for line in got)


SMALL_AND_LARGE = [(n * 7919) % 1000 for n in range(300)]
NAMES = [f"{a}{b}" for a in ("okapi", "emu", "heron", "puffin", "quokka", "gibbon") for b in ("Feed", "Sleep", "Count", "Move", "Price")]
TABLES = {
    "coverage of Python": "src/zoo/{name}.py      {n:5}  {few:5}   {share:3}%   3-9, 40",
    "coverage of Python, nothing missing": "src/zoo/{name}.py      {n:5}      0   100%",
    "coverage of JavaScript": " {name}.js     |   {share}.1  |   {few}.3   |  90.0   |   {share}.7  | 3-199",
    "coverage of Go": "ok  \texample.com/zoo/{name}\t0.{n:03}s\tcoverage: {share}.1% of statements",
    "benchmarks of Go": "Benchmark{name}-8   \t {n:7}\t {n:9} ns/op\t {few:5} B/op\t 3 allocs/op",
    "benchmarks of Rust": "test {name} ... bench:   {n:9} ns/iter (+/- {few})",
    "slow tests of pytest": "{n}.{few:02}s call     tests/unit/test_{name}.py::test_it",
    "set-up of pytest": "{n}.{few:02}s teardown tests/unit/test_{name}.py::test_it",
    "slow tests of rspec": "  {n}.{few:02} seconds ./spec/{name}_spec.rb:12",
    "sizes of Vite": "dist/assets/{name}-0a1b.js   {n}.12 kB │ gzip: {few}.10 kB",
    "sizes of webpack": "asset {name}.js {n}.1 KiB [emitted]",
    "rules": "{n}     E{few} {name}",
    "packages": "{name}   4.{few}.0  4.{n}.1  5.0.0  zoo",
}


def figures(row: str, count: int) -> list[str]:
    names = [f"{NAMES[n % len(NAMES)]}{n // len(NAMES) or ''}" for n in range(count)]
    return [row.format(name=name, n=n, few=n % 97, share=n % 89) for name, n in zip(names, SMALL_AND_LARGE, strict=False)]


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_each_row_of_a_table_of_figures_is_a_fact_of_its_own(table: str) -> None:
    rows = figures(table, 30)
    progress = [f"[{n}/90] Building C object zoo/f{n}.o" for n in range(1, 91)]
    got = shown("\n".join([*progress, *rows, "done", "x", "y", "z"]), "Which is the worst?")
    assert [row for row in rows if row not in got] == []
    assert len(got) < 30 + 10


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
@pytest.mark.parametrize(("policy", "most"), [(BALANCED, 40), (AGGRESSIVE, 20)])
def test_of_a_long_table_of_figures_the_highest_and_lowest_stay(table: str, policy: Policy, most: int) -> None:
    rows = figures(table, 300)
    got = shown(
        "\n".join(["start", *rows, "x", "y", "z"]), "What of heronCount7, BenchmarkheronCount7, test_heronCount7.py and heronCount7_spec.rb?", policy
    )
    inside = [line for line in got if line in rows]
    assert most <= len(inside) <= most + 1
    assert any("heronCount7" in line for line in inside)
    assert any(line.endswith(" like line 2, within the figures shown]") for line in got)
    if "{n}" in table or "{n:" in table:
        assert rows[SMALL_AND_LARGE.index(max(SMALL_AND_LARGE))] in got
        assert rows[SMALL_AND_LARGE.index(min(SMALL_AND_LARGE))] in got


def test_what_sums_up_a_table_of_figures_stays() -> None:
    rows = figures(TABLES["coverage of Python"], 300)
    rows[150] = "TOTAL                      3120    50     75%"
    assert rows[150] in shown("\n".join(["start", *rows, "x", "y", "z"]))


@pytest.mark.parametrize(
    "line",
    [
        "  feeding animal {n} in its cage, it weighs {n} and eats {n}",
        "2024-01-01 10:15:07  worker {n}  fed 3  animals in {n} ms",
        "worker {n}  could not feed  {n}",
    ],
)
def test_not_all_that_has_a_number_is_a_row_of_figures(line: str) -> None:
    got = shown("\n".join(["start", *(line.format(n=n) for n in range(300)), "x", "y", "z"]))
    assert len(got) <= 5 + 16


def test_progress_that_tells_of_trouble_stays() -> None:
    lines = [f"[{n}/90] Building C object zoo/f{n}.o" for n in range(1, 91)]
    lines[40] = "[41/90] Building C object zoo/f41.o failed: no okapi"
    assert lines[40] in shown("\n".join(lines))


@pytest.mark.parametrize(
    "trouble",
    [
        "Downloading third_party/zlib.tgz: connection reset by peer",
        "Downloading https://example.com/zoo.tgz ... timed out",
        "Copying assets/logo.png: No such file or directory",
        "Extracting layer.tar: No space left on device",
        "Verifying zoo.tgz checksum mismatch: want ab12 got cd34",
        "Linking app: undefined reference to `feed'",
        "[12/90] Linking CXX executable app: undefined symbol feed",
        "Installing gem json: Unable to write /usr/lib",
        "[3/10] migrate_animals: expected 14 rows, got 9",
        "Processing chunk 7: Segmentation fault (core dumped)",
        "Generating docs: killed by signal 9",
        'Updating db: relation "animals" does not exist',
        "Preparing wheel: exception in setup.py",
        "Processing images/a.png: Out of memory",
        "Checking zoo.c: line 3: style issue",
        "Checking zoo.h: the guard of its name stands below the code",
        "Compiling failed with 3 problems",
        "Installing build dependencies: finished with status 'error'",
        "checking for C compiler default output file name... configure: error: C compiler cannot create executables",
        "-- Check for working C compiler: /usr/bin/cc - broken",
        "go: downloading example.com/zoo v1.0.0 timed out",
        "npm http fetch GET 404 https://npm.example/zoo 12ms",
        "Collecting zoo==9.9: none found",
        "ld returned 1 exit status",
        "gcc is not able to compile a simple test program",
        "rustc 1.70.0 (90c541806 2023-05-31)",
        "gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0",
        "javac 17.0.9",
    ],
)
def test_progress_that_says_more_than_progress_stays(trouble: str) -> None:
    lines = [f"[{n}/90] Building C object zoo/error_{n}.o" for n in range(1, 91)]
    lines[40] = trouble
    assert trouble in shown("\n".join(lines))


@pytest.mark.parametrize(
    "line",
    [
        "   Compiling thiserror v1.0.40",
        "   Compiling failure v0.1.8",
        "Collecting exceptiongroup",
        "Installing collected packages: deprecated, retry, exceptiongroup",
        "Requirement already satisfied: retrying in ./venv/lib/python3.11/site-packages (1.3.4)",
        "gcc -O2 -Wall -Werror -Wno-error=deprecated -c src/error.c -o build/error.o",
        "gcc src/error.c",
        "ar rcs libfault.a error.o",
        "libtool: compile:  gcc -g -c x.c -o x.o",
        "rustc --crate-name failure src/lib.rs",
        "javac Main.java",
        "checking for errors in strerror_r... no",
        "checking for broken sed... not found",
        "checking how to run the C preprocessor... gcc -E",
        "-- Looking for timeout - not found",
        "-- Performing Test HAVE_WERROR - Success",
        "  exceptions                 : yes",
        "      + timeout = (known after apply)",
        "Setting up fail2ban (1.0.2-2) ...",
        "aws_instance.web: Creation complete after 12s [id=i-0123]",
        "Preparing metadata (pyproject.toml): finished with status 'done'",
    ],
)
def test_progress_may_be_named_after_trouble(line: str) -> None:
    assert quiet(line) == PROGRESS


@pytest.mark.parametrize(
    "line",
    [
        "error: db::connect: handshake not ok",
        "std::runtime_error: health check did not pass",
        "test net::tests::a FAILED, 3 others passed",
        "thread 'net::tests::retry' panicked: server did not pass",
        "ERROR plugin::load: required plugin was skipped",
        "FATAL app::init: config ignored",
        "a::b timed out, c::d passed",
        "a::b[c] timed out, [d] did not pass",
        "ERROR: the plugin that is required ... skipped",
        "[12:00:01] FATAL the database - skipped",
    ],
)
def test_what_ends_with_an_outcome_without_being_a_test_is_no_good_news(line: str) -> None:
    assert quiet(line) == ""


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("tests/test_error.py::test_fatal PASSED [  3%]", PASSED),
        ("tests/test_a.py::test_b[connection refused, ERROR] PASSED", PASSED),
        ("tests/test_a.py::test_b[x] SKIPPED (error: no okapi) [ 12%]", SKIPPED),
        ("test errors::parse ... ok", PASSED),
        ("test src/lib.rs - zoo::feed (line 12) ... ok", PASSED),
        ("test_fatal (tests.test_zoo.Zoo) ... ok", PASSED),
        ("Zoo::Cage ok", PASSED),
    ],
)
def test_an_outcome_follows_what_names_a_test(line: str, label: str) -> None:
    assert quiet(line) == label


def test_colours_and_line_ends_are_looked_through_and_kept() -> None:
    text = CARGO.replace("... ok", "... \x1b[32mok\x1b[m").replace("\n", "\r\n")
    got = shown(text)
    assert "[… 3-42: 40 passed]" in got
    assert "test cage::gibbon ... FAILED\r" in got


# --- how each tool lays its diagnostics out

RUSTC = "warning: unused variable: `v{n}`\n --> src/m{n}.rs:{n}:9\n  |\n{n} |     let v{n} = 3;\n  |         ^^ help: prefix it with an underscore\n  |\n  = note: on by default\n\n"
RUFF = "F401 [*] `os` imported but unused\n --> lint/m{n}.py:{n}:8\n  |\n{n} | import os\n  |        ^^\n  |\nhelp: Remove unused import: `os`\n\n"
PRETTY = "src/m{n}.ts:{n}:1 - error TS2304: Cannot find name 'x'.\n\n{n} x;\n  ~\n\n"
JAVAC = "zoo/M{n}.java:{n}: error: cannot find symbol\nimport com.zoo.Okapi;\n              ^\n  symbol:   class Okapi\n  location: package com.zoo\n"
COMPACT = "src/m{n}.js: line {n}, col 1, Error - Unexpected var. (no-var)\n"
RUN = 20


@pytest.mark.parametrize("unit", [RUSTC, RUFF, PRETTY, JAVAC, COMPACT])
def test_a_diagnostic_stays_or_goes_as_a_whole(unit: str) -> None:
    text = "".join(unit.format(n=n) for n in range(10, 10 + RUN)) + "error: could not build\nx\ny\n"
    got = shown(text, policy=AGGRESSIVE)
    whole = unit.format(n=10).rstrip("\n").split("\n")
    assert got[: len(whole)] == whole
    rest = "\n".join(got[len(whole) :])
    assert all(f"m{n}." in rest.lower() for n in range(12, 10 + RUN))
    assert sum(line.startswith("[…") for line in got) <= 2
    assert "error: could not build\nx\ny\n" in rest
    assert all(
        line == "" or line.startswith(("[…", "error: could", "help: ", "x", "y")) or line in unit.format(n=11).split("\n")
        for line in got[len(whole) :]
    )


@pytest.mark.parametrize(
    ("frame", "own"),
    [
        (
            '  File "/venv/lib/python3.11/site-packages/zoo/{n}.py", line {n}, in call\n    call({n})',
            '  File "/src/zoo.py", line 7, in emu\n    feed()',
        ),
        ("  {n}: core::ops::call_{n}\n             at /rustc/0123/library/core/src/ops.rs:{n}:5", "  20: zoo::emu\n             at ./src/lib.rs:7:5"),
        ("testing.tRunner{n}(0x1)\n\t/usr/local/go/src/testing/testing.go:{n} +0x1b", "zoo.Emu(...)\n\t/src/zoo/emu.go:7 +0x1b"),
        ("\tat org.junit.runner.Call{n}(Call.java:{n})", "\tat zoo.Emu.feed(Emu.java:7)"),
    ],
)
def test_frames_of_the_program_itself(frame: str, own: str) -> None:
    head = "Traceback (most recent call last):" if "File" in frame else "stack backtrace:"
    frames = [frame.format(n=n) for n in range(20)]
    text = "\n".join([head, *frames[:10], own, *frames[10:], "Error: no food", "x", "y", "z"])
    got = shown(text)
    assert own in "\n".join(got)
    assert "Error: no food" in got
    assert len(got) <= len(text.split("\n")) / 2
