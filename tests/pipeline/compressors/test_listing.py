from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.listing import ListingCompressor
from pipeline.compressors.listing.choice import FLOOR
from pipeline.compressors.listing.columns import fold, unfold
from pipeline.compressors.listing.entries import Entry, Shape, parse, suffix
from pipeline.compressors.listing.stanzas import stanzas
from pipeline.markers import IN_PLACE
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall
from tests.cpu import cpu_seconds

BALANCED, LOSSLESS, AGGRESSIVE = (Policy(profile=p) for p in (Profile.BALANCED, Profile.LOSSLESS, Profile.AGGRESSIVE))
L = ListingCompressor()


def bash(command: str) -> ToolCall:
    return describe("1", "Bash", {"command": command}, {})


LS, FIND, TREE, PLAIN, SHOW = bash("ls -l src"), bash("find . -type f"), bash("tree"), bash("ls"), bash("apt show a b")
KUBECTL = describe("1", "kubectl", {"cmd": "get pods"}, {})


def long(count: int = 200) -> list[str]:
    rows = [f"-rw-r--r-- 1 root root {n * 37 % 5000:>9} Nov {n % 28 + 1:>2} 16:{n % 60:02} module_{n:03}.py" for n in range(count)]
    if count < 151:
        return ["total 4800", *rows]
    rows[133] = "-rw-r--r-- 1 root root 987654321 Nov 22 16:43 huge dump.bin"
    rows[150] = "lrwxrwxrwx 1 root root         9 Nov 22 16:43 current -> module_150.py"
    return ["total 4800", *rows]


def recursive() -> list[str]:
    lines: list[str] = []
    for folder in range(30):
        lines += [f"./pkg{folder:02}:", "total 12", *long(12)[1:13], ""]
    return lines[:-1]


def paths(count: int = 400) -> list[str]:
    return [f"./src/pkg{n // 40}/mod{n % 40 // 8}/file_{n}.{'py' if n % 9 else 'md'}" for n in range(count)]


def tree() -> list[str]:
    lines = ["."]
    for folder in range(12):
        lines.append(f"├── pkg{folder}")
        lines += [f"│   {'└' if n == 19 else '├'}── file_{folder}_{n}.py" for n in range(20)]
    return [*lines, "", "12 directories, 240 files"]


def packages(count: int = 12) -> list[str]:
    lines: list[str] = []
    for n in range(count):
        lines += [f"Package: lib{n}-dev", f"Version: 1.{n}-2", "Section: devel", "Depends: libc6 (>= 2.36), zlib1g, libssl3 (>= 3.0)"]
        lines += ["Description: a library", " that does things, and more things", f"Filename: pool/main/l/lib{n}.deb", f"SHA256: {n:064x}", ""]
    return lines[:-1]


def compress(lines: Sequence[str], call: ToolCall | None, query: str = "", policy: Policy = BALANCED) -> Rewrite | None:
    return L.compress(Content("\n".join(lines), Query.of(query, call), call), policy)


def check(rewrite: Rewrite, lines: Sequence[str]) -> None:
    """Shown lines and gaps together are the original's lines, each once, in order."""
    gaps = iter(rewrite.gaps)
    at = 0
    printed = read(rewrite.text.split("\n")) if not any(line.endswith("/") for line in lines) else rewrite.text.split("\n")
    if unfold(printed) != printed:
        printed, lines = [single(line) for line in unfold(printed)], [single(line) for line in lines]
    for line in printed:
        marker = IN_PLACE.fullmatch(line)
        if marker and not (at < len(lines) and line == lines[at]):
            gap = next(gaps)
            assert gap.first == int(marker[1]) == at + 1
            assert gap.last == int(marker[2] or marker[1])
            at = gap.last
        else:
            assert line.removeprefix("./") == lines[at].removeprefix("./")
            at += 1
    assert at == len(lines) == rewrite.total
    assert next(gaps, None) is None


FROM_WHERE = re.compile(r"(?:\.{0,2}|~)/|\.{1,2}$|[A-Z]:\\")  # a path that says so is no name in a folder


def read(printed: Sequence[str]) -> list[str]:
    """Paths as one takes them who does not know the original: a name lies in the folder that stands nearest above it."""
    found: list[str] = []
    folder = ""
    for line in printed:
        if line.endswith("/"):
            folder = "" if line == "./" else line
        else:
            found.append(line if not line.strip() or FROM_WHERE.match(line) or IN_PLACE.fullmatch(line) else folder + line)
    return found


def single(line: str) -> str:
    """A line of ``ls -l`` without the blanks that align its columns."""
    return re.sub(r" +", " ", line, count=4) if re.match(r"[-d][-rwxsS]{9}\+? ", line) else line


def shown(lines: Sequence[str], call: ToolCall | None, query: str = "", policy: Policy = BALANCED) -> list[str]:
    rewrite = compress(lines, call, query, policy)
    assert rewrite is not None
    check(rewrite, lines)
    return unfold(rewrite.text.split("\n"))


def test_it_is_a_compressor() -> None:
    assert isinstance(L, Compressor)
    assert L.name == "listing"


# --- what it recognises

PODS = ["NAME            READY   STATUS    AGE", *(f"web-{n:<10}  1/1     Running   {n % 9}d" for n in range(90))]


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        (LS, long()),
        (None, long()),
        (None, [line + "\r" for line in long()]),
        (None, recursive()),
        (FIND, paths()),
        (None, paths()),
        (describe("1", "Glob", {"pattern": "**/*.py"}, {}), paths()),
        (bash("du -a"), [f"{n}\t{p}" for n, p in enumerate(paths())]),
        (TREE, tree()),
        (None, tree()),
        (PLAIN, [f"module_{n}.py" for n in range(300)]),
        (SHOW, packages()),
        (None, packages()),
        (KUBECTL, PODS),
        (bash("docker ps -a | sort"), PODS),
    ],
)
def test_recognised(call: ToolCall | None, lines: list[str]) -> None:
    assert L.recognise(Content("\n".join(lines), call=call)) >= 0.6
    assert compress(lines, call) is not None


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        (None, [""]),
        (LS, ["total 0"]),
        (None, [f"module_{n}.py" for n in range(300)]),
        (None, PODS),
        (None, [f"2024-01-01 10:15:{n % 60:02} INFO /var/lib/x/{n} opened" for n in range(90)]),
        (None, [f"src/a.c:{n}: warning: unused" for n in range(90)]),
        (None, [f"and/or it was the {n}th of the many either/or days" for n in range(90)]),
        (None, [f"https://example.org/{n}/a" for n in range(90)]),
        (None, [f"key{n}: value" for n in range(90)]),
        (None, "\n\n".join(f"def f{n}(a):\n    return {n}\n    # end" for n in range(40)).split("\n")),
        (None, "\n\n".join(f"Paragraph {n} has words. It has\nmany of them, and more\nand ends." for n in range(40)).split("\n")),
        (LS, [*long(), "[headroom 0123abcd: 3 of 9 lines left out]"]),
    ],
)
def test_not_recognised(call: ToolCall | None, lines: list[str]) -> None:
    assert L.recognise(Content("\n".join(lines), call=call)) == 0
    assert compress(lines, call) is None


@pytest.mark.parametrize(("call", "lines"), [(TREE, tree()[: FLOOR - 1]), (PLAIN, [f"m_{n}.py" for n in range(FLOOR)])])
def test_short_listings_stay(call: ToolCall, lines: list[str]) -> None:
    assert compress(lines, call) is None


# --- reading entries


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("-rw-r--r-- 1 root root 8429 Nov 22 16:43 a b.py", Entry("", "a b.py", 8429, "Nov 22 16:43")),
        ("drwxr-xr-x+ 2 a b 4.0K Nov 22  2024 lib", Entry("", "lib", 4000, "Nov 22  2024", True)),
        ("lrwxrwxrwx 1 a b 7 2025-11-22 16:43 x -> usr/x", Entry("", "x", 7, "2025-11-22 16:43")),
        ("crw-rw-rw- 1 root root 1, 3 Nov 22 16:43 null", Entry("", "null", 3, "Nov 22 16:43")),
        ("  12  4 -rw-r--r-- 1 root root 99 Nov 22 16:43 ./a/b.c", Entry("./a/", "b.c", 99, "Nov 22 16:43")),
        ("ls: cannot open directory 'x': Permission denied", Entry("", "")),
    ],
)
def test_long_lines(line: str, entry: Entry) -> None:
    assert parse([line], Shape.LONG).entries == [entry]


def test_sections_give_folders() -> None:
    entries = parse(["a/b:", "total 3", "-rw-r--r-- 1 r r 9 Nov 22 16:43 x.c", "", "a/c:", "-rw-r--r-- 1 r r 9 Nov 22 16:43 y.c"], Shape.LONG).entries
    assert [e.path for e in entries if e.name] == ["a/b/x.c", "a/c/y.c"]
    assert [e.frame for e in entries] == [True, True, False, True, True, False]


def test_a_tree_gives_folders() -> None:
    listing = parse([".", "├── a", "│   ├── b.c", "│   └── d", "│       └── e.c", "└── f.c", "", "2 directories, 3 files"], Shape.TREE)
    assert [e.path for e in listing.entries if e.name] == ["a", "a/b.c", "a/d", "a/d/e.c", "f.c"]
    assert listing.parents == {2: 1, 3: 1, 4: 3}


@pytest.mark.parametrize(("name", "found"), [("a.PY", ".py"), ("a.tar.gz", ".gz"), (".bashrc", ""), ("Makefile", ""), ("a.1", ""), ("a b.c", ".c")])
def test_suffix(name: str, found: str) -> None:
    assert suffix(name) == found


# --- what is kept


@pytest.mark.parametrize("policy", [BALANCED, AGGRESSIVE])
@pytest.mark.parametrize(
    ("call", "lines", "query", "wanted"),
    [
        (LS, long(), "How big is module_177.py?", "module_177.py"),
        (LS, long(), "Which is the largest file?", "huge dump.bin"),
        (LS, long(), "hello", "huge dump.bin"),
        (LS, recursive(), "Show the files in `pkg17`.", "./pkg17:"),
        (FIND, paths(), "Is there a file_333.md?", "file_333.md"),
        (FIND, paths(), "What is in src/pkg7/mod2?", "file_301.py"),
        (TREE, tree(), "Where is file_7_13.py?", "│   ├── file_7_13.py"),
        (TREE, tree(), "Where is file_7_13.py?", "├── pkg7"),
        (PLAIN, [f"m{n}" for n in range(300)] + ["gcc", *(f"z{n}" for n in range(300))], "Is gcc there?", "gcc"),
        (FIND, [*paths()[:300], "find: './x': Permission denied", *paths()[300:]], "", "find: './x': Permission denied"),
    ],
)
def test_what_is_asked_for_is_kept(call: ToolCall, lines: list[str], query: str, wanted: str, policy: Policy) -> None:
    out = shown(lines, call, query, policy)
    assert any(line.endswith(wanted) for line in out)
    assert len(out) < len(lines) * 0.6


def test_at_least_so_many_entries_stay() -> None:
    assert sum(not IN_PLACE.fullmatch(line) for line in shown(long(1000), LS)) >= 200
    assert sum(not IN_PLACE.fullmatch(line) for line in shown(long(80), LS)) >= FLOOR


def test_the_newest_where_it_is_asked_for() -> None:
    lines = long()
    lines[77] = lines[77].replace(lines[77].split()[6], "30").replace("Nov", "Dec")
    assert single(lines[77]) in shown(lines, LS, "Which file is the newest?")


def test_rare_extensions_stay() -> None:
    lines = [f"src/module_{n}.py" for n in range(400)]
    lines[300] = "src/schema.proto"
    assert any(line.endswith("schema.proto") for line in shown(lines, FIND))


def test_sections_that_nothing_stays_of_go_with_their_headings() -> None:
    out = shown(recursive(), LS, "What is in `pkg00`?", AGGRESSIVE)
    assert "./pkg00:" in out
    assert sum(line.startswith("./pkg") for line in out) < 25


def test_markers_count_by_folder_and_by_extension() -> None:
    assert any("below ./src/: " in line and IN_PLACE.fullmatch(line) for line in shown(paths(), FIND))
    assert any(" .py]" in line and " to module_" in line for line in shown(long(), LS) if IN_PLACE.fullmatch(line))


def test_paths_stand_below_their_folder_and_nothing_is_lost() -> None:
    rewrite = compress(paths(), FIND, policy=LOSSLESS)
    assert rewrite is not None
    assert rewrite.gaps == ()
    check(rewrite, paths())
    assert len(rewrite.text) < 0.8 * len("\n".join(paths()))


PACKAGE = [f"src/pkg/module_{n}.py" for n in range(45)]
OUTSIDE = {
    "of no folder": ["setup.cfg", "tox.ini"],
    "alone in its folder": ["docs/index.md"],
    "with a line break of its own": ["docs/index.md\r", "tox.ini\r"],
    "of no folder, and a message": ["find: 'x': Permission denied", "", "tox.ini"],
    "alone in its folder, on Windows": ["docs\\index.md"],
    "too long to be known": ["docs/what to do if one of them does not start.md", "a sentence of the tool itself, of many words."],
}


@pytest.mark.parametrize("outside", OUTSIDE.values(), ids=list(OUTSIDE))
@pytest.mark.parametrize("policy", [BALANCED, LOSSLESS])
@pytest.mark.parametrize("times", [1, 9])
def test_what_stands_below_a_folder_lies_in_it(outside: list[str], policy: Policy, times: int) -> None:
    files = [line.replace("pkg", f"pkg{n}") for n in range(times) for line in PACKAGE]
    for lines in ([*files, *outside], [*outside, *files, *outside], [*files, *outside, *files[:9], *outside]):
        rewrite = compress(lines, bash("git ls-files"), policy=policy)
        assert rewrite is not None
        assert "src/pkg0/" in rewrite.text.split("\n") or "src/pkg/" in rewrite.text.split("\n")
        check(rewrite, lines)


def test_what_stands_below_no_folder_is_said_to() -> None:
    rewrite = compress([".gitignore", "docs/index.md", *PACKAGE, "docs/index.md", "setup.cfg", "tox.ini"], FIND)
    assert rewrite is not None
    out = rewrite.text.split("\n")
    assert out[:4] == [".gitignore", "docs/index.md", "src/pkg/", "module_0.py"]
    assert out[-5:] == ["docs/", "index.md", "./", "setup.cfg", "tox.ini"]


def test_a_path_that_says_from_where_needs_no_folder_above_it() -> None:
    lines = [*paths()[:40], "./README.md", ".", "/etc/hosts", "C:\\x.py", "../x.py", "~/x.py"]
    rewrite = compress(lines, FIND)
    assert rewrite is not None
    assert rewrite.text.split("\n")[-6:] == lines[-6:]
    check(rewrite, lines)


@pytest.mark.parametrize("strange", ["a/b/c/", "a/.", "a/..", "a/ ", "a/[… 3-4]", "9\ta/b", "the list of all of them/"])
def test_what_could_not_be_told_from_a_name_or_a_folder_forbids_folders(strange: str) -> None:
    assert compress(paths(), FIND, policy=LOSSLESS) is not None
    assert compress([strange, *paths()], FIND, policy=LOSSLESS) is None


def test_paths_that_gain_nothing_stay_as_they_are() -> None:
    files = [f"a/{n}" if n % 6 < 2 else f"src{n}/mod{n}" for n in range(600)]
    out = shown(files, bash("git ls-files"))
    assert [line for line in out if line.endswith("/")] == []


def test_tables_of_programs_that_list() -> None:
    lines = [*PODS[:50], "web-x9          0/1     Error     2d", *PODS[50:]]
    out = shown(lines, KUBECTL)
    assert lines[50] in out
    assert len(out) < 20
    assert compress(lines, KUBECTL, policy=LOSSLESS) is None


# --- usual columns


def test_usual_columns_of_a_short_listing_are_named_once() -> None:
    lines = ["total 8", *(f"-rw-r--r-- 1 root root {n * 907:>7} Apr 30 08:32 mod_{n}.c" for n in range(9))]
    lines += [
        "drwxr-xr-x 3 root root    4096 Apr 30 08:32 src",
        "-rwxr-xr-x 1 root root      7 May  1  2024 run me",
        "-rw-r--r-- 1 root root 5 May  1  2024 old",
    ]
    rewrite = compress(lines, LS, policy=LOSSLESS)
    assert rewrite is not None
    out = rewrite.text.split("\n")
    assert out[0] == "[a line without mode: -rw-r--r-- 1 root root; dN: drwxr-xr-x N root root; without time: Apr 30 08:32]"
    assert out[1:4] == ["total 8", "0 mod_0.c", "907 mod_1.c"]
    assert out[-3:] == ["d3 4096 src", lines[-2], "5 May  1  2024 old"]
    assert rewrite.gaps == ()
    check(rewrite, lines)
    assert len(rewrite.text) < 0.5 * len("\n".join(lines))


def test_folders_alone() -> None:
    lines = [f"drwxrwxr-x {n} me staff 4.0K 2024-05-01 10:{n:02} dir{n}" for n in range(10, 40)]
    folded = fold(lines)
    assert folded is not None
    assert folded[0] == "[dN: drwxrwxr-x N me staff]"
    assert unfold(folded) == lines


@pytest.mark.parametrize("stranger", ["12 monkeys", "d3 7 Apr 30 08:32 x", "[dN: drwxrwxr-x N me staff]"])
def test_what_could_be_taken_for_an_entry_forbids_it(stranger: str) -> None:
    assert fold(long(40)) is not None
    assert fold([*long(40), stranger]) is None


ROW = st.builds(
    "{} {:>2} {} {:>7} {} {}".format,
    st.sampled_from(["-rw-r--r--", "-rwxr-xr-x", "drwxr-xr-x", "-rw-r--r--", "drwx--S---+"]),
    st.integers(1, 40),
    st.sampled_from(["root root", "root root", "me  staff", "me"]),
    st.sampled_from(["4096", "12", "1.5K"]),
    st.sampled_from(["Apr 30 08:32", "Apr 30 08:32", "May  1  2024", "2024-05-01 10:20"]),
    st.one_of(
        st.sampled_from(["a", "b c", "Apr 30 08:32 x", "12 a", "d3 4 x", " y"]),
        st.text(st.characters(exclude_characters="\n"), min_size=1, max_size=9),
    ),
)


@settings(max_examples=200)
@given(st.lists(st.one_of(ROW, ROW, ROW, st.text(max_size=9)), max_size=30))
def test_folded_columns_come_back(rows: list[str]) -> None:
    lines = "\n".join(rows).split("\n")
    folded = fold(lines)
    if folded is not None:
        assert [single(line) for line in unfold(folded)] == [single(line) for line in lines]


# --- stanzas


def test_the_stanza_that_is_named_stays_whole() -> None:
    lines = packages()
    out = shown(lines, SHOW, "What is the SHA256 of lib7-dev?")
    at = out.index("Package: lib7-dev")
    assert out[at : at + 8] == lines[63:71]
    assert f"SHA256: {3:064x}" not in out


def test_every_stanza_is_named_and_has_what_is_asked_of_all() -> None:
    out = shown(packages(), SHOW, "List the filename of each.")
    assert sum(line.startswith("Package: ") for line in out) == 12
    assert sum(line.startswith("Version: ") for line in out) == 12
    assert sum(line.startswith("Filename: ") for line in out) == 12


def test_not_every_text_in_paragraphs_is_stanzas() -> None:
    assert len(stanzas(packages())) == 12
    assert stanzas(packages(3)) == []
    assert stanzas(["a: 1", "", "b: 2", "", "c: 3", "", "d: 4"]) == []


# --- whatever the input

NAME = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=12)


@settings(max_examples=150)
@given(st.lists(NAME, max_size=20), st.sampled_from([LS, FIND, TREE, PLAIN, SHOW, KUBECTL, None]), st.text(max_size=30), st.booleans())
def test_any_names(names: list[str], call: ToolCall | None, query: str, deep: bool) -> None:
    lines = [f"a/{n}/{name}" if deep else name for n in range(9) for name in names]
    assert 0 <= L.recognise(Content("\n".join(lines), call=call)) <= 1
    rewrite = compress(lines, call, query, AGGRESSIVE)
    if rewrite is not None and not any(line.endswith("/") or "…" in line for line in lines):
        check(rewrite, "\n".join(lines).split("\n"))


FOLDERS = st.sampled_from(["", "a/", "a/", "a/b/", "long/folder/", "long/folder/", "./", "./a/", "/", "/a/", "../", "~/"])


@settings(max_examples=100)
@given(st.lists(st.tuples(FOLDERS, st.integers(1, 20), NAME), max_size=20), st.sampled_from([BALANCED, LOSSLESS]))
def test_any_paths(runs: list[tuple[str, int, str]], policy: Policy) -> None:
    lines = "\n".join(f"{folder}{name}{n}" for folder, count, name in runs for n in range(count)).split("\n")
    rewrite = compress(lines, FIND, policy=policy)
    if rewrite is not None:
        check(rewrite, lines)


@settings(max_examples=150)
@given(st.text(), st.sampled_from([LS, FIND, TREE, PLAIN, SHOW, KUBECTL, None]))
@example("total 1\n" * 9, LS)
@example("\x00\n\x1b[0m\n" * 90, PLAIN)
def test_any_text(text: str, call: ToolCall | None) -> None:
    for policy in (BALANCED, LOSSLESS, AGGRESSIVE):
        assert 0 <= L.recognise(Content(text, call=call)) <= 1
        L.compress(Content(text, Query(text), call), policy)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([BALANCED, AGGRESSIVE]))
def test_any_entry_that_is_named_stays(seed: int, policy: Policy) -> None:
    draw = random.Random(seed)
    lines = [f"./{draw.choice('abc')}/{draw.choice('de')}/file{n}_{draw.randrange(10**6)}.c" for n in range(200)]
    wanted = draw.choice(lines)
    assert any(line.endswith(wanted.rsplit("/", 1)[1]) for line in shown(lines, FIND, f"Read {wanted} please", policy))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("x" * 5_000_000, PLAIN),
        ("a/" * 2_000_000, FIND),
        ("a/b\n" * 150_000, FIND),
        ("│   " * 1_000_000, TREE),
        ("".join("│   " * n + "├── a\n" for n in range(1500)), TREE),
        ("-rw-r--r-- 1 " + "r " * 2_000_000, LS),
        ("-rw-r--r-- 1 r r 1 Nov 22 16:43 x\n" * 60_000, LS),
        ("a:\n\n" * 150_000, LS),
        ("A: b\n\n" * 150_000, SHOW),
        ("A: " + " " * 3_000_000, SHOW),
    ],
    ids=lambda value: repr(value[:14]) if isinstance(value, str) else "",
)
def test_hostile_text_costs_no_more_than_its_length(text: str, call: ToolCall) -> None:
    asked = Content(text, Query("NAME `x y` largest a1b2"), call)
    assert cpu_seconds(lambda: (L.recognise(Content(text, call=call)), L.compress(asked, BALANCED))) < 10


@pytest.mark.skipif(shutil.which("find") is None or shutil.which("ls") is None, reason="needs find and ls")
def test_real_programs(tmp_path: Path) -> None:
    for n in range(200):
        folder = tmp_path / f"pkg{n // 20}"
        folder.mkdir(exist_ok=True)
        (folder / f"module_{n}.py").write_text("x" * n)
    for command in (["find", "."], ["ls", "-lR"], ["ls", "-lRa", "--full-time"], ["ls", "-R"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True, env={**os.environ, "LC_ALL": "C"})
        if done.returncode:  # another kind of ls
            continue
        lines = done.stdout.rstrip("\n").split("\n")
        out = shown(lines, bash(" ".join(command)), "Where is module_123.py?")
        assert any(line.endswith("module_123.py") for line in out), command


@pytest.mark.slow
def test_the_same_under_every_hash_seed() -> None:
    program = (
        "import hashlib, sys; sys.path[:0] = sys.argv[1:]; from test_listing import *; "
        "cases = [(long(), LS), (paths(), FIND), (tree(), TREE), (packages(), SHOW)]; "
        "print(hashlib.sha256(repr([compress(t, c, 'largest module_77.py in pkg3') for t, c in cases]).encode()).hexdigest())"
    )
    folders = [os.path.dirname(__file__), os.getcwd()]
    found = {
        subprocess.run([sys.executable, "-c", program, *folders], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True).stdout
        for seed in ("0", "1", "77")
    }
    assert len(found) == 1
