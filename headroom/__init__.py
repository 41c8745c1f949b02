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
    from headroom._errors import HeadroomError
    from headroom._open import open_store
    from headroom._retrieve import retrieve
    from headroom._tools import headroom_retrieve, retriever, tools
    from headroom.integrations.sdk_clients import with_headroom
    from headroom.shared_context import SharedContext

__all__ = [
    "BlockResult",
    "CompressResult",
    "HeadroomError",
    "SharedContext",
    "compress",
    "compress_text",
    "headroom_retrieve",
    "open_store",
    "retrieve",
    "retriever",
    "tools",
    "with_headroom",
]

_HOME = {
    "HeadroomError": "_errors",
    "SharedContext": "shared_context",
    "headroom_retrieve": "_tools",
    "open_store": "_open",
    "retrieve": "_retrieve",
    "retriever": "_tools",
    "tools": "_tools",
    "with_headroom": "integrations.sdk_clients",
}


def __getattr__(name: str) -> object:
    # The pipeline is loaded when it is used: what only asks for the version, or for the fakes of headroom.testing, does not pay for it.
    if name not in __all__:
        raise AttributeError(f"module 'headroom' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"headroom.{_HOME.get(name, '_compress')}"), name)
