from __future__ import annotations

from headroom_wrap.cli.samples import NEEDLE, SAMPLES
from pipeline.compressors.registry import compressors


def test_every_compressor_of_ours_is_proven_on_a_sample() -> None:
    assert {c.name for c in compressors()} == set(SAMPLES)
    assert all(NEEDLE in sample().text for sample in SAMPLES.values())
