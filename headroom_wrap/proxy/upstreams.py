"""The upstreams of a proxy: one client for each address that its rules name, made when the first request goes there."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from weakref import WeakSet

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
    """All upstreams of a proxy. If there are too many, one is given up that has never served: the name of a region may be invented.

    Args:
        rules: which request goes where.
        connect: makes the client for a base URL.
    """

    def __init__(self, rules: Rules, connect: Callable[[str], Upstream]) -> None:
        self._rules = rules
        self._connect = connect
        self._made: OrderedDict[str, Upstream] = OrderedDict()  # the least lately used first
        self._given_up: WeakSet[Upstream] = WeakSet()
        self._closing: set[asyncio.Task[None]] = set()

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
                self._give_one_up()
            upstream = self._made[place.base] = self._connect(place.base)
        self._made.move_to_end(place.base)
        return Route(upstream, place.target)

    async def close(self) -> None:
        """Give back the connections."""
        await asyncio.gather(*self._closing)
        for upstream in (*self._made.values(), *self._given_up):
            await upstream.close()

    def _give_one_up(self) -> None:
        base = next((base for base, upstream in self._made.items() if upstream.is_doubtful), None)
        if base is None:
            raise NoRoute(f"Headroom speaks to {_MOST} addresses already and to no further one. Restart the proxy.")
        upstream = self._made.pop(base)
        self._given_up.add(upstream)  # a request that is being read may go there yet
        if (session := upstream.detached()) is not None:
            closing = asyncio.get_running_loop().create_task(session.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
