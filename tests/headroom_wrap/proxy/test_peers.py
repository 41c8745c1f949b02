from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from headroom_wrap.proxy.peers import Peers, owner
from tests.headroom_wrap.proxy.harness import SECRET, RawUpstream, proxy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose sockets they are")
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   {n}: {local} {remote} 01 00000000:00000000 00:00000000 00000000  {uid}        0 34622 1 0000000000000000 20 4 30 10 -1\n"


class Transport(asyncio.BaseTransport):
    def __init__(self, **told):
        super().__init__(told)


def table(*rows):
    return HEAD + "".join(ROW.format(n=n, local=local, remote=remote, uid=uid) for n, (local, remote, uid) in enumerate(rows))


@pytest.mark.skipif(sys.byteorder != "little", reason="the rows below are written for that")
def test_the_row_of_the_other_end_counts():
    rows = table(("0100007F:1F90", "0100007F:C350", 5), ("0100007F:C350", "0100007F:1F90", 1000), ("0100007F:C351", "0100007F:1F90", 33))
    assert owner(("127.0.0.1", 50000), ("127.0.0.1", 8080), rows) == 1000
    assert owner(("127.0.0.1", 50001), ("127.0.0.1", 8080), rows) == 33
    assert owner(("127.0.0.1", 50002), ("127.0.0.1", 8080), rows) is None
    assert owner(("127.0.0.1", 50000), ("127.0.0.1", 8080), "rubbish\n\n1 2 3") is None


@pytest.mark.skipif(sys.byteorder != "little", reason="the rows below are written for that")
@pytest.mark.parametrize(("uid", "admitted"), [(1000, True), (0, True), (1001, False)])
def test_others_of_the_machine_are_not_admitted(uid, admitted):
    looks = []

    def look():
        looks.append(1)
        return table(("0100007F:C350", "0100007F:1F90", uid))

    peers = Peers(1000, look)
    transport = Transport(peername=("127.0.0.1", 50000), sockname=("127.0.0.1", 8080))
    assert peers.admit(transport) is admitted
    assert peers.admit(transport) is admitted
    assert len(looks) == 1, "a connection is looked up once"


def test_where_nothing_can_be_told_the_secret_decides():
    def nothing():
        raise FileNotFoundError

    for told in (
        {},
        {"peername": None, "sockname": None},
        {"peername": ("::1", 5, 0, 0), "sockname": ("::1", 6, 0, 0)},
        {"peername": "", "sockname": ""},
    ):
        assert Peers(1000, nothing).admit(Transport(**told))
    assert Peers(1000, nothing).admit(Transport(peername=("127.0.0.1", 5), sockname=("127.0.0.1", 6)))
    assert Peers(1000, lambda: HEAD).admit(Transport(peername=("x", 5), sockname=("127.0.0.1", 6)))
    assert Peers(1000).admit(None)


def test_a_real_connection_is_found_in_the_real_table():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        found = owner(client.getsockname(), listener.getsockname(), Path("/proc/net/tcp").read_text())
    assert found == os.getuid()


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root can call as somebody else")
async def test_somebody_else_who_has_read_the_secret_gets_nothing():
    ask = "import encodings.idna, http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1])); os.setuid(int(sys.argv[2])); c.request('GET', sys.argv[3]); print(c.getresponse().status)"
    async with RawUpstream() as upstream, proxy(upstream.url) as running:
        statuses = []
        for user in ("0", "65534"):
            program = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-c", ask, str(running.port), user, f"/{SECRET}/v1/models", stdout=-1
            )
            statuses.append((await program.communicate())[0])
        assert statuses == [b"200\n", b"404\n"]
        assert len(upstream.requests) == 1
