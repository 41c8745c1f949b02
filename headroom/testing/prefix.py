"""Prefix caching without breakpoints, as several providers do it: whatever began like an earlier prompt is read, in steps of tokens.

A prompt is a list of blocks; each is cut into pieces of a few hundred characters, and what stands for a prefix is the hash of all pieces up
to its end. So two prompts that part in the middle of a long text share the beginning of that text.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from headroom.testing.charge import Charge, Reason
from pipeline.usage import Usage

PIECE = 256
"""Characters of a text between two places where a prefix may end."""

_FORGET_ABOVE = 200_000  # prefixes kept


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a prompt in the order in which the model sees it.

    Args:
        path: where it stands in the request, e.g. ``input[3].content[0]``; settings have a path in words.
        text: what is cached of it, its role included.
        tokens: its size; 0 marks a setting, which is part of the prefix and of no length.
        turn: a message of the user or of a tool ends with it.
        ttl: seconds that an explicit breakpoint on it asks for, 0 without one.
    """

    path: str
    text: str
    tokens: int
    turn: bool = False
    ttl: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A place where a prefix may end.

    Args:
        chain: hash of the prompt up to here.
        total: tokens up to here.
        block: index of the block that it lies in.
        last: the block ends here.
    """

    chain: bytes
    total: int
    block: int
    last: bool


def cut(blocks: Sequence[Block], partition: str = "") -> list[Piece]:
    """The places where a prefix of these blocks may end, in order; prompts of different partitions have nothing in common."""
    made = []
    chain = partition.encode("utf-8", "surrogatepass")
    before = 0
    for index, block in enumerate(blocks):
        size = max(len(block.text), 1)
        for start in range(0, size, PIECE):
            end = min(start + PIECE, size)
            part = f"{'' if start else '+'}{block.text[start:end]}"
            chain = hashlib.blake2b(chain + part.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            made.append(Piece(chain, before + block.tokens * end // size, index, end == size))
        before += block.tokens
    return made


class PrefixCache:
    """The cache of one organisation at a provider that caches prefixes by itself.

    Args:
        step: the number of tokens read is a multiple of this.
    """

    def __init__(self, step: int = 1) -> None:
        self._step = step
        self._expires: dict[bytes, float] = {}
        self._whole: dict[bytes, bool] = {}  # where a whole prompt ended

    def charge(self, blocks: Sequence[Block], now: float, *, minimum: int, lifetime: float, partition: str = "", output: int = 0) -> Charge:
        """Bills one request and leaves the cache as the request does.

        Args:
            blocks: the prompt.
            now: when the request started, in seconds of any clock.
            minimum: the shortest prefix that is cached, in tokens.
            lifetime: seconds for which a prefix is kept after its last use.
            partition: prompts of different partitions share nothing: their models differ, or the machines that they are sent to.
            output: output tokens to note in the usage.
        """
        pieces = cut(blocks, partition)
        total = pieces[-1].total if pieces else 0
        known = next((i for i, piece in enumerate(pieces) if piece.chain not in self._expires), len(pieces))
        alive = next((i for i, piece in enumerate(pieces) if self._expires.get(piece.chain, now) <= now), len(pieces))
        read = pieces[alive - 1].total // self._step * self._step if alive else 0
        read = read if read >= minimum else 0
        charge = Charge(
            Usage(input=total - read, cache_read=read, output=output),
            self._reason(blocks, pieces, known, alive, minimum),
            read_to=next((blocks[piece.block].path for piece in pieces if piece.total >= read), "") if read else "",
            broke_at=blocks[pieces[known].block].path if known < len(pieces) else "",
        )
        self._keep(pieces, now, lifetime)
        return charge

    def _reason(self, blocks: Sequence[Block], pieces: Sequence[Piece], known: int, alive: int, minimum: int) -> Reason:
        if not pieces or pieces[-1].total < minimum:
            return "too small"
        if alive == len(pieces):
            return "hit"
        if known > alive:
            return "expired"
        if all(blocks[piece.block].tokens == 0 for piece in pieces[:known]):
            return "new"
        return "grew" if pieces[known - 1].chain in self._whole else "changed"

    def _keep(self, pieces: Sequence[Piece], now: float, lifetime: float) -> None:
        for piece in pieces:
            self._expires[piece.chain] = max(self._expires.get(piece.chain, 0.0), now + lifetime)
        if pieces:
            self._whole[pieces[-1].chain] = True
        if len(self._expires) > _FORGET_ABOVE:
            self._expires = {chain: end for chain, end in self._expires.items() if end > now}
            self._whole = dict(itertools.islice(self._whole.items(), len(self._whole) // 2, None))
