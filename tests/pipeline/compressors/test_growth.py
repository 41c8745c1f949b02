"""No input makes a compressor superlinear: what repeats a little over and over, alone and between the lines of what it knows."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headroom_wrap.cli.samples import SAMPLES
from pipeline.compressors.api import Compressor, Content, Seen
from pipeline.compressors.references import refer
from pipeline.compressors.registry import compressors
from pipeline.policy import Policy
from pipeline.query import Query
from pipeline.segments import compress_segments

EVERY = {c.name: c for c in compressors()}
SMALL, LARGE = 20_000, 160_000
_FAST = 0.25  # seconds of CPU: what takes no more has no shape to speak of
_GROWTH = 3.0  # times the growth of the input, as other processes make single measures lie; what is quadratic grows eight times as fast
_ATTEMPTS = 4
_UNITS = [
    *"a0 \t\r{[(<\"'|,:;-=#\n",
    "é",
    "a\n",
    "\n\n",
    "a,",
    "a|",
    "[{",
    '{"a":',
    '"a",',
    "a: ",
    "- a\n",
    "-a\n+b\n",
    "<a ",
    "<!--",
    "<div><b>",
    "a/b:1:",
    "a/b:1:x\n",
    "12:00:00 ",
    "at a(b:1)\n",
    "E   a\n",
    "error: a\n",
    "A  B\n",
    "├── a\n",
    "drwxr-xr-x ",
    "def a():\n  b\n",
    "/*",
    "a<",
    "=> ",
    "a:\n  b: 1\n",
    "[… 1: ",
    "\x1b[",
]
QUERY = Query("what is a b error 12 in `x`?")


def repeated(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def families(content: Content) -> Iterator[tuple[str, str, str]]:
    """A name, a small text and a large one of the same shape."""
    lines = content.text.split("\n")
    head, tail, middle = "\n".join(lines[:6]), "\n".join(lines[-6:]), lines[len(lines) // 2]
    for unit in _UNITS:
        small, large = repeated(unit, SMALL), repeated(unit, LARGE)
        yield repr(unit), small, large
        yield f"{unit!r} within", f"{head}\n{small}\n{tail}", f"{head}\n{large}\n{tail}"
    for name, unit in (("the sample", content.text + "\n"), ("one line", middle + "\n"), ("the sample on one line", content.text.replace("\n", " "))):
        yield name, repeated(unit, SMALL), repeated(unit, LARGE)
    yield "nested", "[" * (SMALL // 2) + "]" * (SMALL // 2), "[" * (LARGE // 2) + "]" * (LARGE // 2)
    for name, line in (("numbered lines", middle), ("numbers", "")):
        small, large = ("\n".join(f"{n}{line}" for n in range(size // (len(line) + 6))) for size in (SMALL, LARGE))
        yield name, small, large


def cost(compressor: Compressor, content: Content) -> float:
    """Seconds of CPU, the collector of garbage aside."""
    gc.disable()
    try:
        began = time.process_time()
        compressor.recognise(content)
        compressor.compress(content, Policy())
        return time.process_time() - began
    finally:
        gc.enable()


def linear(small: float, large: float) -> bool:
    return large <= _FAST or large <= small * _GROWTH * LARGE / SMALL


def assert_linear(name: str, measure: Callable[[str], float], small: str, large: str) -> None:
    """What is superlinear is so every time; a measure that others disturbed is taken again."""
    taken = []
    for _ in range(_ATTEMPTS):
        taken.append((measure(small), measure(large)))
        if linear(*taken[-1]):
            return
    raise AssertionError(f"{name}: {taken} seconds for {SMALL} and {LARGE} characters")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EVERY))
def test_time_grows_as_the_text(name: str) -> None:
    sample = SAMPLES[name]()
    for family, small, large in families(sample):
        assert_linear(family, lambda text: cost(EVERY[name], Content(text, QUERY, sample.call)), small, large)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EVERY))
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(unit=st.text(st.sampled_from(" \nabA01\"'{}[]()<>|,:;=-+#/*.\t\\_@$%&"), min_size=1, max_size=6))
def test_time_grows_as_any_repeated_text(name: str, unit: str) -> None:
    sample = SAMPLES[name]()
    head = "\n".join(sample.text.split("\n")[:6])
    small, large = (f"{head}\n{repeated(unit, size)}" for size in (SMALL, LARGE))
    assert_linear(repr(unit), lambda text: cost(EVERY[name], Content(text, QUERY, sample.call)), small, large)


@pytest.mark.slow
def test_time_of_references_and_of_mixed_output_grows_as_the_text() -> None:
    def measure(text: str) -> float:
        content = Content(text, QUERY)
        above = Seen(1, "Bash", text[: len(text) // 2], text[: len(text) // 2])
        began = time.process_time()
        refer(content, [above], Policy())
        compress_segments(content, Policy(), ())
        return time.process_time() - began

    for family, small, large in families(SAMPLES["log"]()):
        assert_linear(family, measure, small, large)
