"""The table of common English words (``data/words.xz``), commonest first, from the o200k vocabulary: ``python -m scripts.kompress.words``.

A byte-pair vocabulary is built by merging the commonest pairs first, so the rank of a word's token is a rank by frequency: over the web and over
code, which is what tool output is made of. That costs no corpus and no licence but the vocabulary's own (MIT).
"""

from __future__ import annotations

import lzma
import re

from pipeline.compressors.kompress.lexicon import DATA
from pipeline.tokens import VOCABULARY, unpack

MOST = 16_384  # the rest count as rarest
_WORD = re.compile(rb"[ ]?([A-Za-z]{2,20})")


def ranked() -> list[str]:
    """Words of which the vocabulary has a token of their own, by the lowest rank of any spelling."""
    found: dict[str, None] = {}
    for token in unpack(lzma.decompress(VOCABULARY.read_bytes())):
        # With a blank before it a token starts a word; without one it may be a piece of others.
        matched = _WORD.fullmatch(token)
        if matched and token.startswith(b" "):
            found.setdefault(matched[1].decode().lower())
    return list(found)[:MOST]


def main() -> None:
    words = ranked()
    packed = lzma.compress("\n".join(words).encode(), preset=9 | lzma.PRESET_EXTREME)
    (DATA / "words.xz").write_bytes(packed)
    print(f"{len(words):,} words, {len(packed):,} bytes")


if __name__ == "__main__":
    main()
