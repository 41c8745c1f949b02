"""The headers of a WebSocket's handshake on their way through (RFC 6455, section 4). Pure.

Each leg is opened on its own, so what opens it stays on it: key, version and extensions. Subprotocols are the two ends' affair and pass.
"""

from __future__ import annotations

from collections.abc import Mapping

from multidict import CIMultiDict

from headroom_wrap.proxy import headers
from headroom_wrap.proxy.headers import RawHeaders

_OF_A_LEG = ("Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol")


def for_upstream(raw: RawHeaders) -> CIMultiDict[str]:
    """The headers of the agent's request as they go on."""
    return _without_leg(headers.for_upstream(raw))


def for_agent(raw: RawHeaders) -> CIMultiDict[str]:
    """The headers of the upstream's answer as they go on."""
    onward = _without_leg(headers.for_agent(raw))
    onward.popall("Content-Length", None)  # without meaning on a 101 (RFC 9110, section 8.6)
    return onward


def protocols(given: Mapping[str, str]) -> tuple[str, ...]:
    """The subprotocols that the agent offers, in its order."""
    named = (name.strip() for name in given.get("Sec-WebSocket-Protocol", "").split(","))
    return tuple(name for name in named if name)


def deflates(given: Mapping[str, str]) -> bool:
    """Whether the agent offers to compress frames (RFC 7692)."""
    return "permessage-deflate" in given.get("Sec-WebSocket-Extensions", "")


def _without_leg(onward: CIMultiDict[str]) -> CIMultiDict[str]:
    for name in _OF_A_LEG:
        onward.popall(name, None)
    return onward
