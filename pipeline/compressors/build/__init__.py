"""The build compressor: test runs, compilers, linters, package managers and build tools."""

from pipeline.compressors.build.compressor import BuildCompressor

__all__ = ["BuildCompressor"]
