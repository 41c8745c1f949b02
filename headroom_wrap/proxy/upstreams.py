"""The upstreams of a proxy: one client for each address that its rules name, made when the first request goes there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headroom_wrap.proxy.routes import NoRoute, Rules
from headroom_wrap.proxy.upstream import Upstream

_MOST = 100  # addresses; a rule may take a region from a request, and there are not as many


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
        rules: which request goes where.
        connect: makes the client for a base URL.
    """

    def __init__(self, rules: Rules, connect: Callable[[str], Upstream]) -> None:
        self._rules = rules
        self._connect = connect
        self._made: dict[str, Upstream] = {}

    def route(self, target: str, headers: Mapping[str, str]) -> Route:
        """Where a request goes.

        Args:
            target: path and query as they came, the secret left off.
            headers: of the request; names are looked up in lower case.

        Raises:
            NoRoute: nowhere.
        """
        place = self._rules.place(target, headers)
        upstream = self._made.get(place.base)
        if upstream is None:
            if len(self._made) >= _MOST:
                raise NoRoute(f"Headroom speaks to {_MOST} addresses already and to no further one. Restart the proxy.")
            upstream = self._made[place.base] = self._connect(place.base)
        return Route(upstream, place.target)

    async def close(self) -> None:
        """Give back the connections."""
        for upstream in self._made.values():
            await upstream.close()
