"""The agents by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from adapters.registry import ADAPTERS


@pytest.mark.parametrize("name", list(ADAPTERS))
def test_each_is_made_once_and_is_called_what_it_is_asked_by(name: str) -> None:
    assert ADAPTERS[name].name == name
    assert ADAPTERS[name] is ADAPTERS[name]


def test_there_is_no_other() -> None:
    assert "emacs" not in ADAPTERS
    assert ADAPTERS.get("emacs") is None
    assert len(ADAPTERS) == len(list(ADAPTERS)) == 6


def test_one_is_loaded_without_the_others() -> None:
    asked = "import sys; from adapters.registry import ADAPTERS; ADAPTERS['claude']; assert 'codex' in ADAPTERS; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert "adapters.claude" in loaded
    assert "adapters.codex" not in loaded
