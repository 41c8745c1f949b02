"""A case's project laid out in a folder, so that what its rules take for granted can be looked up there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


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
