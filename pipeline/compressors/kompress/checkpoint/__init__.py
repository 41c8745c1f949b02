"""Checkpoints of the HuggingFace model: found in a folder, loaded with what is installed, asked how much each word says."""

from pipeline.compressors.kompress.checkpoint.files import Checkpoint, Format, Unusable, find
from pipeline.compressors.kompress.checkpoint.loading import load, missing

__all__ = ["Checkpoint", "Format", "Unusable", "find", "load", "missing"]
