"""JSON with comments and commas at ends, as people write it into settings: read only, never written back."""

from __future__ import annotations

import json
import re
from typing import Any

# A string, so that what stands in one is no comment, or a comment. What is not closed goes on to the end: nothing is read twice.
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*"?)|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*"?)|,(?=\s*[}\]])', re.DOTALL)


def loads(text: str) -> Any:
    """The value in a text; None for an empty one.

    Raises:
        ValueError: it is no JSON even without comments.
    """
    plain = _COMMENT.sub(_kept, text.removeprefix("\ufeff"))
    return json.loads(_LAST_COMMA.sub(_kept, plain)) if plain.strip() else None


def _kept(match: re.Match[str]) -> str:
    return match[1] or ""
