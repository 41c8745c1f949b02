"""What happens to headers on their way through: as little as the standards allow. Pure.

Order, case and repetition stay; what belongs to one hop is taken off (RFC 9110, section 7.6.1), and what is meant for us alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from multidict import CIMultiDict

HOP_BY_HOP = frozenset({
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
})  # fmt: skip
OURS = "x-headroom-"
BYPASS = "x-headroom-bypass"
# A body that is signed or digested in a header cannot be changed without its sender.
_INTEGRITY = ("content-digest", "repr-digest", "digest", "content-md5", "signature", "signature-input", "x-amz-content-sha256")

RawHeaders = Iterable[tuple[bytes, bytes]]


def for_upstream(raw: RawHeaders, *, length: int | None = None, identity: bool = False, host: bool = False) -> CIMultiDict[str]:
    """The headers of a request as they go on.

    Args:
        raw: as they came.
        length: the body's length where it was changed: the number in ``Content-Length``.
        identity: the body's content coding was undone.
        host: ``Host`` goes on too, as the request is signed with it.
    """
    headers = _end_to_end(raw, length)
    for name in [n for n in headers if n.lower().startswith(OURS)]:
        headers.popall(name, None)
    if not host:
        headers.popall("Host", None)  # the client library writes the upstream's
    headers.popall("Expect", None)  # answered by us
    if identity:
        headers.popall("Content-Encoding", None)
    return headers


def for_agent(raw: RawHeaders) -> CIMultiDict[str]:
    """The headers of a response as they go on."""
    return _end_to_end(raw)


def signed(headers: Mapping[str, str]) -> bool:
    """Whether the request vouches for the bytes of its body, so that they may not be changed."""
    return any(name in headers for name in _INTEGRITY) or by_aws(headers)


def by_aws(headers: Mapping[str, str]) -> bool:
    """Whether that is AWS's signature, which covers ``Host`` as well (Signature Version 4)."""
    return headers.get("Authorization", "").startswith("AWS4-")


def _end_to_end(raw: RawHeaders, length: int | None = None) -> CIMultiDict[str]:
    pairs = [(_text(name), _text(value)) for name, value in raw]
    named = {token.strip().lower() for name, value in pairs if name.lower() == "connection" for token in value.split(",")}
    dropped = HOP_BY_HOP | (named - {"content-length", "host"})
    headers: CIMultiDict[str] = CIMultiDict()
    written: dict[str, str] = {}
    for name, value in pairs:
        if name.lower() == "content-length" and length is not None:
            headers.add(name, str(length))
        elif name.lower() not in dropped:
            # One spelling for all of a name's fields: the client library takes two spellings for a replacement.
            headers.add(written.setdefault(name.lower(), name), value)
    return headers


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:  # what HTTP once said all headers are in (RFC 9110, section 5.5); the library writes nothing but UTF-8
        return data.decode("latin-1")
