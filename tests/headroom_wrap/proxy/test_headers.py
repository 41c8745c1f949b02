from __future__ import annotations

import pytest
from multidict import CIMultiDict

from headroom_wrap.proxy import headers
from tests.headroom_wrap.proxy.harness import RawUpstream, proxy, request


def test_a_changed_length_stands_where_the_old_one_stood():
    raw = [(b"A", b"1"), (b"content-length", b"9"), (b"Z", b"2")]
    assert list(headers.for_upstream(raw, length=4).items()) == [("A", "1"), ("content-length", "4"), ("Z", "2")]


def test_a_chunked_request_that_was_held_gets_its_length_from_the_client_library():
    assert list(headers.for_upstream([(b"Transfer-Encoding", b"chunked"), (b"A", b"1")], length=4).items()) == [("A", "1")]


def test_connection_cannot_name_what_frames_the_message():
    raw = [(b"Connection", b"Content-Length , x-a"), (b"Content-Length", b"9"), (b"X-A", b"1"), (b"X-B", b"2")]
    assert list(headers.for_upstream(raw).items()) == [("Content-Length", "9"), ("X-B", "2")]


@pytest.mark.parametrize("onward", [headers.for_agent, headers.for_upstream])
def test_bytes_that_are_no_utf8_are_the_characters_of_latin_1(onward):
    raw = [(b"X", b"\xff"), (b"X-Name", b"caf\xe9 \xc3\xa9"), (b"X-Other", "é ☕".encode())]
    assert list(onward(raw).items()) == [("X", "ÿ"), ("X-Name", "café Ã©"), ("X-Other", "é ☕")]


async def test_no_byte_of_a_header_vanishes_on_the_way():
    async with RawUpstream() as up, proxy(up.url) as p:
        up.answers(b"HTTP/1.1 200 OK\r\nX-Title: r\xe9sum\xe9\r\nX-Other: \xe2\x98\x95\r\nContent-Length: 2\r\n\r\nok")
        asked = request(p.port, b"{}").replace(b"\r\n\r\n", b"\r\nX-Title: caf\xe9\r\nX-Other: \xe2\x98\x95\r\n\r\n", 1)
        got = await p.raw(asked)
        assert (up.requests[0].field(b"x-title"), up.requests[0].field(b"x-other")) == ("café".encode(), "☕".encode())
        assert (got.field(b"x-title"), got.field(b"x-other")) == ("résumé".encode(), "☕".encode())


def test_responses_keep_what_only_requests_lose():
    raw = [(b"x-headroom-note", b"1"), (b"Host", b"h"), (b"Transfer-Encoding", b"chunked"), (b"Trailer", b"X")]
    assert [n for n, _ in headers.for_agent(raw).items()] == ["x-headroom-note", "Host"]


def test_signatures_are_seen():
    assert headers.signed(CIMultiDict({"SIGNATURE": "x"}))
    assert headers.signed(CIMultiDict({"authorization": "AWS4-HMAC-SHA256 …"}))
    assert not headers.signed(CIMultiDict({"authorization": "Bearer x", "x-api-key": "k"}))
