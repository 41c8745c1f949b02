"""In the project's own environment, which has the current versions, these tests run where they stand (tests/headroom/integrations)."""

from __future__ import annotations

from importlib.metadata import version

collect_ignore = ["test_oldest.py"] if int(version("openai").split(".")[0]) >= 3 else []
