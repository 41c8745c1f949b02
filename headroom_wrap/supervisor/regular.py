"""Files of others, which may be anything by the name of a file: read without waiting for anybody."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read(path: Path, most: int) -> bytes | None:
    """What stands in a regular file, links followed; None where none can be read.

    Args:
        path: where.
        most: bytes, from its beginning on.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a device, or a pipe with a writer, is to do something to it
            return None
        # It may have become a pipe since, which holds who opens it until a writer comes.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(most) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except (OSError, ValueError):  # the latter for a name that can be none
        return None
