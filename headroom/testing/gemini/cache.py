"""Gemini's implicit cache, simulated: what a sequence of requests would be billed for.

The rules are those of https://ai.google.dev/gemini-api/docs/caching as of November 2026: requests that begin like a recent one are billed
less for what they share, from 2048 tokens on with Gemini 2.5 and from 4096 with later models (1024 with Gemini 3 Flash Preview); writing and
keeping cost nothing. Google guarantees no hit and publishes no lifetime; here every prefix is kept for five minutes after its last use.
Explicit caches, which a request names by ``cachedContent``, are not simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from headroom.testing.charge import Charge, default_count
from headroom.testing.gemini.prompt import flatten
from headroom.testing.prefix import PrefixCache

_MINIMUM = ((2048, ("gemini-2",)), (1024, ("gemini-3-flash",)))


def gemini_minimum_tokens(model: str) -> int:
    """The shortest prefix, in tokens, that Gemini caches unasked for a model."""
    return next((size for size, names in _MINIMUM if any(name in model for name in names)), 4096)


class GeminiCache:
    """The cache of one project.

    Args:
        count: tokens of a text. The default needs no vocabulary and is a quarter of the UTF-8 bytes.
        minimum: the shortest prefix that is cached, in tokens; None takes the real figure of each request's model.
        lifetime: seconds for which a prefix is kept after its last use.
    """

    def __init__(self, count: Callable[[str], int] = default_count, *, minimum: int | None = None, lifetime: float = 300.0) -> None:
        self._count = count
        self._minimum = minimum
        self._lifetime = lifetime
        self._prefixes = PrefixCache()

    def charge(self, request: Mapping[str, object], model: str, now: float, output: int = 0) -> Charge:
        """Bills one request and leaves the cache as the request does. Call it when the response begins.

        Args:
            request: the parsed body, without what Code Assist wraps around it; it is taken to be valid.
            model: the name in the request's path.
            now: when the request started, in seconds of any clock.
            output: output tokens to note in the usage, thinking included.
        """
        minimum = gemini_minimum_tokens(model) if self._minimum is None else self._minimum
        blocks = flatten(request, self._count)
        return self._prefixes.charge(blocks, now, minimum=minimum, lifetime=self._lifetime, partition=model, output=output)
