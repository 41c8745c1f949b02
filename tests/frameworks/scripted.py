"""What the frameworks' tests have in common: logs to shorten, the prefix on the wire, the code of a documentation page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from headroom.testing import AnthropicProvider, GeminiProvider, OpenAIProvider, Recorded, Script, text, tool
from headroom.testing.errors import ApiError, invalid
from headroom.testing.script import Block
from headroom.testing.shapes import JsonObject
from pipeline.dialects import json_spans
from pipeline.markers import elides

TURNS = 30
MARKER = "[headroom "
PAGES = Path(__file__).parents[2] / "docs" / "integrations"
PROVIDERS = {
    "openai": lambda script: OpenAIProvider(script, unchanged=False),  # frameworks write arguments down anew
    "anthropic": AnthropicProvider,
    "gemini": lambda script: GeminiProvider(script, signatures=False),  # likewise
}


def log(number: int = 0, lines: int = 240) -> str:
    """A log that is worth shortening, another one for each number."""
    return "\n".join(
        f"2026-01-02T03:{number % 60:02d}:{n % 60:02d}Z INFO svc-{number} request {n * 7 + number} served in {n % 90} ms" for n in range(lines)
    )


def reading(turns: int = TURNS) -> Script:
    """A model that reads so many logs, one a turn, and is done."""
    return Script(*([text(f"Log {n}."), tool("read_log", number=n)] for n in range(turns)), [text("All read.")])


def picky(blocks: Sequence[Block]) -> Callable[[JsonObject], ApiError | Sequence[Block]]:
    """The answer of an API that takes no request in which something was left out."""
    return lambda request: invalid("This cannot be read.") if elides(json.dumps(request, ensure_ascii=False)) else blocks


def reading_pickily() -> Script:
    """A model that reads two logs, whose API takes nothing of ours: it refuses the second request, once."""
    return Script([tool("read_log", number=0)], *[picky([tool("read_log", number=1)])] * 2, picky([text("All read.")]))


def check_refusal(requests: Sequence[Recorded]) -> None:
    """What was refused was sent again as it was, and from there on nothing is shortened."""
    assert [request.status for request in requests] == [200, 400, 200, 200]
    assert [elides(request.raw.decode()) for request in requests] == [False, True, False, False]


def conversation(request: Recorded) -> bytes:
    """The bytes of a request's list of messages, as they came, without its end."""
    members = json_spans.members(request.raw, json_spans.whole(request.raw))
    span = next(members[name] for name in ("messages", "input", "contents") if name in members)
    return request.raw[span.start : span.end - 1]


def check_prefix(requests: Sequence[Recorded], turns: int = TURNS) -> None:
    """Every request begins with all of the one before, byte for byte, and what the tools returned went out shortened."""
    assert [request.status for request in requests] == [200] * (turns + 1)
    sent = [conversation(request) for request in requests]
    for before, after in zip(sent, sent[1:]):
        assert len(after) > len(before)
        assert after.startswith(before)
    assert sent[-1].count(MARKER.encode()) == turns
    assert sent[-1].count(b"lines left out, ") == turns  # the model is offered headroom_retrieve
    assert len(sent[-1]) < turns * len(log()) / 2


def code(page: str) -> list[str]:
    """The Python of a documentation page, block by block."""
    return re.findall(r"^```python\n(.*?)^```", (PAGES / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
