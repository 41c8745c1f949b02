"""Lines of transcripts, streamed from plain and zstd-compressed files, and rows decoded from them. No line is kept longer than its row."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar, cast

import msgspec

from headroom_wrap.learn.model import Skipped

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LONGEST = 16 << 20  # bytes of a line; a longer one is passed over without being held
MOST = 4 << 30  # bytes that are taken from one file: a small compressed file may unpack to any size
OUT_OF_TIME = "not read in time"
_BLOCK = 1 << 18
_FOREIGN = 20  # lines that mean nothing before the first that does
_MAGIC = b"\x28\xb5\x2f\xfd"  # RFC 8878, 3.1.1
_WINDOW = 25  # log2 of the memory that a compressed file may ask for; zstd's highest ordinary level needs 27, what agents use 21 to 23

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)


class Decoder(Protocol[Row_co]):
    """What turns a line into a row: `msgspec.json.Decoder`."""

    def decode(self, buf: bytes, /) -> Row_co:
        """The row of a line."""
        ...


def rows(
    path: Path,
    decoder: Decoder[Row],
    skipped: Skipped,
    wanted: Callable[[bytes], bool] | None = None,
    *,
    least: Callable[[Row], bool] | None = None,
    goes_on: Callable[[], bool] | None = None,
) -> Iterator[Row]:
    """The rows of a file of JSON lines. Lines that are no JSON or not of the shape are counted and passed over; nothing raises.

    A file of which the first lines all fail is foreign: it is counted as a file and left.

    Args:
        path: of the file.
        decoder: what a line is decoded with.
        skipped: is added to.
        wanted: a quick look at the raw line; what it refuses is passed over uncounted.
        least: a row for which it is false counts as of an unknown shape.
        goes_on: see `lines`.
    """
    good = bad = 0
    for line in lines(path, skipped, goes_on):
        if wanted is not None and not wanted(line):
            good += 1
            continue
        try:
            row = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            bad += 1
            if not line.isspace():
                skipped.row(_why(line, error))
            if not good and bad >= _FOREIGN:
                skipped.file("foreign")
                return
            continue
        if least is not None and not least(row):
            bad += 1
            skipped.row("unknown shape")
            continue
        good += 1
        yield row
    if bad and not good:
        skipped.file("foreign")


def _why(line: bytes, error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return "unknown shape"
    return "malformed" if line.endswith(b"\n") else "truncated"  # a session that runs, or that was killed, ends within a line


def lines(path: Path, skipped: Skipped, goes_on: Callable[[], bool] | None = None) -> Iterator[bytes]:
    """The lines of a file, each with its line feed; the last one may have none. Compressed files are known by their first bytes.

    Args:
        path: of the file.
        skipped: is added to.
        goes_on: asked for every quarter of a megabyte; once it says no, the rest is left unread and `OUT_OF_TIME` is counted.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # before it is opened: a pipe would have us wait
            skipped.file("not a file")
            return
        with path.open("rb", buffering=0) as file:
            magic = file.read(len(_MAGIC))
            file.seek(0)
            opened = zstd.ZstdFile(file, options={zstd.DecompressionParameter.window_log_max: _WINDOW}) if magic == _MAGIC else file
            yield from _split(cast("IO[bytes]", opened), skipped, goes_on)
    except zstd.ZstdError:
        skipped.row("damaged archive")  # what stood before the damage has been read
    except EOFError:
        skipped.row("truncated")
    except OSError:
        skipped.file("unreadable")


def _split(file: IO[bytes], skipped: Skipped, goes_on: Callable[[], bool] | None) -> Iterator[bytes]:
    held: list[bytes] = []
    size = taken = 0
    dropping = False
    while block := file.read(_BLOCK):
        if goes_on is not None and not goes_on():
            skipped.row(OUT_OF_TIME)
            return
        taken += len(block)
        if taken > MOST:
            skipped.row("too large")
            return
        start = 0
        while (end := block.find(b"\n", start)) >= 0:
            if dropping:
                dropping = False
            elif held:
                held.append(block[start : end + 1])
                yield b"".join(held)
            else:
                yield block[start : end + 1]
            held, size = [], 0
            start = end + 1
        if start < len(block) and not dropping:
            held.append(block[start:])
            size += len(block) - start
            if size > LONGEST:
                held, size, dropping = [], 0, True
                skipped.row("too large")
    if held:
        yield b"".join(held)


def first(path: Path, decoder: Decoder[Row], count: int = 8) -> list[Row]:
    """The rows in the first few lines of a file: for what they say about the whole."""
    found: list[Row] = []
    for line in islice(lines(path, Skipped()), count):
        try:
            found.append(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return found


def decoded(raw: msgspec.Raw | bytes) -> Any:
    """A JSON value, None where there is none."""
    try:
        return msgspec.json.decode(raw) if raw else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
