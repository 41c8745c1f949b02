"""A case's project laid out in a folder, so that what its rules take for granted can be looked up there, and what is told of it then."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from headroom_wrap.learn.evidence import findings
from headroom_wrap.learn.miners import mine
from headroom_wrap.learn.premises import hold
from headroom_wrap.learn.rules import rule_of
from tests.headroom_wrap.learn.independent.score import fits
from tests.headroom_wrap.learn.independent.sessions import NOW, cases


@dataclass(frozen=True)
class Placed:
    """Where a case stands.

    Args:
        line: the case with its project moved here, as a line of a file that `sessions.cases` reads.
        project: its folder.
        programs: a folder for the PATH with the programs that there are.
    """

    line: str
    project: Path
    programs: Path


def place(line: str, folder: Path) -> Placed:
    """Write a case's files and programs below a folder, and move its sessions there.

    Args:
        line: of ``on_disk.jsonl``.
        folder: empty, and this case's alone.
    """
    row = json.loads(line)
    project, programs = folder / "project", folder / "bin"
    for parent in (project, programs):
        parent.mkdir()
    for path, text in row["disk"].items():
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text if isinstance(text, str) else text[0] * text[1], encoding="utf-8")
    for program in row["programs"]:
        file = programs / program
        file.write_text("#!/bin/sh\n", encoding="utf-8")
        file.chmod(0o755)
    root = row["sessions"][0]["project"]
    return Placed(line.replace(json.dumps(root)[1:-1], json.dumps(str(project))[1:-1]), project, programs)


def told(path: Path, folder: Path) -> tuple[int, list[tuple[str, str]]]:
    """How many right rules are told of the cases of a file where their disks are as they say, and the wrong ones, each with its case's name.

    Args:
        path: an ``on_disk.jsonl``.
        folder: empty.
    """
    right, wrong = 0, []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        own = folder / str(number)
        own.mkdir()
        placed = place(line, own)
        (own / "case.jsonl").write_text(placed.line, encoding="utf-8")
        (case,) = cases(own / "case.jsonl")
        for finding in findings([mine(session) for session in case.sessions], NOW, case.project):
            if not hold(finding.premise, placed.project, str(placed.programs)) or rule_of(finding) is None:
                continue
            right += any(fits(finding, label) for label in case.right)
            if not any(fits(finding, label) for label in (*case.right, *case.fine)):
                wrong.append((case.name, f"{finding.lesson.value} {finding.slots}"))
    return right, wrong
