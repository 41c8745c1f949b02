"""What only the provider can make and must get back unchanged: signatures of thinking, encrypted reasoning."""

from __future__ import annotations

import base64
import binascii
import hashlib

_TAG = 24


def sign(thinking: str) -> str:
    """The signature that a scripted provider gives a text of its own; it must come back with the text unchanged."""
    seal = hashlib.shake_256(b"headroom.testing " + thinking.encode("utf-8", "surrogatepass")).digest(96)
    return base64.b64encode(seal).decode("ascii")


def sealed(content: str) -> str:
    """The content in a form that a client can only keep or break."""
    data = content.encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(_tag(data) + data).decode("ascii")


def opened(token: str) -> str | None:
    """The content of what :func:`sealed` made, None if a single character of it was changed."""
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    # Base64 has spare bits at its end, so more than one text may decode to the same bytes.
    if raw[:_TAG] != _tag(raw[_TAG:]) or base64.urlsafe_b64encode(raw).decode("ascii") != token:
        return None
    return raw[_TAG:].decode("utf-8", "surrogatepass")


def _tag(data: bytes) -> bytes:
    return hashlib.shake_256(b"headroom.testing sealed " + data).digest(_TAG)
