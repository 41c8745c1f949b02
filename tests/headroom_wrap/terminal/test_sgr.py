from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_wrap.terminal import sgr
from headroom_wrap.terminal.sgr import Rendition, fold
from tests.headroom_wrap.terminal.oracle import Terminal

CODES = [b"0", b"", b"1", b"3", b"4", b"5", b"7", b"9", b"22", b"23", b"24", b"25", b"27", b"29", b"31", b"39", b"42", b"49"]
CODES += [b"97", b"101", b"38;5;200", b"48;5;17", b"38;2;1;2;3", b"48;2;9;9;9"]
sequences = st.lists(st.lists(st.sampled_from(CODES), min_size=1, max_size=4), max_size=90)


def attributes(data):
    terminal = Terminal(2, 4)
    terminal.feed(data)
    return terminal.cursor.attrs


@pytest.mark.slow
@settings(max_examples=150)
@given(sequences)
def test_render_restores_what_a_terminal_has(lists):
    rendition = Rendition()
    raws = [b"\x1b[" + b";".join(units) + b"m" for units in lists]
    for raw in raws:
        rendition.add(raw)
    assert attributes(b"\x1b[7;5;33;44m" + rendition.render()) == attributes(b"".join(raws))
    assert attributes(b"".join(fold(raws))) == attributes(b"".join(raws))


def test_default_is_one_reset():
    rendition = Rendition()
    rendition.add(b"\x1b[31m")
    rendition.add(b"\x1b[0m")
    assert rendition.render() == b"\x1b[m"
    assert attributes(rendition.render()) == pyte.screens.Char(" ")


@pytest.mark.parametrize(
    ("raws", "folded"),
    [
        ([b"\x1b[1m", b"\x1b[2m"], [b"\x1b[1m", b"\x1b[2m"]),
        ([b"\x1b[1m", b"\x1b[2m", b"\x1b[22m"], []),
        ([b"\x1b[4:3m", b"\x1b[58:2::1:2:3m"], [b"\x1b[4:3m", b"\x1b[58:2::1:2:3m"]),
        ([b"\x1b[4m", b"\x1b[4:0m"], []),
        ([b"\x1b[21m", b"\x1b[24m"], []),
        ([b"\x1b[31;38;5;7;1m", b"\x1b[0;3m"], [b"\x1b[3m"]),
        ([b"\x1b[38;5m"], [b"\x1b[38;5m"]),
        ([b"\x1b[108m", b"\x1b[1;999;1000m", b"\x1b[123456789;4:3m", b"\x1b[0200:1m"], [b"\x1b[1m", b"\x1b[4:3m"]),
        ([b"\x1b[38;5;200m", b"\x1b[48;2;255;254;253m", b"\x1b[58:5:222m"], [b"\x1b[38;5;200m", b"\x1b[48;2;255;254;253m", b"\x1b[58:5:222m"]),
        ([b"\x1b[048;05;200m"], [b"\x1b[048;05;200m"]),
        ([b"\x1b[1m", b"\x1b[221m"], [b"\x1b[1m", b"\x1b[221m"]),
    ],
)
def test_fold(raws, folded):
    assert fold(raws) == folded


def test_the_stack_and_endless_attributes():
    rendition = Rendition()
    rendition.add(b"\x1b[1m")
    rendition.push()
    rendition.add(b"\x1b[m")
    rendition.pop()
    assert rendition.render() == b"\x1b[m\x1b[1m"
    for n in range(10_000):
        rendition.add(b"\x1b[38;5;%dm" % (n % 256))
    assert len(rendition.render()) < 40


@pytest.mark.parametrize("code", [lambda n: n, lambda n: 108 + n, lambda n: 1000 + n, lambda n: n % 108])
def test_codes_without_end_are_folded_seldom(code, monkeypatch):
    folded = []
    monkeypatch.setattr(sgr, "fold", lambda sequences: (folded.append(len(sequences)), fold(sequences))[1])
    rendition = Rendition()
    for n in range(10_000):
        rendition.add(b"\x1b[%dm" % (code(n) or 1))
    assert sum(folded) <= 3 * 10_000
    assert len(rendition.state) <= 256
