from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.search import SearchCompressor
from pipeline.policy import Policy, Profile
from pipeline.query import Query
from pipeline.tool_calls import describe
from pipeline.transcript import ToolCall
from tests.pipeline.compressors.test_git_log import restored

BALANCED, LOSSLESS, AGGRESSIVE = (Policy(profile=p) for p in (Profile.BALANCED, Profile.LOSSLESS, Profile.AGGRESSIVE))
S = SearchCompressor()


def bash(command: str) -> ToolCall:
    return describe("1", "Bash", {"command": command}, {})


GREP = bash("grep -rc 'import spam' --include=*.py .")
NUMBERS = [*[0] * 40, 8, *[0] * 40, 1, 3, *[0] * 20, 5]
COUNTS = [f"./src/module_{n}.py:{number}" for n, number in enumerate(NUMBERS)]
LENGTHS = [*(f"{number:7} ./src/module_{n}.py" for n, number in enumerate(range(100, 300))), "  39900 total"]


def compress(lines: Sequence[str], query: str = "", policy: Policy = BALANCED, call: ToolCall | None = GREP) -> Rewrite | None:
    return S.compress(Content("\n".join(lines), Query(query), call), policy)


def shown(lines: Sequence[str], query: str = "", policy: Policy = BALANCED, call: ToolCall | None = GREP) -> list[str]:
    rewrite = compress(lines, query, policy, call)
    assert rewrite is not None
    assert restored(rewrite, lines) == list(lines)
    return rewrite.text.split("\n")


@pytest.mark.parametrize("call", [GREP, None, bash("rg --count-matches spam"), describe("1", "Grep", {"output_mode": "count"}, {})])
def test_counts_are_no_hits(call: ToolCall | None) -> None:
    assert S.recognise(Content("\n".join(COUNTS), call=call)) == 0.9
    assert shown(COUNTS, "how often in module_3.py?", call=call) == [
        "[… 1-3]",
        COUNTS[3],
        "[… 5-40: 36 files with 0]",
        COUNTS[40],
        "[… 42-81: 40 files with 0]",
        COUNTS[81],
        COUNTS[82],
        "[… 84-103: 20 files with 0]",
        COUNTS[103],
    ]
    rewrite = compress(COUNTS, call=call)
    assert rewrite is not None
    assert rewrite.summary == "100 files with 0; every file with 1 or more shown"


def test_numbers_that_were_found_are_no_counts() -> None:
    found = [f"./src/module_{n}.py:{n + 1}" for n in range(80)]
    rewrite = compress(found, "module_3.py", call=bash("grep -ro '[0-9]*' ."))
    assert rewrite is None or " with " not in rewrite.text
    twice = [f"./src/module_{n // 2}.py:{n}" for n in range(80)]
    rewrite = compress(twice, "module_3.py")
    assert rewrite is None or " with " not in rewrite.text


def test_of_many_the_largest_stay_and_of_one_count_all_or_none() -> None:
    numbers = [*[1] * 70, *[2] * 30, *[3] * 20, 9]
    lines = [f"./src/module_{n}.py:{number}" for n, number in enumerate(numbers)]
    rewrite = compress(lines, "in which is it most?")
    assert rewrite is not None
    assert rewrite.summary == "70 files with 1; every file with 2 or more shown"
    assert rewrite.text.split("\n") == ["[… 1-70: 70 files with 1]", *lines[70:]]
    assert compress(lines, "in which is it most?", AGGRESSIVE) is not None
    assert compress([f"./src/module_{n}.py:4" for n in range(90)], call=GREP) is not None


def test_what_is_no_count_stays() -> None:
    lines = [*COUNTS, "", "Found 17 total occurrences across 4 files."]
    assert lines[-1] in shown(lines)


def test_lengths_of_files() -> None:
    call = bash("find . -name '*.py' | xargs wc -l")
    assert S.recognise(Content("\n".join(LENGTHS), call=call)) == 0.9
    text = shown(LENGTHS, "how long is module_7.py?", call=call)
    assert text[:3] == ["[… 1-7]", LENGTHS[7], "[… 9-140: 132 files with 108-239]"]
    assert text[-1] == "  39900 total"
    assert not S.recognise(Content("\n".join(LENGTHS[:-1]), call=call))


def test_left_as_they_are() -> None:
    assert compress(COUNTS, policy=LOSSLESS) is None
    assert compress(COUNTS, "which files have zero?") is None
    assert compress(COUNTS[38:50]) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([0, 0, 0, 1, 2, 70]), min_size=20, max_size=150), st.sampled_from(["", "see module_4.py"]), st.booleans())
def test_whole_lines_and_true_numbers(numbers: list[int], query: str, ended: bool) -> None:
    lines = [f"./src/module_{n}.py:{number}" for n, number in enumerate(numbers)] + [""] * ended
    rewrite = compress(lines, query, AGGRESSIVE)
    if rewrite is not None:
        assert restored(rewrite, lines) == lines
        assert rewrite.total == len(numbers)
        hidden = [numbers[i] for g in rewrite.gaps for i in range(g.first - 1, g.last)]
        none = hidden.count(0)
        assert rewrite.summary.startswith(f"{none} file" if none else f"{len(hidden)} file")
        assert f"every file with {max(hidden) + 1} or more" in rewrite.summary
