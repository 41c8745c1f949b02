"""What the scripted model says in the end-to-end sessions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headroom.testing import Script, text, tool

FOOTER = re.compile(r"\[headroom ([0-9a-f]{8,64}): \d+ of \d+ lines left out.*?lines=(\d+)(?:-(\d+))?")
RETRIEVE = "mcp__headroom__headroom_retrieve"


def session(project: Path, *, retrieve: bool, search_tools: bool = False) -> Script:
    """Eight tool calls over real files; with ``retrieve`` two more, for a line that was left out of the log: over MCP and by ``headroom show``."""
    ledger = str(project / "billing" / "ledger.py")
    turns: list[Any] = [
        [text("First the log."), tool("Bash", command="cat app.log", description="Read the log")],
        [tool("Bash", command="grep -rn round_amount billing", description="Find the rounding")],
        [tool("Bash", command="head -c 28000 issues.json", description="Read the issues")],
        [tool("Read", file_path=ledger)],
        [tool("Bash", command="bash run_tests.sh", description="Run the tests")],
        [tool("Edit", file_path=ledger, old_string="return amount * 7\n", new_string="return round(amount * 7, 2)\n")],
        [tool("Bash", command="cat app.log", description="Read the log again")],
        [tool("Bash", command="grep -n 'amount \\* 7' billing/ledger.py", description="Check the edit")],
    ]
    if retrieve:
        extra: list[Any] = [_retrieve, _show]
        if search_tools:
            extra.insert(0, [tool("ToolSearch", query=f"select:{RETRIEVE}", max_results=5)])
        turns[1:1] = extra
    return Script(*turns, [text("Invoice 48213 was rounded per line; ledger.py is mended.")])


def left_out(request: Mapping[str, Any]) -> tuple[str, int, int]:
    """Handle and first gap of the first result from which lines were left out."""
    found = FOOTER.search("\n".join(results(request)))
    assert found is not None, "nothing was left out"
    return found[1], int(found[2]), int(found[3] or found[2])


def results(request: Mapping[str, Any]) -> list[str]:
    """The texts of all tool results in a request, in order."""
    found = []
    for message in request["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else []:
            if block["type"] == "tool_result":
                content = block.get("content", "")
                found.append(content if isinstance(content, str) else "\n".join(c.get("text", "") for c in content))
    return found


def _retrieve(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    handle, first, _ = left_out(request)
    return [tool(RETRIEVE, handle=handle, lines=f"{first}-{first + 1}")]


def _show(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    handle, first, _ = left_out(request)
    return [tool("Bash", command=f"headroom show {handle} --lines {first}-{first + 1}", description="Show what was left out")]
