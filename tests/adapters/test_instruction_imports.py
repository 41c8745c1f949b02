from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.instruction_imports import CLAUDE, GEMINI, is_approved, settings_file

BOTH = ("both",)
CLAUDES = ("claude",)
GEMINIS = ("gemini",)
NOBODYS = ()


@pytest.mark.parametrize(
    ("text", "name", "whose"),
    [
        ("See @docs/style.md for style.", "docs/style.md", BOTH),
        ("- @./here.md", "./here.md", BOTH),
        ("@../up.md", "../up.md", BOTH),
        ("> @quoted.md", "quoted.md", BOTH),
        ("## @heading.md", "heading.md", BOTH),
        ("@noext", "noext", BOTH),
        ("@.hidden.md", ".hidden.md", BOTH),
        ("@end.md.", "end.md.", BOTH),
        ("some words\n    @still-words.md", "still-words.md", BOTH),
        ("- an item\n\n    @of-the-item.md", "of-the-item.md", BOTH),
        ("`code` and @after.md", "after.md", BOTH),
        ("a `stray backtick and @after.md", "after.md", BOTH),
        ("<!-- a comment --> @after.md", "after.md", BOTH),
        ("@~/notes.md", "~/notes.md", CLAUDES),
        ("@with\\ space.md", "with space.md", CLAUDES),
        ("@file.md#part", "file.md", CLAUDES),
        ("**@bold.md**", "bold.md", CLAUDES),
        ("@-dash.md", "-dash.md", CLAUDES),
        ("@1st.md", "1st.md", CLAUDES),
        ("<!-- @comment.md -->", "comment.md", GEMINIS),
        ("<!--\n@comment.md\n-->", "comment.md", GEMINIS),
        ("~~~\n@tildes.md\n~~~", "tildes.md", GEMINIS),
        ("Text:\n\n    @indented.md", "indented.md", GEMINIS),
        ("```\n@fenced.md\n```", "fenced.md", NOBODYS),
        ("```\n@fenced.md\nfor ever", "fenced.md", NOBODYS),
        ("````\n```\n@fenced.md\n````", "fenced.md", NOBODYS),
        ("`@span.md`", "span.md", NOBODYS),
        ("`` ` @span.md ``", "span.md", NOBODYS),
        ("mail me@example.com", "example.com", NOBODYS),
        ("(@parenthesis.md)", "parenthesis.md", NOBODYS),
        ("[link](@link.md)", "link.md", NOBODYS),
        ("@ünïcode.md", "ünïcode.md", NOBODYS),
        ("@ alone", "", NOBODYS),
    ],
)
def test_what_is_an_import(text, name, whose):
    assert (name in CLAUDE.find(text)) is (whose in (BOTH, CLAUDES))
    assert (name in GEMINI.find(text)) is (whose in (BOTH, GEMINIS))


def test_each_once_in_the_order_of_the_text():
    text = "@b.md @a.md\n@b.md\n```\ncode\n```\n@c.md"
    assert CLAUDE.find(text) == GEMINI.find(text) == ("b.md", "a.md", "c.md")


def test_a_path_is_from_the_folder_of_its_importer_or_the_home():
    importer, home = Path("/p/docs/rules.md"), Path("/home/u")
    assert CLAUDE.target("more/x.md", importer, home) == Path("/p/docs/more/x.md")
    assert CLAUDE.target("/etc/rules.md", importer, home) == Path("/etc/rules.md")
    assert CLAUDE.target("~/x.md", importer, home) == Path("/home/u/x.md")


@pytest.mark.parametrize(
    ("told", "approved"),
    [
        ({"projects": {"/p": {"hasClaudeMdExternalIncludesApproved": True}}}, True),
        ({"projects": {"/p/sub": {"hasClaudeMdExternalIncludesApproved": True}}}, True),
        ({"projects": {"/p": {"hasClaudeMdExternalIncludesApproved": False}}}, False),
        ({"projects": {"/other": {"hasClaudeMdExternalIncludesApproved": True}}}, False),
        ({"projects": {"/p": 3}}, False),
        ({"projects": []}, False),
        ([], False),
    ],
)
def test_what_the_user_has_approved(told, approved):
    assert is_approved(json.dumps(told).encode(), Path("/p/sub")) is approved


def test_settings_that_cannot_be_read_approve_of_nothing():
    assert not is_approved(b"{", Path("/p"))
    assert not is_approved(b"[" * 100_000, Path("/p"))
    assert settings_file({}, Path("/home/u")) == Path("/home/u/.claude.json")
    assert settings_file({"CLAUDE_CONFIG_DIR": "/c"}, Path("/home/u")) == Path("/c/.claude.json")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["@a.md", "`", "```", "~~~", "<!--", "-->", "    ", "\n", " ", "- ", "\\ ", "*", "#", "x", "\t", "@", "/"]), max_size=60)
)
def test_any_text_is_taken(pieces):
    text = "".join(pieces)
    for imports in (CLAUDE, GEMINI):
        found = imports.find(text)
        assert len(set(found)) == len(found)
        assert all(name.replace(" ", "\\ ") in text for name in found)


@pytest.mark.parametrize("piece", ["`", "@", "``x`", "<!--", "<!-- -->", "@a\\ ", " @x", "~", "\\"])
def test_one_long_line(piece):
    line = piece * (300_000 // len(piece))
    for imports in (CLAUDE, GEMINI):
        assert len(imports.find(line)) <= 2
