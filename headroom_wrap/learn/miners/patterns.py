"""Several patterns that are tried one after the other."""

from __future__ import annotations

import re

Patterns = tuple[re.Pattern[str], ...]


def patterns(*texts: str, flags: int = 0) -> Patterns:
    """Compiled, in their order."""
    return tuple(re.compile(text, flags) for text in texts)
