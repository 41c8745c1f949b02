"""Logs of any shape: repeats are counted, what stands out is kept verbatim."""

from pipeline.compressors.log.compressor import LogCompressor

__all__ = ["LogCompressor"]
