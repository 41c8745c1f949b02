from __future__ import annotations

from pathlib import Path

import pytest

from headroom_wrap.learn.brought import Brought

NAMES = ("CLAUDE.md", "AGENTS.md", "GEMINI.md", "CLAUDE.local.md")


@pytest.fixture
def brought(tmp_path: Path) -> Brought:
    return Brought(tmp_path, Path("/home/ada"), NAMES)


def test_itself(brought: Brought) -> None:
    assert brought("claude", "CLAUDE.md") == {"CLAUDE.md"}
    assert brought("nobody", "README.md") == frozenset()


def test_what_it_imports_whether_that_is_there_or_not(brought: Brought, tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_text("@AGENTS.md and @./x/../GEMINI.md, `@CLAUDE.local.md`\n@../AGENTS.md @~/CLAUDE.local.md")
    assert brought("claude", "CLAUDE.md") == {"CLAUDE.md", "AGENTS.md"}, "a comma is a part of the name"
    assert brought("copilot", "CLAUDE.md") == {"CLAUDE.md"}, "who knows no imports"


def test_imports_that_go_round_end(brought: Brought, tmp_path: Path) -> None:
    for name, other in (("CLAUDE.md", "AGENTS.md"), ("AGENTS.md", "GEMINI.md"), ("GEMINI.md", "CLAUDE.md")):
        (tmp_path / name).write_text(f"@{other}\n")
    assert brought("claude", "CLAUDE.md") == brought("claude", "GEMINI.md") == {"CLAUDE.md", "AGENTS.md", "GEMINI.md"}


def test_a_link(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("x")
    (tmp_path / "GEMINI.md").symlink_to("AGENTS.md")
    assert Brought(tmp_path, Path("/home/ada"), NAMES)("copilot", "GEMINI.md") == {"AGENTS.md", "GEMINI.md"}


def test_what_can_be_no_name_is_none(brought: Brought, tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_bytes(b"@a\0b @\xff @" + b"x" * 900 + b" @AGENTS.md " + b"".join(b"@f%d.md " % n for n in range(5000)))
    assert brought("claude", "CLAUDE.md") == {"CLAUDE.md", "AGENTS.md"}
