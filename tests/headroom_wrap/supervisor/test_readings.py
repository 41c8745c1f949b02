from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from adapters.instruction_imports import CLAUDE, Imports
from headroom_wrap.supervisor import readings
from headroom_wrap.supervisor.imports import Importer
from headroom_wrap.supervisor.readings import Readings, Seen, root


class Known:
    """What is known of the files of a project, by their names in it."""

    def __init__(self, project: Path, imports: Imports | None = CLAUDE) -> None:
        self.project = project
        self.texts: dict[str, str] = {}
        self.always: dict[str, bool] = {}
        self.changed: list[str] = []
        self.readings = Readings(Importer(imports, project, project.parent, {}, None), self.take)

    def take(self, seen: Seen) -> None:
        name = str(seen.candidate.path.relative_to(self.project))
        if seen.text is None:
            self.texts.pop(name, None)
        else:
            if not seen.first and self.texts.get(name) != seen.text:
                self.changed.append(name)
            self.texts[name] = seen.text
            self.always[name] = seen.candidate.always

    def add(self, *names: str, always: bool = True) -> None:
        self.readings.add([root(self.project / name, always=always) for name in names])

    def write(self, name: str, text: str) -> None:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, name: str, text: str) -> None:
        self.write(name, text)
        assert self.readings.look(self.project / name)


@pytest.fixture
def known(tmp_path: Path) -> Known:
    (tmp_path / "project").mkdir()
    return Known(tmp_path / "project")


def test_imports_are_read_as_far_as_the_agent_follows_them(known: Known) -> None:
    for n in range(8):
        known.write(f"c{n}.md", f"@c{n + 1}.md")
    known.add("c0.md")
    assert sorted(known.texts) == ["c0.md", "c1.md", "c2.md", "c3.md", "c4.md"]
    known.edit("c0.md", "@c1.md @c3.md")  # a shorter way is found: that leads further
    assert max(known.texts) == "c6.md"
    assert known.changed == ["c0.md"]


def test_relative_to_the_importer_each_once_and_in_circles(known: Known) -> None:
    known.write("CLAUDE.md", "@docs/a.md @docs/b.md @missing.md @docs")
    known.write("docs/a.md", "@b.md @../CLAUDE.md @a.md")
    known.write("docs/b.md", "@a.md")
    known.add("CLAUDE.md")
    assert sorted(known.texts) == ["CLAUDE.md", "docs/a.md", "docs/b.md"]
    assert known.project / "docs" in known.readings.folders()


def test_an_import_that_comes_goes_or_is_made(known: Known) -> None:
    known.write("a.md", "@b.md")
    known.write("b.md", "b")
    known.write("CLAUDE.md", "none")
    known.add("CLAUDE.md")
    known.edit("CLAUDE.md", "@a.md @later.md")
    assert sorted(known.texts) == ["CLAUDE.md", "a.md", "b.md"]
    known.edit("later.md", "made later")
    known.edit("b.md", "changed")
    assert known.changed == ["CLAUDE.md", "later.md", "b.md"]
    known.edit("CLAUDE.md", "@later.md")
    assert sorted(known.texts) == ["CLAUDE.md", "later.md"]
    assert not known.readings.look(known.project / "b.md")
    known.edit("CLAUDE.md", "@b.md")
    assert known.texts["b.md"] == "changed"


def test_what_stands_in_every_request_makes_its_imports_so(known: Known) -> None:
    known.write("sub/CLAUDE.md", "@rules.md")
    known.write("sub/rules.md", "rules")
    known.write("rule.md", "---\npaths: '*.go'\n---\n@go.md")
    known.write("go.md", "go")
    known.add("sub/CLAUDE.md", always=False)
    known.add("rule.md")
    assert known.always == {"sub/CLAUDE.md": False, "sub/rules.md": False, "rule.md": True, "go.md": False}
    known.write("CLAUDE.md", "@sub/CLAUDE.md @go.md")
    known.add("CLAUDE.md")
    assert known.always == {"CLAUDE.md": True, "sub/CLAUDE.md": True, "sub/rules.md": True, "rule.md": True, "go.md": True}


def test_a_file_that_is_imported_and_looked_for_stays_when_the_import_goes(known: Known) -> None:
    known.write("CLAUDE.md", "@CLAUDE.local.md")
    known.write("CLAUDE.local.md", "local")
    known.add("CLAUDE.md", "CLAUDE.local.md")
    known.edit("CLAUDE.md", "none")
    assert sorted(known.texts) == ["CLAUDE.local.md", "CLAUDE.md"]


def test_links_count_once_and_what_is_behind_them_is_watched(known: Known, tmp_path: Path) -> None:
    known.write("AGENTS.md", "shared")
    (known.project / "CLAUDE.md").symlink_to("AGENTS.md")
    known.add("CLAUDE.md", "AGENTS.md")
    assert known.texts == {"CLAUDE.md": "shared"}
    known.edit("AGENTS.md", "edited")
    assert known.texts == {"CLAUDE.md": "edited"}
    (known.project / "CLAUDE.md").unlink()
    known.readings.look(known.project / "CLAUDE.md")
    assert known.texts == {"AGENTS.md": "edited"}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "rules.md").write_text("from elsewhere")
    (known.project / "CLAUDE.md").symlink_to(elsewhere / "rules.md")
    known.readings.look()
    assert known.texts == {"AGENTS.md": "edited", "CLAUDE.md": "from elsewhere"}
    assert elsewhere in known.readings.folders()
    assert known.readings.look(elsewhere / "rules.md")


def test_another_name_of_what_is_dropped_counts_at_once(known: Known) -> None:
    known.write("a.md", "shared @more.md")
    known.write("more.md", "more")
    (known.project / "b.md").symlink_to("a.md")
    (known.project / "c.md").symlink_to("a.md")
    known.write("CLAUDE.md", "@a.md @b.md @c.md")
    known.add("CLAUDE.md")
    assert sorted(known.texts) == ["CLAUDE.md", "a.md", "more.md"]
    known.edit("CLAUDE.md", "@b.md @c.md")
    assert sorted(known.texts) == ["CLAUDE.md", "b.md", "more.md"]
    known.readings.look()
    assert known.changed == ["CLAUDE.md"]
    known.edit("CLAUDE.md", "none")
    assert sorted(known.texts) == ["CLAUDE.md"]


def test_a_name_that_is_freed_and_dropped_at_once_is_not_read(known: Known) -> None:
    known.write("a.md", "@b.md")
    (known.project / "b.md").symlink_to("real.md")
    (known.project / "CLAUDE.md").symlink_to("real.md")
    known.write("real.md", "@a.md")
    known.add("CLAUDE.md")
    assert sorted(known.texts) == ["CLAUDE.md", "a.md"]
    known.write("real.md", "no import")
    (known.project / "CLAUDE.md").unlink()
    known.edit("CLAUDE.md", "none")
    assert sorted(known.texts) == ["CLAUDE.md"]


def test_what_is_no_text_is_not_there(known: Known) -> None:
    known.write("CLAUDE.md", "@logo.png")
    known.write("logo.png", "\0\1\2")
    known.add("CLAUDE.md")
    assert sorted(known.texts) == ["CLAUDE.md"]


def test_an_imported_pipe_holds_nobody(known: Known) -> None:
    known.write("CLAUDE.md", "@pipe.md @b.md")
    known.write("b.md", "b")
    os.mkfifo(known.project / "pipe.md")
    reading = threading.Thread(target=known.add, args=("CLAUDE.md",), daemon=True)
    reading.start()
    reading.join(60)
    held = reading.is_alive()
    os.close(os.open(known.project / "pipe.md", os.O_RDWR | os.O_NONBLOCK))  # who waits for a writer has had one
    assert not held
    assert sorted(known.texts) == ["CLAUDE.md", "b.md"]


def test_no_more_than_can_be_looked_at(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "_MOST_IMPORTED", 5)
    known.write("CLAUDE.md", " ".join(f"@{n}.md" for n in range(4)))
    for n in range(4):
        known.write(f"{n}.md", f"@more/{n}.md")
        known.write(f"more/{n}.md", "x")
    known.add("CLAUDE.md")
    assert len(known.texts) == 6
