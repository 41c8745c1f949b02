"""Which upstream a request goes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headroom_wrap.proxy.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes.

    Args:
        upstream: the model's API.
        target: path and query for it.
    """

    upstream: Upstream
    target: str


class Upstreams:
    """All upstreams of a proxy.

    Args:
        only: takes every request.
    """

    def __init__(self, only: Upstream) -> None:
        self._only = only

    def route(self, target: str, headers: Mapping[str, str]) -> Route:
        """Where a request goes.

        Args:
            target: path and query as they came, the secret left off.
            headers: of the request.
        """
        return Route(self._only, target)

    async def close(self) -> None:
        """Give back the connections."""
        await self._only.close()
