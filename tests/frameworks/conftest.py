"""Tests of integrations whose packages live in environments of their own: collected where the package is there (see tests/test_frameworks.py)."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec


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
