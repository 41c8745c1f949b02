"""Which bodies are read at once, on the event loop: those that are read faster than a thread is woken. Pure."""

from __future__ import annotations

IN_A_THREAD = 1 << 20  # bytes; a smaller body is read faster than a thread is woken (about 1 ms)
# But it may be all small parts, of which 60,000 take a second. To count all its commas takes longer than to read most bodies.
_SAMPLE, _EVERY, _DENSE = 256, 32 << 10, 16  # bytes, bytes, commas


def is_quick(body: bytes) -> bool:
    """Whether a body is small, and not much of it little but commas."""
    if len(body) >= IN_A_THREAD:
        return False
    return sum(body.count(b",", at, at + _SAMPLE) > _DENSE for at in range(0, len(body), _EVERY)) <= 1
