"""Pack the o200k vocabulary into the package: ``python scripts/pack_vocabulary.py o200k_base.tiktoken``.

The source is the published file: a line per token, its bytes in base64 and its rank, ranks ascending from 0. What is written is that
table without base64 and without the ranks, which are the positions: the number of tokens (4 bytes, little-endian), a byte for the length
of each, then the bytes of all. Lengths apart from bytes pack 2 % smaller than lengths in between.
"""

from __future__ import annotations

import base64
import hashlib
import lzma
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "pipeline" / "data" / "o200k_base.xz"
SOURCE_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"

# No position or alignment in the data, four bits of the byte before as context: the smallest of the settings tried.
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}]


def pack(source: bytes) -> bytes:
    """The binary form of a ``.tiktoken`` file.

    Raises:
        ValueError: its ranks are not 0, 1, 2 … in order, or a token is longer than 255 bytes.
    """
    tokens = []
    for rank, line in enumerate(source.splitlines()):
        token, number = line.split()
        if int(number) != rank:
            raise ValueError(f"Line {rank + 1} has rank {int(number)}; the ranks must be the line numbers.")
        tokens.append(base64.b64decode(token, validate=True))
    return len(tokens).to_bytes(4, "little") + bytes(map(len, tokens)) + b"".join(tokens)


def main(path: str) -> None:
    source = Path(path).read_bytes()
    digest = hashlib.sha256(source).hexdigest()
    if digest != SOURCE_SHA256:
        raise SystemExit(f"{path} is not the o200k vocabulary: its SHA-256 is {digest}.")
    data = pack(source)
    packed = lzma.compress(data, format=lzma.FORMAT_XZ, check=lzma.CHECK_NONE, filters=FILTERS)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(packed)
    print(f"{TARGET}: {len(packed):,} bytes; SHA-256 of the unpacked {len(data):,} bytes: {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main(sys.argv[1])
