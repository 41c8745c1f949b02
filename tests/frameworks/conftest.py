"""Tests of integrations whose packages live in environments of their own: collected where the package is there (see tests/test_frameworks.py)."""

from __future__ import annotations

import functools
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import pytest


def _before(package: str, major: int) -> bool:
    try:
        return int(version(package).partition(".")[0]) < major
    except PackageNotFoundError:
        return False


_THERE = {
    "agno": find_spec("agno"),
    "langchain": find_spec("langchain_core"),
    "litellm": find_spec("litellm"),
    "openai_agents": find_spec("agents"),
    "pydantic_ai": find_spec("pydantic_ai"),
    "sdk_clients": _before("openai", 3),  # the current ones are tested where they live, beside the project
}
collect_ignore = [folder for folder, there in _THERE.items() if not there]


@pytest.fixture(autouse=True)
async def closed_clients(monkeypatch):
    """Closes every HTTP client that was made in a test when it ends, in its own event loop.

    Frameworks make them out of sight and leave them to the collector, which closes them in whatever loop runs by then.
    """
    modules = [sys.modules[name] for name in ("httpx", "httpx2") if name in sys.modules]
    made = [(_noted(monkeypatch, module.Client), _noted(monkeypatch, module.AsyncClient)) for module in modules]
    yield
    for sync, asynchronous in made:
        for client in sync:
            client.close()
        for client in asynchronous:
            await client.aclose()


def _noted(monkeypatch, kind):
    """A list to which every new object of a class is added."""
    made, init = [], kind.__init__

    @functools.wraps(init)
    def noting(self, *args, **more):
        init(self, *args, **more)
        made.append(self)

    monkeypatch.setattr(kind, "__init__", noting)
    return made
