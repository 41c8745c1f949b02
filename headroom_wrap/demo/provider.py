"""The demo's provider: ``python -m headroom_wrap.demo.provider`` prints its address and serves until its input ends."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

from headroom.testing import AnthropicProvider, Script, text, tool

_FOOTER = re.compile(r"\[headroom ([0-9a-f]{8,64}): [^\]]*?lines=(\d+)(?:-(\d+))?")


def script() -> Script:
    """What the demo's model says: it looks for a failure, retrieves a range that was left out, reads a file twice, and concludes."""
    return Script(
        [text("I will look at the log first."), tool("Bash", command="cat app.log")],
        _ask_for_what_was_left_out,
        [text("Invoice 48213 is off by a cent. Where is it rounded?"), tool("Bash", command="grep -rn round_amount .")],
        [text("Has somebody reported it?"), tool("fetch", url="https://tracker.example/api/repos/acme/shop/issues")],
        [tool("Read", file_path="billing/rounding.py")],
        [text("Once more, to be sure of the lines."), tool("Read", file_path="billing/rounding.py")],
        [
            text(
                "Invoice 48213 failed: LedgerOutOfBalance, debit 1299.00 against credit 1298.99. Tax is rounded per line (billing/ledger.py:57), "
                "the total once; issue 941 reports the same cent."
            )
        ],
    )


def _ask_for_what_was_left_out(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A small part of the first gap that the footer in the last result names; without one the conversation goes on."""
    found = _FOOTER.search(str(request["messages"][-1]["content"]))
    if found is None:
        return [tool("Bash", command="grep -n ERROR app.log")]
    first = int(found[2])
    last = min(first + 9, int(found[3] or found[2]))
    call = tool("mcp__headroom__headroom_retrieve", handle=found[1], lines=f"{first}-{last}")
    return [text("The error stands there in full. What happened around it?"), call]


def main() -> int:
    """Serve."""
    with AnthropicProvider(script()) as provider:
        print(provider.url, flush=True)
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
