"""One order for a conversation's tools: where a client writes the same tools in another order than before, the first order goes on. Pure.

A change of order of tools, or of keys in their schemas, is none for the model and breaks every provider's cache at the prompt's very beginning.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Any

from pipeline.dialects import json_spans
from pipeline.dialects.api import splice

_KEPT_BYTES = 8 << 20
_LISTS_OF_TOOLS = ("functionDeclarations", "function_declarations", "tools")


class Order:
    """Remembers how each conversation first wrote its tools.

    Args:
        limit: bytes that may be remembered.
    """

    def __init__(self, limit: int = _KEPT_BYTES) -> None:
        self._first: OrderedDict[bytes, bytes] = OrderedDict()
        self._left = limit
        self._known: OrderedDict[bytes, bytes] = OrderedDict()  # digest of tools as they are written -> digest of what they say

    def kept(self, body: bytes, conversation: bytes) -> bytes:
        """The body with its tools as the conversation first wrote them; the very same object where they are so already.

        Args:
            body: of a request, in no content coding.
            conversation: what stands for it, whatever its tools.

        Raises:
            Malformed: it is no JSON object.
        """
        span = json_spans.members(body, json_spans.whole(body)).get("tools")
        if span is None:
            return body
        raw = body[span.start : span.end]
        said = self._said(raw)
        if not said:
            return body
        key = hashlib.blake2b(conversation + said, digest_size=16).digest()
        first = self._first.setdefault(key, raw)
        self._first.move_to_end(key)
        if first is raw:
            self._left -= len(raw)
            while self._left < 0 and len(self._first) > 1:
                self._left += len(self._first.popitem(last=False)[1])
        return body if first == raw else splice(body, [(span, first)])

    def _said(self, raw: bytes) -> bytes:
        """A digest of tools that is blind to their order and to that of their keys; ``b""`` if they are none."""
        name = hashlib.blake2b(raw, digest_size=16).digest()
        said = self._known.get(name)
        if said is None:
            try:
                said = hashlib.blake2b(_text(_unordered(json.loads(raw), tools=True)), digest_size=16).digest()
            except (ValueError, RecursionError):
                said = b""
            self._known[name] = said
            if len(self._known) > 1000:
                self._known.popitem(last=False)
        return said


def _unordered(value: Any, *, tools: bool = False) -> Any:
    """A value with its lists of tools, and the names that a schema requires, in the order of the alphabet."""
    if isinstance(value, list):
        made = [_unordered(one) for one in value]
        return sorted(made, key=_text) if tools else made
    if not isinstance(value, dict):
        return value
    return {key: _unordered(inner, tools=key in _LISTS_OF_TOOLS or (key == "required" and _names(inner))) for key, inner in value.items()}


def _names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _text(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
