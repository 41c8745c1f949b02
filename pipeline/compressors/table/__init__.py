"""Tables in text: the header and the rows that matter stay as their original lines, the rest is counted."""

from pipeline.compressors.table.compressor import TableCompressor

__all__ = ["TableCompressor"]
