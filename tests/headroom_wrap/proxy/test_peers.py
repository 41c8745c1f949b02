from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from headroom_wrap.proxy.peers import NOBODY, Peers, connections, owner
from tests.headroom_wrap.proxy.harness import SECRET, RawUpstream, proxy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose sockets they are")
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   {n}: {local} {remote} 01 00000000:00000000 00:00000000 00000000  {uid}        0 {inode} 1 0000000000000000 20 4 30 10 -1\n"


class Transport(asyncio.BaseTransport):
    def __init__(self, **told):
        super().__init__(told)


MAPPED = "0000000000000000FFFF0000"


def table(*rows, inode=34622):
    return [HEAD, *(ROW.format(n=n, local=local, remote=remote, uid=uid, inode=inode) for n, (local, remote, uid) in enumerate(rows))]


@pytest.mark.skipif(sys.byteorder != "little", reason="the rows below are written for that")
def test_the_row_of_the_other_end_counts():
    rows = table(("0100007F:1F90", "0100007F:C350", 5), ("0100007F:C350", "0100007F:1F90", 1000), ("0100007F:C351", "0100007F:1F90", 33))
    assert owner(("127.0.0.1", 50000), ("127.0.0.1", 8080), rows) == 1000
    assert owner(("127.0.0.1", 50001), ("127.0.0.1", 8080), rows) == 33
    assert owner(("127.0.0.1", 50000), ("127.0.0.1", 8080), ["rubbish", "", "1 2 3"]) is None


@pytest.mark.skipif(sys.byteorder != "little", reason="the rows below are written for that")
def test_a_socket_of_ipv6_to_an_address_of_ipv4_is_listed_as_that():
    rows = table((f"{MAPPED}0100007F:C350", f"{MAPPED}0100007F:1F90", 33))
    assert owner(("127.0.0.1", 50000), ("127.0.0.1", 8080), rows) == 33
    assert owner(("::ffff:127.0.0.1", 50000), ("::ffff:127.0.0.1", 8080), rows) == 33
    rows = table(("00000000000000000000000001000000:C350", "00000000000000000000000001000000:1F90", 33))
    assert owner(("::1", 50000), ("::1", 8080), rows) == 33
    assert owner(("::2", 50000), ("::1", 8080), rows) is None


@pytest.mark.skipif(sys.byteorder != "little", reason="the rows below are written for that")
def test_what_is_left_of_a_closed_socket_is_nobodys():
    closed = table(("0100007F:C350", "0100007F:1F90", 0), inode=0)
    assert owner(("127.0.0.1", 50000), ("127.0.0.1", 8080), closed) == NOBODY
    assert not Peers(1000, lambda: closed).admit(Transport(peername=("127.0.0.1", 50000), sockname=("127.0.0.1", 8080)))
    assert not Peers(1000, lambda: closed).admit(Transport(peername=None, sockname=("127.0.0.1", 8080)))


@pytest.mark.skipif(sys.byteorder != "little", reason="the rows below are written for that")
def test_where_the_table_lists_us_it_would_list_another_socket_of_this_machine():
    listening = table(("0100007F:1F90", "00000000:0000", 1000))
    assert owner(("127.0.0.1", 50002), ("127.0.0.1", 8080), listening) == NOBODY
    assert owner(("10.0.0.7", 50002), ("127.0.0.1", 8080), listening) is None
    assert owner(("127.0.0.1", 50002), ("127.0.0.1", 8081), listening) is None


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
        {"peername": "", "sockname": ("127.0.0.1", 6)},
        {"peername": "", "sockname": ""},
    ):
        assert Peers(1000, nothing).admit(Transport(**told))
    assert Peers(1000, nothing).admit(Transport(peername=("127.0.0.1", 5), sockname=("127.0.0.1", 6)))
    assert Peers(1000, lambda: [HEAD]).admit(Transport(peername=("x", 5), sockname=("127.0.0.1", 6)))
    assert Peers(1000).admit(None)


def test_a_real_connection_is_found_in_the_real_table():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        peer, own = client.getsockname(), listener.getsockname()
        assert owner(peer, own, connections()) == os.getuid()
        client.close()
        assert owner(peer, own, connections()) == NOBODY


@pytest.mark.skipif(not Path("/proc/net/tcp6").exists(), reason="there is no IPv6")
def test_a_real_connection_by_a_socket_of_ipv6_is_found():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_INET6) as client:
        client.connect(("::ffff:127.0.0.1", listener.getsockname()[1]))
        accepted, _ = listener.accept()
        with accepted:
            assert owner(accepted.getpeername(), accepted.getsockname(), connections()) == os.getuid()


IPV4 = "s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
IPV6 = "s = socket.socket(socket.AF_INET6); s.connect(('::ffff:127.0.0.1', int(sys.argv[1])))"
ASK = """
import encodings.idna, os, socket, sys
os.setuid(int(sys.argv[2]))
{connect}
s.sendall(f"GET {{sys.argv[3]}} HTTP/1.1\\r\\nHost: 127.0.0.1:{{sys.argv[1]}}\\r\\n\\r\\n".encode())
print(s.recv(12)[9:].decode())
"""


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root can call as somebody else")
@pytest.mark.parametrize("connect", [IPV4, IPV6], ids=["ipv4", "ipv6"])
async def test_somebody_else_who_has_read_the_secret_gets_nothing(connect):
    async with RawUpstream() as upstream, proxy(upstream.url) as running:
        statuses = []
        for user in ("0", "65534"):
            program = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-c", ASK.format(connect=connect), str(running.port), user, f"/{SECRET}/v1/models", stdout=-1
            )
            statuses.append((await program.communicate())[0])
        assert statuses == [b"200\n", b"404\n"]
        assert len(upstream.requests) == 1
