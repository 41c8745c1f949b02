from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.instruction_imports import CLAUDE, GEMINI, Imports
from headroom_wrap.supervisor.imports import Importer


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "repo" / "sub").mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    (tmp_path / ".agent").mkdir()
    return tmp_path


def targets(home: Path, imports: Imports | None, text: str, top: str = "repo/sub/RULES.md") -> list[str]:
    importer = Importer(imports, home / "repo" / "sub", home, {}, home / ".agent" / "USER.md")
    return [str(path.relative_to(home)) for path in importer.targets(text, home / top, home / top)]


TEXT = "@in.md @deep/in.md @../above.md @~/notes.md @../../outside.md @in.md"


def test_claude_code_leaves_the_working_folder_where_the_user_approved(home: Path) -> None:
    assert targets(home, CLAUDE, TEXT) == ["repo/sub/in.md", "repo/sub/deep/in.md"]
    settings = {"projects": {str(home / "repo" / "sub"): {"hasClaudeMdExternalIncludesApproved": True}}}
    (home / ".claude.json").write_text(json.dumps(settings))
    assert targets(home, CLAUDE, TEXT) == ["repo/sub/in.md", "repo/sub/deep/in.md", "repo/above.md", "notes.md", "outside.md"]


def test_the_users_own_file_may_import_from_anywhere(home: Path) -> None:
    assert targets(home, CLAUDE, "@more.md @~/notes.md", ".agent/USER.md") == [".agent/more.md", "notes.md"]
    assert targets(home, GEMINI, "@./more.md @../notes.md", ".agent/USER.md") == [".agent/more.md"]


def test_gemini_cli_never_leaves_the_repository(home: Path) -> None:
    assert targets(home, GEMINI, TEXT) == ["repo/sub/in.md", "repo/sub/deep/in.md", "repo/above.md"]


def test_other_agents_import_nothing(home: Path) -> None:
    assert targets(home, None, TEXT) == []
    assert targets(home, CLAUDE, "no import") == []


def test_what_can_be_no_name_here(home: Path) -> None:
    assert targets(home, CLAUDE, "@nul\0.md @\ud800.md @a.md") == ["repo/sub/a.md"]


@pytest.mark.parametrize("imports", [CLAUDE, GEMINI], ids=["claude", "gemini"])
def test_of_very_many_names_the_first_are_followed(home: Path, imports: Imports) -> None:
    assert targets(home, imports, " ".join(f"@a{n}" for n in range(3000))) == [f"repo/sub/a{n}" for n in range(1000)]
