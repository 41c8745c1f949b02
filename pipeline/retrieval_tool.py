"""The tool ``headroom_retrieve`` as models are told of it: over MCP, by the proxy, and by an application that declares it itself.

Every request carries these words: each must earn its place.
"""

from __future__ import annotations

from typing import Any

NAME = "headroom_retrieve"
SUMMARY = "The original behind [headroom HANDLE: …], or some lines of it."
# Over MCP the server's instructions say this; elsewhere the tool is all that a model is told.
DESCRIPTION = (
    f"{SUMMARY} Long tool results reach you shortened: […] stands where lines were left out, and a last line [headroom HANDLE: …] says what. Fetch"
    " what you need of it with this tool instead of running the other tool again."
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "handle": {"type": "string"},
        "lines": {"type": "string", "description": "120-480 or 5-9,40-60"},
        "pattern": {"type": "string", "description": "regex of lines"},
    },
    "required": ["handle"],
}
# Characters of an answer; what follows is announced, and can be asked for by line. Claude Code refuses tool results above 25,000 of its tokens
# (https://code.claude.com/docs/en/mcp#mcp-output-limits-and-warnings), and what it refuses the model does not see at all.
LIMIT = 50_000
