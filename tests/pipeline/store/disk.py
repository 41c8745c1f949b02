"""A small disk of its own, to be filled."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_BLOCK = 1 << 16
# Whoever mounted it holds the other end of this one's standard input: at its end, by SIGKILL too, the disk goes.
_GUARD = 'cat > /dev/null; umount -l "$1" && rmdir "$1"'


@dataclass(frozen=True)
class Disk:
    """A disk.

    Args:
        folder: where it is mounted; empty at first.
    """

    folder: Path

    def fill(self, leave: int = 0) -> None:
        """Take all the room there is, but so many bytes."""
        with open(self.folder / "ballast", "ab", buffering=0) as ballast:
            try:
                for size in (_BLOCK, 1):
                    while self._left() - leave >= size:
                        ballast.write(bytes(size))
            except OSError:
                pass
            assert self._left() <= leave

    def free(self) -> None:
        """Give it back."""
        (self.folder / "ballast").unlink()

    def _left(self) -> int:
        about = os.statvfs(self.folder)
        return about.f_bavail * about.f_frsize


@contextmanager
def small(megabytes: int) -> Iterator[Disk]:
    """A disk of that size, as long as the context lasts; without the right to mount one the test is skipped."""
    if sys.platform != "linux":
        pytest.skip("a disk to be filled can be mounted on Linux alone")
    folder = Path(tempfile.mkdtemp(prefix="headroom-disk-"))  # not where the tests' files are: servers run as a user who may not go there
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "headroom-test", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"a disk to be filled cannot be mounted here, as root may: {mounted.stderr.strip()}")
    guard = subprocess.Popen(["sh", "-c", _GUARD, "sh", str(folder)], stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield Disk(folder)
    finally:
        guard.communicate()
        assert guard.returncode == 0
