"""The filter before a second terminal, xterm.js, with glances at the page in between: the same screen as without a panel."""

from __future__ import annotations

import base64
import json
import pathlib
import random
import shutil
import subprocess
from itertools import zip_longest

import pytest

from headroom_wrap.terminal.filter import OutputFilter
from tests.headroom_wrap.terminal.test_replay import FILES, editor, inline, windows

HERE = pathlib.Path(__file__).parent / "xtermjs"
NODE = shutil.which("node")
ROWS, COLS, PANEL = 30, 100, 3

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        NODE is None or not (HERE / "node_modules").is_dir(), reason="no node, or nothing installed by npm install --prefix " + str(HERE)
    ),
]


class Script:
    """What is written to the terminal with the panel and to the one without, and where both are looked at."""

    def __init__(self, rows=ROWS, cols=COLS, panel=PANEL):
        self.rows, self.cols, self.panel = rows, cols, panel
        self.filter = OutputFilter(rows, cols, panel)
        self.real = [[self.filter.start((1, 1)), False]]
        self.plain = []
        self.waiting = b""
        self.draws = self.glances = 0

    def feed(self, data):
        self.real.append([self.filter.feed(data), False])
        self.waiting += data  # xterm.js itself mishandles characters that are cut; the filter never writes such

    def draw(self, lines):
        out = self.filter.draw(lines)
        self.draws += out is not None
        self.real.append([out or b"", False])

    def glance(self):
        out = self.filter.cover() if self.filter._drawing.whole or not self.filter.alternate else None
        if out is not None:
            self.glances += 1
            self.real.append([out + self.filter.show([b"\x1b[1mpage\x1b[m"] * 40), False])
            self.real.append([self.filter.uncover(), False])

    def look(self):
        self.real[-1][1] = True
        self.plain.append([self.waiting, True])
        self.waiting = b""


def screens(*terminals):
    """What xterm.js shows; a terminal is (rows, cols, writes)."""
    asked = [{"rows": rows, "cols": cols, "writes": [[base64.b64encode(w).decode(), look] for w, look in writes]} for rows, cols, writes in terminals]
    told = "".join(json.dumps(a) + "\n" for a in asked)
    done = subprocess.run([NODE, str(HERE / "screens.mjs")], input=told, capture_output=True, text=True, timeout=100, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def play(data, seed, longest=120, **size):
    rnd = random.Random(seed)
    script = Script(**size)
    at = 0
    while at < len(data):
        to = min(at + rnd.randint(1, longest), len(data))
        script.feed(data[at:to])
        if rnd.random() < 0.4:
            script.draw([b"panel %d row %d" % (at, row) for row in range(script.panel)])
        if rnd.random() < 0.05:
            script.glance()
        if not script.filter._tokens.held and (rnd.random() < 0.5 or to == len(data)):
            script.look()
        at = to
    return script


def differences(script):
    """What the terminal with the panel shows otherwise than the one without, by the number of the look."""
    real, plain = screens((script.rows, script.cols, script.real), (script.rows - script.panel, script.cols, script.plain))
    return len(plain), contrast(real, plain, script.panel)


def contrast(real, plain, panel):
    found = []
    for number, (shown, wanted) in enumerate(zip(real, plain, strict=True)):
        shown["lines"] = shown["lines"][:-panel]
        found += [(number, y, a, b) for y, (a, b) in enumerate(zip_longest(shown["lines"], wanted["lines"])) if a != b]
        found += [(number, key, shown[key], wanted[key]) for key in ("type", "history", "x", "y") if shown[key] != wanted[key]]
    return found


def compare(data, seed, **options):
    script = play(data, seed, **options)
    looks, found = differences(script)
    assert looks
    assert found == []
    return script


@pytest.mark.parametrize("stream", [editor, windows, inline])
def test_generated_streams(stream):
    script = compare(stream()[:12_000], 1)
    assert script.draws > 5
    assert script.glances or stream is not inline


@pytest.mark.skipif(not FILES, reason="no recordings beside the repository")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_recordings(path):
    compare(path.read_bytes()[:12_000], 2)
    compare(path.read_bytes()[:120_000], 3, longest=4096)


# What a hostile program may send of which xterm.js makes the same in a terminal with a panel as without; docs/terminal.md
# names what is left out: emoji, of which its widths are those of Unicode 6, and what it does otherwise than xterm.
COUNTS = [b"", b"0", b"1", b"2", b"3", b"5", b"9", b"10", b"11", b"12", b"40", b"999"]
TEXTS = [b"a", b"hello world", b"x" * 29, b"x" * 30, b"x" * 65, "é日本".encode(), "─".encode() * 30, b"  "]
LINES = [b"\r\n", b"\n", b"\n\n\n", b"\r", b"\b", b"\t", b"\x0b"]
COLOURS = [b"\x1b[m", b"\x1b[1;31m", b"\x1b[44m", b"\x1b[38;5;100m", b"\x1b[7;4m", b"\x1b[0m"]
RARE = [
    b"\x1b7ab\x1b8", b"\x1b[sab\x1b[u", b"\x1b[?1048h\x1b[1m\x1b[?1048l", b"\x1bD", b"\x1bE", b"\x1bM", b"\x1bc",
    b"\r\x1b[!p", b"\x1b[r\x1b#8", b"\x1b[r\x1b[?1049h\x1b[5;5Hx\x1b[2J\x1b[?1049l", b"\x1b[r\x1b[?47h", b"\x1b[r\x1b[?47l",
    b"\x1b[?7l", b"\x1b[?7h", b"\x1b[?6h", b"\x1b[?6l", b"\x1b[?2026h", b"\x1b[?2026l", b"\x1b[4h", b"\x1b[4l", b"\x1b(0", b"\x1b(B",
    b"\x0e", b"\x0f", b"\x1b]0;title\x07", b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", b"\x1b[3\n;1H", b"\r\xc2\x9b2J", b"\x18",
    b"\x1b[?25l", b"\x1b[1;2;3;4$z", b"\x1b]0;open", b"\x1b\\", b"\x1bN",
]  # fmt: skip


def hostile(seed):
    rnd = random.Random(seed)
    pieces = []
    for _ in range(40):
        pieces.append(
            rnd.choice(
                [
                    rnd.choice(TEXTS),
                    rnd.choice(TEXTS),
                    rnd.choice(LINES),
                    rnd.choice(LINES),
                    b"\x1b[%s%c" % (rnd.choice(COUNTS), rnd.choice(b"deABCDEFGJKLMPSTX@`abIZ")),
                    b"\x1b[%s%c" % (rnd.choice(COUNTS), rnd.choice(b"deABCDEFGJKLMPSTX@`abIZ")),
                    b"\x1b[%s;%s%c" % (rnd.choice(COUNTS), rnd.choice(COUNTS), rnd.choice(b"HHfrr")),
                    rnd.choice(COLOURS),
                    rnd.choice(RARE),
                ]
            )
        )
    return b"".join(pieces)


def test_hostile_streams():
    scripts = [play(hostile(seed), seed, longest=25, rows=12, cols=30, panel=2) for seed in range(60)]
    scripts = [script for script in scripts if script.plain]
    shown = screens(*((s.rows - n * s.panel, s.cols, (s.real, s.plain)[n]) for s in scripts for n in (0, 1)))
    found = {n: contrast(shown[2 * n], shown[2 * n + 1], script.panel)[:3] for n, script in enumerate(scripts)}
    assert {n: differs for n, differs in found.items() if differs} == {}
    assert sum(script.draws for script in scripts) > 300


@pytest.mark.parametrize("moves", [b"\x1b[2 @", b"\x1b[3 A", b"\x1b[2'}", b"\x1b[4'~", b"\x1b[2^"])
def test_cells_that_were_moved_are_so_under_a_page(moves):
    script = Script()
    script.feed(b"\x1b[?1049h\x1b[H\x1b[2Jhello\x1b[3;1Hworld\x1b[1;3H" + moves + b"\x1b[9;9H")
    script.glance()
    assert script.glances
    script.look()
    assert differences(script) == (1, [])


def test_the_judge_can_say_no():
    script = Script()
    for n in range(40):
        script.feed(b"line %d\r\n" % n)
        script.look()
    script.real[5][0] += b"\x1b[r"
    assert differences(script)[1] != []
