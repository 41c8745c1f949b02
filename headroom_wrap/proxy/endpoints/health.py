"""``/livez``, ``/readyz``, ``/health``: whether the proxy lives, and whether it can serve. The internet is not asked."""

from __future__ import annotations

import asyncio
import time

from aiohttp import web

from headroom.version import VERSION
from headroom_wrap.proxy import replies
from headroom_wrap.proxy.endpoints import answers
from headroom_wrap.proxy.endpoints.parts import EndpointParts
from headroom_wrap.proxy.endpoints.pulse import UP, Pulse
from headroom_wrap.proxy.endpoints.shapes import HealthAnswer, HealthConfig, ReadyAnswer
from headroom_wrap.proxy.keeper import Prompt
from pipeline.store.api import Store, StoreError

OFF = "off"
_PATIENCE_S = 0.5
_STORE_S = 0.5  # a write of ours, or of another proxy, takes milliseconds
_AGAIN_S = 0.02
_LOCKED = "The store is read, but not written to: another process keeps it locked. Look for a hanging one."


class Health:
    """Answers how the proxy is.

    Args:
        parts: of the proxy.
        pulse: whether the workers work; None where there are none.
    """

    def __init__(self, parts: EndpointParts, pulse: Pulse | None) -> None:
        self._parts = parts
        self._pulse = pulse

    async def live(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        """Whoever can answer lives."""
        return replies.alive()

    async def ready(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        """503 where the store or the workers are not there: requests would go on, but as they came."""
        checks = await self._checks()
        well = _well(checks)
        answer = answers.of(ReadyAnswer("ready" if well else "unready", checks), status=200 if well else 503)
        if not well:
            answer.headers["Retry-After"] = "1"
        return answer

    async def health(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        """Always 200: who asks reads the status in the body."""
        checks = await self._checks()
        status = "healthy" if _well(checks) else "unhealthy"
        return answers.of(HealthAnswer(status, VERSION, HealthConfig(optimize=self._parts.workers is not None), checks))

    async def _checks(self) -> dict[str, str]:
        store, worker = await asyncio.gather(self._store(), self._worker())
        return {"store": store, "worker": worker}

    async def _store(self) -> str:
        try:
            await self._parts.keeper.decisions([""])  # there is none; a server that is gone says so
            until = time.monotonic() + _STORE_S
            while not await self._parts.keeper.use(_takes_more):
                if time.monotonic() > until:
                    return _LOCKED
                await asyncio.sleep(_AGAIN_S)
        except StoreError as error:
            return str(error)
        return UP

    async def _worker(self) -> str:
        return OFF if self._pulse is None else await self._pulse.state(_PATIENCE_S)


def _takes_more(store: Store) -> bool:
    """Whether a file can be written to now; nothing is, and no thread waits for a lock meanwhile. What is no file says so when it is read."""
    return not isinstance(store, Prompt) or store.at_once(lambda _: True) is True


def _well(checks: dict[str, str]) -> bool:
    return all(state in (UP, OFF) for state in checks.values())
