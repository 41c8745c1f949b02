"""The tool as the proxy declares it, in the words of ``pipeline.retrieval_tool``, and as clients do that have it from elsewhere."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from headroom_wrap.proxy import heads
from headroom_wrap.proxy.retrieval.api import NAME, NAME_BYTES
from pipeline.dialects.json_spans import Malformed
from pipeline.retrieval_tool import DESCRIPTION, SCHEMA

__all__ = ["DESCRIPTION", "SCHEMA", "in_capitals", "stands_in"]

_KEPT = 8  # lists of tools; each comes back with every request of its clients


def in_capitals() -> dict[str, Any]:
    """The schema as Gemini writes types."""
    return {
        "type": "OBJECT",
        "properties": {name: {**said, "type": "STRING"} for name, said in SCHEMA["properties"].items()},
        "required": SCHEMA["required"],
    }


def stands_in(tools: bytes) -> bool:
    """Whether a client declares the tool itself, under whatever prefix its MCP servers have with it. A word of it in a description is no tool.

    Args:
        tools: of a request, as they stand in it, ``b""`` if there are none.

    Raises:
        Malformed: they are no JSON.
    """
    return NAME_BYTES in tools and _declared(tools)


@lru_cache(maxsize=_KEPT)
def _declared(tools: bytes) -> bool:
    try:
        return any(_name(one).endswith(NAME) for one in heads.single(json.loads(tools)))
    except ValueError as error:
        raise Malformed(str(error)) from None


def _name(one: object) -> str:
    if not isinstance(one, dict):
        return ""
    function = one.get("function")
    name = one.get("name") or (function.get("name") if isinstance(function, dict) else "")
    return name if isinstance(name, str) else ""
