"""The tool as the model is told of it: in the same words as over MCP, so that it is one tool whichever way it is reached."""

from __future__ import annotations

from typing import Any

from headroom_wrap.mcp.tools import TOOLS
from headroom_wrap.proxy.retrieval.api import NAME

_SAID = (
    "Long tool results reach you shortened: […] stands where lines were left out, and a last line [headroom HANDLE: …] says what. Fetch what you "
    "need of it with this tool instead of running the other tool again."
)
_TOOL = next(tool for tool in TOOLS if tool["name"] == NAME)

DESCRIPTION = f"{_TOOL['description']} {_SAID}"
SCHEMA: dict[str, Any] = _TOOL["inputSchema"]


def in_capitals() -> dict[str, Any]:
    """The schema as Gemini writes types."""
    return {
        "type": "OBJECT",
        "properties": {name: {**said, "type": "STRING"} for name, said in SCHEMA["properties"].items()},
        "required": SCHEMA["required"],
    }
