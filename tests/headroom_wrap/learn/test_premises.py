from __future__ import annotations

from pathlib import Path

import pytest

from headroom_wrap.learn.findings import LargerThan, NotOnPath, OnPath, PathAbsent, PathExists, Script
from headroom_wrap.learn.premises import hold


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("x" * 100)
    (tmp_path / "bin").mkdir()
    for name in ("bin/tool", "run.sh"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "package.json").write_text('{"scripts": {"test:unit": "jest"}}')
    (tmp_path / "Makefile").write_text("X := 1\n.PHONY: all\nall check: dep\n\techo: no\n")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "package.json").write_text("{")
    return tmp_path


TRUE = [
    PathExists("src/a.py"), PathExists("src"), PathAbsent("src/b.py"), PathAbsent("src/a.py/x"), LargerThan("src/a.py", 99), OnPath("tool"),
    OnPath("./run.sh"), OnPath("bin/tool"), NotOnPath("other"), NotOnPath("src"), NotOnPath("./src"), Script("package.json", "test:unit"),
    Script("Makefile", "check"), Script("Makefile", "all"),
]  # fmt: skip
FALSE = [
    PathExists("src/b.py"), PathExists(""), PathExists("a\0b"), PathExists("x" * 5000), PathAbsent("src"), LargerThan("src/a.py", 100), LargerThan("none", 0),
    OnPath("other"), OnPath("src/a.py"), OnPath(""), NotOnPath("tool"), Script("package.json", "test"), Script("none.json", "x"), Script("Makefile", "X"),
    Script("Makefile", "echo"), Script("broken/package.json", "x"), Script("src/a.py", "x"), Script("src", "x"),
]  # fmt: skip


@pytest.mark.parametrize("premise", TRUE, ids=repr)
def test_true(project: Path, premise) -> None:
    assert hold([premise], project, str(project / "bin"))


@pytest.mark.parametrize("premise", FALSE, ids=lambda p: repr(p)[:60])
def test_false(project: Path, premise) -> None:
    assert not hold([TRUE[0], premise], project, str(project / "bin"))


def test_nothing_is_asked_for() -> None:
    assert hold([], Path("/nowhere"), "")
