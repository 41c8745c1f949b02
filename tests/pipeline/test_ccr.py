from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import ccr
from pipeline.ccr import RetrievalError, parse_ranges, retrieve
from pipeline.compressors.api import Gap, Rewrite
from tests.memory_store import MemoryStore

TEXT = "\n".join(f"line {n} {'odd' if n % 2 else 'even'}" for n in range(1, 13))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


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
        (None, None, "(", "no regular expression"),
    ],
)
def test_errors_say_what_to_do(store: MemoryStore, handle: str | None, lines: str | None, pattern: str | None, said: str) -> None:
    kept = store.put_original(TEXT)
    with pytest.raises(RetrievalError, match=said):
        retrieve(store, handle or kept, lines, pattern)


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
