"""The example of a third party's compressor: installed as its users would, found by its entry point, used by the library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "docs" / "plugins" / "headroom-tap"
SCRIPT = """
from headroom import compress_text, retrieve
text = "TAP version 13\\n1..200\\n" + "".join(f"ok {n} - case number {n} of the long list\\n" for n in range(1, 150))
text += "not ok 150 - rounding\\n  ---\\n  got: 1299.00\\n  ...\\n" + "".join(f"ok {n} - case {n} again\\n" for n in range(151, 201))
smaller = compress_text(text, "what about case_7?")
assert "[… 3-151: 149 passed]" in smaller, smaller
assert "not ok 150 - rounding" in smaller and "got: 1299.00" in smaller
assert retrieve(smaller.split("[headroom ")[1][:8]) == text
from pipeline.compressors.registry import compressors
print([c.name for c in compressors()][-1])
"""


@pytest.mark.slow
def test_installed_and_used(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "site"
    shutil.copytree(PLUGIN, source)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(target), str(source)]
    installed = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(target), *sys.path])}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "tap"), done.stderr
