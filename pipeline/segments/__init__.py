"""Mixed output: the results of several commands in one block, a log with JSON in it, prose around a table. Each part to its own compressor."""

from pipeline.segments.combine import combine
from pipeline.segments.cut import Segment, segment
from pipeline.segments.join import compress_segments

__all__ = ["Segment", "combine", "compress_segments", "segment"]
