from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from headroom_wrap.events import Began, Block, Finished, Trouble
from headroom_wrap.supervisor.details import Details, Texts
from headroom_wrap.supervisor.history import History
from headroom_wrap.supervisor.instructions import Change, Duplicate, InstructionFile, Instructions, Who
from headroom_wrap.supervisor.processes import Running
from pipeline.usage import Usage

LOG = Block("Bash: make test", "compressed", "log", "3f9a2c7b", "k", 12_400, 1_100)
SMALL = Block("Bash: ls", "too small", before=90)
ORIGINAL = "start\n" + "\n".join(f"line {n}" for n in range(60)) + "\nend"
SENT = "start\n[… 2-61: 60 lines]\nend\n[headroom 3f9a2c7b: 60 of 62 lines left out]"


def history() -> History:
    told = History()
    told.take(Began("m", "/v1/messages", understood=True, decided=(LOG, SMALL)), 1_700_000_000.0)
    told.take(Finished("s", "opus", Usage(100, 900, cache_read=9000, output=50), 0.5, 0.75, removed=11_300), 1_700_000_001.0)
    told.take(Finished("s", "opus", Usage(100, 9900), None, None, miss="nothing was asked for 8 min, and the cache lives 5 min"), 1_700_000_002.0)
    told.take(Trouble("store", "The disk is full."), 1_700_000_003.0)
    told.files = (("CLAUDE.md", 2140), ("AGENTS.md", 12_000))
    return told


class Looker:
    def __init__(self, told: History | None = None, texts: Texts | str = Texts(ORIGINAL, SENT), cols: int = 100, rows: int = 20) -> None:
        self.looks = 0
        self.cols, self.rows = cols, rows
        self.details = Details(told or history(), lambda _block: texts, key=b"\x1c", color=False, looked=self.look)
        self.details.opened()

    def look(self) -> None:
        self.looks += 1

    def text(self, *keys: str) -> list[str]:
        self.details.page(self.cols, self.rows)
        for key in keys:
            assert self.details.press(key)
            self.details.page(self.cols, self.rows)
        return [line.decode().rstrip() for line in self.details.page(self.cols, self.rows)]


def test_blocks_come_first_the_newest_on_top() -> None:
    looker = Looker()
    shown = looker.text()
    assert shown[0] == "headroom  [1 blocks] 2 requests  3 cache  4 files  5 notices  6 processes"
    assert shown[2].startswith("› ")
    assert shown[2].endswith("90                as it came          Bash: ls  (too small)")
    assert shown[3].endswith("12.4k → 1.1k   -91%  log                 Bash: make test")
    assert shown[-1].startswith("q back to the agent")
    assert looker.looks == 1


def test_the_other_chapters() -> None:
    looker = Looker()
    requests = "\n".join(looker.text("2"))
    assert "opus" in requests
    assert "$0.50" in requests
    assert "$0.25" in requests
    assert "cache missed" in requests
    cache = "\n".join(looker.text("right"))
    assert "45% of the prompts' tokens" in cache
    assert "0 of 10.0k read" in cache
    assert "  nothing was asked for 8 min, and the cache lives 5 min" in cache
    told = history()
    told.take(Finished("s", "opus", Usage(0, 9000), None, None, miss="the model changed", again=9000, again_cost=0.05), 0.0)
    assert "9.0k tokens again, $0.050 more  the model changed" in "\n".join(Looker(told).text("3"))
    files = looker.text("tab")
    assert files[3].split() == ["12.0k", "AGENTS.md"]
    assert "14.1k  tokens in all" in files[5]
    assert "The disk is full." in "\n".join(looker.text("5"))
    assert looker.text("right", "right")[0].startswith("headroom  [1 blocks]")
    assert "[6 processes]" in looker.text("left")[0]


def test_the_cache_of_a_long_session_is_told_of_what_is_known_and_not_rounded_up() -> None:
    told = History()
    for n in range(250):
        told.take(Finished("s", "opus", Usage(0 if n else 10**9, 4, cache_read=9996), 0.5, 0.75), 0.0)
    assert "99% of the last 200 prompts' tokens were read" in Looker(told).text("3")[2]
    assert " 99% " in Looker(told).text("2")[3]


def test_a_block_is_looked_into() -> None:
    looker = Looker()
    shown = looker.text("down", "enter")
    assert "make test" in shown[0]
    assert [line[2:] for line in shown[2:5]] == ["  start", "- line 0", "- line 1"]
    assert "60 of 62 lines left out" in shown[-1]
    assert [line[2:] for line in looker.text("end")[-4:-1]] == ["+ [… 2-61: 60 lines]", "  end", "+ [headroom 3f9a2c7b: 60 of 62 lines left out]"]
    sent = looker.text("home", "o")
    assert [line[2:] for line in sent[2:6]] == ["  start", "+ [… 2-61: 60 lines]", "  end", "+ [headroom 3f9a2c7b: 60 of 62 lines left out]"]
    assert "- line 0" in "\n".join(looker.text("o"))
    assert "[… 2-61" not in "\n".join(looker.text())
    assert looker.text("q")[3].startswith("› ")
    assert not looker.details.press("q")


@pytest.mark.parametrize(("keys", "said"), [(("enter",), "It was sent as it came."), (("down", "enter"), "The store is locked.")])
def test_a_block_without_texts(keys: tuple[str, ...], said: str) -> None:
    assert said in "\n".join(Looker(texts="The store is locked.").text(*keys))


@pytest.mark.parametrize("line", ["漢字" * 50, "\tx" * 60, "e\u0301" * 200, "\u200b" * 150], ids=["wide", "tabs", "combining", "invisible"])
def test_a_long_line_of_a_block_is_told_whole(line: str) -> None:
    shown = Looker(texts=Texts(line, line), cols=80, rows=30).text("down", "enter")[2:-1]
    rows = [row[4:] for row in shown if row.strip()]
    assert len(rows) > 1
    assert "".join(row.ljust(75) if "\t" in line else row for row in rows).rstrip() == line.expandtabs(4).replace("\u200b", "·")


@pytest.mark.slow
def test_a_block_of_many_lines_is_compared_to_its_end() -> None:
    lines = [f"line {n} {'x' * 60}" for n in range(20_000)]
    looker = Looker(texts=Texts("\n".join(lines), "\n".join(["[… 1-19990]", *lines[-10:]])), cols=120)
    assert looker.text("down", "enter")[-1].endswith("19990 of 20000 lines left out")
    end = looker.text("end")
    assert [line[2:4] for line in end[-12:-1]] == ["+ ", *["  "] * 10]
    assert lines[-1] in end[-2]
    assert [line[2:4] for line in looker.text("o")[2:]].count("+ ") == 1, "now as it was sent"


def test_what_is_not_shown_of_a_very_long_line_is_counted() -> None:
    line = "x" * 9_000
    shown = Looker(texts=Texts(line, line), cols=80, rows=40).text("down", "enter")[2:]
    assert [row[4:] for row in shown[:19]] == ["x" * 75] * 19
    assert shown[19] == f"    … {9_000 - 19 * 75:,} more characters"
    assert not shown[20].strip()


def test_processes_are_looked_at_when_their_chapter_is_turned_to() -> None:
    looker = Looker()
    before = looker.looks
    assert "being looked at" in "\n".join(looker.text("6"))
    assert looker.looks == before + 1
    looker.details._history.watch((Running(77, "node server.js", 1.25, 300 << 20), Running(78, "sh -c x", 0.0, 1 << 20)))
    shown = looker.text()
    assert shown[3].split() == ["300", "MB", "1.2", "77", "node", "server.js"]
    assert shown[5].split() == ["301", "MB", "1.2", "in", "all"]


def test_a_session_that_has_only_begun() -> None:
    looker = Looker(History())
    said = ["No tool result", "No response", "Nothing has been read", "No instruction file", "Nothing has gone wrong", "being looked at"]
    for chapter, words in enumerate(said):
        assert words in looker.text(str(chapter + 1))[2]
    looker.text("1", "enter", "down", "end")


def test_the_selection_scrolls_the_list() -> None:
    told = History()
    told.take(Began("m", "/", understood=True, decided=tuple(Block(f"Bash: {n}", "too small") for n in range(100))), 0.0)
    looker = Looker(told, rows=13)
    assert looker.text(*["pagedown"] * 3)[-2].startswith("› ")
    assert "Bash: 0 " in looker.text("G")[-2]
    assert "Bash: 99 " in looker.text("g")[2]


KEYS = [
    "up",
    "down",
    "left",
    "right",
    "tab",
    "enter",
    "o",
    "pageup",
    "pagedown",
    "home",
    "end",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "9",
    "x",
    "²",
    "backspace",
]


@pytest.mark.slow
@settings(max_examples=100)
@given(
    st.lists(st.sampled_from(KEYS), max_size=25),
    st.integers(2, 120),
    st.integers(2, 40),
    st.text(max_size=60),
    st.lists(st.text(max_size=40), max_size=9),
)
def test_whatever_is_pressed_the_page_fits(keys: list[str], cols: int, rows: int, label: str, lines: list[str]) -> None:
    told = history()
    told.take(Began("m", "/", understood=True, decided=(Block(label, "compressed", label, "h", "k", 5, 2),)), 0.0)
    looker = Looker(told, Texts("\n".join(lines), label), cols, rows)
    for key in keys:
        looker.details.press(key)
        shown = looker.details.page(cols, rows)
        assert len(shown) == rows
        for line in shown:
            assert cell_len(line.decode()) <= cols - 1
            assert all(byte >= 0x20 and byte != 0x7F for byte in line)


def test_instruction_files_beside_twice_and_changed() -> None:
    told = history()
    files = (InstructionFile("CLAUDE.md", 2140), InstructionFile("src/CLAUDE.md", 300, always=False))
    changes = (Change("CLAUDE.md", 1.0, 2000, 2140, Who.AGENT), Change("a.md", 2.0, None, 7, Who.HEADROOM), Change("b.md", 3.0, 7, None, Who.OTHER))
    told.know(Instructions(files, changes, (Duplicate("CLAUDE.md", "src/CLAUDE.md", 1, 80),)))
    shown = "\n".join(Looker(told, rows=30).text("4"))
    assert "2.1k  tokens in all" in shown
    assert "300  src/CLAUDE.md" in shown
    assert "80  in CLAUDE.md and src/CLAUDE.md" in shown
    assert "CLAUDE.md 2.0k → 2.1k tokens: the agent\n" in shown
    assert "a.md is new, 7 tokens: Headroom\n" in shown
    assert "b.md is gone: you or another program\n" in shown
    assert shown.index("b.md is gone") < shown.index("a.md is new")
    told.know(Instructions())
    assert "No instruction file" in "\n".join(Looker(told).text("4"))
