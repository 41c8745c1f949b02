from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.segment import segment


def pieces(text: str) -> list[str]:
    return [text[u.start : u.end].strip() for u in segment(text) if u.kind is not Kind.BLANK]


def kinds(text: str) -> list[str]:
    return [u.kind.value for u in segment(text) if u.kind is not Kind.BLANK]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", 4),
        ("He met Dr. Smith and Mrs. Jones at 5 p.m. in St. Louis.", 1),
        ("See e.g. Foo, i.e. Bar, cf. Baz, vs. Qux and Figs. 3 and 4.", 1),
        ("It is no. 5 on the list. The answer is no. Try again.", 3),
        ("Founded by J. R. R. Tolkien in Oxford. It grew.", 2),
        ("It was sold to Acme Inc. The price was low.", 2),
        ("It was sold to Acme Inc. Berlin for 3.5 million.", 1),
        ("Wait... and then it came. Well... The end.", 3),
        ("Version 3.11.2 is needed. Python 3.12 works too.", 2),
        ("Open https://example.org/a.b.html?x=1. Then read on.", 2),
        ('He said "Stop." Then he left. (It was late.) She stayed.', 4),
        ("Use `foo.bar()` and **bold.** Next one.", 2),
        ("The U.S. Army came. They left at 5 a.m. The city slept.", 3),
        ("Really?! Yes.", 2),
        ("日本語の文です。次の文です。", 2),
        ("Ends with 5. The rest follows.", 2),
        ("Run foo.py. it does x.", 1),
    ],
)
def test_sentences(text: str, sentences: int) -> None:
    assert len(pieces(text)) == sentences, pieces(text)


def test_wrapped_lines_are_one_sentence_and_short_lines_are_several() -> None:
    wrapped = "This is a sentence that an editor has wrapped at some seventy columns or so,\nAlthough its next line begins with a capital. It is followed by another.\n"
    assert len(pieces(wrapped)) == 2
    assert len(pieces("Status: Final\nType: Process\nCreated: 05-Jul-2001\n")) == 3
    assert len(pieces("roses are red\nviolets are blue\n")) == 1, "a line in lower case goes on with the sentence"


def test_tildes_below_a_title_underline_it_and_others_fence_code() -> None:
    titled = "Release 2.1 [2022-11-07]\n~~~~~~~~~~~~~~~~~~~~\n\nIt reads frames faster than the last one did.\n"
    assert kinds(titled) == ["heading", "sentence"]
    assert kinds("It is run so:\n\n~~~~\nIt looks like a sentence here.\n~~~~\n\nThat is all of it.\n")[1:] == ["code", "sentence"]
    assert kinds("It is run so:\n~~~\nx = 1\n~~~\n")[-1] == "code"


def test_who_signed_a_change_is_no_code() -> None:
    text = "    Reviewed-by: Ann Lee <ann@example.org>\n    Signed-off-by: Bo Ek <bo@example.org>\n"
    assert "code" not in kinds(f"    Fix the length of the header.\n\n{text}")
    assert "code" not in kinds(" -- Ann Lee <ann@example.org>  Tue, 03 Jun 2025 15:03:54 +0200\n")


def test_markdown() -> None:
    text = """# Title

Some text about the thing. More of it.

- first point
  goes on here
- second point. With a sentence more.

1. one
2. two

| a | b |
|---|---|
| 1 | 2 |

```python
x = 1

y = 2
```
After it.
"""
    assert kinds(text) == [
        "heading",
        "sentence",
        "sentence",
        "list item",
        "list item",
        "sentence",
        "list item",
        "list item",
        "table",
        "code",
        "sentence",
    ]
    assert "goes on here" in pieces(text)[3]


def test_restructured_text() -> None:
    text = """Abstract
========

This is how it is used::

    from operator import iadd

    value = iadd(a, b)

Then it goes on.

.. code-block:: python

   x = 1

.. note::

   This is a note about something. It is prose.
"""
    assert kinds(text) == ["heading", "sentence", "code", "sentence", "code", "code", "code", "sentence", "sentence"]


def test_manual_page() -> None:
    text = """NAME
       ldconfig - configure dynamic linker run-time bindings

SYNOPSIS
       /sbin/ldconfig [-nNvVX] [-C cache] [-f conf] [-r root] directory ...

DESCRIPTION
       ldconfig  creates  the necessary links and cache to the most recent shared libraries found
       in the directories specified on the command line.  It can be used  with  the
       --verbose option, which prints more.

OPTIONS
       -C cache
              Use cache instead of /etc/ld.so.cache.

       -p, --print-cache
              Print the lists of directories and candidate libraries stored in the  current  cache.
              Nothing else is done.
"""
    found = [(u.kind.value, text[u.start : u.end].strip()) for u in segment(text) if u.kind is not Kind.BLANK]
    assert [k for k, _ in found] == [
        "heading",
        "sentence",
        "heading",
        "code",
        "heading",
        "sentence",
        "sentence",
        "heading",
        "list item",
        "list item",
        "sentence",
    ]
    assert found[6][1].endswith("prints more."), "a line of a paragraph that begins with an option is no item"
    assert found[8][1].startswith("-C cache")
    assert found[8][1].endswith("ld.so.cache."), "a term and its description are one"


def test_code_is_told_from_prose() -> None:
    text = """We then ran this:

    for (i = 0; i < n; i++) {
        total += values[i];
    }

and the result, as one would think (see above), was wrong; nobody knows why [1].

$ make install

Traceback (most recent call last):
  File "x.py", line 1, in f
ValueError: no
"""
    assert kinds(text) == ["sentence", "code", "sentence", "code", "code"]


def test_paragraphs_are_numbered() -> None:
    units = segment("A one. A two.\n\nB one.\n- C one. C two.\n")
    assert [u.paragraph for u in units] == [0, 0, 0, 1, 2, 2]


TEXTS = st.one_of(
    st.text(st.characters(codec=None), max_size=200),
    st.lists(
        st.sampled_from([
            "The cat. ", "Dr. ", "no. 5", "\n", "\n\n", "  ", "\t", "- ", "1. ", "```", "::\n", "    x = 1;\n", "| a | b |\n", "====\n", "# H\n", "a", "B", ".",
            "…", "\r\n", "“Q.” ", "é。", "$ ls\n", ">>> ", "--opt", "Traceback (most recent call last):\n", ".. code::\n", "a   b   c\n", "\x0c", "\u2028",
        ]),
        max_size=60,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=300)
@given(TEXTS)
@example("")
@example("\n")
@example("x\n\n")
def test_offsets_partition_the_text(text: str) -> None:
    at = paragraph = 0
    for unit in segment(text):
        assert unit.start == at < unit.end
        assert unit.paragraph in (paragraph, paragraph + 1)
        assert (unit.kind is Kind.BLANK) == (not text[unit.start : unit.end].strip())
        at, paragraph = unit.end, unit.paragraph
    assert at == len(text)


HOSTILE = {
    "one line": "word " * 200_000,
    "full stops": "." * 1_000_000,
    "full stops and blanks": ". " * 500_000,
    "blanks": " " * 1_000_000 + "x",
    "line breaks": "\n" * 1_000_000,
    "brackets": "[(" * 400_000,
    "rules": "-" * 1_000_000 + "\n" + "=" * 1_000_000,
    "open fences": "```\n" * 200_000,
    "deeper and deeper": "\n".join(" " * (n % 1000) + "a" for n in range(2000)),
    "literal": ("x::\n  y\n") * 50_000,
    "columns": ("a   " * 200_000),
    "rows": ("a   b   c\n" * 60_000),
    "items": "- a\n" * 100_000,
    "full stop of abbreviations": "e.g. " * 200_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_linear(name: str) -> None:
    text = HOSTILE[name]
    began = time.process_time()
    units = segment(text)
    assert time.process_time() - began < 20, "no promise of speed: what is quadratic in these sizes takes minutes"
    assert sum(u.end - u.start for u in units) == len(text)
