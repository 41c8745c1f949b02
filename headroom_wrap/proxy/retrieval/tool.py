"""The tool as the proxy declares it: in the words of ``pipeline.retrieval_tool``."""

from __future__ import annotations

from typing import Any

from pipeline.retrieval_tool import DESCRIPTION, SCHEMA

__all__ = ["DESCRIPTION", "SCHEMA", "in_capitals"]


def in_capitals() -> dict[str, Any]:
    """The schema as Gemini writes types."""
    return {
        "type": "OBJECT",
        "properties": {name: {**said, "type": "STRING"} for name, said in SCHEMA["properties"].items()},
        "required": SCHEMA["required"],
    }
