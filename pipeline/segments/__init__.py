"""Mixed text: the results of several commands in one block, a log with JSON in it, prose around a table, data in a user's text.
Each part to its own compressor.
"""

from pipeline.segments.combine import combine
from pipeline.segments.cut import Segment, segment
from pipeline.segments.join import compress_segments
from pipeline.segments.pasted import Part, Pasted, pasted
from pipeline.segments.sentences import machine_made
from pipeline.segments.within import by_line, restored, within

__all__ = ["Part", "Pasted", "Segment", "by_line", "combine", "compress_segments", "machine_made", "pasted", "restored", "segment", "within"]
