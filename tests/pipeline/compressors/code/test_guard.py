from __future__ import annotations

import ast
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("tree_sitter")

from pipeline.compressors.code.cut import Run
from pipeline.compressors.code.guard import errors, plain
from pipeline.compressors.code.languages import BY_NAME, parse
from pipeline.compressors.code.outline import Style
from pipeline.compressors.code.render import render

PYTHON = """
import a


def outer(x):
    # why

    # and how
    first(x)

    def inner(y):
        one(y)
        two(y)

    third(x)
    for z in x:
        if z:
            fourth(z)
            fifth(z)
        else:
            sixth(z)
    try:
        seventh(x)
    except E:
        eighth(x)
        ninth(x)
    finally:
        tenth(x)
    return x


@cached
def last():
    # of all
    # of them
    @wrapped
    def within():
        one(1)
    return within
""".strip("\n").split("\n")


def row(text: str, lines: list[str] = PYTHON) -> int:
    """The row that begins with a text."""
    return next(n for n, line in enumerate(lines) if line.strip().startswith(text))


def holds(lines: list[str], run: Run, language: str) -> tuple[bool, int]:
    """What the guard says of a run without a look at the result, and the errors that the result has."""
    tree = parse("\n".join(lines).encode(), BY_NAME[language])
    after = parse("\n".join(render(lines, lines, [run], BY_NAME[language])).encode(), BY_NAME[language])
    assert tree is not None
    assert after is not None
    return plain(tree, lines, [run], BY_NAME[language]), errors(after, BY_NAME[language])


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("# why", "return x"),  # comments and empty rows above the first statement
        ("one(y)", "third"),  # the body of an inner function, and what follows it
        ("two(y)", "return x"),  # the rest of it
        ("fifth", "sixth"),  # the rest of a condition, and what it says otherwise
        ("fifth", "tenth"),
        ("ninth", "return x"),  # the rest of a handler, and what comes at last
        ("ninth", "tenth"),
        ("# of all", "# of them"),  # comments above an inner function
    ],
)
def test_a_run_of_python_may_end_the_blocks_that_it_begins_in(first: str, last: str) -> None:
    assert holds(PYTHON, Run(row(first), row(last), Style.STATEMENTS), "python") == (True, 0)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("seventh", "return x"),  # nothing is left that a try must have
        ("import a", "first"),  # the head of a function
        ("fourth", "else"),  # a part of a condition
        ("@wrapped", "one(1)"),
    ],
)
def test_what_else_begins_and_ends_in_different_blocks_is_parsed(first: str, last: str) -> None:
    plainly, found = holds(PYTHON, Run(row(first), row(last), Style.STATEMENTS), "python")
    assert not plainly or not found


@pytest.mark.parametrize(
    ("language", "source", "rows"),
    [
        ("javascript", "switch (a) {\n  case 1:\n    b();\n    break;\n  case 2:\n    c();\n  default:\n    d();\n}\n", (1, 5)),
        ("java", "class A {\n  void f() {\n    switch (a) {\n      case 1:\n        b();\n      case 2:\n        c();\n    }\n  }\n}\n", (3, 4)),
        ("rust", "fn f() {\n    match a {\n        1 => b(),\n        2 => {\n            c()\n        }\n        _ => d(),\n    }\n}\n", (2, 5)),
    ],
)
def test_whole_cases_may_go(language: str, source: str, rows: tuple[int, int]) -> None:
    assert holds(source.split("\n"), Run(*rows, Style.STATEMENTS), language) == (True, 0)


def python(chance: random.Random, depth: int, indent: str = "") -> list[str]:
    """Statements of a block."""
    rows: list[str] = []
    for _ in range(chance.randint(1, 4)):
        rows += [""] * (chance.random() < 0.2)
        rows += [f"{indent}# a remark"] * (chance.random() < 0.3)

        def below(head: str) -> list[str]:
            return [indent + head, *python(chance, depth - 1, indent + "    ")]

        kind = chance.randint(0, 8) if depth else 0
        if kind <= 2:
            rows += [indent + chance.choice(["a()", "b = [", "return c", '"""text', "if d: e()"])]
            rows += {"b = [": [indent + "  1,", indent + "]"], '"""text': ["more", '"""']}.get(rows[-1].strip(), [])
        elif kind == 3:
            rows += below("if a:") + chance.choice([[], below("elif b:"), below("else:"), below("elif b:") + below("else:")])
        elif kind == 4:
            rows += below(chance.choice(["for a in b:", "while a:"])) + chance.choice([[], below("else:")])
        elif kind == 5:
            rows += below("try:") + chance.choice([below("finally:"), below("except E:") + chance.choice([[], below("finally:"), below("else:")])])
        elif kind == 6:
            rows += below(chance.choice(["def f(a):", "async def f(\n    ):", "class A:"]))
        elif kind == 7:
            rows += [f"{indent}@b", *below("def f(a): # why")]
        else:
            rows += below("with a as b:") if chance.random() < 0.5 else below("match a:\n" + indent + "  case 1:")
    return "\n".join(rows).split("\n")


BRACES = {
    "javascript": ("function f(a) {", "  if (a) {", "  } else {", "  switch (a) {\n    case 1:", "  a();", "  it('x', () => {\n    b();\n  });", "  a = [\n    1,\n    2,\n  ]"),
    "java": ("class A { void f() {", "  if (a) {", "  } else {", "  switch (a) {\n    case 1:", "  a();", "  try {\n    b();\n  } finally {\n  }", "  int[] a = {\n    1,\n    2\n  };"),
    "go": ("func f(a int) {", "  if a {", "  } else {", "  switch a {\n    case 1:", "  a()", "  go func() {\n    b()\n  }()", "  a := []int{\n    1,\n    2,\n  }"),
    "rust": ("fn f(a: u8) {", "  if a {", "  } else {", "  match a {\n    1 => b(),\n    2 => {", "  a();", "  let b = c\n    .d()\n    .e();", "  let a = [\n    1,\n    2,\n  ];"),
    "c": ("int f(int a) {", "  if (a) {", "  } else {", "  switch (a) {\n    case 1:", "  a();", "  do {\n    b();\n  } while (a);", "  int a[] = {\n    1,\n    2\n  };"),
}  # fmt: skip


def braces(chance: random.Random, language: str) -> list[str]:
    """A function of one of the other languages."""
    function, condition, otherwise, choice, call, other, table = BRACES[language]
    rows = [function]
    opened: list[str] = []
    for _ in range(chance.randint(3, 14)):
        kind = chance.randint(0, 6)
        if kind == 0:
            rows.append(condition)
            opened.append(condition)
        elif kind == 1 and opened and opened[-1] == condition:
            rows.append(otherwise)
            opened[-1] = otherwise
        elif kind == 2:
            rows += [*choice.split("\n"), call]
            opened.append(choice)
        elif kind == 3 and opened:
            rows += ["  }"] * (1 + (language == "rust" and opened.pop() == choice))
        else:
            rows += chance.choice([call, call, other, table, "  // a remark", "  /* a remark\n   */"]).split("\n")
    rows += ["  }"] * (len(opened) + (language == "rust") * opened.count(choice))
    return [*rows, "}}" if language == "java" else "}"]


def runs(chance: random.Random, lines: list[str]) -> list[Run]:
    found = []
    for _ in range(12):
        first = chance.randrange(len(lines))
        last = min(first + chance.randint(1, 9), len(lines) - 1)
        if lines[first].strip() and lines[last].strip() and last > first:
            found.append(Run(first, last, chance.choice([Style.STATEMENTS, Style.STATEMENTS, Style.TABLE])))
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_what_is_plain_parses_in_python(seed: int) -> None:
    chance = random.Random(seed)
    lines = ["def f():", *python(chance, 3, "    ")]
    ast.parse("\n".join(lines))
    for run in runs(chance, lines):
        plainly, found = holds(lines, run, "python")
        assert not plainly or not found, (lines, run)
        if plainly:
            ast.parse("\n".join(render(lines, lines, [run], BY_NAME["python"])))


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    a\nb\n",
        "try:\n    a\nelse:\n    b\n",
        "def f():\n    def g():\n    # why\na\n",
        "if a:\n# why\nb\n",
        "if a:\n    b\nelse:\nc\n",
        "a = (\n",
    ],
)
def test_what_python_does_not_take_is_an_error(source: str) -> None:
    tree = parse(source.encode(), BY_NAME["python"])
    assert tree is not None
    assert errors(tree, BY_NAME["python"]) == 1


@pytest.mark.parametrize(
    "source",
    [
        "try: a\nexcept: b\n",
        "try:\n    a\nexcept* E:\n    b\n",
        "try:\n    a\nfinally:\n    b\n",
        "try:\n    # why\n    a\nexcept E:\n    ...\n",
        "\n".join(PYTHON),
    ],
)
def test_what_python_takes_is_none(source: str) -> None:
    tree = parse(source.encode(), BY_NAME["python"])
    assert tree is not None
    assert errors(tree, BY_NAME["python"]) == 0


@pytest.mark.parametrize("language", list(BRACES))
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_what_is_plain_parses(language: str, seed: int) -> None:
    chance = random.Random(seed)
    lines = braces(chance, language)
    for run in runs(chance, lines):
        plainly, found = holds(lines, run, language)
        assert not plainly or not found, (lines, run)
