"""A disk that is full under a store, for real: requests go on, what was sent stays as it was, it is said, and with room again all goes on."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.headroom_wrap.proxy.faults.street import Client
from tests.headroom_wrap.proxy.harness import RawUpstream, body_of, conversation
from tests.headroom_wrap.proxy.sdks.running import DEADLINE, standing
from tests.pipeline.store.disk import small
from tests.pipeline.store.test_full_disk import placed

pytestmark = pytest.mark.slow

MARKER = b"[headroom "


def arguments(up, place):
    where = ("--store", place.where) if place.server is not None else ()
    return ("--upstream", up.url, "--retrieve", "client", *where)


class Others:
    """Conversations that nothing else has to do with, one after the other.

    Args:
        client: speaks to the proxy.
        up: where requests arrive.
    """

    def __init__(self, client, up):
        self._client, self._up = client, up
        self._number = 0

    async def until(self, happened):
        """Begin conversations until that happened; what was sent for the last one, and what went on. Each is answered."""
        end = time.monotonic() + DEADLINE
        while True:
            self._number += 1
            body = body_of([{"role": "user", "content": f"Question {self._number}"}, *conversation(1)[1:]])
            assert (await self._client.post(body)).status == 200
            if await happened(sent := self._up.requests[-1].body):
                return body, sent
            assert time.monotonic() < end
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "redis"])
async def test_a_full_disk_costs_savings_and_no_request(kind, tmp_path):
    async def compressed(sent):
        return MARKER in sent

    async def refused(sent):
        return MARKER not in sent and b'kind="store"' in (await client.send(client.head("/metrics", method="GET") + b"\r\n")).body

    with small(160) as disk, placed(kind, disk.folder) as place:
        home = disk.folder if place.server is None else tmp_path
        async with RawUpstream() as up:
            with standing(home, *arguments(up, place)) as proxy:
                client = Client(proxy)
                others = Others(client, up)
                body, sent = await others.until(compressed)
                disk.fill()
                late, untouched = await others.until(refused)
                assert untouched == late
                disk.free()
                if place.server is not None and place.server.process.poll() is not None:  # PostgreSQL whose log cannot grow breaks down
                    await asyncio.to_thread(place.server.start)
                await others.until(compressed)
                for before, went_on in ((body, sent), (late, untouched)):
                    assert (await client.post(before)).status == 200
                    assert up.requests[-1].body == went_on, "what was sent once stays as it was"
                said = proxy.end()
                assert "disk is full" in said or (kind == "postgres" and "cannot be reached" in said)
                assert "Until then new tool results are sent unchanged" in said
