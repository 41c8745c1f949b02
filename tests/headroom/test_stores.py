"""The store that the library opens by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from headroom._stores import default_store

FORKING = """
import os, sys
from headroom import compress_text, retrieve
from headroom._stores import default_store

text = "\\n".join(f"2026-01-01T00:00:00Z INFO request {n} done" for n in range(400))
made = compress_text(text)
before = default_store()
child = os.fork()
if not child:
    ours = default_store()
    print(ours is before, ours is default_store(), compress_text(text) == made, flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(default_store() is before, compress_text(text) == made)
"""


@pytest.mark.slow
def test_a_process_that_was_forked_opens_its_own(private_home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ))
    assert done.stdout.splitlines() == ["False True True", "True True"], done.stderr


def test_it_is_opened_once(private_home: Path) -> None:
    assert default_store() is default_store()
