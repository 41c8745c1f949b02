"""Prose made smaller without a download: reflowed, and by a question reduced to the sentences that may answer it."""

from pipeline.compressors.kompress.compressor import KompressCompressor
from pipeline.compressors.kompress.core import Mode, Result, kompress
from pipeline.compressors.kompress.segment import Unit, segment

__all__ = ["KompressCompressor", "Mode", "Result", "Unit", "kompress", "segment"]
