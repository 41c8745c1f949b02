from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.memory.reading import Part, shown, standing

FILE = "".join(f"def rule_{n}(amount):\n    return amount * {n}\n" for n in range(40))
LINES = FILE.removesuffix("\n").split("\n")


def numbered(lines: list[str], first: int = 1, separator: str = "\t") -> str:
    return "\n".join(f"{n:>6}{separator}{line}" for n, line in enumerate(lines, first))


@pytest.mark.parametrize(
    "result",
    [
        FILE,
        FILE.rstrip("\n"),
        FILE.replace("\n", "\r\n"),
        f"Wall time: 0.1 seconds\nOutput:\n{FILE}",
        numbered(LINES),
        numbered(LINES, separator="→") + "\n\n<system-reminder>\nBe careful.\n</system-reminder>\n",
    ],
    ids=["as it is", "end cut off", "crlf", "with a heading", "numbered", "numbered with a reminder"],
)
def test_a_whole_file_is_recognised_however_it_is_printed(result: str) -> None:
    assert shown(result, FILE) == Part(FILE, 1, 80, whole=True)


def test_a_part_is_recognised_and_named() -> None:
    part = shown("\n".join(LINES[19:50]) + "\n", FILE)
    assert part == Part("\n".join(LINES[19:50]), 20, 50, whole=False)
    assert part is not None
    assert part.label == "lines 20-50"
    assert shown(numbered(LINES[19:50], first=20), FILE) == part


def test_another_file_is_not() -> None:
    assert shown(FILE.replace("rule_7", "rule_x"), FILE) is None
    assert shown(FILE, FILE.replace("rule_7", "rule_x")) is None
    assert shown("\n".join(LINES[3:5]), FILE) is None, "so little stands anywhere"
    assert shown(FILE, "x\n") is None
    assert shown("", "") is None


def test_a_part_that_moved_still_stands() -> None:
    text = "\n".join(LINES[19:50])
    assert standing(text, "# new\n" + FILE) == Part(text, 21, 51, whole=False)
    assert standing(text, FILE.replace("rule_12(", "rule_12b(")) is None


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("ab1 \t:|→", max_size=12), min_size=20, max_size=60), st.data())
def test_whatever_is_found_stands_there(lines: list[str], data: st.DataObject) -> None:
    file = "\n".join(lines)
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first, len(lines) - 1))
    part = shown("\n".join(lines[first : last + 1]), file)
    if part is not None and not part.whole:
        assert part.text == "\n".join(lines[part.first - 1 : part.last])


def test_it_takes_no_longer_than_the_texts_are_long() -> None:
    assert shown("a\n" * 400_000 + "b", "a\n" * 300_000 + "c") is None
    assert shown("9" * 2_000_000, "9" * 1_000_000 + "x") is None
