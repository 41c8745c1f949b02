from __future__ import annotations

from headroom_wrap.cli.receipt import instruction_lines, process_lines
from headroom_wrap.supervisor.instructions import Change, Duplicate, InstructionFile, Instructions, Who
from headroom_wrap.supervisor.processes import Left, Processes


def test_nothing_is_said_of_no_instructions() -> None:
    assert instruction_lines(Instructions()) == []
    assert instruction_lines(Instructions((InstructionFile("src/CLAUDE.md", 100, always=False),))) == []


def test_weight_duplicates_and_changes() -> None:
    files = tuple(InstructionFile(f"{name}.md", tokens) for name, tokens in (("A", 3000), ("B", 200), ("C", 20), ("D", 2)))
    changes = (Change("A.md", 1.0, 10, 20, Who.OTHER), Change("B.md", 2.0, None, 20, Who.HEADROOM), Change("A.md", 3.0, 20, 3000, Who.AGENT))
    told = instruction_lines(Instructions(files, changes, (Duplicate("A.md", "B.md", 2, 150),)))
    assert told == [
        "every request carries ~3,222 tokens of instructions (A.md, B.md, C.md and 1 more); ~150 of them stand in A.md and again in B.md.",
        "instructions changed during the session: A.md (the agent), B.md (Headroom).",
    ]


def test_processes_that_outlived_the_agent() -> None:
    left = (Left(7, "node server.js", 120_400_000, ended=True), Left(9, "postgres -D data", 64_000_000, ended=False))
    assert process_lines("claude", Processes(3.0, 1, left)) == [
        "ended what claude left running: node server.js (process 7, 120 MB).",
        "claude started what still runs, detached from it: postgres -D data (process 9, 64 MB).",
    ]
    assert process_lines("claude", Processes(3.0, 1)) == []
