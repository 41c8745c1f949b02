"""All miners together: any session at all, the same value for the same session, time in proportion to its length."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.learn.evidence import findings
from headroom_wrap.learn.findings import SLOTS, decode, encode
from headroom_wrap.learn.miners import LIMIT, mine
from headroom_wrap.learn.miners.outcomes import LIMIT as KEYS
from headroom_wrap.learn.model import Event, Retrieval, Session, ToolUse, UserText
from pipeline.transcript import ToolKind
from tests.cpu import cpu_seconds
from tests.headroom_wrap.learn.labelled.sessions import cases

COMMANDS = (
    "python a.py", "python3 a.py", "uv run pytest -q", "pytest -q", "npm run tests", "npm test", "cd web && npm test", "cat src/a.py", "cat lib/a.py", "rg x src",
    "grep -rn x src", "pytest --timeout=3", "CI=1 npm test", "git push", "bash -lc 'make test'", "source .venv/bin/activate && pytest", "python - <<'P'\nx\nP",
    "for x in a; do b; done", "a || b", "'", "sed -i s/a/b/ c.py", "a | b | c", "sh -c", "cd", "((((", "x=1", "pip install x", "npx vitest", "npx vitest run", "-", "''", "-m",
)  # fmt: skip
RESULTS = (
    "", "bash: python: command not found", "ModuleNotFoundError: No module named 'x'", 'npm error Missing script: "tests"', "Could not read package.json", "No matches found",
    "cat: src/a.py: No such file or directory", "error: unrecognized arguments: --timeout=3", "KeyError: 'CI'", "1 passed", "File does not exist.", "not found in file",
    "exceeds maximum allowed tokens", "denied by a permission rule", "[headroom 3f9a2c7b: 1 of 2 lines left out]", "\ud800", "no tests ran in 1s", "No rule to make target 'x'.",
)  # fmt: skip
PATHS = ("", "src/a.py", "lib/a.py", "/p/src/a.py", "../x", "~/x", "\ud800", "/", ".", "a\0b")
TEXTS = st.sampled_from(("no, use pnpm not npm", "use uv run pytest", "installed", "", "\ud800", "stop")) | st.text(max_size=20)
TIMES = st.sampled_from((0.0, 1.0, 1.76e9)) | st.floats(allow_nan=False, allow_infinity=False)
ARGUMENTS = st.dictionaries(
    st.sampled_from(("pattern", "old_string", "offset", "file_path", "x")),
    st.none() | st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=2),
    max_size=3,
)
USES = st.builds(
    ToolUse,
    id=st.text(max_size=4),
    name=st.sampled_from(("Bash", "Read", "Edit", "Grep")),
    kind=st.sampled_from(ToolKind),
    arguments=ARGUMENTS,
    command=st.sampled_from(COMMANDS) | st.just("") | st.text(max_size=30),
    cwd=st.sampled_from(("", "/p", "/p/web", "p")),
    path=st.sampled_from(PATHS),
    result=st.sampled_from(RESULTS) | st.text(max_size=30),
    result_bytes=st.integers(0, 10**6),
    tokens=st.integers(0, 10**5),
    failed=st.sampled_from((None, True, False)),
    exit_status=st.sampled_from((None, 0, 1, 127, -9)),
    refused=st.booleans(),
    timed_out=st.booleans(),
    interrupted=st.booleans(),
    time=TIMES,
)
EVENTS = USES | USES | USES | st.builds(UserText, TEXTS, TIMES, st.booleans()) | st.builds(Retrieval, st.sampled_from(("3f9a2c7b", "")))
SESSIONS = st.builds(
    Session,
    agent=st.sampled_from(("claude", "")),
    id=st.text(max_size=4),
    project=st.sampled_from(("/p", "", "/", "p", "/p/", "\ud800", "/\ud800")),
    events=st.lists(EVENTS, max_size=14).map(tuple),
)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(st.lists(SESSIONS, max_size=3), st.sampled_from((0.0, 1.76e9)))
def test_any_session(sessions: list[Session], now: float) -> None:
    mined = [mine(s) for s in sessions]
    assert [mine(s) for s in sessions] == mined
    for one in mined:
        assert decode(encode(one)) == one
        for seen in one.observations:
            assert tuple(sorted(seen.slots)) == tuple(sorted(SLOTS[seen.lesson]))
            assert all(seen.slots.values())
    for found in findings(mined, now):
        assert found.id
        assert found.evidence


@pytest.mark.slow
def test_what_a_session_gives_is_bounded() -> None:
    uses = [
        ToolUse(str(i), "Bash", ToolKind.SHELL, command=f"pytest --o{i}", result=f"unrecognized arguments: --o{i}", failed=True) for i in range(1000)
    ]
    events: list[Event] = [e for use in uses for e in (use, ToolUse("x", "Bash", ToolKind.SHELL, command="pytest", failed=False), use)]
    events += [ToolUse(str(i), "Bash", ToolKind.SHELL, command=f"tool{i} a", failed=False) for i in range(2000)]
    mined = mine(Session("claude", "s", "/p", events=tuple(events)))
    assert len(mined.observations) == LIMIT
    assert len(mined.outcomes) == KEYS


@pytest.mark.slow
def test_time_grows_with_the_length() -> None:
    events = tuple(e for _, _, sessions, _ in cases() for s in sessions for e in s.events)
    short, long = (cpu_seconds(partial(mine, Session("claude", "s", "/home/dev/x", events=events * n)), 3) for n in (1, 8))
    assert long < 8 * short * 2.5 + 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        "'",
        "(",
        "-x ",
        "a/",
        "A_",
        "a: ",
        "&& ",
        "cd a && ",
        "A=b ",
        "\n",
        "No such file or directory",
        "[headroom 3f9a2c7b ",
        ": a",
        "--a",
        "<<",
    ],
)
def test_hostile_texts_take_no_longer_than_others(unit: str) -> None:
    text = unit * (8192 // len(unit))
    events: list[Event] = []
    for i in range(20):
        events += [
            ToolUse(f"a{i}", "Bash", ToolKind.SHELL, command=text[:3900], result=text, failed=True, exit_status=1),
            ToolUse(f"b{i}", "Bash", ToolKind.SHELL, command="python a.py | b", result=text),
            ToolUse(f"c{i}", "Read", ToolKind.READ, {"file_path": text}, path=text, result=text, failed=True),
            ToolUse(f"d{i}", "Edit", ToolKind.EDIT, {"old_string": text}, path="a.py", result=text + "not found in file", failed=True),
            ToolUse(f"e{i}", "Grep", ToolKind.SEARCH, {"pattern": text}, path=text, result=text, refused=True),
            UserText(text),
        ]
    assert cpu_seconds(lambda: mine(Session("claude", "s", "/p", events=tuple(events)))) < 3.0
