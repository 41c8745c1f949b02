"""Where requests go, as a pure function of a proxy's settings and of the request: never to another place because one has failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from headroom_wrap.proxy.vendors import Place, Vendor, public, vendor


class NoRoute(Exception):
    """No address for a request. The message is a sentence for the user with what to do."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A proxy's addresses, asked in this order.

    Args:
        mounts: first segment of a path -> base; the segment is taken off.
        vendors: a vendor's name -> base; a version that stands at the end of the base and again in the path is written once.
        upstream: base of all others, ``""`` for none.
        public: what no other rule takes goes to its vendor's own address.
    """

    mounts: Mapping[str, str] = field(default_factory=dict)
    vendors: Mapping[str, str] = field(default_factory=dict)
    upstream: str = ""
    public: bool = False

    def place(self, target: str, headers: Mapping[str, str]) -> Place:
        """Where a request goes.

        Args:
            target: path and query as they came, the proxy's own secret left off.
            headers: of the request; names are looked up in lower case.

        Raises:
            NoRoute: nowhere.
        """
        if self.mounts and (mounted := self._mounted(target)) is not None:
            return mounted
        if not self.vendors and self.upstream:  # a wrapped agent's one API
            return Place(self.upstream, target)
        whose = vendor(target, headers)
        if whose is not None and whose.value in self.vendors:
            return _joined(self.vendors[whose.value], target)
        if self.upstream:
            return Place(self.upstream, target)
        place = public(whose, target, headers) if whose is not None and self.public else None
        if place is None:
            raise NoRoute(_missing(whose, target))
        return _joined(place.base, place.target)

    def _mounted(self, target: str) -> Place | None:
        path, mark, query = target.partition("?")
        first, slash, rest = path[1:].partition("/")
        base = self.mounts.get(first)
        return None if base is None else Place(base, slash + rest + mark + query)


def _joined(base: str, target: str) -> Place:
    """A place; segments at the end of the base with which the target begins stand in it once.

    A client whose base URL was ``…/v1`` is given ours with or without it, and so is the proxy.
    """
    ends = [s for s in urlsplit(base).path.split("/") if s]
    path, mark, query = target.partition("?")
    begins = path.split("/")[1:]
    for count in range(min(len(ends), len(begins)), 0, -1):
        if ends[-count:] == begins[:count]:
            return Place(base, "".join(f"/{s}" for s in begins[count:]) + mark + query)
    return Place(base, target)


def _missing(whose: Vendor | None, target: str) -> str:
    path = target.partition("?")[0][:200]
    if whose is None:
        return f"Headroom cannot tell whose API {path} is. Start the proxy with --upstream and the address that such requests are for."
    option = whose.value.replace("_", "-")
    return f"Headroom has no address of {whose.label} for {path}. Start the proxy with --{option}-upstream and the address."
