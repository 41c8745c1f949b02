"""Headroom for Python programs: make what a model reads smaller, and get it back.

::

    from headroom import compress, retrieve

    result = compress(messages, model="claude-sonnet-4-5")
    client.messages.create(messages=result.messages, ...)
    print(retrieve(result.handles[0], lines="120-140"))
"""

from __future__ import annotations

from headroom._compress import BlockResult, CompressResult, compress, compress_text
from headroom._retrieve import retrieve

__all__ = ["BlockResult", "CompressResult", "compress", "compress_text", "retrieve"]
