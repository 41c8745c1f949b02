from __future__ import annotations

import pytest

from pipeline.compressors.api import Content
from pipeline.compressors.code.asked import names_of
from pipeline.compressors.code.numbering import strip
from pipeline.compressors.code.reading import language_of
from pipeline.compressors.files import is_reference
from pipeline.query import Query
from pipeline.tool_calls import describe


@pytest.mark.parametrize(
    ("path", "workspace"),
    [
        ("/usr/include/stdio.h", "/home/u/repo"),
        ("/usr/include/stdio.h", ""),
        ("/home/u/other/a.py", "/home/u/repo"),
        ("/home/u/repository/a.py", "/home/u/repo"),
        ("/home/u/repo/../b/a.py", "/home/u/repo"),
        ("/home/u/repo/node_modules/x/a.js", "/home/u/repo"),
        ("node_modules/x/a.js", "/home/u/repo"),
        ("vendor/x/a.go", ""),
        ("/home/u/.cargo/registry/src/x/a.rs", ""),
        ("/home/u/go/pkg/mod/x/a.go", ""),
        ("/home/u/.pyenv/versions/3.12/lib/python3.12/json/decoder.py", ""),
        ("C:\\Program Files\\x\\a.c", ""),
        ("D:\\x\\a.c", "C:\\repo"),
    ],
)
def test_reference_reading(path: str, workspace: str) -> None:
    assert is_reference(path, workspace)


@pytest.mark.parametrize(
    ("path", "workspace"),
    [
        ("/home/u/repo/a.py", "/home/u/repo"),
        ("/home/u/repo/a.py", "/home/u/repo/"),
        ("/home/u/repo/a.py", ""),
        ("a.py", "/home/u/repo"),
        ("src/vendor.go", "/home/u/repo"),
        ("../other/a.py", "/home/u/repo"),
        ("~/repo/a.py", "/home/u/repo"),
        ("/home/u/vendor/repo/a.py", "/home/u/vendor/repo"),
        ("/usr/src/repo/a.py", "/usr/src/repo"),
        ("/private/tmp/repo/a.py", "/tmp/repo"),
        ("/tmp/repo/a.py", "/private/tmp/repo"),
        ("/a.py", "/"),
        ("C:\\repo\\a.c", "C:\\repo"),
        ("", "/home/u/repo"),
        ("", ""),
    ],
)
def test_work_of_ones_own(path: str, workspace: str) -> None:
    assert not is_reference(path, workspace)


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("a.py", "", "python"),
        ("A.PYI", "", "python"),
        ("x/a.test.tsx", "", "tsx"),
        ("a.h", "int x;\n", "c"),
        ("a.h", "namespace a {\n", "cpp"),
        ("a.h", "  template <class T>\n", "cpp"),
        ("a.mjs", "", "javascript"),
        ("a.rb", "def x\n", None),
        ("Makefile", "", None),
        ("a", "", None),
    ],
)
def test_languages_by_name(path: str, text: str, name: str | None) -> None:
    language = language_of(Content(text, call=describe("1", "Read", {"file_path": path}, {})))
    assert (language.name if language else None) == name


PROSE = "To use it, write the following.\n" * 20


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import os\nimport sys\n\n\ndef a(x):\n    return x\n\n\nclass B(C):\n    pass\n\n\n@d\ndef e(f):\n    pass\n", "python"),
        ("package a\n\nimport (\n)\n\nfunc A() {\n}\n\nfunc (b *B) C() {\n}\n\ntype B struct {\n}\n", "go"),
        ("use a::b;\nuse c;\n\npub struct A {\n}\n\nimpl A {\n}\n\nfn main() {\n}\n", "rust"),
        ("#include <a.h>\n#include <b.h>\n#define X 1\n\nstatic int a(void) {\n}\n\nint main(void) {\n}\n", "c"),
        (PROSE + "import os\nimport sys\nimport re\ndef a(x):\ndef b(x):\n", None),
        ("```\nimport os\nimport sys\nimport re\ndef a(x):\ndef b(x):\n```\n", None),
        ("a.py:1:import os\na.py:2:import sys\n" * 9, None),
        ("+import os\n-import sys\n" * 9, None),
        ("2024-01-01 10:00:00 INFO import done\n" * 9, None),
        ("", None),
    ],
)
def test_languages_by_text(text: str, name: str | None) -> None:
    language = language_of(Content(text))
    assert (language.name if language else None) == name


def test_numbers_are_stripped() -> None:
    lines = [f"{n:5}\t  x{n}" for n in range(1, 40)]
    numbered = strip(["head", *lines, "tail"])
    assert numbered is not None
    assert (numbered.head, numbered.tail, numbered.printed) == (1, 1, True)
    assert numbered.bare == ["", *(f"  x{n}" for n in range(1, 40)), ""]


@pytest.mark.parametrize("lines", [[], ["a"], ["1: a", "b", "c", "d"], [f"x{n}" for n in range(40)], ["{", *(f"'{n}': 1," for n in range(40)), "}"]])
def test_no_numbers(lines: list[str]) -> None:
    numbered = strip(lines)
    assert numbered is not None
    assert numbered.bare == lines
    assert not numbered.printed


@pytest.mark.parametrize(
    "numbers", [range(7, 50), [*range(1, 30), *range(40, 50)], [*range(1, 20), *range(1, 20)]], ids=["from 7", "with a hole", "twice"]
)
def test_parts_of_files_are_told(numbers: list[int]) -> None:
    assert strip([f"{n}\tx" for n in numbers]) is None


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("How does `get_padding` in rich/table.py work?", [("get_padding", "")]),
        ("Is Gson.toJson( right, or JsonReader#peek?", [("toJson", "Gson"), ("peek", "JsonReader")]),
        ("see src/some_file.py and other_file.go and a::b::run_it", [("run_it", "b")]),
        ("what about frob() and __init__", [("frob", ""), ("__init__", "")]),
        ("`dict.c` is plain words only", []),
        ("the HTTP API of GitHub", [("GitHub", "")]),
    ],
)
def test_names(text: str, exact: list[tuple[str, str]]) -> None:
    assert list(names_of(Query(text)).exact) == exact


def test_phrases_and_words() -> None:
    names = names_of(Query('Why "connection reset by peer" in lib/parser/stamps.py when sockets close?'))
    assert names.phrases == ("connection reset by peer",)
    assert "socket" in names.stems
    assert "parser" not in names.stems
