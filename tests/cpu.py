"""CPU seconds of a piece of work, for tests of how they grow with what it is given: no test asserts how long anything takes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def cpu_seconds(work: Callable[[], object], runs: int = 1) -> float:
    """The least of some runs, without the collector's: what that costs depends on all that other tests have left in memory."""
    return min(_once(work) for _ in range(runs))


def _once(work: Callable[[], object]) -> float:
    gc.collect(1)
    gc.disable()
    try:
        began = time.process_time()
        work()
        return time.process_time() - began
    finally:
        gc.enable()
