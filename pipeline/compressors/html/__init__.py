"""Fetched HTML pages: their visible text as Markdown."""

from pipeline.compressors.html.compressor import HtmlCompressor

__all__ = ["HtmlCompressor"]
