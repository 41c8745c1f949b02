"""Tests of integrations whose packages live in environments of their own: collected where the package is there (see tests/test_frameworks.py)."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [
    folder
    for folder, package in {
        "agno": "agno",
        "langchain": "langchain_core",
        "litellm": "litellm",
        "openai_agents": "agents",
        "pydantic_ai": "pydantic_ai",
    }.items()
    if find_spec(package) is None
]
