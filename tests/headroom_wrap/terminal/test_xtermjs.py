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

    def __init__(self):
        self.filter = OutputFilter(ROWS, COLS, PANEL)
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
        out = None if self.filter.alternate else self.filter.cover()
        if out is not None:
            self.glances += 1
            self.real.append([out + self.filter.show([b"\x1b[1mpage\x1b[m"] * 40), False])
            self.real.append([self.filter.uncover(), False])

    def look(self):
        self.real[-1][1] = True
        self.plain.append([self.waiting, True])
        self.waiting = b""


def screens(*terminals):
    """What xterm.js shows; a terminal is (rows, writes)."""
    asked = [{"rows": rows, "cols": COLS, "writes": [[base64.b64encode(w).decode(), look] for w, look in writes]} for rows, writes in terminals]
    told = "".join(json.dumps(a) + "\n" for a in asked)
    done = subprocess.run([NODE, str(HERE / "screens.mjs")], input=told, capture_output=True, text=True, timeout=100, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def play(data, seed, longest=120):
    rnd = random.Random(seed)
    script = Script()
    at = 0
    while at < len(data):
        to = min(at + rnd.randint(1, longest), len(data))
        script.feed(data[at:to])
        if rnd.random() < 0.4:
            script.draw([b"panel %d row %d" % (at, row) for row in range(PANEL)])
        if rnd.random() < 0.05:
            script.glance()
        if not script.filter._tokens.held and (rnd.random() < 0.5 or to == len(data)):
            script.look()
        at = to
    return script


def differences(script):
    """What the terminal with the panel shows otherwise than the one without, by the number of the look."""
    real, plain = screens((ROWS, script.real), (ROWS - PANEL, script.plain))
    found = []
    for number, (shown, wanted) in enumerate(zip(real, plain, strict=True)):
        shown["lines"] = shown["lines"][:-PANEL]
        found += [(number, y, a, b) for y, (a, b) in enumerate(zip_longest(shown["lines"], wanted["lines"])) if a != b]
        found += [(number, key, shown[key], wanted[key]) for key in ("type", "history", "x", "y") if shown[key] != wanted[key]]
    return len(plain), found


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


def test_the_judge_can_say_no():
    script = Script()
    for n in range(40):
        script.feed(b"line %d\r\n" % n)
        script.look()
    script.real[5][0] += b"\x1b[r"
    assert differences(script)[1] != []
