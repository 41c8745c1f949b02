"""Streaming ECMA-48 tokenizer: bytes in, (kind, bytes) out; it knows the grammar and no policy.

Grammar after https://vt100.net/emu/dec_ansi_parser and
https://invisible-island.net/xterm/ctlseqs/ctlseqs.html. What was cut by the end of a read is held until the rest
arrives; strings (OSC, DCS, APC, PM, SOS) stream through, since one may be an image of many megabytes.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

PLAIN, WIDE, CONTROL, CSI, ESCAPE, STRING, STRING_END, JUNK = range(8)
"""Kinds of token.

PLAIN is printable ASCII with CR and LF in it; WIDE is printable text that starts with a byte above 7F; CONTROL is one C0
byte; CSI and ESCAPE are whole sequences; STRING is a piece of a string (introducer included), STRING_END its terminator
(empty where the string was aborted); JUNK is malformed and means nothing to a terminal."""

Token = tuple[int, bytes]

MAX_SEQUENCE = 1024
"""Longest control sequence, in bytes. Longer ones are junk, so that a hostile stream cannot grow the held tail."""

MAX_HEAD = 4096
"""How much of a string is kept to tell what it was, in bytes."""

_TOKEN = re.compile(
    rb"([\x20-\x7e\r\n]+)"
    rb"|(\x1b\[[<-?]?[0-9;:]{0,1000}[ -/]{0,8}[@-~])"
    rb"|([\x80-\xff][\x20-\x7e\x80-\xff]*)"
    rb"|(\x1b(?:[0-OQ-WYZ\\`-~]|[ -/]{1,8}[0-~]))"
    rb"|(\x1b[\]PX^_])"
    rb"|([\x00-\x1a\x1c-\x1f\x7f])"
)
_KINDS = (JUNK, PLAIN, CSI, WIDE, ESCAPE, STRING, CONTROL)
# A control inside a sequence is carried out at once and the sequence goes on after it.
_LOOSE_CSI = re.compile(rb"\x1b\[[\x00-\x17\x19\x1c-\x3f\x7f]{0,1024}")
_LOOSE_ESCAPE = re.compile(rb"\x1b[\x00-\x17\x19\x1c-\x2f\x7f]{0,1024}")
_CONTROLS = re.compile(rb"[\x00-\x1a\x1c-\x1f]")
_NOT_SEQUENCE = bytes(range(0x1B)) + bytes(range(0x1C, 0x20)) + b"\x7f"
_OSC_BODY = re.compile(rb"[^\x07\x18\x1a\x1b]*")
_STRING_BODY = re.compile(rb"[^\x18\x1a\x1b]*")
_C1 = re.compile(rb"\xc2([\x80-\x9f])")


def partial_utf8(data: bytes) -> int:
    """Count the bytes at the end of `data` that begin a character and do not finish it (0 to 3)."""
    for back in range(1, min(3, len(data)) + 1):
        lead = data[-back]
        if lead >= 0xC2:
            need = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4 if lead < 0xF5 else 1
            return back if need > back else 0
        if lead < 0x80:
            return 0
    return 0


def _seven_bits(match: re.Match[bytes]) -> bytes:
    return bytes((0x1B, match.group(1)[0] - 0x40))


class Tokenizer:
    """Cuts a byte stream into tokens; the tokens do not depend on how the stream was split (only texts may be cut)."""

    def __init__(self) -> None:
        self.held = b""
        """What was received and not yet given out: the start of a sequence or of a character."""
        self.head = b""
        """The first `MAX_HEAD` bytes of the string that is open, or of the last one that ended."""
        self.in_string = False

    def take(self, data: bytes) -> bytes:
        """Join what was held with `data`, C1 controls in UTF-8 turned into 7 bits: the input of `tokens`.

        xterm obeys those controls and others print them; in 7 bits they mean the same to every terminal.
        """
        buf = self.held + data if self.held else data
        self.held = b""
        return _C1.sub(_seven_bits, buf) if b"\xc2" in buf else buf

    def feed(self, data: bytes) -> Iterator[Token]:
        """Yield the tokens that `data` completes. The iterator must be run to its end before the next call."""
        buf = self.take(data)
        return self.tokens(buf, 0, len(buf))

    def tokens(self, buf: bytes, pos: int, end: int) -> Iterator[Token]:
        """Yield the tokens of `buf[pos:end]`, which came from `take`; what is cut off at `end` is held."""
        match_token = _TOKEN.match
        while pos < end:
            if self.in_string:
                pos = yield from self._string(buf, pos, end)
                continue
            match = match_token(buf, pos, end)
            if match is None:
                pos = yield from self._irregular(buf, pos, end)
                continue
            kind = _KINDS[match.lastindex or 0]
            raw = match.group()
            pos = match.end()
            if kind == WIDE and pos == end:
                cut = partial_utf8(raw)
                if cut:
                    self.held = raw[-cut:]
                    raw = raw[:-cut]
                    if not raw:
                        return
            elif kind == STRING:
                self.in_string, self.head = True, raw
            yield kind, raw

    def _string(self, buf: bytes, pos: int, end: int) -> Generator[Token, None, int]:
        """Stream the open string; return where to go on."""
        body_pattern = _OSC_BODY if self.head[1:2] == b"]" else _STRING_BODY
        start, stop, after = pos, None, end
        while stop is None:
            match = body_pattern.match(buf, pos, end)
            assert match is not None
            pos = match.end()
            pair = buf[pos : min(pos + 2, end)]
            if not pair:
                if buf[end - 1] == 0xC2:  # perhaps the first half of a C1 control
                    pos -= 1
                    self.held = b"\xc2"
                break
            if pair == b"\x1b":
                self.held = pair
                break
            if pair == b"\x1b\x1b" and (self.head + buf[start : start + 8])[:7] == b"\x1bPtmux;":
                pos += 2  # in tmux's passthrough ESC is written twice
            elif pair == b"\x1b\\":
                stop, after = pair, pos + 2
            elif pair[0] == 0x1B:
                stop, after = b"", pos
            else:
                stop, after = pair[:1], pos + 1
        body = buf[start:pos]
        if len(self.head) < MAX_HEAD:
            self.head += body[: MAX_HEAD - len(self.head)]
        if body:
            yield STRING, body
        if stop is not None:
            self.in_string = False
            yield STRING_END, stop
        return after

    def _irregular(self, buf: bytes, pos: int, end: int) -> Generator[Token, None, int]:
        """Take an ESC that starts no clean sequence; return where to go on."""
        csi = buf[pos + 1 : min(pos + 2, end)] == b"["
        match = (_LOOSE_CSI if csi else _LOOSE_ESCAPE).match(buf, pos, end)
        assert match is not None
        stop = match.end()
        if stop == end and stop - pos < MAX_SEQUENCE:
            self.held = match.group()
            return end
        for control in _CONTROLS.findall(match.group()):
            yield CONTROL, control
        final = buf[stop] if stop < end and stop - pos < MAX_SEQUENCE else 0
        if (0x40 if csi else 0x30) <= final <= 0x7E:
            stop += 1
        clean = buf[pos:stop].translate(None, _NOT_SEQUENCE)
        whole = _TOKEN.fullmatch(clean)
        yield (_KINDS[whole.lastindex or 0] if whole and whole.lastindex in (2, 4) else JUNK), clean
        return stop
