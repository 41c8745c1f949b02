"""What the endpoints need of the proxy."""

from __future__ import annotations

from dataclasses import dataclass, field

from headroom_wrap.proxy.endpoints.pulse import Workers
from headroom_wrap.proxy.endpoints.tally import Tally
from headroom_wrap.proxy.keeper import Keeper
from pipeline.policy import Policy

BODY_LIMIT = 64 << 20  # bytes; a larger body is no transcript that a model could read


@dataclass(frozen=True, slots=True)
class EndpointParts:
    """What the endpoints need of the proxy.

    Args:
        keeper: originals, decisions and receipts.
        workers: where compressors run; None: nothing is compressed.
        policy: what may be done to messages, unless a request says otherwise.
        tally: what this proxy did so far.
        body_limit: the largest request body in bytes.
    """

    keeper: Keeper
    workers: Workers | None
    policy: Policy
    tally: Tally
    body_limit: int = field(default_factory=lambda: BODY_LIMIT)
