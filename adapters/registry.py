"""Which agents we know. Adding one is a file with an adapter and a line here."""

from __future__ import annotations

from adapters.claude import Claude
from adapters.codex import Codex
from adapters.copilot import Copilot
from adapters.cursor import Cursor
from adapters.gemini import Gemini
from adapters.opencode import OpenCode
from adapters.plan import Adapter

ADAPTERS: dict[str, Adapter] = {a.name: a for a in (Claude(), Codex(), Copilot(), Cursor(), Gemini(), OpenCode())}
