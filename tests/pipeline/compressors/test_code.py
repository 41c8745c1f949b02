from __future__ import annotations

import ast
import re
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("tree_sitter")

from pipeline import ccr
from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.code import CodeCompressor, available, compressor, languages, missing
from pipeline.compressors.code.cut import Run
from pipeline.compressors.code.guard import errors, plain
from pipeline.compressors.code.languages import BY_NAME, LANGUAGES, parse
from pipeline.compressors.code.outline import Style
from pipeline.compressors.code.render import render
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall

C = CodeCompressor()
AGGRESSIVE, BALANCED, LOSSLESS = (Policy(profile=p, workspace="/repo") for p in (Profile.AGGRESSIVE, Profile.BALANCED, Profile.LOSSLESS))
MARKER = re.compile(r"[ \t]*(?:\.\.\. # |// |# )?⋯(\d+)-(\d+)")
EXTENSION = {language.name: language.extensions[0] for language in LANGUAGES}


def read(path: str) -> ToolCall:
    return describe("1", "Read", {"file_path": path}, {})


def compress(text: str, language: str, query: str = "", policy: Policy = AGGRESSIVE, path: str = "") -> Rewrite | None:
    call = read(path or f"/repo/a.{EXTENSION[language]}")
    return C.compress(Content(text, Query.of(query, call), call), policy)


def outline(text: str, language: str, query: str = "") -> str:
    rewrite = compress(text, language, query)
    assert rewrite is not None
    check(text, rewrite)
    before, after = (parse(t.encode(), BY_NAME[language]) for t in (text, rewrite.text))
    assert before is not None
    assert after is not None
    assert errors(after, BY_NAME[language]) <= errors(before, BY_NAME[language])
    return rewrite.text


def check(text: str, rewrite: Rewrite) -> None:
    """Kept lines and gaps partition the lines, and every gap has its marker in its place."""
    lines = text.split("\n")
    at, gaps = 1, list(rewrite.gaps)
    for line in rewrite.text.split("\n"):
        if gaps and at == gaps[0].first:
            match = MARKER.fullmatch(line)
            assert match is not None, line
            assert (int(match[1]), int(match[2])) == (gaps[0].first, gaps[0].last)
            at = gaps.pop(0).last + 1
        else:
            assert line == lines[at - 1]
            at += 1
    assert at == len(lines) + 1
    assert not gaps


def steps(count: int, indent: str = "    ", end: str = ";", call: str = "step") -> str:
    return "".join(f"{indent}{call}({n}, total){end}\n" for n in range(count))


BODY = steps(20)
SOURCES = {
    "python": "".join(f"def task_{n}(total):\n{steps(20, end='')}\n\n" for n in range(20)),
    "javascript": "".join(f"function task{n}(total) {{\n{BODY}}}\n\n" for n in range(20)),
    "typescript": "".join(f"export const task{n} = (total: number): void => {{\n{BODY}}};\n\n" for n in range(20)),
    "tsx": "".join(f"export function Task{n}(total: number) {{\n{BODY}    return <b>{{total}}</b>;\n}}\n\n" for n in range(20)),
    "go": "package a\n\n" + "".join(f"func (r *Runner) Task{n}(total int) {{\n{steps(20, end='')}}}\n\n" for n in range(20)),
    "rust": "impl Runner {\n" + "".join(f"    pub fn task_{n}(&self, total: u8) {{\n{steps(20, '        ')}    }}\n\n" for n in range(20)) + "}\n",
    "java": "class Runner {\n" + "".join(f"    public void task{n}(int total) {{\n{steps(20, '        ')}    }}\n\n" for n in range(20)) + "}\n",
    "c": "#include <a.h>\n\n" + "".join(f"static int task_{n}(int total)\n{{\n{BODY}}}\n\n" for n in range(20)),
    "cpp": "namespace a {\n" + "".join(f"template <class T> void Runner<T>::task_{n}(int total) {{\n{BODY}}}\n\n" for n in range(20)) + "}\n",
}
TASK = {name: "Task7" if name in {"go", "tsx"} else "task_7" if name in {"python", "rust", "c", "cpp"} else "task7" for name in SOURCES}


def test_it_is_a_compressor() -> None:
    assert isinstance(C, Compressor)
    assert C.name == "code"
    assert available()
    assert missing() == ()


# --- when it applies


@pytest.mark.parametrize("name", list(SOURCES))
def test_recognised_by_the_file_that_was_read(name: str) -> None:
    assert C.recognise(Content(SOURCES[name], call=read(f"/repo/a.{EXTENSION[name]}"))) > 0.95
    assert 0.5 < C.recognise(Content(SOURCES["go"])) < 0.9
    assert C.recognise(Content(SOURCES[name], call=read("/repo/notes.md"))) == 0


@pytest.mark.parametrize(
    "call",
    [
        describe("1", "Bash", {"command": "make"}, {}),
        describe("1", "Bash", {"command": "git show HEAD:a.py"}, {}),
        describe("1", "Bash", {"command": "cat a.py b.py"}, {}),
        describe("1", "Bash", {"command": "sed -n 1,400p a.py"}, {}),
        describe("1", "Bash", {"command": "head -400 a.py"}, {}),
        describe("1", "Grep", {"pattern": "def", "path": "a.py"}, {}),
        describe("1", "Read", {"file_path": "/repo/a.py", "offset": 10}, {}),
        describe("1", "mcp__git__diff", {"path": "/repo/a.py"}, {}),
    ],
)
def test_only_whole_files_that_were_read(call: ToolCall) -> None:
    content = Content(SOURCES["python"], call=call)
    assert C.recognise(content) == 0
    assert C.compress(content, AGGRESSIVE) is None


@pytest.mark.parametrize(
    "call", [describe("1", "Bash", {"command": "cd /repo && cat a.py"}, {}), describe("1", "mcp__fs__read_file", {"path": "a.py"}, {})]
)
def test_however_they_were_read(call: ToolCall) -> None:
    assert C.compress(Content(SOURCES["python"], call=call), AGGRESSIVE) is not None


def test_profiles() -> None:
    text = SOURCES["python"]
    outside = "/usr/lib/python3/dist-packages/a.py"
    assert compress(text, "python", policy=BALANCED) is None
    assert compress(text, "python", policy=BALANCED, path=outside) is not None
    assert compress(text, "python", policy=LOSSLESS, path=outside) is None
    assert compress(text, "python", policy=Policy(profile=Profile.AGGRESSIVE, elide=False)) is None
    assert C.compress(Content(text), BALANCED) is None  # whose file it is, is not known
    assert C.compress(Content(text), AGGRESSIVE) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        SOURCES["c"][:900],
        SOURCES["c"] + "// ⋯1-2\n",
        SOURCES["c"] + "\0",
        SOURCES["c"] + "x" * 6000,
        SOURCES["c"] + "[headroom 0123abcd: 3 of 9 lines left out]\n",
        SOURCES["c"] * 200,
        "int a = 1;\n" * 2000,
        "/*\n" * 3000,
    ],
    ids=["empty", "small", "marker", "nul", "long line", "footer", "large", "nothing to leave out", "never closed"],
)
def test_left_alone(text: str) -> None:
    assert compress(text, "c") is None


def test_errors_of_the_tool_are_left_alone() -> None:
    assert C.recognise(Content(SOURCES["c"], call=read("/repo/a.c"), is_error=True)) == 0


def test_without_the_grammars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    languages._grammar.cache_clear()
    try:
        assert not available()
        assert missing() == tuple(SOURCES)
        assert C.recognise(Content(SOURCES["c"], call=read("/repo/a.c"))) == 0
        assert compress(SOURCES["c"], "c") is None
    finally:
        languages._grammar.cache_clear()


def test_with_a_parser_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages.importlib.metadata, "version", lambda name: "0.26.0rc1")
    languages._grammar.cache_clear()
    try:
        assert not available()
    finally:
        languages._grammar.cache_clear()


# --- what is left out


@pytest.mark.parametrize("name", list(SOURCES))
def test_bodies_go_and_what_is_asked_for_stays(name: str) -> None:
    text = SOURCES[name]
    result = outline(text, name, f"How does `{TASK[name]}` work?")
    assert len(result) < len(text) / 2
    heads = re.findall(rf"^.*{TASK[name][:4]}_?\d+\(.*$|^.*task\d+ = .*$", text, re.MULTILINE)
    assert len(heads) == 20
    assert all(head in result for head in heads)
    at = result.index(heads[7])
    assert result[at:].count("step(") == 20
    assert result.count("step(") == 20
    rewrite = compress(text, name, f"How does `{TASK[name]}` work?")
    assert rewrite is not None
    assert rewrite.summary.startswith("⋯a-b = lines a to b: 19 stretches of code")
    assert rewrite.summary.endswith(f", {TASK[name]} whole")
    assert rewrite.total == text.count("\n")


def test_short_bodies_stay() -> None:
    text = SOURCES["c"] + "int get(void)\n{\n" + steps(7, call="short") + "}\n" + "int set(void)\n{\n" + steps(8, call="eight") + "}\n"
    result = outline(text, "c")
    assert result.count("short(") == 7
    assert "eight(" not in result


def test_docstrings_and_comments_keep_a_line_where_no_sentence_ends() -> None:
    text = '"""What it is.\n\n' + "More.\n" * 10 + '"""\n\n' + "# About tasks,\n" + "# and more of it\n" * 9
    text += 'def one(total):\n    """Does one.\n\n    Really, it does so.\n    And it does more.\n    """\n' + steps(20, end="")
    text += "class Two:\n    '''\n    Does two.\n    Really, it does so.\n    And it does more.\n    '''\n    x = 1\n"
    result = outline(text + SOURCES["python"], "python")
    assert result.startswith(
        '"""What it is.\n\n⋯3-12\n"""\n\n# About tasks,\n# ⋯16-24\ndef one(total):\n    """Does one.\n\n    ⋯28-29\n    """\n    ... # ⋯31-50\n'
    )
    assert "class Two:\n    '''\n    Does two.\n    ⋯54-55\n    '''\n    x = 1\n" in result


PROTOCOL = (
    "Reads one frame from the peer, whatever the\nsize of its header.\n\nThe checksum is compared before the payload is decompressed. A frame that\n"
    "is longer than the limit closes the connection with status 1009. Padding\nis ignored by every version of the protocol since the third.\n\n"
    "Masks are applied in place, so that no copy of\nthe buffer is made.\n"
)


def commented(language: str, text: str) -> str:
    """A long comment in front of definitions."""
    rows = text.splitlines()
    if language == "python":
        return '"""' + text + '"""\n\n' + SOURCES[language]
    if language == "go":
        return "".join(f"// {row}\n" for row in rows) + SOURCES[language]
    return "/**\n" + "".join(f" * {row}\n" for row in rows) + " */\n" + SOURCES[language]


@pytest.mark.parametrize("language", ["python", "go", "c", "java"])
def test_comments_keep_their_first_sentence_whole(language: str) -> None:
    result = outline(commented(language, PROTOCOL), language)
    assert "size of its header." in result
    assert "checksum" not in result
    assert "in place" not in result


@pytest.mark.parametrize("language", ["python", "go", "c", "java"])
def test_comments_keep_the_sentence_that_the_question_asks_for(language: str) -> None:
    text = PROTOCOL + "\n" + "".join(f"Paragraph {n} says how the queue number {n} is drained at shutdown.\n\n" for n in range(12))
    result = outline(commented(language, text), language, "Which status closes the connection when a frame is longer than the limit?")
    assert "A frame that" in result
    assert "with status 1009. Padding" in result
    assert "is ignored by every version" not in result
    assert "queue number 7" not in result


def test_comments_without_kompress_or_a_related_question_keep_but_their_first_sentence() -> None:
    text = commented("c", PROTOCOL)
    asked = "Which status closes the connection when a frame is longer than the limit?"
    without = compress(text, "c", asked, Policy(profile=Profile.AGGRESSIVE, workspace="/repo", disabled=frozenset({"kompress"})))
    assert without is not None
    assert "1009" in outline(text, "c", asked)
    assert without.text == outline(text, "c") == outline(text, "c", "Who paints the garden fence on Sundays?")


def test_comments_of_files_that_may_be_edited_are_not_read() -> None:
    assert compress(commented("c", PROTOCOL), "c", "Which status closes the connection?", BALANCED) is None


def test_a_title_stays_with_the_sentence_below_it() -> None:
    text = "Frames\n======\n\nRead from the peer.\n" + "\nMore is said of them here.\n" * 6
    result = outline(commented("python", text), "python")
    assert result.startswith('"""Frames\n======\n\nRead from the peer.\n\n⋯6-')


def test_a_comment_of_code_keeps_a_line() -> None:
    rows = "".join(f"// run(step_{n}, total[{n}]); {{\n" for n in range(12))
    assert outline(rows + "\n" + SOURCES["c"], "c").startswith("// run(step_0, total[0]); {\n// ⋯2-12\n\n#include <a.h>\n")


def test_comments_of_two_kinds_are_not_mixed() -> None:
    text = (
        "/**\n * Tasks.\n"
        + " * More of it.\n" * 9
        + " */\n// One,\n"
        + "// and more\n" * 9
        + "int x; // behind code\n// Short.\n// Two lines.\n"
        + SOURCES["c"]
    )
    result = outline(text, "c")
    assert result.startswith("/**\n * Tasks.\n ⋯3-11\n */\n// One,\n// ⋯14-22\nint x; // behind code\n// Short.\n// Two lines.\n")


def test_documentation_of_rust() -> None:
    text = "/// First.\n" + "/// More of the documentation.\n" * 8 + "pub const X: u8 = 1;\n" + SOURCES["rust"]
    assert outline(text, "rust").startswith("/// First.\n// ⋯2-9\npub const X: u8 = 1;\nimpl Runner {\n    pub fn task_0(")


def test_the_comment_of_what_is_asked_for_stays() -> None:
    text = SOURCES["rust"][:-2] + "    /// Detail.\n" * 9 + "    #[inline]\n    fn asked(&self) {\n" + steps(9, "        ") + "    }\n}\n"
    assert outline(text, "rust", "`asked`?").count("/// Detail.") == 9
    assert outline(text, "rust").count("/// Detail.") == 1


def test_tables_keep_both_ends() -> None:
    text = "SIZES = [\n" + "".join(f'    "entry {n}",\n' for n in range(40)) + "]\n" + SOURCES["python"]
    result = outline(text, "python")
    assert result.startswith('SIZES = [\n    "entry 0",\n    "entry 1",\n    "entry 2",\n    # ⋯5-40\n    "entry 39",\n]\n')
    asked = outline(text, "python", 'Where is "entry 17"?')
    assert '    "entry 17",\n' in asked


MEMBERS = {  # each with its name in place of the first sign, and a body in place of the second
    "javascript": ("export default {{\n{}}};\n", "  {}(state, payload) {{\n{}  }},\n"),
    "typescript": ("export const mutations: Mutations = {{\n{}}};\n", "  async {}(state: State): Promise<void> {{\n{}  }},\n"),
    "go": ("var commands = []Command{{\n{}}}\n", '\t{{"{}", func(total int) {{\n{}\t}}}},\n'),
}


@pytest.mark.parametrize("language", list(MEMBERS))
def test_a_literal_of_functions_is_no_table(language: str) -> None:
    whole, member = MEMBERS[language]
    text = SOURCES[language] + whole.format("".join(member.format(f"member{n}", steps(9, "        ", "")) for n in range(14)))
    result = outline(text, language)
    heads = [member.format(f"member{n}", "").split("\n")[0] for n in range(14)]
    assert all(head in result for head in heads)
    assert [line.strip() for line in heads] == [line.strip() for line in result.split("\n") if "member" in line]
    assert "step(" not in result
    if language != "go":  # there they have no name of their own
        assert outline(text, language, "Explain `member7`.").count("step(") == 9


def test_a_table_beside_functions_is_one() -> None:
    rows = "".join(f'    "entry {n}",\n' for n in range(40))
    text = "export default {\n  data() {\n" + steps(9) + "  },\n  rows: [\n" + rows + "  ],\n" + "  flag: 1,\n" * 9 + "};\n" + SOURCES["javascript"]
    result = outline(text, "javascript")
    assert "  data() {\n    // ⋯3-11\n  },\n  rows: [\n" in result
    assert result.count("entry") == 4
    assert result.count("flag") == 2


def test_fields_and_members_stay() -> None:
    fields = "".join(f"    int field_{n};\n" for n in range(50))
    result = outline("struct all {\n" + fields + "};\n" + SOURCES["c"], "c")
    assert fields in result


def test_definitions_within_bodies_keep_their_heads() -> None:
    text = "def outer(total):\n" + steps(9, end="") + "    if total:\n        with total:\n            def inner(x):\n"
    text += steps(9, "                ", "") + steps(9, end="") + SOURCES["python"]
    result = outline(text, "python")
    assert result.startswith(
        "def outer(total):\n    ... # ⋯2-10\n    if total:\n        with total:\n            def inner(x):\n                ... # ⋯14-31\n"
    )
    kept = outline(text, "python", "Explain `inner`.")
    assert kept.startswith(
        "def outer(total):\n    ... # ⋯2-10\n    if total:\n        with total:\n            def inner(x):\n"
        + steps(9, "                ", "")
        + "    ... # ⋯23-31\n"
    )


TRIED = {
    "except": "        except (Gone,\n                Lost) as error:\n            error.a()\n            error.b()\n",
    "group": "        except* Gone:\n            total.a()\n            total.b()\n        else:\n            total.c()\n            total.d()\n",
    "finally": "        finally:\n            total.a()\n            total.b()\n",
}


@pytest.mark.parametrize("clause", list(TRIED))
@pytest.mark.parametrize("query", ["", "Explain `inner`.", "Where is `watched` set?"])
def test_what_is_tried_within_a_body_keeps_what_handles_it(clause: str, query: str) -> None:
    inner = "            def inner(x):\n" + steps(9, "                ", "")
    tried = (
        "    if total:\n        try:\n"
        + steps(4, "            ", "")
        + inner
        + "            watched = 1\n"
        + steps(4, "            ", "")
        + TRIED[clause]
    )
    text = "def outer(total):\n" + steps(9, end="") + tried + steps(9, end="") + SOURCES["python"]
    result = outline(text, "python", query)
    if clause != "group" or sys.version_info >= (3, 11):
        ast.parse(result)
    assert "            def inner(x):\n" in result
    assert TRIED[clause].split(":")[0] in result


def test_a_remark_further_out_does_not_end_a_body() -> None:
    text = SOURCES["python"] + "class A:\n    def f(self, total):\n##        total = None\n" + steps(12, "        ", "")
    result = outline(text, "python")
    ast.parse(result)
    assert result.endswith("    def f(self, total):\n        ... # ⋯463-475\n")


@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize(
    "remarks", ["# one\n    # two\n# three of them\n", "# one more\n# two more\n# three of them\n", "  # one\n\n    # two\n # three of them\n"]
)
def test_remarks_further_out_alone_are_no_statement(remarks: str, above: bool) -> None:
    """A program reads on as it did: ``...`` further out would end the block that goes on below."""
    named = "    keep(first_thing)\n" if above else ""
    source = f"def outer(total):\n{steps(10, end='')}{named}{remarks}    keep(second_thing)\n{steps(10, end='')}    return total\n"
    result = outline(source + SOURCES["python"], "python", "Where are `first_thing` and `second_thing` kept?")
    assert "    keep(second_thing)\n    ... # ⋯" in result
    assert "three" not in result
    ast.parse(result)


def test_tests_are_outlined_by_their_titles() -> None:
    cases = "".join(f"    it('does {n}', () => {{\n{steps(12, '        ')}    }});\n" for n in range(30))
    result = outline("describe('tasks', () => {\n" + cases + "});\n", "javascript", "What of 'does 7'?")
    assert all(f"it('does {n}', () => {{" in result for n in range(30))
    assert result.count("step(") == 12


def test_a_function_around_a_file_is_no_body() -> None:
    result = outline("(function () {\n" + SOURCES["javascript"] + "})();\n", "javascript")
    assert all(f"function task{n}(" in result for n in range(20))


# --- what is asked for


def test_small_functions_that_it_calls_stay() -> None:
    helper = "static int helper(int x)\n{\n" + steps(9, call="help") + "}\n"
    text = helper + SOURCES["c"].replace("step(3, total);\n    step(4", "helper(3);\n    step(4", 20)
    assert "help(8" in outline(text, "c", "Explain `task_3`")
    assert "help(8" not in outline(text.replace("helper(3)", "other(3)"), "c", "Explain `task_3`")


def test_statements_that_name_it_stay() -> None:
    text = SOURCES["c"].replace("step(12, total);", "if (total)\n        frobnicate(\n            12);", 3)
    result = outline(text + "int frobnicate(int x) { return x; }\n", "c", "Who calls `frobnicate`?")
    assert result.count("    if (total)\n        frobnicate(\n            12);\n") == 3
    python = SOURCES["python"].replace("step(12, total)", "total = [\n        frobnicate(12),\n    ]", 2)
    assert outline(python, "python", "Where is `frobnicate`?").count("    total = [\n        frobnicate(12),\n    ]\n") == 2


def test_what_a_named_line_opens_stays() -> None:
    block = '    TEST("grows") {\n' + steps(9, "        ", call="assert") + "    }\n"
    text = SOURCES["c"] + "int main(void)\n{\n" + steps(20, call="before") + block + steps(20, call="after") + "}\n"
    result = outline(text, "c", "Why does `TEST` fail?")
    assert block in result
    assert "before(" not in result
    assert "after(" not in result


def test_qualified_names_choose_among_methods() -> None:
    one, other = (f"class {name}:\n    def run(self):\n{steps(12, '        ', '', call)}\n" for name, call in (("One", "first"), ("Other", "second")))
    text = one + other + SOURCES["python"]
    assert outline(text, "python", "Fix One.run please").count("first(") == 12
    assert "second(" not in outline(text, "python", "Fix One.run please")
    assert outline(text, "python", "Fix `run` please").count("second(") == 12


def test_members_of_a_large_class_within_a_budget() -> None:
    rewrite = compress(SOURCES["java"], "java", "What does `Runner` do?")
    assert rewrite is not None
    assert 2 <= rewrite.text.count("step(0") <= 8
    assert "whole" not in rewrite.summary


def test_words_choose_by_parts_of_names() -> None:
    text = SOURCES["python"] + "def parse_timestamp(text):\n" + steps(12, end="", call="parse")
    assert outline(text, "python", "Why is the timestamp wrong when it is parsed?").count("parse(") == 12
    assert outline(text, "python", "See /repo/timestamp/parse.py").count("parse(") == 0


# --- numbered reads


@pytest.mark.parametrize("form", ["{:6}\t{}", "{:6}→{}", "{}: {}", "{:05}| {}", "{}:{}"])
def test_numbers_that_a_tool_printed(form: str) -> None:
    plain = outline(SOURCES["python"], "python")
    numbered = "\n".join(form.format(n, line) for n, line in enumerate(SOURCES["python"].split("\n"), 1))
    rewrite = compress(numbered, "python")
    assert rewrite is not None
    check(numbered, rewrite)
    assert [m[0].strip() for m in MARKER.finditer(rewrite.text)] == [m[0].strip() for m in MARKER.finditer(plain)]


def test_lines_of_the_tools_own() -> None:
    body = [f"{n}: {line}" for n, line in enumerate(SOURCES["python"].split("\n"), 1)]
    text = "\n".join(["[File: a.py]", "(all of it)", *body, "", "<system-reminder>", "Beware.", "</system-reminder>"])
    rewrite = compress(text, "python")
    assert rewrite is not None
    assert "    ... # ⋯2-21\n" in rewrite.text  # numbers of the file, not of the text
    assert rewrite.text.startswith("[File: a.py]\n(all of it)\n1: def task_0")
    assert rewrite.text.endswith("\n<system-reminder>\nBeware.\n</system-reminder>")
    assert rewrite.total == len(body)
    first, last = rewrite.spans[rewrite.gaps[0].first - 1][0], rewrite.spans[rewrite.gaps[0].last - 1][1]
    assert text[first:last] == "\n".join(body[1:21])


@pytest.mark.parametrize("start", [0, 2, 300])
def test_a_part_of_a_file_is_left_alone(start: int) -> None:
    assert compress("\n".join(f"{n}\t{line}" for n, line in enumerate(SOURCES["python"].split("\n"), start)), "python") is None


# --- whatever comes


def test_line_ends_and_marks_of_other_systems() -> None:
    text = "\ufeff" + SOURCES["python"].replace("\n", "\r\n")
    rewrite = compress(text, "python", "`task_3`")
    assert rewrite is not None
    check(text, rewrite)


def test_the_guard_falls_back() -> None:
    """The head of a nested definition whose statement cannot be kept in part is given up, rather than the program."""
    text = "def outer(total):\n    try:\n        def inner(x):\n" + steps(9, "            ", "") + "    except E:\n" + steps(9, "        ", "")
    outline(text + SOURCES["python"], "python")


@pytest.mark.parametrize("name", list(SOURCES))
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_damage_leaves_whole_lines(name: str, data: st.DataObject) -> None:
    lines = SOURCES[name].split("\n")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        text = data.draw(
            st.sampled_from(["", "}", "{", '"', "/*", "*/", "'''", "(", "\t", "é\ud800", "\x1b[31m", "#if 0", "<<<<<<<"])
            | st.text("ab(){};\\", max_size=9)
        )
        lines[at : at + data.draw(st.integers(0, 3))] = [text]
    text = "\n".join(lines)
    rewrite = compress(text, name, data.draw(st.sampled_from(["", f"`{TASK[name]}`", "`step` and `nothing`"])))
    if rewrite is not None:
        check(text, rewrite)
        assert len(rewrite.text) < len(text)
        assert "⋯" in ccr.render(rewrite, "01234567")


@pytest.mark.parametrize("name", list(SOURCES))
@settings(max_examples=10, deadline=None)
@given(text=st.text(st.characters(codec=None), max_size=300), query=st.text(max_size=60))
def test_no_exception_on_any_text(name: str, text: str, query: str) -> None:
    text = (text + "\n") * (5000 // (len(text) + 1) + 1)
    content = Content(text, Query(query), read(f"/repo/a.{EXTENSION[name]}"))
    C.recognise(content)
    C.recognise(Content(text))
    rewrite = C.compress(content, AGGRESSIVE)
    if rewrite is not None:
        check(text, rewrite)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["a<\n", "{\n", "if x:\n", "function f() {\n", "foo_bar(\n", "// foo_bar\n", "'\n", "`\n"])
@pytest.mark.parametrize("name", ["python", "javascript", "java", "cpp"])
def test_time_is_bounded(unit: str, name: str) -> None:
    began = time.process_time()
    compress(unit * (60_000 // len(unit)), name, "`foo_bar` or foo_baz(?")
    assert time.process_time() - began < 6


REMARK = "    # what follows is left as it was found\n"


@pytest.mark.parametrize(
    "source",
    [
        "a()\n" + REMARK * 2000 + "b()\n",
        "def f():\n" + (REMARK + "\n") * 2000 + "    b()\n",
        ("a()\n" + REMARK * 500) * 5,
        "a = 1\n" + "\\\n" * 10_000 + "b = 2\n",
        "a()\r\n" + "#\r\n" * 10_000,
    ],
    ids=["a run", "with blanks", "several", "joined rows", "short rows"],
)
def test_comments_that_are_read_again_and_again_are_not_parsed(source: str) -> None:
    assert parse(source.encode(), BY_NAME["python"]) is None


@pytest.mark.parametrize(
    "source",
    [
        REMARK.lstrip() * 2000 + "a()\n",
        "\n" + REMARK.lstrip() * 2000,
        "a()\n" + REMARK * 500 + "b()\n",
        (REMARK.lstrip() * 30 + "def f():\n    a()\n\n") * 200,
        ("a()\n" + REMARK.lstrip()) * 10_000,
        "a()\n" + "\n" * 20_000 + REMARK.lstrip() * 20,
    ],
    ids=["above", "alone", "a long one", "many", "between statements", "blanks"],
)
def test_comments_as_files_have_them_are_parsed(source: str) -> None:
    assert parse(source.encode(), BY_NAME["python"]) is not None


@pytest.mark.slow
def test_the_same_under_every_hash_seed() -> None:
    script = (
        "from pipeline.compressors.api import Content; from pipeline.compressors.code import CodeCompressor\n"
        "from pipeline.policy import Policy, Profile; from pipeline.query import Query; from pipeline.tool_calls import describe\n"
        "text = ''.join(f'def task_{n}(a):\\n' + '    step_one(a)\\n    other_step(a)\\n' * 9 for n in range(40))\n"
        "call = describe('1', 'Read', {'file_path': 'a.py'}, {})\n"
        "query = Query.of('task_1 calls step_one or `other_step`, some_task? run one step', call)\n"
        "print(CodeCompressor().compress(Content(text, query, call), Policy(profile=Profile.AGGRESSIVE)))\n"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1
    assert b"Rewrite(" in seen.pop()


def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The languages of the texts that are parsed from here on."""
    parsed: list[str] = []

    def noted(source: bytes, language: languages.Language) -> object:
        parsed.append(language.name)
        return parse(source, language)

    monkeypatch.setattr(compressor, "parse", noted)
    return parsed


@pytest.mark.parametrize("language", sorted(SOURCES))
def test_of_whole_bodies_only_the_file_itself_is_parsed(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = tried(monkeypatch)
    text = outline(SOURCES[language], language, "What is in it?")
    assert "⋯" in text
    assert parsed == [language]


@pytest.mark.parametrize(
    ("language", "source", "rows"),
    [
        ("python", "def f():\n    try:\n        a()\n        b()\n    except E:\n        c()\n    d()\n", (3, 6)),  # half a try
        ("python", "def f():\n    a()\n    b()\n  # c\n", (0, 2)),  # no block is left
        ("javascript", "function f() {\n  a = b\n  c()\n  d()\n  (e)()\n}\n", (2, 3)),  # may go on with what stands before
        ("javascript", "function f() {\n  a(1,\n    2);\n  b();\n}\n", (2, 3)),  # the end of a statement
        ("javascript", "function f() {\n  a();\n  b();\n}\n", (1, 3)),  # the brace too
        ("java", "class A {\n  void f() {\n    if (a)\n      b();\n    c();\n  }\n}\n", (3, 4)),  # what belongs to the if
        ("c", "int a[] = {\n  1\n  , 2\n  , 3\n};\n", (2, 3)),  # leading commas
        ("c", "int f( {\n  a();\n  b();\n}\n", (1, 2)),  # errors in the original
    ],
)
def test_what_is_not_plain_is_parsed(language: str, source: str, rows: tuple[int, int]) -> None:
    tree = parse(source.encode(), BY_NAME[language])
    run = Run(*rows, Style.TABLE if "[]" in source else Style.STATEMENTS)
    assert tree is not None
    assert not plain(tree, source.split("\n"), [run], BY_NAME[language])


@pytest.mark.parametrize(
    ("language", "source", "rows"),
    [
        ("python", "def f():\n    # why\n    a()\n    if b:\n        c()\n", (1, 4)),
        ("python", "def f():\n    a()\n    b()\n    return c\n", (1, 2)),
        ("javascript", "it('x', () => {\n  a(1,\n    2);\n  b();\n});\n", (1, 3)),
        ("go", "func f() {\n\ta()\n\tb()\n\tc()\n}\n", (1, 2)),
        ("go", "func f() {\n\ta()\n\tb()\n}\n", (1, 2)),
        ("rust", "fn f() {\n    let a = 1;\n    b(a)\n}\n", (1, 2)),
        ("c", "int a[] = {\n  1,\n  2,\n  3,\n  4\n};\n", (2, 3)),
        ("c", "int a[] = {\n  1,\n  2,\n  3\n};\n", (2, 3)),
    ],
)
def test_whole_statements_and_elements_are_plain(language: str, source: str, rows: tuple[int, int]) -> None:
    tree = parse(source.encode(), BY_NAME[language])
    lines = source.split("\n")
    run = Run(*rows, Style.TABLE if "[]" in source else Style.STATEMENTS)
    assert tree is not None
    assert plain(tree, lines, [run], BY_NAME[language])
    after = parse("\n".join(render(lines, lines, [run], BY_NAME[language])).encode(), BY_NAME[language])
    assert after is not None
    assert errors(after, BY_NAME[language]) == 0
