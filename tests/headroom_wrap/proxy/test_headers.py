from __future__ import annotations

from multidict import CIMultiDict

from headroom_wrap.proxy import headers


def test_a_changed_length_stands_where_the_old_one_stood():
    raw = [(b"A", b"1"), (b"content-length", b"9"), (b"Z", b"2")]
    assert list(headers.for_upstream(raw, length=4).items()) == [("A", "1"), ("content-length", "4"), ("Z", "2")]


def test_a_chunked_request_that_was_held_gets_its_length_from_the_client_library():
    assert list(headers.for_upstream([(b"Transfer-Encoding", b"chunked"), (b"A", b"1")], length=4).items()) == [("A", "1")]


def test_connection_cannot_name_what_frames_the_message():
    raw = [(b"Connection", b"Content-Length , x-a"), (b"Content-Length", b"9"), (b"X-A", b"1"), (b"X-B", b"2")]
    assert list(headers.for_upstream(raw).items()) == [("Content-Length", "9"), ("X-B", "2")]


def test_bytes_that_are_no_utf8_do_not_raise():
    assert list(headers.for_agent([(b"X", b"\xff")]).items()) == [("X", "\udcff")]


def test_responses_keep_what_only_requests_lose():
    raw = [(b"x-headroom-note", b"1"), (b"Host", b"h"), (b"Transfer-Encoding", b"chunked"), (b"Trailer", b"X")]
    assert [n for n, _ in headers.for_agent(raw).items()] == ["x-headroom-note", "Host"]


def test_signatures_are_seen():
    assert headers.signed(CIMultiDict({"SIGNATURE": "x"}))
    assert headers.signed(CIMultiDict({"authorization": "AWS4-HMAC-SHA256 …"}))
    assert not headers.signed(CIMultiDict({"authorization": "Bearer x", "x-api-key": "k"}))
