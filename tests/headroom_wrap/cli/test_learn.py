"""``headroom learn`` and ``headroom unlearn`` over a transcript of Claude Code's; and what is said when a wrapped session has ended."""

from __future__ import annotations

import json
import os
import pty
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from headroom_wrap.cli import learn, learned, unlearn
from headroom_wrap.config import load, surroundings
from headroom_wrap.learn import session_end
from headroom_wrap.learn.proposal import Place, propose
from headroom_wrap.learn.session_end import Ending, Looking, Taught, TooLateError, UntoldError
from headroom_wrap.learn.state import Memory
from tests.headroom_wrap.learn.findings import finding

RULE = "`tally` is not installed here; use `tally2`."


def transcript(home: Path, project: Path) -> Path:
    """A session in which ``tally`` is not found and ``tally2`` is."""
    base = {"sessionId": "s-1", "cwd": str(project), "version": "2.1.197", "isSidechain": False, "timestamp": "2026-01-01T00:00:00Z"}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    rows = [{"type": "user", "uuid": "u0", "message": {"role": "user", "content": "Count."}}]
    for n, (command, result, failed) in enumerate(
        (("tally src", "Exit code 127\n/bin/bash: line 1: tally: command not found", True), ("tally2 src", "30", False))
    ):
        use = {"type": "tool_use", "id": f"t{n}", "name": "Bash", "input": {"command": command}}
        usage = {"input_tokens": 10, "output_tokens": 5}
        rows.append(
            {
                "type": "assistant",
                "uuid": f"a{n}",
                "message": {"id": f"m{n}", "role": "assistant", "model": "claude-opus-4-8", "content": [use], "usage": usage},
            }
        )
        back = {"type": "tool_result", "tool_use_id": f"t{n}", "content": result, "is_error": failed}
        rows.append({"type": "user", "uuid": f"r{n}", "message": {"role": "user", "content": [back]}})
    path = home / ".claude" / "projects" / "".join(c if c.isalnum() else "-" for c in str(project)) / "s-1.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({**base, **row, "timestamp": now}) + "\n" for row in rows))
    return path


@pytest.fixture
def project(private_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "tally2").write_text("")
    (programs / "tally2").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(path)
    transcript(private_home, path)
    return path


def called(command, *arguments: str):
    return CliRunner().invoke(command, list(arguments), catch_exceptions=False)


def test_a_dry_run_an_application_and_its_removal(project: Path) -> None:
    (project / "CLAUDE.local.md").write_bytes(b"Mine, no line end")
    dry = called(learn.command)
    assert dry.exit_code == 0, dry.output
    assert dry.output.startswith("1 session read.\n")
    assert f"+- {RULE}" in dry.output
    assert "Nothing was written" in dry.output
    assert (project / "CLAUDE.local.md").read_bytes() == b"Mine, no line end"
    done = called(learn.command, "--apply")
    assert f"Written: {project / 'CLAUDE.local.md'}" in done.output
    assert RULE in (project / "CLAUDE.local.md").read_text()
    assert "Written" not in called(learn.command, "--apply").output
    removed = called(unlearn.command)
    assert removed.output == f"{project / 'CLAUDE.local.md'}: our block is out.\n"
    assert (project / "CLAUDE.local.md").read_bytes() == b"Mine, no line end"
    assert "Written" not in called(learn.command, "--apply").output, "it does not come back by itself"
    assert "Written" in called(learn.command, "--apply", "--again").output
    called(unlearn.command)
    assert called(unlearn.command).output == "Nothing of ours stands in this project's instruction files.\n"


def test_a_file_that_we_made_goes(project: Path) -> None:
    called(learn.command, "--apply")
    assert [p.name for p in project.iterdir()] == ["CLAUDE.local.md"]
    assert "there was nothing else in it" in called(unlearn.command, "--project", str(project)).output
    assert not list(project.iterdir())


def test_what_a_session_that_ends_meanwhile_remembers_stays(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called(learn.command, "--apply")
    memory = Memory(load(surroundings()).state)
    write = unlearn.write

    def writes(*arguments):
        memory.update(project, lambda known: known.refusing({"r1": "Use `x`."}))
        write(*arguments)

    monkeypatch.setattr(unlearn, "write", writes)
    called(unlearn.command)
    refused = memory.record(project).refused
    assert refused.pop("r1") == "Use `x`."
    assert len(refused) == 1


def test_lines_of_the_users_stay(project: Path) -> None:
    called(learn.command, "--apply")
    path = project / "CLAUDE.local.md"
    path.write_text(path.read_text().replace(f"- {RULE}\n", f"- {RULE}\n- Mine.\n"))
    assert "1 line of yours stayed" in called(unlearn.command).output
    assert path.read_text() == "- Mine.\n"


def test_the_same_from_every_folder_of_a_repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".git").mkdir()
    (project / "web").mkdir()
    monkeypatch.chdir(project / "web")
    called(learn.command, "--apply", "--target", "CLAUDE.local.md")
    assert RULE in (project / "CLAUDE.local.md").read_text()
    assert "our block is out" in called(unlearn.command).output or not (project / "CLAUDE.local.md").exists()
    assert not list((project / "web").iterdir())


def test_json(project: Path, private_home: Path) -> None:
    (private_home / ".claude" / "projects" / "x").mkdir()
    (private_home / ".claude" / "projects" / "x" / "broken.jsonl").write_bytes(b"\0\xff not json\n")
    said = json.loads(called(learn.command, "--json", "--all", "--since", "2d").output)
    (found,) = said["projects"][0]["findings"]
    assert (found["rule"], found["goes_to"], found["sessions"], found["lesson"]) == (RULE, "CLAUDE.local.md", 1, "use_program")
    assert found["wasted_tokens"] > 0
    assert found["cost"] > 0
    assert found["evidence"][0]["session"] == "s-1"
    assert said["projects"][0]["files"][0]["needs_consent"] is False
    assert said["sessions"] == 1


def test_what_had_to_be_brought_back_is_shown(project: Path, private_home: Path) -> None:
    path = transcript(private_home, project)
    for session in ("s-2", "s-3"):
        text = path.read_text().replace("s-1", session).replace('"30"', '"30\\n[headroom 3f9a2c7b: 2 of 3 lines left out]"')
        rows = [json.loads(line) for line in text.splitlines()]
        use = {"type": "tool_use", "id": "t9", "name": "mcp__headroom__headroom_retrieve", "input": {"handle": "3f9a2c7b"}}
        rows.append({**rows[-1], "type": "assistant", "uuid": "a9", "message": {"id": "m9", "role": "assistant", "content": [use]}})
        for row in rows:
            for block in row["message"]["content"] if isinstance(row["message"]["content"], list) else ():
                for name in ("id", "tool_use_id"):
                    block.update({name: f"{session}-{block[name]}"} if name in block else {})
        path.with_name(f"{session}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert "Left out by Headroom and brought back: results of `tally2`, in 2 sessions." in called(learn.command).output
    (shown,) = json.loads(called(learn.command, "--json").output)["projects"]
    assert shown["retrieved"] == [{"tool": "tally2", "seen": 2, "sessions": 2}]


def test_a_tracked_file_needs_to_be_named(project: Path) -> None:
    import subprocess

    (project / "CLAUDE.local.md").write_text("Ours.\n")
    for command in (["init", "-q"], ["add", "CLAUDE.local.md"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    dry = called(learn.command)
    assert "CLAUDE.local.md is tracked by git: it is written only if you say so." in dry.output
    done = called(learn.command, "--apply")
    assert done.exit_code == 1
    assert (project / "CLAUDE.local.md").read_text() == "Ours.\n"
    assert called(learn.command, "--apply", "--target", "CLAUDE.local.md").exit_code == 0
    assert RULE in (project / "CLAUDE.local.md").read_text()


def test_other_sessions_are_left_out(project: Path, tmp_path: Path) -> None:
    for arguments in (("--agent", "codex"), ("--since", "0m"), ("--project", str(tmp_path / "programs"))):
        assert "Nothing was found" in called(learn.command, *arguments).output or "0 sessions" in called(learn.command, *arguments).output
    assert called(learn.command, "--since", "yesterday").exit_code == 2
    assert called(learn.command, "--all", "--target", "x").exit_code == 2


def test_nobody_to_judge(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    from headroom_wrap.errors import UserError

    with pytest.raises(UserError, match="nobody to judge"):
        called(learn.command, "--judge")


def test_a_judge(project: Path, tmp_path: Path) -> None:
    agent = tmp_path / "programs" / "claude"
    agent.write_text(
        f"#!{sys.executable}\nimport json, os, re, sys\nassert os.listdir('.') == []\nassert '--tools' in sys.argv\n"
        'i = re.search(\'"id": "([0-9a-f]+)"\', sys.stdin.read())[1]\n'
        "print(json.dumps({'rules': [{'id': i, 'text': 'Call `tally2`, not `tally`.'}]}))\n"
    )
    agent.chmod(0o755)
    assert "Call `tally2`, not `tally`." in called(learn.command, "--judge").output
    agent.write_text("#!/bin/sh\nexit 3\n")
    done = called(learn.command, "--judge")
    assert "it ended with status 3" in done.output
    assert RULE in done.output


# ----- at a session's end -------------------------------------------------------------------------------------------------------------


def ending(home: Path) -> Ending:
    return Ending("claude", 0.0, home / "state")


@pytest.mark.slow
def test_what_a_session_taught(project: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_end, "PATIENCE_S", 60.0)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    taught = Looking(ending(private_home), surroundings()).taught()
    (change,) = taught.changes
    assert change.merged.added == (RULE,)
    assert taught.sessions[RULE] == 1
    assert change.held.path == project / "CLAUDE.local.md"
    transcript(private_home, project).unlink()
    assert Looking(ending(private_home), surroundings()).taught().changes == taught.changes, "earlier sessions are remembered"


def test_when_reading_takes_too_long_what_is_known_has_to_do(project: Path, private_home: Path) -> None:
    late = Ending("claude", 0.0, private_home / "state", until=0.0)
    taught = session_end.look(late, surroundings(), time.time)
    assert taught.sessions == {}
    assert "too long to be read whole" in taught.problems[0]
    assert Memory(private_home / "state").recall() == ()
    session_end.look(ending(private_home), surroundings(), time.time)
    taught = session_end.look(late, surroundings(), time.time)
    assert taught.sessions == {RULE: 1}, "what was read before is known"


def test_it_takes_no_longer_than_it_may(project: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_end, "PATIENCE_S", 0.0)
    monkeypatch.setattr(session_end.own, "module", lambda name: (sys.executable, "-c", "import time; time.sleep(60)"))
    looking = Looking(ending(private_home), surroundings())
    with pytest.raises(TooLateError):
        looking.taught()
    assert looking._process.returncode is not None


def test_a_failure_is_told(project: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_end, "PATIENCE_S", 60.0)
    monkeypatch.setattr(session_end.own, "module", lambda name: (sys.executable, "-c", "raise KeyError('a thing')"))
    with pytest.raises(UntoldError, match="a thing"):
        Looking(ending(private_home), surroundings()).taught()


class Known:
    """In the place of `Looking`."""

    def __init__(self, taught: Taught | BaseException) -> None:
        self._taught = taught

    def taught(self) -> Taught:
        if isinstance(self._taught, BaseException):
            raise self._taught
        return self._taught


def taught(project: Path, state: Path, agent: str = "claude") -> Taught:
    record = Memory(state).record(project)
    proposal = propose(Place(project, Path("/home/ada"), ""), [finding()], (agent,), record)
    return Taught(proposal.changes, record, {rule.text: 3 for rule in proposal.rules}, ("A.md is read-only.",))


@pytest.fixture
def settings(private_home: Path):
    return load(surroundings(), {"state": str(private_home / "state")})


def test_a_private_file_is_written_and_told_of(project: Path, settings, capsys: pytest.CaptureFixture[str]) -> None:
    learned.finish(Known(taught(project, settings.state)), settings)
    said = capsys.readouterr().err
    assert "headroom: A.md is read-only.\n" in said
    assert "headroom: learned: `python` is not installed here; use `python3`. (3 sessions)\n" in said
    assert "  +- `python` is not installed here; use `python3`.\n" in said
    assert "headroom: written to CLAUDE.local.md. headroom unlearn takes it out" in said
    assert (project / "CLAUDE.local.md").exists()
    (project / "CLAUDE.local.md").write_text("# All gone\n")
    learned.finish(Known(taught(project, settings.state)), settings)
    assert Memory(settings.state).record(project).refused, "what was deleted is remembered without a word"


def tracked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from headroom_wrap.learn import git

    monkeypatch.setattr(git, "standing", lambda path: git.Standing.TRACKED)


def test_nobody_is_asked_without_a_terminal(project: Path, settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    tracked(project, monkeypatch)
    learned.finish(Known(taught(project, settings.state, "codex")), settings)
    assert "1 rule learned, not written, because AGENTS.md is tracked by git. headroom learn shows it" in capsys.readouterr().err
    assert not (project / "AGENTS.md").exists()


@pytest.mark.parametrize(
    ("typed", "written", "refused"), [(b"y\n", True, False), (b"n\n", False, False), (b"v\n", False, True), (b"\x04", False, False)]
)
def test_on_a_terminal_one_is_asked(project: Path, settings, monkeypatch: pytest.MonkeyPatch, typed: bytes, written: bool, refused: bool) -> None:
    tracked(project, monkeypatch)
    known = Known(taught(project, settings.state, "codex"))
    pid, terminal = pty.fork()
    if pid == 0:
        code = 1
        try:
            sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
            learned.finish(known, settings)
            code = 0
        finally:
            os._exit(code)
    seen = b""
    while b"ne[v]er: " not in seen:
        seen += os.read(terminal, 4096)
    os.write(terminal, typed)
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            break
        if not chunk:
            break
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert (project / "AGENTS.md").exists() is written
    assert bool(Memory(settings.state).record(project).refused) is refused


@pytest.mark.parametrize("error", [TooLateError(), UntoldError("why"), KeyboardInterrupt(), RuntimeError("x")], ids=lambda e: type(e).__name__)
def test_nothing_is_raised_whatever_happens(settings, capsys: pytest.CaptureFixture[str], error: BaseException) -> None:
    learned.finish(Known(error), settings)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_whose_transcripts_can_be_read() -> None:
    from headroom_wrap.learn.readers.registry import READERS

    assert set(READERS) == learned.AGENTS
