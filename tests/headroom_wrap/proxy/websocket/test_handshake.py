from __future__ import annotations

from multidict import CIMultiDict

from headroom_wrap.proxy.websocket import handshake

RAW = [
    (b"Host", b"localhost"),
    (b"upgrade", b"websocket"),
    (b"connection", b"Upgrade, x-hop"),
    (b"x-hop", b"1"),
    (b"sec-websocket-key", b"k"),
    (b"Sec-WebSocket-Version", b"13"),
    (b"sec-websocket-extensions", b"permessage-deflate"),
    (b"Sec-WebSocket-Protocol", b"a"),
    (b"x-headroom-bypass", b"1"),
    (b"session-id", b"s"),
    (b"X-Two", b"1"),
    (b"X-Two", b"2"),
]


def test_what_opens_a_leg_stays_on_it():
    assert list(handshake.for_upstream(RAW).items()) == [("session-id", "s"), ("X-Two", "1"), ("X-Two", "2")]
    raw = [(b"Sec-WebSocket-Accept", b"a"), (b"content-length", b"0"), (b"x-models-etag", b"e")]
    assert list(handshake.for_agent(raw).items()) == [("x-models-etag", "e")]


def test_offers():
    given = CIMultiDict({"sec-websocket-protocol": "a, b,,c ", "Sec-WebSocket-Extensions": "x, permessage-deflate; client_max_window_bits"})
    assert handshake.protocols(given) == ("a", "b", "c")
    assert handshake.deflates(given)
    assert handshake.protocols({}) == ()
    assert not handshake.deflates({})
