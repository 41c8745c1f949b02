"""Why there is no answer, in words."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl

import aiohttp
import pytest
from yarl import URL

from headroom_wrap.events import Trouble
from headroom_wrap.proxy import upstream
from headroom_wrap.proxy.upstream import Unreachable, Upstream
from headroom_wrap.proxy.way_out import WayOut
from tests.headroom_wrap.proxy.harness import DEADLINE, RawUpstream, proxy


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


KEY = aiohttp.client_reqrep.ConnectionKey("h", 443, True, True, None, None, None)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "Name or service not known")), "name cannot be resolved"),
        (aiohttp.ClientConnectorError(KEY, OSError(113, "No route to host")), "No route to host"),
        (aiohttp.ClientConnectorCertificateError(KEY, ssl.SSLCertVerificationError("self-signed certificate")), "NODE_EXTRA_CA_CERTS"),
        (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "wrong version number")), "TLS"),
        (aiohttp.ClientProxyConnectionError(KEY, OSError(111, "refused")), "HTTPS_PROXY"),
        (aiohttp.ConnectionTimeoutError(), "within the time"),
        (aiohttp.SocketTimeoutError(), "silent"),
        (aiohttp.ServerDisconnectedError(), "closed the connection"),
        (aiohttp.ClientOSError(104, "Connection reset by peer"), "closed the connection"),
        (aiohttp.InvalidURL("x"), "InvalidURL"),
        (aiohttp.InvalidURL("https://me:secret@"), "InvalidURL"),
        (aiohttp.ClientResponseError(None, (), message="bad\nhttp", status=400), "HTTP API"),
        (aiohttp.ClientResponseError(None, (), message="Invalid HTTP header: b'secret\\x00'", status=400), "Invalid HTTP header)"),
        (aiohttp.ClientResponseError(None, (), message='Bad status line "secret"', status=400), "Bad status line)"),
    ],
)
def test_each_failure_has_its_sentence(error, words):
    sentence = upstream.explain("https://me:secret@api.example", error, URL("http://user:secret@proxy.example:3128"))
    assert words in sentence
    assert "https://api.example" in sentence
    assert "secret" not in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_users_and_passwords_are_not_told():
    assert upstream.shown("https://me:a@b@api.example:8443/v1/@x") == "https://api.example:8443/v1/@x"
    assert upstream.shown("https://gateway.example/https://me:b@api.example?a=b@c") == "https://gateway.example/https://api.example?a=b@c"
    assert upstream.shown("https://api.example") == "https://api.example"


async def test_an_upstream_with_a_password_is_named_without_it():
    async with proxy(f"http://me:hunter2@127.0.0.1:{free_port()}") as p:
        reply = await p.post(b"{}")
        assert reply.status == 502
        assert b"hunter2" not in reply.body
        assert "hunter2" not in (await p.event(Trouble)).message


@pytest.mark.parametrize(("own", "arrives"), [({}, b"Basic dSBzOnB3"), ({"Authorization": "Bearer k"}, b"Bearer k")])
async def test_a_user_in_the_address_is_for_clients_that_say_nothing_of_their_own(own, arrives):
    async with RawUpstream() as up, proxy(up.url.replace("//", "//u%20s:pw@")) as p:
        assert (await p.post(b"{}", headers=own)).status == 200
        assert [v for n, v in up.requests[0].fields if n.lower() == b"authorization"] == [arrives]


async def test_certificates_that_cannot_be_read_are_named_and_left_out(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "none.pem"):
        async with RawUpstream() as up, proxy(up.url, way_out=WayOut(certificates=(str(path),))) as p:
            assert (await p.post(b"{}")).status == 200
            assert str(path) in (await p.event(Trouble)).message


async def test_an_upstream_that_speaks_no_http_is_named():
    async def noise(message, writer):
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        await writer.drain()
        writer.close()

    async with RawUpstream() as up, proxy(up.url) as p:
        up.answer = noise
        reply = await p.post(b"{}")
    assert reply.status == 502
    assert "HTTP API" in json.loads(reply.body)["error"]["message"]


async def test_requests_leave_through_the_proxy_but_not_for_this_machine():
    async with RawUpstream() as gate:
        gate.answers(b"HTTP/1.1 204 No Content\r\n\r\n")
        async with proxy("http://api.example", way_out=WayOut(http=gate.url)) as p:
            assert (await p.post(b"{}")).status == 204
        assert gate.requests[0].start == b"POST http://api.example/v1/messages HTTP/1.1"
        async with RawUpstream() as up, proxy(up.url, way_out=WayOut(http=gate.url)) as p:
            assert (await p.post(b"{}")).status == 200
        assert len(gate.requests) == 1


async def test_a_path_in_the_base_stands_in_front():
    async with RawUpstream() as up, proxy(up.url + "/gateway/") as p:
        await p.post(b"{}", "/v1/messages?beta=true")
    assert up.requests[0].start == b"POST /gateway/v1/messages?beta=true HTTP/1.1"


async def test_a_target_that_is_no_url_is_no_crash():
    ours = Upstream(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable):
        await asyncio.wait_for(ours.send("POST", "/x", {"A": "bad\nvalue"}, b""), DEADLINE)
    await ours.close()
