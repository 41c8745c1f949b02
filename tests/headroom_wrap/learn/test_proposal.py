from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from headroom_wrap.learn import git
from headroom_wrap.learn.applied import apply, refuse
from headroom_wrap.learn.findings import Kind, Lesson, PathExists
from headroom_wrap.learn.git import Standing
from headroom_wrap.learn.proposal import BUDGET, NO_ROOM, REFUSED, UNTRUE, Place, Proposal, propose, untold
from headroom_wrap.learn.state import Memory
from headroom_wrap.learn.writer import WriteError
from pipeline import tokens
from tests.headroom_wrap.learn.findings import finding

PYTHON = finding(weight=5, wrong="python", right="python3")
TESTS = finding(Lesson.TEST_COMMAND, kind=Kind.FACT, weight=4, command="make test")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    return path


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "state")


def proposed(project: Path, memory: Memory, findings=(PYTHON, TESTS), agents=("claude",), **more) -> Proposal:
    return propose(Place(project, Path("/home/ada"), ""), findings, agents, memory.record(project), **more)


def carried_out(proposal: Proposal, memory: Memory) -> None:
    record = proposal.record
    for change in proposal.changes:
        record = apply(change, record, memory)


def test_the_users_own_file_is_made_and_goes_again(project: Path, memory: Memory) -> None:
    first = proposed(project, memory)
    assert not list(project.iterdir()), "nothing is written by proposing"
    (change,) = first.news
    assert (change.shown, change.standing, change.shared) == ("CLAUDE.local.md", Standing.OUTSIDE, False)
    assert "+- The tests: `make test`.\n" in change.diff()
    assert change.diff().startswith("--- /dev/null\n+++ CLAUDE.local.md\n")
    carried_out(first, memory)
    second = proposed(project, memory)
    assert second.news == ()
    assert set(second.where.values()) == {"CLAUDE.local.md"}
    third = proposed(project, memory, ())
    assert third.news[0].after is None
    carried_out(third, memory)
    assert not list(project.iterdir())
    assert memory.record(project).files == {}


def test_the_same_findings_give_the_same_file(project: Path, memory: Memory) -> None:
    one, other = proposed(project, memory, (PYTHON, TESTS)), proposed(project, memory, (TESTS, PYTHON))
    assert one.news[0].after == other.news[0].after


def test_what_the_user_deleted_stays_deleted(project: Path, memory: Memory) -> None:
    carried_out(proposed(project, memory), memory)
    path = project / "CLAUDE.local.md"
    path.write_text(path.read_text().replace("- The tests: `make test`.\n", ""))
    for _ in range(2):
        later = proposed(project, memory)
        assert later.news == ()
        assert later.where[TESTS.id] == REFUSED
        carried_out(later, memory)
    assert b"make test" in (proposed(project, memory, again=True).news[0].after or b"")


def test_a_file_that_the_user_deleted_stays_deleted(project: Path, memory: Memory) -> None:
    carried_out(proposed(project, memory), memory)
    (project / "CLAUDE.local.md").unlink()
    for _ in range(2):
        later = proposed(project, memory)
        assert (later.news, set(later.where.values())) == ((), {REFUSED})
        carried_out(later, memory)
    assert proposed(project, memory, agents=("claude", "codex")).news == (), "nor in another file"
    assert (proposed(project, memory, again=True).news[0].after or b"").count(b"\n- ") == 2


@pytest.mark.slow
@pytest.mark.parametrize("committed", [True, False])
def test_a_file_that_another_branch_has_not_is_not_deleted(project: Path, memory: Memory, *, committed: bool) -> None:
    def told(*arguments: str) -> None:
        author = ("-c", "user.name=u", "-c", "user.email=u@example.com")
        subprocess.run(["git", *author, *arguments], cwd=project, check=True, capture_output=True)

    told("init", "--initial-branch=main")
    told("commit", "--allow-empty", "-m", "first")
    told("checkout", "-b", "other")
    carried_out(proposed(project, memory), memory)
    if committed:
        told("add", "CLAUDE.local.md")
        told("commit", "-m", "second")
        told("checkout", "main")
    else:
        (project / "CLAUDE.local.md").unlink()
    news = proposed(project, memory).news
    assert bool(news) == committed
    assert not committed or (news[0].after or b"").count(b"\n- ") == 2


@pytest.mark.parametrize(
    "where", ["../bashrc", "../new.md", "/dev/null", "Makefile", ".envrc", ".git/hooks/a.md", ".git/hooks/post-checkout", "sub/x.md"]
)
def test_a_link_leads_to_no_other_file_unasked(project: Path, memory: Memory, where: str) -> None:
    (project.parent / "bashrc").write_text("alias a=b\n")
    (project / "Makefile").write_text("all:\n")
    (project / "sub").symlink_to(project.parent)
    (project / "AGENTS.md").symlink_to(where)
    proposal = proposed(project, memory, agents=("claude", "codex"))
    assert [change.shown for change in proposal.changes] == ["CLAUDE.local.md"], "where there is no link it is written"
    (problem,) = proposal.problems
    assert problem.startswith(f"AGENTS.md is a link to {os.path.realpath(project / where)}, ")
    assert problem.endswith("name it with --target to write there.")
    assert proposed(project, memory, (), ("codex",)).problems == (), "where there is nothing to write there is nothing to say"
    if where == "../bashrc":
        assert proposed(project, memory, target="AGENTS.md").changes[0].held.path == project.parent / "bashrc"


@pytest.mark.parametrize("where", ["docs/rules.md", "CLAUDE.md", ".cursorrules", ".rules", "docs/AGENTS"])
def test_a_link_within_a_project_is_followed_though_that_is_reached_by_one(project: Path, memory: Memory, where: str) -> None:
    (project.parent / "link").symlink_to(project)
    (project / "docs").mkdir()
    (project / "AGENTS.md").symlink_to(where)
    proposal = proposed(project.parent / "link", memory, agents=("codex",))
    assert (proposal.problems, proposal.changes[0].shown) == ((), where)


@pytest.mark.parametrize("how", ["link", "import", "import of an import"])
def test_what_comes_with_another_file_is_not_told_twice(project: Path, memory: Memory, how: str) -> None:
    (project / "AGENTS.md").write_text("Shared.\n")
    if how == "link":
        (project / "CLAUDE.md").symlink_to("AGENTS.md")
    else:
        (project / "CLAUDE.md").write_text("See @AGENTS.md.\n".replace(".md.", ".md") if how == "import" else "@docs/all.md\n")
        (project / "docs").mkdir()
        (project / "docs" / "all.md").write_text("- @../AGENTS.md\n")
    both = proposed(project, memory, agents=("claude", "codex"))
    assert [change.shown for change in both.news] == ["AGENTS.md"]
    carried_out(both, memory)
    later = proposed(project, memory, agents=("claude", "codex"), only="claude")
    assert (later.news, set(later.where.values())) == ((), {"AGENTS.md"})
    large = finding(Lesson.READ_RANGES, kind=Kind.LARGE_FILE, path="big.log", agents=("claude",))
    (own,) = proposed(project, memory, (PYTHON, TESTS, large), ("claude", "codex")).news
    assert (own.shown, own.merged.added) == ("CLAUDE.local.md", ("`big.log` is too large to be read whole; read ranges of lines.",))


def test_a_rule_stays_in_the_file_where_it_stands(project: Path, memory: Memory) -> None:
    agents = ("codex", "copilot", "gemini")
    first = finding(agents=("codex",) * 2 + ("gemini",))
    carried_out(proposed(project, memory, (first,), agents), memory)
    standing = {p.name: p.read_bytes() for p in project.iterdir()}
    later = finding(agents=("gemini",) * 5 + ("codex",))
    assert proposed(project, memory, (later,), agents).news == (), "whoever shows it most since"
    assert {p.name: p.read_bytes() for p in project.iterdir()} == standing


def test_a_refusal_is_remembered(project: Path, memory: Memory) -> None:
    first = proposed(project, memory)
    refuse(first.news[0], first.record, memory)
    assert proposed(project, memory).news == ()


def test_of_two_sessions_that_end_at_once_none_forgets_what_the_other_was_told(project: Path, memory: Memory) -> None:
    mine, theirs = proposed(project, memory, (PYTHON,)), proposed(project, memory, (TESTS,), ("codex",))
    refuse(theirs.news[0], theirs.record, memory)
    after = apply(mine.news[0], mine.record, memory)
    assert after == memory.record(project)
    assert (list(after.refused), [Path(path).name for path in after.files]) == ([TESTS.id], ["CLAUDE.local.md"])
    others = proposed(project, memory, (TESTS, finding(Lesson.BUILD_COMMAND, kind=Kind.FACT, command="make")), ("codex",), again=True)
    memory.update(project, lambda known: known.refusing({"x": "X."}))
    assert set(refuse(others.news[0], mine.record, memory).refused) > {TESTS.id, "x"}
    assert "CLAUDE.local.md" in str(memory.record(project).files)


def test_what_is_not_so_on_disk_is_not_written(project: Path, memory: Memory) -> None:
    there = finding(Lesson.ENTRY_POINT, path="main.py", premise=(PathExists("main.py"),))
    assert proposed(project, memory, (there,)).where == {there.id: UNTRUE}
    (project / "main.py").write_text("")
    carried_out(proposed(project, memory, (there,)), memory)
    assert (project / "CLAUDE.local.md").exists()
    (project / "main.py").unlink()
    carried_out(proposed(project, memory, (there,)), memory)
    assert not (project / "CLAUDE.local.md").exists()


@pytest.mark.slow
def test_a_block_has_its_budget(project: Path, memory: Memory) -> None:
    many = [finding(Lesson.ENTRY_POINT, weight=100 - n, path=f"src/module_{n:02}/with/a/long/path/file_{n}.py") for n in range(60)]
    proposal = proposed(project, memory, many)
    text = (proposal.news[0].after or b"").decode()
    assert BUDGET - 30 <= tokens.count(text) <= BUDGET
    assert "module_00" in text
    assert proposal.where[many[-1].id] == NO_ROOM


def test_a_file_that_others_get_is_not_the_users_alone(project: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    for standing, shared in ((Standing.TRACKED, True), (Standing.UNTRACKED, True), (Standing.IGNORED, False), (Standing.OUTSIDE, False)):
        monkeypatch.setattr(git, "standing", lambda path, standing=standing: standing)
        (change,) = proposed(project, memory, agents=("codex",)).news
        assert (change.shown, change.shared) == ("AGENTS.md", shared)
    monkeypatch.setattr(git, "standing", lambda path: Standing.UNTRACKED)
    assert not proposed(project, memory).news[0].shared, "CLAUDE.local.md is the user's by its name"


def test_links_between_instruction_files_are_one_file(project: Path, memory: Memory) -> None:
    (project / "AGENTS.md").write_text("Shared.\n")
    (project / "GEMINI.md").symlink_to("AGENTS.md")
    proposal = proposed(project, memory, agents=("codex", "gemini"))
    (change,) = proposal.news
    assert change.shown == "AGENTS.md"
    assert (change.after or b"").count(b"python3") == 1
    carried_out(proposal, memory)
    assert (project / "GEMINI.md").is_symlink()


def test_what_one_agents_tools_do_is_not_told_to_another(project: Path, memory: Memory) -> None:
    large = finding(Lesson.READ_RANGES, kind=Kind.LARGE_FILE, path="big.log", agents=("claude",))
    proposal = proposed(project, memory, (large, PYTHON), agents=("claude", "codex"))
    told = {change.shown: change.merged.added for change in proposal.news}
    assert any("big.log" in said for said in told["CLAUDE.local.md"])
    assert not any("big.log" in said for said in told["AGENTS.md"])
    assert all(any("python3" in said for said in added) for added in told.values())


def test_a_named_file(project: Path, memory: Memory) -> None:
    (project / "docs").mkdir()
    (change,) = proposed(project, memory, target="docs/agents.md").news
    assert change.shown == "docs/agents.md"
    assert proposed(project, memory, target="none/agents.md").problems


def test_files_that_cannot_be_written_are_named(project: Path, memory: Memory) -> None:
    (project / "CLAUDE.local.md").write_text("<!-- /headroom learn -->\n")
    proposal = proposed(project, memory)
    assert proposal.changes == ()
    assert proposal.problems == ("CLAUDE.local.md: the block of `headroom learn` has lost its first or its last line; take the rest away, too.",)


def test_a_judge_sees_only_new_rules(project: Path, memory: Memory) -> None:
    seen: list[list[str]] = []

    def judge(rules):
        seen.append([rule.text for rule in rules])
        return [replace(rule, text="Say `make test`.") for rule in rules if "make test" in rule.text]

    carried_out(proposed(project, memory, judge=judge), memory)
    assert len(seen[0]) == 2
    assert "- Say `make test`.\n" in (project / "CLAUDE.local.md").read_text()
    assert "python3" not in (project / "CLAUDE.local.md").read_text()
    proposed(project, memory, judge=judge)
    assert seen[1] == ["`python` is not installed here; use `python3`."]
    assert proposed(project, memory, (TESTS,)).news == (), "its words stay"


def test_a_change_that_comes_too_late(project: Path, memory: Memory) -> None:
    proposal = proposed(project, memory)
    (project / "CLAUDE.local.md").write_text("Mine.\n")
    with pytest.raises(WriteError, match="changed meanwhile"):
        carried_out(proposal, memory)
    assert (project / "CLAUDE.local.md").read_text() == "Mine.\n"
    assert memory.record(project).files == {}


def test_what_stands_around_is_shown_without_control_characters(project: Path, memory: Memory) -> None:
    (project / "CLAUDE.local.md").write_bytes(b"\x1b[2J evil\xff\r\n")
    shown = proposed(project, memory).news[0].diff()
    assert "\x1b" not in shown
    assert all(line.isprintable() for line in shown.split("\n"))


def test_what_cannot_be_told_is_counted(project: Path) -> None:
    unfit = finding(wrong="python", right="x`y")
    assert untold([unfit, PYTHON, finding(Lesson.RETRIEVED, kind=Kind.RETRIEVAL, tool="Bash")]) == (unfit,)


def test_who_reads_two_files_is_told_once_whoevers_session_it_was(project: Path, memory: Memory) -> None:
    agents = ("codex", "copilot", "gemini")
    carried_out(proposed(project, memory, (PYTHON,), agents, only="codex"), memory)
    assert [p.name for p in project.iterdir()] == ["AGENTS.md"]
    later = proposed(project, memory, (PYTHON,), agents, only="gemini")
    assert (later.news, later.where) == ((), {PYTHON.id: "AGENTS.md"})
    assert proposed(project, memory, (PYTHON,), ("codex", "gemini"), only="gemini").news, "if nobody reads both, both are told"


PROGRAM = """
from pathlib import Path
from headroom_wrap.learn.findings import Lesson
from headroom_wrap.learn.proposal import Place, propose
from headroom_wrap.learn.state import Record
from tests.headroom_wrap.learn.findings import finding
agents = ("codex", "gemini", "copilot", "claude")
found = [finding(Lesson.ENTRY_POINT, path=f"a/b{n}.py", agents=agents[: n % 4 + 1]) for n in range(30)]
here = Path.cwd()
print([(c.shown, c.after) for c in propose(Place(here, here, ""), found, agents, Record(str(here))).changes])
"""


@pytest.mark.slow
def test_files_are_the_same_in_every_process(project: Path) -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=project, env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }  # fmt: skip
    assert len(said) == 1
    assert b"b29.py" in said.pop()
