"""Clients are made once for each address."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from headroom_wrap.proxy.routes import NoRoute, Rules
from headroom_wrap.proxy.upstream import Upstream
from headroom_wrap.proxy.upstreams import Upstreams


async def test_one_client_for_each_address():
    made = []
    upstreams = Upstreams(Rules(mounts={"a": "http://a.example", "b": "http://b.example"}), lambda base: made.append(base) or Upstream(base))
    first = upstreams.route("/a/v1/x", CIMultiDict())
    assert (first.upstream.base, first.target) == ("http://a.example", "/v1/x")
    assert upstreams.route("/a/v1/y", CIMultiDict()).upstream is first.upstream
    assert upstreams.route("/b/", CIMultiDict()).upstream is not first.upstream
    assert made == ["http://a.example", "http://b.example"]
    await upstreams.close()


def test_regions_do_not_make_clients_without_end():
    upstreams = Upstreams(Rules(public=True), Upstream)
    with pytest.raises(NoRoute, match="Restart"):
        for n in range(1000):
            upstreams.route(f"/v1/projects/p/locations/{chr(97 + n % 26)}{chr(97 + n // 26)}-east1/publishers/x", CIMultiDict())
