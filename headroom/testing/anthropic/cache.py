"""Anthropic's prompt cache, simulated: what a sequence of requests would be billed for, in all four input classes.

The rules are those of https://platform.claude.com/docs/en/build-with-claude/prompt-caching. An entry is the hash of the whole
prompt up to a breakpoint; only breakpoints write entries, a look-back from each breakpoint finds them.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headroom.testing.anthropic.prompt import PromptBlock, flatten
from headroom.testing.charge import Charge, Reason, default_count
from pipeline.usage import Usage

LOOKBACK = 20
"""Positions checked for an entry from each breakpoint backwards, the breakpoint's own included."""

_FORGET_ABOVE = 100_000  # hashes of prefixes kept for explanations, and entries

_MINIMUM_TOKENS = (
    (512, ("opus-5", "fable-5", "mythos-5")),
    (2048, ("opus-4-7", "mythos-preview", "haiku-3", "3-5-haiku", "3-haiku")),
    (4096, ("opus-4-6", "opus-4-5", "haiku-4-5")),
)


def minimum_tokens(model: str) -> int:
    """The shortest prefix, in tokens, that Anthropic caches for a model; shorter ones are billed as plain input."""
    return next((size for size, names in _MINIMUM_TOKENS if any(name in model for name in names)), 1024)


def prompt_tokens(request: Mapping[str, object], count: Callable[[str], int] = default_count) -> int:
    """All input tokens of a request, as ``/v1/messages/count_tokens`` would answer."""
    return sum(block.tokens for block in flatten(request, count))


@dataclass(slots=True)
class _Entry:
    ttl: int
    expires: float


@dataclass(frozen=True, slots=True)
class _Prompt:
    """One request's blocks with, for each, the hash and the tokens of the prompt up to it; and which are breakpoints."""

    blocks: Sequence[PromptBlock]
    prefixes: Sequence[bytes]
    totals: Sequence[int]
    marks: Sequence[int]


class PromptCache:
    """The cache of one organisation.

    Args:
        count: tokens of a text. The default needs no vocabulary and is a quarter of the UTF-8 bytes.
        minimum: the shortest prefix that is cached, in tokens; None takes the real figure of each request's model.
    """

    def __init__(self, count: Callable[[str], int] = default_count, *, minimum: int | None = None) -> None:
        self._count = count
        self._minimum = minimum
        self._entries: dict[bytes, _Entry] = {}
        self._seen: dict[bytes, bool] = {}  # prefix -> whether it was a whole request

    def charge(self, request: Mapping[str, object], now: float, output: int = 0) -> Charge:
        """Bills one request and leaves the cache as the request does.

        Call it when the response begins: only then does the API make what a request writes readable to others.

        Args:
            request: the parsed body of ``POST /v1/messages``; it is taken to be valid.
            now: when the request started, in seconds of any clock. Lifetimes count from here.
            output: output tokens to note in the usage.
        """
        prompt = self._prompt(request)
        blocks, marks = prompt.blocks, prompt.marks
        hit = self._find(prompt, now)
        known = next((i for i, prefix in enumerate(prompt.prefixes) if prefix not in self._seen), len(blocks))
        charge = Charge(
            _bill(prompt, hit, output),
            self._reason(prompt, hit, known, now),
            read_to=blocks[hit].path if hit >= 0 else "",
            written_to=blocks[marks[-1]].path if marks and marks[-1] > hit else "",
            broke_at=blocks[known].path if known < len(blocks) else "",
        )
        self._write(prompt, hit, now)
        self._remember(prompt.prefixes, now)
        return charge

    def _prompt(self, request: Mapping[str, object]) -> _Prompt:
        blocks = flatten(request, self._count)
        totals = list(itertools.accumulate(block.tokens for block in blocks))
        minimum = minimum_tokens(str(request.get("model"))) if self._minimum is None else self._minimum
        marks = [i for i, block in enumerate(blocks) if block.ttl and totals[i] >= minimum]
        return _Prompt(blocks, _prefixes(blocks), totals, marks)

    def _find(self, prompt: _Prompt, now: float) -> int:
        """Index of the last block to be read from the cache, or -1."""
        positions = _positions(prompt.blocks)
        for mark in reversed(prompt.marks):
            for i in range(mark, -1, -1):
                if positions[mark] - positions[i] >= LOOKBACK:
                    break
                entry = self._entries.get(prompt.prefixes[i])
                if entry is not None and entry.expires > now:
                    return i
        return -1

    def _reason(self, prompt: _Prompt, hit: int, known: int, now: float) -> Reason:
        if not prompt.marks:
            return "too small" if any(block.ttl for block in prompt.blocks) else "unmarked"
        last = prompt.marks[-1]
        if hit == last:
            return "hit"
        reachable = prompt.prefixes[hit + 1 : min(known, last + 1)]
        missed = [self._entries[prefix] for prefix in reachable if prefix in self._entries]
        if missed:
            return "lookback" if any(entry.expires > now for entry in missed) else "expired"
        if all(block.kind == "setting" for block in prompt.blocks[:known]):
            return "new"
        return "grew" if self._seen[prompt.prefixes[known - 1]] else "changed"

    def _write(self, prompt: _Prompt, hit: int, now: float) -> None:
        source = self._entries[prompt.prefixes[hit]] if hit >= 0 else None
        if source is not None:
            source.expires = max(source.expires, now + source.ttl)
        for mark in prompt.marks:
            entry = self._entries.get(prompt.prefixes[mark])
            if entry is not None and entry.expires > now:
                entry.expires = max(entry.expires, now + entry.ttl)
                continue
            ttl = prompt.blocks[mark].ttl
            if source is not None and mark <= hit:
                # Nothing is paid for here, so it cannot buy a longer life than the entry has that it was read from.
                ttl = min(ttl, source.ttl)
            self._entries[prompt.prefixes[mark]] = _Entry(ttl, now + ttl)

    def _remember(self, prefixes: Sequence[bytes], now: float) -> None:
        for prefix in prefixes[:-1]:
            self._seen.setdefault(prefix, False)
        self._seen[prefixes[-1]] = True
        if len(self._seen) > _FORGET_ABOVE:
            self._seen = dict(itertools.islice(self._seen.items(), _FORGET_ABOVE // 2, None))
        if len(self._entries) > _FORGET_ABOVE:
            self._entries = {prefix: entry for prefix, entry in self._entries.items() if entry.expires > now}


def _bill(prompt: _Prompt, hit: int, output: int) -> Usage:
    """The read ends at the hit, the 1 h write at the last 1 h breakpoint after it, the 5 m write at the last breakpoint."""
    totals = prompt.totals
    read = totals[hit] if hit >= 0 else 0
    long = max([read, *(totals[mark] for mark in prompt.marks if prompt.blocks[mark].ttl > 300)])
    last = max(read, totals[prompt.marks[-1]] if prompt.marks else 0)
    return Usage(
        input=totals[-1] - last,
        cache_write_5m=last - long,
        cache_write_1h=long - read,
        cache_read=read,
        output=output,
    )


def _prefixes(blocks: Sequence[PromptBlock]) -> list[bytes]:
    chain = b""
    result = []
    for block in blocks:
        chain = hashlib.blake2b(chain + block.digest, digest_size=16).digest()
        result.append(chain)
    return result


def _positions(blocks: Sequence[PromptBlock]) -> list[int]:
    """Where each block stands in the look-back: a run of tool calls counts once, so does a run of their results."""
    position = 0
    result = []
    previous = ""
    for block in blocks:
        same_run = block.kind == previous and block.kind in {"tool_use", "tool_result"}
        if block.kind != "setting" and not same_run:
            position += 1
        result.append(position)
        previous = block.kind
    return result
