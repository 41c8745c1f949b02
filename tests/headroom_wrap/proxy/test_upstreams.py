"""Clients are made once for each address."""

from __future__ import annotations

import asyncio

import pytest
from multidict import CIMultiDict

from headroom_wrap.proxy.routes import NoRoute, Rules
from headroom_wrap.proxy.upstream import Upstream
from headroom_wrap.proxy.upstreams import Upstreams
from tests.headroom_wrap.proxy.harness import DEADLINE, OK, RawUpstream


async def test_one_client_for_each_address():
    made = []
    upstreams = Upstreams(Rules(mounts={"a": "http://a.example", "b": "http://b.example"}), lambda base: made.append(base) or Upstream(base))
    first = upstreams.route("/a/v1/x", CIMultiDict())
    assert (first.upstream.base, first.target) == ("http://a.example", "/v1/x")
    assert upstreams.route("/a/v1/y", CIMultiDict()).upstream is first.upstream
    assert upstreams.route("/b/", CIMultiDict()).upstream is not first.upstream
    assert made == ["http://a.example", "http://b.example"]
    await upstreams.close()


def region(n):
    return f"/v1/projects/p/locations/{chr(97 + n % 26)}{chr(97 + n // 26)}-east1/publishers/x"


class Pretended(Upstream):
    """Answers or not, as is said."""

    serves = True

    @property
    def is_doubtful(self):
        return not self.serves


async def test_regions_do_not_make_clients_without_end():
    upstreams = Upstreams(Rules(public=True), Pretended)
    with pytest.raises(NoRoute, match="Restart"):
        for n in range(1000):
            upstreams.route(region(n), CIMultiDict())


async def test_invented_regions_keep_nobody_from_the_others():
    upstreams = Upstreams(Rules(public=True), Pretended)
    kept = upstreams.route(region(0), CIMultiDict()).upstream
    doubtful = [upstreams.route(region(n), CIMultiDict()).upstream for n in (1, 2)]
    for one in doubtful:
        one.serves = False
    for n in range(3, 100):
        upstreams.route(region(n), CIMultiDict())
    upstreams.route(region(1), CIMultiDict())
    upstreams.route(region(100), CIMultiDict())
    assert upstreams.route(region(1), CIMultiDict()).upstream is doubtful[0]
    assert upstreams.route(region(0), CIMultiDict()).upstream is kept
    upstreams.route(region(2), CIMultiDict())  # in the place of the first one, as the other was given up already
    with pytest.raises(NoRoute):
        upstreams.route(region(101), CIMultiDict())
    await upstreams.close()


async def test_a_request_that_is_still_being_read_may_go_to_one_that_was_given_up():
    async with RawUpstream() as up:
        upstreams = Upstreams(Rules(mounts={str(n): f"{up.url}/{n}" for n in range(101)}), Upstream)
        first = upstreams.route("/0/x", CIMultiDict())
        for n in range(1, 101):
            upstreams.route(f"/{n}/x", CIMultiDict())
        assert upstreams.route("/0/x", CIMultiDict()).upstream is not first.upstream
        for upstream in (first.upstream, upstreams.route("/0/x", CIMultiDict()).upstream):
            (await upstream.send("POST", first.target, CIMultiDict(), b"")).close()
        await upstreams.close()


async def test_an_upstream_is_doubtful_until_it_has_served():
    answered, asked = asyncio.Event(), asyncio.Event()

    async def slowly(_, writer):
        asked.set()
        await answered.wait()
        writer.write(OK)

    async with RawUpstream() as up:
        upstream = Upstream(up.url)
        up.answers(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        (await upstream.send("POST", "/x", CIMultiDict(), b"")).close()
        assert (upstream.reached, upstream.is_doubtful) == (True, True)
        up.answer = slowly
        sending = asyncio.create_task(upstream.send("POST", "/x", CIMultiDict(), b""))
        await asyncio.wait_for(asked.wait(), DEADLINE)
        assert not upstream.is_doubtful
        answered.set()
        (await sending).close()
        assert not upstream.is_doubtful
        await upstream.close()
