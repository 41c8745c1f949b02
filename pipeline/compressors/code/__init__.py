"""Source code that was read: an outline with line ranges in the place of bodies, long comments and tables, and what was asked for whole."""

from __future__ import annotations

from pipeline.compressors.code.compressor import CodeCompressor
from pipeline.compressors.code.languages import available, missing

__all__ = ["CodeCompressor", "available", "missing"]
