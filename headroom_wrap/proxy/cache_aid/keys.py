"""``prompt_cache_key`` for requests to OpenAI's API that have none. Pure: bytes in, bytes out.

The key is a digest of the prompt's first bytes. A token has one byte at least and no prefix of fewer than 1024 tokens is cached, so two prompts that
could share a cached prefix always have the same key, and a conversation keeps its own for ever: over restarts, replicas and forks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from pipeline.dialects import json_spans
from pipeline.dialects.api import splice
from pipeline.dialects.messages import first_byte
from pipeline.transcript import Span

NAME = "prompt_cache_key"
_BYTES = 1024  # of the prompt's beginning; see above
_GOES_ON = ("previous_response_id", "conversation", "prompt")  # the prompt's beginning does not stand in the body
_IMAGE = (b'"image', b'"input_image', b'"input_file', b'"file"', b'"input_audio')  # what counts for more tokens than it has bytes


def with_key(body: bytes) -> bytes:
    """The body with a key; the very same object where it has one, or where none can be told.

    Raises:
        Malformed, KeyError: it is no request of this API.
    """
    whole = json_spans.whole(body)
    top = json_spans.members(body, whole)
    if NAME in top:
        return body
    head = _head(body, top)
    if head is None:
        return body
    digest = hashlib.blake2b(head, digest_size=12).hexdigest()
    place = Span(whole.start + 1, whole.start + 1)
    return splice(body, [(place, b'"' + NAME.encode() + b'":"headroom-' + digest.encode() + b'",')])


def _head(body: bytes, top: Mapping[str, Span]) -> bytes | None:
    """The prompt's first bytes, None where there are not as many, or where later requests of the conversation may not repeat them."""
    # A response that is kept may be gone on from by its name alone: then only what every request repeats stands for the conversation.
    kept = "input" in top and (any(name in top for name in _GOES_ON) or "store" not in top or body[top["store"].start : top["store"].end] != b"false")
    head = b""
    for part in _parts(body, top, items=not kept):
        head += part[: _BYTES - len(head)]
        if len(head) == _BYTES:
            return None if any(mark in head for mark in _IMAGE) else head
    return None


def _parts(body: bytes, top: Mapping[str, Span], *, items: bool) -> Iterator[bytes]:
    for name in ("tools", "instructions"):
        if name in top:
            yield body[top[name].start : top[name].end]
    messages = top["messages"] if "messages" in top else top["input"]
    if not items:
        return
    if first_byte(body, messages) != b"[":
        yield body[messages.start : messages.end]
        return
    for span in json_spans.elements(body, messages):
        yield body[span.start : span.end]
