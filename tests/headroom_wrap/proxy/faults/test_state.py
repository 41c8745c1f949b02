"""What may become of ``headroom proxy``'s own state: a full disk, a store that cannot be opened, a restart in the middle."""

from __future__ import annotations

import resource
import sys

import pytest

from tests.headroom_wrap.proxy.faults.street import Client
from tests.headroom_wrap.proxy.harness import RawUpstream, body_of, conversation
from tests.headroom_wrap.proxy.sdks.running import standing

pytestmark = pytest.mark.slow

MARKER = b"[headroom "


def arguments(up):
    return ("--upstream", up.url, "--retrieve", "client")


@pytest.mark.skipif(sys.platform != "linux", reason="limits another process")
async def test_a_full_disk_costs_savings_and_no_request(tmp_path):
    async with RawUpstream() as up:
        with standing(tmp_path, *arguments(up)) as proxy:
            client = Client(proxy)
            await client.post(body_of(conversation(1)))
            assert up.requests[-1].body.count(MARKER) == 1
            pid = proxy.process.pid
            usual = resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            assert (await client.post(body_of(conversation(2)))).status == 200
            full = up.requests[-1].body
            assert full.count(MARKER) == 1, "the new result goes on as it is, the old one as it went"
            resource.prlimit(pid, resource.RLIMIT_FSIZE, usual)
            assert (await client.post(body_of(conversation(3)))).status == 200
            assert up.requests[-1].body.startswith(full.removesuffix(b"]}"))
            assert up.requests[-1].body.count(MARKER) == 2
            assert "Until then new tool results are sent unchanged" in proxy.end()


async def test_without_a_store_everything_is_relayed(tmp_path):
    (tmp_path / "state" / "headroom.db").mkdir(parents=True)
    body = body_of(conversation(1))
    async with RawUpstream() as up:
        with standing(tmp_path, *arguments(up)) as proxy:
            client = Client(proxy)
            assert (await client.post(body)).status == 200
            assert up.requests[0].body == body
            assert (await client.send(client.head("/readyz", method="GET") + b"\r\n")).status == 503
            assert await client.lives()
            assert "cannot be opened" in proxy.end()


async def test_a_damaged_store_is_set_aside_and_that_is_said(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "headroom.db").write_bytes(b"no database" * 1000)
    async with RawUpstream() as up:
        with standing(tmp_path, *arguments(up)) as proxy:
            assert (await Client(proxy).post(body_of(conversation(1)))).status == 200
            assert up.requests[0].body.count(MARKER) == 1
            assert "headroom.db.damaged-1" in proxy.end()
    assert (tmp_path / "state" / "headroom.db.damaged-1").read_bytes() == b"no database" * 1000


async def test_a_restart_in_the_middle_goes_on_with_the_same_token_and_the_same_forms(tmp_path):
    bodies, tokens, late = [], set(), 0
    async with RawUpstream() as up:
        for turns in (1, 2, 3):
            with standing(tmp_path, *arguments(up)) as proxy:
                assert (await Client(proxy).post(body_of(conversation(turns)))).status == 200
                tokens.add(proxy.token)
                proxy.process.kill()
                _, said = proxy.process.communicate()
                late += said.count("sent unchanged")  # a machine that does much else may not compress in time, and that is no fault of the restart
            bodies.append(up.requests[-1].body)
    assert len(tokens) == 1
    assert bodies[1].startswith(bodies[0].removesuffix(b"]}"))
    assert bodies[2].startswith(bodies[1].removesuffix(b"]}"))
    assert bodies[2].count(MARKER) == 3 - late
