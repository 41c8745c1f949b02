"""A process that is killed before each single step on disk, while it writes, puts back or cleans up: the next one finds all as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Forks once a point, in a process of its own: the hook of the interpreter is called before each step, and cannot be taken away again.
DRIVER = """
import json, os, sys
from pathlib import Path
from headroom_wrap.supervisor.journal import Journal

STEPS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate", "os.link")
state, project, scenario = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
old, new = project / "settings.json", project / "made" / "below" / "new.json"
CHANGES = {old: '{"a": 1, "key": "secret"}', new: "ours"}

def session():
    journal = Journal(state)
    return journal, journal.apply(journal.open_session(), CHANGES)

def whole():
    journal, entry = session()
    journal.undo(entry)

def changed():
    journal, entry = session()
    old.write_text('{"key": "secret",  "a": 2}')
    journal.undo(entry)

def after_a_kill():
    Journal(state).undo_stale()

def dies(act, at):
    pid = os.fork()
    if not pid:
        left = at
        def count(name, arguments):
            nonlocal left
            if name in STEPS:
                left -= 1
                if left < 0:
                    os._exit(9)
        sys.addaudithook(count)
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def tree(top):
    return {str(p.relative_to(top)): p.read_text() if p.is_file() else "" for p in sorted(top.rglob("*"))}

before = '{"a": 1}'
found, at, status = [], 0, 9
while status:
    old.write_text(before)
    if scenario == "after_a_kill":
        dies(lambda: (session(), os._exit(9)), 10**9)
    status = dies(globals()[scenario], at)
    sentences = Journal(state).undo_stale()
    left = tree(project)
    kept = left.pop("settings.json")
    if scenario != "changed" and kept != before or "secret" in kept:
        left["settings.json"] = kept
    found += [[at, sentences, left, tree(state)]] if left or sentences or set(tree(state)) - {"journal", "sessions"} else []
    assert status in (0, 9), status
    at += 1
print(json.dumps([at, found]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["whole", "changed", "after_a_kill"])
def test_nothing_is_left_whenever_it_dies(tmp_path: Path, scenario: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path / "state"), str(project), scenario], capture_output=True, text=True, check=False, env=env
    )
    assert done.returncode == 0, done.stderr
    points, found = json.loads(done.stdout)
    assert points > 20
    assert found == []
