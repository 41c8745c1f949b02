"""Headroom for Python programs: make what a model reads smaller, and get it back.

::

    from headroom import compress, retrieve

    result = compress(messages, model="claude-sonnet-4-5")
    client.messages.create(messages=result.messages, ...)
    print(retrieve(result.handles[0], lines="120-140"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headroom._compress import BlockResult, CompressResult, compress, compress_text
    from headroom._retrieve import retrieve

__all__ = ["BlockResult", "CompressResult", "compress", "compress_text", "retrieve"]

_HOME = {name: "_retrieve" if name == "retrieve" else "_compress" for name in __all__}


def __getattr__(name: str) -> object:
    # The pipeline is loaded when it is used: what only asks for the version, or for the fakes of headroom.testing, does not pay for it.
    if name not in _HOME:
        raise AttributeError(f"module 'headroom' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"headroom.{_HOME[name]}"), name)
