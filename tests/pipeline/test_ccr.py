from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import ccr
from pipeline.ccr import RetrievalError, Retrieved, parse_ranges, retrieve
from pipeline.compressors.api import Gap, Rewrite
from tests.memory_store import MemoryStore

TEXT = "\n".join(f"line {n} {'odd' if n % 2 else 'even'}" for n in range(1, 13))
LIMIT = 100


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def followed(store: MemoryStore, handle: str, lines: str | None, pattern: str | None = None) -> list[Retrieved]:
    """What a model gets that goes on as it is told, to the end."""
    answers = [retrieve(store, handle, lines, pattern, limit=LIMIT)]
    waiting = re.findall(r"lines=(\S+?)(?:,|$| )", answers[0].cut)
    while waiting:
        lines = waiting.pop(0)
        answers.append(retrieve(store, handle, lines, None if ":" in lines else pattern, limit=LIMIT))
        waiting = re.findall(r"lines=(\S+?)(?:,|$| )", answers[-1].cut) + waiting
        assert len(answers) < 1000
    assert all(len(found.text) <= LIMIT for found in answers)
    return answers


@given(st.text(st.characters(codec=None)))
def test_whole(text: str) -> None:
    store = MemoryStore()
    assert retrieve(store, store.put_original(text)).text == text


def test_parts(store: MemoryStore) -> None:
    handle = store.put_original(TEXT)
    assert retrieve(store, handle, "2-3").text == "2\tline 2 even\n3\tline 3 odd"
    assert retrieve(store, handle, "11-").shown == 2
    assert retrieve(store, handle, "3,1,2-2").text.split("\n")[0] == "1\tline 1 odd"
    assert retrieve(store, handle, pattern="1[02]").text == "10\tline 10 even\n12\tline 12 even"
    assert retrieve(store, handle, "1-5", "odd").shown == 3
    assert retrieve(store, handle, pattern="nothing like it").text == ""


def test_behind_the_last_line_end_there_is_no_line(store: MemoryStore) -> None:
    """As the footers count."""
    handle = store.put_original(TEXT + "\n")
    assert retrieve(store, handle).total == 12
    assert retrieve(store, handle, "11-").text == "11\tline 11 odd\n12\tline 12 even"
    assert retrieve(store, handle, pattern="odd").what == "6 of 12 lines"
    assert retrieve(store, handle, pattern="^$").shown == 0
    assert retrieve(store, handle).text == TEXT + "\n"
    assert retrieve(store, store.put_original("")).total == 1
    assert retrieve(store, store.put_original("a\n\n"), "2").text == "2\t"


def test_records(store: MemoryStore) -> None:
    handle = store.put_original('[{"a": 1}, {"a": 22}]', unit="record", spans=((1, 9), (11, 20)))
    found = retrieve(store, handle, "2")
    assert (found.text, found.total, found.unit) == ('2\t{"a": 22}', 2, "record")


@pytest.mark.parametrize("wrapping", ["{}", "[headroom {}", "[headroom {}: 3 of 12 lines left out]", " {}\n"])
def test_handles_as_models_write_them(store: MemoryStore, wrapping: str) -> None:
    handle = store.put_original(TEXT)
    assert retrieve(store, wrapping.format(handle)).text == TEXT


@pytest.mark.parametrize(
    ("handle", "lines", "pattern", "said"),
    [
        ("xyz", None, None, "is not a handle"),
        ("00000000", None, None, "No original"),
        (None, "a-b", None, "is no range"),
        (None, "", None, "is no range"),
        (None, "90-99", None, "there are 12"),
        (None, "9-5", None, "is backwards: write 5-9"),
        (None, "1-2,9-5", None, "is backwards: write 5-9"),
        (None, "2:9-5", None, "is backwards: write 5-9"),
        (None, "13:1-", None, "there are 12"),
        (None, "0:1-", None, "there are 12"),
        (None, "2:90-", None, "there are 11 characters"),
        (None, ":9000-", None, "characters"),
        (None, "2:1-", "e", "without a pattern"),
        (None, None, "(", "no regular expression"),
        (None, None, "(?a)(?u)x", "no regular expression"),
        (None, None, "(?V0)(?V1)x", "no regular expression"),
    ],
)
def test_errors_say_what_to_do(store: MemoryStore, handle: str | None, lines: str | None, pattern: str | None, said: str) -> None:
    kept = store.put_original(TEXT)
    with pytest.raises(RetrievalError, match=said):
        retrieve(store, handle or kept, lines, pattern)


@pytest.mark.parametrize("pattern", ["odd$", r"odd\s*$"])
def test_a_line_that_ends_as_on_windows_ends_there(store: MemoryStore, pattern: str) -> None:
    handle = store.put_original(TEXT.replace("\n", "\r\n"))
    assert retrieve(store, handle, "1-4", pattern).text == "1\tline 1 odd\r\n3\tline 3 odd\r", "and is given back as it is"


def test_groups_are_too_many_for_an_endless_line(store: MemoryStore) -> None:
    """Every turn of a repeated group is kept by the engine: gigabytes for some megabytes."""
    handle = store.put_original("a" * 2_100_000 + "!\nshort !")
    with pytest.raises(RetrievalError, match=r"too many groups for 2,100,001 characters in one unit, 1: write \(\?:…\)"):
        retrieve(store, handle, pattern=r"((\w))*!")
    assert retrieve(store, handle, pattern=r"(?:(?:\w))*!$").shown == 2
    assert retrieve(store, handle, "2", r"((\w))*!").shown == 1


def test_characters(store: MemoryStore) -> None:
    handle = store.put_original("abc\ndefghij\nk")
    part = retrieve(store, handle, "2:3-5")
    assert (part.text, part.shown, part.what, part.cut) == ("fgh", 1, "characters 3-5 of 7 of line 2", "")
    assert retrieve(store, handle, " 2 : 6 - ").text == "ij"
    assert retrieve(store, handle, ":3-6").text == "c\nde"
    assert (retrieve(store, handle, ":3-6").shown, retrieve(store, handle, ":4-").what) == (2, "characters 4-13 of 13")
    assert retrieve(store, handle, "2:1-900").text == "defghij"
    records = store.put_original("[{1}, {22}]", unit="record", spans=((1, 4), (6, 10)))
    assert retrieve(store, records, "2:2-3").text == "22"
    assert retrieve(store, records, ":4-6").shown == 1, "the first, and what stands between it and the second"


def test_what_is_cut_says_how_to_go_on(store: MemoryStore) -> None:
    handle = store.put_original("\n".join(["a" * 90, "b" * 250, "c" * 20, "d" * 90]))
    assert retrieve(store, handle, limit=LIMIT).cut == "cut here, 362 of 453 characters follow: go on with lines=2-"
    assert retrieve(store, handle, "1-3", limit=LIMIT).cut == "cut here, 275 of 368 characters follow: go on with lines=2-3"
    found = retrieve(store, handle, "2-3", "b|c", limit=LIMIT)
    onward = "lines=2:99- (line 2 from character 99 on), then lines=3 with the same pattern"
    assert found.cut == f"cut here, 175 of 275 characters follow: go on with {onward}"
    assert ccr.closing(found) == f"[headroom {handle}: {found.cut}; it has 4 lines: ask for fewer with lines= or pattern=]"
    assert ccr.closing(found, by_command=True).endswith(f"or pattern=, or run: headroom show {handle}]")
    assert retrieve(store, handle, "2:99-", limit=LIMIT).cut.endswith("go on with lines=2:199- (line 2 from character 199 on)")
    assert ccr.closing(retrieve(store, handle, "2:199-")) == f"[headroom {handle}: characters 199-250 of 250 of line 2]"
    assert ccr.closing(retrieve(store, handle)) == ""


LINES = st.lists(st.text("ab é", max_size=30) | st.integers(0, 500).map("x".__mul__), min_size=1, max_size=30)


@given(LINES, st.booleans())
def test_all_of_it_comes_back_however_long_its_lines(lines: list[str], whole: bool) -> None:
    store = MemoryStore()
    handle = store.put_original("\n".join(lines))
    got: dict[int, str] = {}
    for found in followed(store, handle, None if whole else "1-"):
        if found.what == "":
            got |= dict(enumerate(found.text.split("\n"), 1))
        elif "characters" in found.what:
            number = re.search(r"of line (\d+)$", found.what)
            pieces = found.text.split("\n")
            at = int(number[1]) if number else max(got)
            got[at] += pieces[0]
            got |= dict(enumerate(pieces[1:], at + 1))
        else:
            got |= {int(n): text for n, _, text in (line.partition("\t") for line in found.text.split("\n"))}
    ended = len(lines) > 1 and lines[-1] == ""  # what is empty behind the last line end is no line, but stands in the whole
    if ended:
        got.pop(len(lines), None)
    assert got == dict(enumerate(lines[:-1] if ended else lines, 1))


@given(st.lists(st.text("a\n", max_size=300), min_size=1, max_size=8))
def test_what_stands_between_units_comes_back_too(pieces: list[str]) -> None:
    """Of a page, a unit is a sentence: most of it is between them."""
    store = MemoryStore()
    text = "<p>".join(pieces)
    starts = [sum(len(p) + 3 for p in pieces[:n]) for n in range(len(pieces))]
    handle = store.put_original(text, unit="sentence", spans=tuple((a, a + len(p)) for a, p in zip(starts, pieces, strict=True)))
    assert "".join(found.text for found in followed(store, handle, None)).replace("\n", "") == text.replace("\n", "")


@pytest.mark.slow
def test_a_pattern_that_explodes_ends(store: MemoryStore) -> None:
    handle = store.put_original("a" * 60 + "b")
    with pytest.raises(RetrievalError, match="takes too long"):
        retrieve(store, handle, pattern=r"(a|aa)+(a|aa)+(a|aa)+$")


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), min_size=1), st.integers(1, 40))
def test_ranges(parts: list[tuple[int, int]], total: int) -> None:
    wanted = {n for a, more in parts for n in range(a, a + more + 1) if n <= total}
    text = ",".join(f"{a}-{a + more}" for a, more in parts)
    if wanted:
        assert parse_ranges(text, total) == sorted(wanted)
    else:
        with pytest.raises(RetrievalError):
            parse_ranges(text, total)


def test_huge_ranges_cost_nothing() -> None:
    assert parse_ranges("1-999999999999999", 3) == [1, 2, 3]


def test_rendering() -> None:
    text = ccr.render(Rewrite("a\n[… 2-9]\n", 9, (Gap(2, 9),)), "3f9a2c7b")
    assert text.startswith("a\n[… 2-9]\n[headroom 3f9a2c7b: 8 of 9 lines left out; full text: ")


def test_ranges_that_overlap_cost_no_more_than_what_they_name() -> None:
    assert parse_ranges(",".join(["1-"] * 10_000), 10_000) == list(range(1, 10_001))
    assert parse_ranges("4-6,1-2,2-5,9,9", 8) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("lines", ["9" * 5000, "1-" + "9" * 5000])
def test_a_number_of_thousands_of_digits_is_no_range(lines: str) -> None:
    with pytest.raises(RetrievalError, match="is no range") as raised:
        parse_ranges(lines, 5)
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("pattern", ["(" * 900, pytest.param("(?R)", marks=pytest.mark.slow), "|".join(f"a{n}" for n in range(30_000))])
def test_a_pattern_that_no_engine_takes_is_an_error_with_a_way_out(store: MemoryStore, pattern: str) -> None:
    handle = store.put_original(TEXT)
    with pytest.raises(RetrievalError, match=r"ask for lines by number|no regular expression"):
        retrieve(store, handle, pattern=pattern)
