"""Which agents we know. Adding one is a file with an adapter and a line here."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping

from adapters.plan import Adapter

_HOMES = {
    "claude": "Claude",
    "codex": "Codex",
    "copilot": "Copilot",
    "cursor": "Cursor",
    "gemini": "Gemini",
    "opencode": "OpenCode",
}


class _Adapters(Mapping[str, Adapter]):
    """Name -> adapter. Each is loaded when it is asked for: a session is of one agent, and starts sooner without the others."""

    def __init__(self, homes: Mapping[str, str]) -> None:
        self._homes = homes
        self._made: dict[str, Adapter] = {}

    def __getitem__(self, name: str) -> Adapter:
        home = self._homes[name]
        if name not in self._made:
            self._made[name] = getattr(importlib.import_module(f"adapters.{name}"), home)()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._homes

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


ADAPTERS: Mapping[str, Adapter] = _Adapters(_HOMES)
"""The agents, in the order in which they are shown."""
