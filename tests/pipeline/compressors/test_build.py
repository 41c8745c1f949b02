from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Compressor, Content, Rewrite
from pipeline.compressors.build import BuildCompressor
from pipeline.markers import IN_PLACE
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall

BALANCED, LOSSLESS, AGGRESSIVE = (Policy(profile=p) for p in (Profile.BALANCED, Profile.LOSSLESS, Profile.AGGRESSIVE))
B = BuildCompressor()


def bash(command: str) -> ToolCall:
    return describe("1", "Bash", {"command": command}, {})


def compress(text: str, query: str = "", policy: Policy = BALANCED, call: ToolCall | None = None) -> Rewrite | None:
    return B.compress(Content(text, Query.of(query, call), call), policy)


def shown(text: str, query: str = "", policy: Policy = BALANCED, call: ToolCall | None = None) -> list[str]:
    rewrite = compress(text, query, policy, call)
    assert rewrite is not None
    holds(text, rewrite)
    return rewrite.text.split("\n")


def holds(text: str, rewrite: Rewrite) -> None:
    """Every line is either shown as it was, in its place, or within a gap whose marker stands in its place."""
    lines = text.split("\n")
    at = 0
    gaps = iter(rewrite.gaps)
    gap = next(gaps, None)
    for line in rewrite.text.split("\n"):
        if gap is not None and at == gap.first - 1:
            match = IN_PLACE.fullmatch(line)
            assert match is not None, line
            assert (int(match[1]), int(match[2] or match[1])) == (gap.first, gap.last)
            at, gap = gap.last, next(gaps, None)
        else:
            assert line == lines[at]
            at += 1
    assert at == len(lines)
    assert gap is None
    assert rewrite.total == len(lines) - (lines[-1] == "")


def test_it_is_a_compressor() -> None:
    assert isinstance(B, Compressor)
    assert B.name == "build"


# --- what is promised of any text

PIECES = st.sampled_from([
    "============================= test session starts ==============================",
    "=================================== FAILURES ===================================",
    "_________________________________ test_spam ____________________________________",
    "------------------------------ Captured stdout call ----------------------------",
    "=========================== short test summary info ============================",
    "========================= 1 failed, 2 passed in 0.10s ==========================",
    "E       assert 1 == 2", ">       assert x", "    def test_spam():", "tests/test_a.py:3: AssertionError", "PASSED tests/test_a.py::test_b",
    "src/a.ts(1,2): error TS2304: Cannot find name 'spam'.", "src/a.c:3:5: error: expected ';'", "src/a.c:3:5: note: here", "   3 | int x",
    "error[E0308]: mismatched types", "  --> src/main.rs:2:5", "  1:2  error  Unexpected var  no-var", "/src/a.js", "    ^", "[ERROR] A.java:[1,2] no",
    "ok 1 - spam", "not ok 2 - eggs", "  ---", "  ...", "test spam ... ok", "Compiling spam v1.0", "\tat spam (a.js:1:2)", "Traceback (most recent call last):",
    "", " ", "\r", "\x1b[31mred\x1b[0m", "\x00", "\ufeff", "✓ spam (2 ms)", "make: *** [Makefile:2: all] Error 1", "In file included from a.h:1:",
])  # fmt: skip
TEXTS = st.one_of(st.text(max_size=400), st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=60).map("\n".join))


@settings(max_examples=150, deadline=None)
@given(text=TEXTS, times=st.integers(1, 6), query=st.text(max_size=40), profile=st.sampled_from(list(Profile)))
def test_any_text(text: str, times: int, query: str, profile: Profile) -> None:
    text = "\n".join([text] * times)
    content = Content(text, Query(query))
    assert 0 <= B.recognise(content) <= 1
    rewrite = B.compress(content, Policy(profile=profile))
    if rewrite is not None:
        holds(text, rewrite)
        assert len(rewrite.text) < len(text)


def test_nothing_is_left_out_where_that_is_not_allowed() -> None:
    text = "\n".join([f"test spam_{n} ... ok" for n in range(90)])
    assert compress(text) is not None
    assert compress(text, policy=LOSSLESS) is None
    assert compress(text, policy=Policy(elide=False)) is None
