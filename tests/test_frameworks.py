"""The frameworks' integrations, each in an environment of its packages' current versions and in one of the oldest that are supported.

The packages cannot live beside the project's own. ``./dev test`` makes the environments and says where they are.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Read once, at import: tests see nothing of the user's environment that steers us.
ENVIRONMENTS = Path(os.environ.get("HEADROOM_TEST_ENVIRONMENTS") or ROOT / ".dev" / "environments")
PACKAGES = {
    "frameworks": ("agno", "langchain", "openai_agents", "pydantic_ai"),
    "litellm": ("litellm",),
    "oldest": ("agno", "langchain", "litellm", "openai_agents", "pydantic_ai", "sdk_clients"),
}
LIMIT_S = 600


def suites(environment: str) -> list[str]:
    """The folders of tests that are run in an environment."""
    return [name for name in PACKAGES[environment] if list((ROOT / "tests" / "frameworks" / name).glob("test_*.py"))]


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S + 30)
@pytest.mark.parametrize(("environment", "name"), [(e, name) for e in PACKAGES for name in suites(e)])
def test_in_its_environment(environment: str, name: str, private_home: Path) -> None:
    python = ENVIRONMENTS / environment / "bin" / "python"
    if not python.exists():
        pytest.skip(f"NO ENVIRONMENT for {name}: {python} is missing. ./dev test makes it from tests/environments/{environment}.txt.")
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/frameworks/{name}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("environment", PACKAGES)
def test_nothing_is_imported_that_is_not_used(environment: str) -> None:
    python = ENVIRONMENTS / environment / "bin" / "python"
    if not python.exists():
        pytest.skip(f"NO ENVIRONMENT: {python} is missing. ./dev test makes it from tests/environments/{environment}.txt.")
    theirs = "{'agents', 'agno', 'anthropic', 'google.genai', 'langchain_core', 'litellm', 'openai', 'pydantic_ai'}"
    asked = f"import sys, headroom, headroom.integrations.conversation; headroom.with_headroom; sys.exit(str({theirs} & set(sys.modules) or ''))"
    done = subprocess.run([str(python), "-c", asked], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.strip() == ""
