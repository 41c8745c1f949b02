"""The checkpoint's own tokenizer, over words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.compressors.kompress.checkpoint.chunks import TOKENS, Encoded
from pipeline.compressors.kompress.checkpoint.files import TOKENIZER


class Encoder:
    """ModernBERT's tokens of words that are known to be words.

    Args:
        folder: where ``tokenizer.json`` is.
    """

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(TOKENS)

    def __call__(self, words: Sequence[str]) -> Encoded:
        """The tokens of as many words as the window takes."""
        found = self._tokenizer.encode(list(words), is_pretokenized=True)
        of_words = [-1 if word is None else word for word in found.word_ids]
        whole = max(of_words, default=-1) if found.overflowing else len(words)  # the last one may have been cut
        return Encoded(found.ids, of_words, whole)
