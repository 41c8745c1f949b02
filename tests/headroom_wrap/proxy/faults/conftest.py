from __future__ import annotations

import socket

import pytest

from tests.headroom_wrap.proxy.faults.street import Client, Listening
from tests.headroom_wrap.proxy.sdks.running import standing


@pytest.fixture(scope="module")
def listener():
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield listener


@pytest.fixture(scope="module")
def proxy(listener, tmp_path_factory):
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with standing(tmp_path_factory.mktemp("home"), "--upstream", address, "--retrieve", "client") as running:
        yield running


@pytest.fixture
async def up(listener):
    async with Listening(listener) as upstream:
        yield upstream


@pytest.fixture
async def client(proxy, up):
    """Speaks to the proxy, which must live when the test is over."""
    client = Client(proxy)
    yield client
    assert await client.lives()
