"""OpenAI's prompt cache, simulated: what a sequence of requests would be billed for.

The rules are those of https://developers.openai.com/api/docs/guides/prompt-caching and of the request types of the official Python library,
version 3.54.0, both as of November 2026:

* Prompts of 1024 tokens and more are cached unasked. What is reused is a prefix: model, format, effort and verbosity, tools, instructions,
  items. ``prompt_cache_key`` is part of the routing, so requests with different keys share nothing here.
* Models before GPT-5.6: any prefix is found, in steps of 128 tokens, writing costs nothing. Prefixes stay for 5 to 10 minutes without use,
  taken as 5; with ``prompt_cache_retention`` "24h", which is all that GPT-5.5 has, for a day.
* GPT-5.6 and later: a prefix is written and found at breakpoints only. One lies, unless ``prompt_cache_options.mode`` is "explicit", at the
  end of the latest message of the user or of a tool; the latest three (in explicit mode four) marked parts are others. Found are the latest
  80, those that earlier turns had among them. What is written costs 1.25 times the input and stays for 30 minutes, or 12 hours.

Not simulated: the hidden system message, machines that overflow above some 15 requests a minute, and eviction at another time than the
documented one. That use prolongs an entry's life is documented for the older models and assumed for the newer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headroom.testing.charge import Charge, Reason, default_count
from headroom.testing.openai.prompt import flatten, request_ttl, version
from headroom.testing.prefix import Block, Piece, PrefixCache, cut
from headroom.testing.shapes import mapping
from pipeline.usage import Usage

MINIMUM = 1024
"""Tokens of the shortest prefix that is cached."""

STEP = 128
"""What is read at models before GPT-5.6 is a multiple of this."""

BREAKPOINTS_READ = 80
BREAKPOINTS_WRITTEN = 4

_IN_MEMORY = 300.0
_EXTENDED = 86_400.0


class OpenAICache:
    """The cache of one organisation.

    Args:
        count: tokens of a text. The default needs no vocabulary and is a quarter of the UTF-8 bytes.
        minimum: the shortest prefix that is cached, in tokens.
        step: granularity of reads at models before GPT-5.6, in tokens.
        retention: what those have that support both ``in_memory`` and ``24h``, where a request does not say; it is a setting of the
            organisation.
    """

    def __init__(
        self, count: Callable[[str], int] = default_count, *, minimum: int = MINIMUM, step: int = STEP, retention: str = "in_memory"
    ) -> None:
        self._count = count
        self._minimum = minimum
        self._retention = retention
        self._prefixes = PrefixCache(step)
        self._marked = _MarkedPrefixes(minimum)

    def charge(self, request: Mapping[str, object], now: float, output: int = 0) -> Charge:
        """Bills one request and leaves the cache as the request does. Call it when the response begins.

        Args:
            request: the parsed body, with all its items where it goes on from an earlier response; it is taken to be valid.
            now: when the request started, in seconds of any clock.
            output: output tokens to note in the usage.
        """
        model = str(request.get("model"))
        blocks = flatten(request, self._count)
        partition = f"{model} {request.get('prompt_cache_key') or ''}"
        if version(model) >= (5, 6):
            explicit = mapping(request.get("prompt_cache_options")).get("mode") == "explicit"
            return self._marked.charge(blocks, now, request_ttl(request), partition, output, explicit=explicit)
        lifetime = self._lifetime(model, request.get("prompt_cache_retention"))
        return self._prefixes.charge(blocks, now, minimum=self._minimum, lifetime=lifetime, partition=partition, output=output)

    def _lifetime(self, model: str, wanted: object) -> float:
        extended = version(model) >= (5, 5) or (wanted or self._retention) == "24h"
        return _EXTENDED if extended else _IN_MEMORY


@dataclass(slots=True)
class _Entry:
    ttl: float
    expires: float


class _MarkedPrefixes:
    """Prefixes that end at breakpoints."""

    def __init__(self, minimum: int) -> None:
        self._minimum = minimum
        self._entries: dict[bytes, _Entry] = {}
        self._seen: dict[bytes, bool] = {}  # prefix -> whether it was a whole request

    def charge(self, blocks: Sequence[Block], now: float, ttl: float, partition: str, output: int, *, explicit: bool) -> Charge:
        ends = [piece for piece in cut(blocks, partition) if piece.last]
        written, readable = self._breakpoints(blocks, ends, ttl, explicit=explicit)
        hit = next((i for i in readable if self._alive(ends[i], now)), -1)
        known = next((i for i, end in enumerate(ends) if end.chain not in self._seen), len(ends))
        last = max(written, default=-1)
        read = ends[hit].total if hit >= 0 else 0
        wrote = max(ends[last].total - read, 0) if last >= 0 else 0
        charge = Charge(
            Usage(input=ends[-1].total - read - wrote, cache_write_5m=wrote, cache_read=read, output=output),
            self._reason(blocks, ends, readable, hit, known),
            read_to=blocks[hit].path if hit >= 0 else "",
            written_to=blocks[last].path if wrote else "",
            broke_at=blocks[known].path if known < len(blocks) else "",
        )
        self._write(ends, written, hit, now)
        self._remember(ends)
        return charge

    def _breakpoints(self, blocks: Sequence[Block], ends: Sequence[Piece], ttl: float, *, explicit: bool) -> tuple[dict[int, float], list[int]]:
        """The blocks at whose ends a prefix is written, with its lifetime, and those at which one is looked for, the last first."""
        large = [i for i, end in enumerate(ends) if end.total >= self._minimum]
        marks = [i for i in large if blocks[i].ttl]
        turns = [] if explicit else [i for i in large if blocks[i].turn]
        own = turns[-1:]
        written = {i: float(blocks[i].ttl) for i in marks[-(BREAKPOINTS_WRITTEN - len(own)) :]}
        written |= dict.fromkeys(own, ttl)
        return written, sorted({*marks, *turns}, reverse=True)[:BREAKPOINTS_READ]

    def _alive(self, end: Piece, now: float) -> bool:
        entry = self._entries.get(end.chain)
        return entry is not None and entry.expires > now

    def _reason(self, blocks: Sequence[Block], ends: Sequence[Piece], readable: Sequence[int], hit: int, known: int) -> Reason:
        if not readable:
            marked = any(block.ttl or block.turn for block in blocks)
            return "too small" if marked and ends[-1].total < self._minimum else "unmarked"
        if hit == readable[0]:
            return "hit"
        if any(ends[i].chain in self._entries for i in readable if i > hit):
            return "expired"
        if any(ends[i].chain in self._entries for i in range(hit + 1, known)):
            return "lookback"
        if all(block.tokens == 0 for block in blocks[:known]):
            return "new"
        return "grew" if self._seen[ends[known - 1].chain] else "changed"

    def _write(self, ends: Sequence[Piece], written: Mapping[int, float], hit: int, now: float) -> None:
        if hit >= 0:
            entry = self._entries[ends[hit].chain]
            entry.expires = max(entry.expires, now + entry.ttl)
        for i, ttl in written.items():
            if not self._alive(ends[i], now):
                self._entries[ends[i].chain] = _Entry(ttl, now + ttl)

    def _remember(self, ends: Sequence[Piece]) -> None:
        for end in ends[:-1]:
            self._seen.setdefault(end.chain, False)
        self._seen[ends[-1].chain] = True
