from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom_wrap.terminal.keys import KeyReader, control


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        (b"q", ["q"]),
        ("jé".encode(), ["j", "é"]),
        (b"\x1b[A\x1bOB\x1b[1;2C\x1b[D", ["up", "down", "right", "left"]),
        (b"\x1b[5~\x1b[6~\x1b[H\x1b[F\x1b[1~\x1b[4~", ["pageup", "pagedown", "home", "end", "home", "end"]),
        (b"\r\n\t\x7f\x08\x1b[Z", ["enter", "enter", "tab", "backspace", "backspace", "backtab"]),
        (b"\x1c\x1b[92;5u\x1b[92;133u\x1b[27;5;92~", ["ctrl-\\"] * 4),
        (b"\x1b[113u\x1b[27u\x1b[13u\x1b[57420u\x1b[13;1:3u\x1b[1;1:3A", ["q", "escape", "enter", "down"]),
        (b"\x1b[<64;5;5M\x1b[<65;5;5M\x1b[<0;5;5M\x1b[<0;5;5m\x1b[M`!!\x1b[Maxx", ["up", "down", "up", "down"]),
        (b"\x1b[200~q\x1b[Aq\r\x1b[201~x", ["x"]),
        # F1 to F4 and the keypad: of an xterm, with Shift, of kitty, of Konsole, of a Linux console, of rxvt
        (b"j\x1bOP\x1bOQ\x1bOR\x1bOS\x1bOq\x1bOjj", ["j", "j"]),
        (b"j\x1b[1;2P\x1b[1;5Q\x1b[1;2Sj\x1b[P\x1b[Q\x1b[R\x1b[Sj", ["j", "j", "j"]),
        (b"j\x1bO2Pj\x1bO5A\x1bO1;5Sj", ["j", "j", "up", "j"]),
        (b"j\x1b[[A\x1b[[E\x1b[11^\x1b[23@\x1b[bj\x1bOdj\x1b[6^\x1b[6$\x1b[5@", ["j", "j", "j", "pagedown", "pagedown", "pageup"]),
        (b"\x1bO\x1b[A\x1b]\x1b[A\x1bX\x1bj\x1b[B", ["up", "up", "down"]),  # with Alt held
        (b"\x1b[1;2R\x1b[4;1$y\x1b[?1;2;3S", [b"\x1b[1;2R", b"\x1b[4;1$y", b"\x1b[?1;2;3S"]),
        (b"\x1b[12;1R\x1b[?62;4c\x1b]11;rgb:0/0/0\x1b\\\x1b[I", [b"\x1b[12;1R", b"\x1b[?62;4c", b"\x1b]11;rgb:0/0/0\x1b\\", b"\x1b[I"]),
    ],
)
def test_keys(typed, keys):
    for step in (1, 3, 100):
        if not typed.isascii() and step == 1:
            continue  # a terminal sends a character at once
        reader = KeyReader()
        got = [key for at in range(0, len(typed), step) for key in reader.feed(typed[at : at + step])]
        assert got + reader.flush() == keys


def test_a_lone_escape_is_a_key_when_nothing_follows():
    reader = KeyReader()
    assert reader.feed(b"\x1b") == []
    assert reader.flush() == ["escape"]
    assert reader.flush() == []


@pytest.mark.parametrize("cut", range(1, 6))
def test_the_end_of_a_paste_is_known_however_late_its_rest_comes(cut):
    reader, end = KeyReader(), b"\x1b[201~"
    assert reader.feed(b"\x1b[200~pasted" + end[:cut]) + reader.flush() + reader.feed(end[cut:] + b"j") + reader.flush() == ["j"]


@pytest.mark.parametrize("typed", [b"\x1bO", b"\x1bO1;"])
def test_an_o_with_alt_held_is_nothing(typed):
    reader = KeyReader()
    assert reader.feed(typed) + reader.flush() + reader.feed(b"j") == ["j"]


def test_beginnings_of_strings_are_not_waited_for_once_another_begins():
    reader = KeyReader()
    for _ in range(10):
        assert reader.feed(b"\x1b]" * 1000) == []
        assert len(reader._held) <= 3


def test_a_big_paste_is_nothing():
    reader = KeyReader()
    data = b"\x1b[200~" + b"q\x1b\r" * 300_000 + b"\x1b[201~j"
    assert [key for at in range(0, len(data), 4096) for key in reader.feed(data[at : at + 4096])] == ["j"]


@given(st.lists(st.binary(max_size=30), max_size=20))
def test_whatever_is_typed_is_taken(chunks):
    reader = KeyReader()
    for chunk in chunks:
        for key in reader.feed(chunk):
            assert isinstance(key, (str, bytes))
    reader.flush()
    assert len(reader._held) <= sum(map(len, chunks))


def test_names_of_keys():
    assert (control("ctrl-\\"), control("Ctrl-]"), control("ctrl-g"), control("off")) == (b"\x1c", b"\x1d", b"\x07", b"")
    for name in ("ctrl-c", "ctrl-m", "ctrl-[", "ctrl-", "x", "f5", "ctrl-1", ""):
        with pytest.raises(ValueError, match="^" if not name else None):
            control(name)
