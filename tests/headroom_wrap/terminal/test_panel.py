from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from headroom_wrap.terminal.panel import count, countdown, money, panel_rows_for, percent, render
from headroom_wrap.terminal.snapshot import Snapshot
from tests.headroom_wrap.terminal.oracle import Terminal

USUAL = Snapshot(
    agent="claude",
    bill=1.8342,
    bill_without=2.4711,
    saved_tokens=84_213,
    share_saved=0.2577,
    requests=41,
    blocks_compressed=17,
    cache_hit=0.957,
    cache_expires_in_s=281,
    last="pytest output 14.2k → 1.9k tokens (build)",
    top_reason="file read before an edit (12)",
    instruction_files=(("/home/u/p/CLAUDE.md", 2140), ("CLAUDE.local.md", 310)),
    hint="Ctrl-\\ details",
)


def text(snapshot, cols, rows=3):
    return [line.decode() for line in render(snapshot, cols, rows, color=False)]


def test_usual_panel_as_text():
    assert text(USUAL, 120) == [
        "headroom  bill $1.83 · saved $0.64 (26%) · without us $2.47 · 84.2k tokens less · 41 requests, 17 compressed",
        "cache     95% hit · expires in 5 min · CLAUDE.md 2.1k, CLAUDE.local.md 310 tokens · claude · Ctrl-\\ details",
        "last      pytest output 14.2k → 1.9k tokens (build) · left alone: file read before an edit (12)",
    ]
    assert text(USUAL, 80) == [
        "headroom  bill $1.83 · saved $0.64 (26%) · without us $2.47 · 84.2k tokens less",
        "cache     95% hit · expires in 5 min · Ctrl-\\ details",
        "last      pytest output 14.2k → 1.9k tokens (build) · left alone: file read be…",
    ]
    assert text(USUAL, 50) == [
        "headroom  bill $1.83 · saved $0.64 (26%)",
        "cache     95% hit · expires in 5 min",
        "last      pytest output 14.2k → 1.9k tokens (bui…",
    ]
    assert text(USUAL, 80, 1) == ["headroom  bill $1.83 · saved $0.64 (26%) · without us $2.47 · cache 95%"]


def test_money_comes_first_and_a_loss_is_said():
    lost = dataclasses.replace(USUAL, bill=2.5, bill_without=2.4, share_saved=-0.0417, saved_tokens=-812)
    assert text(lost, 120)[0].startswith("headroom  bill $2.50 · LOST $0.10 (4.2%) · without us $2.40 · 812 tokens MORE")
    even = dataclasses.replace(USUAL, bill=2.5, bill_without=2.5, share_saved=0.0)
    assert "nothing saved yet" in text(even, 120)[0]
    assert text(Snapshot(), 80) == ["headroom  no bill yet", "cache     nothing cached yet", "last      nothing yet"]


@pytest.mark.parametrize("rows", [1, 3])
def test_an_alarm_is_seen_at_every_width(rows):
    alarm = dataclasses.replace(USUAL, alarm="NOT ROUTED", alarm_detail="claude talks to its API without us")
    for cols in (30, 50, 80, 200):
        assert any("! NOT ROUTED" in line for line in text(alarm, cols, rows))


def snapshots(characters):
    text = st.text(characters, max_size=80)
    return st.builds(
        Snapshot,
        agent=text,
        bill=st.none() | st.floats(-1e6, 1e6),
        bill_without=st.none() | st.floats(-1e6, 1e6),
        saved_tokens=st.integers(-(10**12), 10**12),
        share_saved=st.none() | st.floats(-2, 1),
        requests=st.integers(0, 10**7),
        blocks_compressed=st.integers(0, 10**7),
        cache_hit=st.none() | st.floats(0, 1),
        cache_expires_in_s=st.none() | st.integers(-5, 4000),
        last=text,
        top_reason=text,
        alarm=st.sampled_from(["", "NOT ROUTED", "日本語" * 9]),
        alarm_detail=text,
        instruction_files=st.lists(st.tuples(text, st.integers(0, 10**6)), max_size=4).map(tuple),
    )


@pytest.mark.slow
@settings(max_examples=200)
@given(snapshots(st.characters()), st.integers(30, 160), st.sampled_from([1, 3]))
def test_every_line_fits_and_holds_no_control(snapshot, cols, rows):
    plain = render(snapshot, cols, rows, color=False)
    assert len(plain) == rows
    for line in plain:
        assert cell_len(line.decode()) <= cols - 1
        assert all(byte >= 0x20 and byte != 0x7F for byte in line)


@pytest.mark.slow
@settings(max_examples=60)
@given(snapshots(st.characters(min_codepoint=32, max_codepoint=126)), st.integers(30, 160))
def test_colour_changes_no_letter_and_ends_at_the_defaults(snapshot, cols):
    for plain, coloured in zip(render(snapshot, cols, 3, color=False), render(snapshot, cols, 3, color=True), strict=True):
        terminal = Terminal(2, 200)
        terminal.feed(coloured)
        assert terminal.text(0, 1) == [plain.decode().rstrip()]
        assert terminal.cursor.attrs == terminal.default_char


def test_colours_are_the_themes_own():
    joined = b"".join(render(USUAL, 200, 3) + render(dataclasses.replace(USUAL, alarm="NO EFFECT"), 200, 3))
    assert b"\x1b[32m" in joined
    assert b"38;" not in joined
    assert b"48;" not in joined
    assert all(code not in joined for code in (b"\x1b[30", b"\x1b[37", b"\x1b[97", b";37m", b";30m"))


def test_no_panel_no_lines():
    assert render(USUAL, 80, 0) == []
    assert len(render(USUAL, 80, 5)) == 5


@pytest.mark.parametrize(
    ("rows", "cols", "term", "panel"),
    [
        (30, 100, "xterm-256color", 3),
        (20, 30, "xterm", 3),
        (19, 100, "xterm", 1),
        (14, 100, "xterm", 1),
        (13, 100, "xterm", 0),
        (30, 29, "xterm", 0),
        (0, 0, "xterm", 0),
        (30, 100, "dumb", 0),
        (30, 100, "", 0),
        (30, 100, "unknown", 0),
    ],
)
def test_fallback_chain(rows, cols, term, panel):
    assert panel_rows_for(rows, cols, term) == panel
    assert panel_rows_for(rows, cols, term, enabled=False) == 0


def test_the_countdown_moves_in_coarse_steps():
    shown = [countdown(seconds) for seconds in range(3600, -1, -1)]
    changes = [a for a, b in itertools.pairwise(shown) if a != b]
    assert len(changes) < 20
    assert len(set(shown)) == len(changes) + 1
    assert (shown[0], countdown(300), countdown(61), countdown(20), countdown(0)) == (
        "expires in 60 min",
        "expires in 5 min",
        "expires in 2 min",
        "expires now",
        "expired",
    )


def test_numbers():
    assert [money(v) for v in (0.0, 0.0042, 0.5, 1234.5, -0.25)] == ["$0.00", "$0.004", "$0.50", "$1,234.50", "-$0.25"]
    assert [count(v) for v in (0, 999, 1000, 99_960, 999_950, 2_500_000, -4_200, 5 * 10**9)] == [
        "0", "999", "1.0k", "100k", "1.0M", "2.5M", "-4.2k", "5.0G",
    ]  # fmt: skip
    assert [percent(v) for v in (0, 0.034, 0.26, -0.5, 1)] == ["0%", "3.4%", "26%", "-50%", "100%"]


def test_rich_is_imported_only_to_draw():
    code = "import sys, headroom_wrap.terminal.panel, headroom_wrap.terminal.filter; print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
