"""From a checkpoint to what scores words, by what is installed."""

from __future__ import annotations

from importlib.util import find_spec

from pipeline.compressors.kompress.checkpoint.chunks import Chunked
from pipeline.compressors.kompress.checkpoint.files import Checkpoint, Format, Unusable
from pipeline.compressors.kompress.checkpoint.tokenizer import Encoder

_NEEDS = {Format.ONNX: ("onnxruntime", "tokenizers", "numpy"), Format.TORCH: ("torch", "transformers", "tokenizers")}
EXTRAS = {Format.ONNX: "ml", Format.TORCH: "hf"}


def missing(format_: Format) -> list[str]:
    """The packages that a format needs and that are not installed."""
    return [name for name in _NEEDS[format_] if find_spec(name) is None]


def load(checkpoint: Checkpoint) -> Chunked:
    """The model, ready to score words. Takes seconds and, for the published weights, some 300 to 700 MB of memory.

    Raises:
        Unusable: something is not installed, or the files are not what they should be.
    """
    absent = missing(checkpoint.format)
    if absent:
        extra = EXTRAS[checkpoint.format]
        raise Unusable(f"{', '.join(absent)} is not installed. Run: pip install 'headroom-ai[{extra}]'")
    try:
        if checkpoint.format is Format.ONNX:
            from pipeline.compressors.kompress.checkpoint.onnx_model import OnnxModel

            return Chunked(Encoder(checkpoint.folder), OnnxModel(checkpoint).scores)
        from pipeline.compressors.kompress.checkpoint.torch_model import TorchModel

        return Chunked(Encoder(checkpoint.folder), TorchModel(checkpoint).scores)
    except Unusable:
        raise
    except Exception as error:  # the libraries raise what they like over files that are not theirs
        said = " ".join(str(error).split())[:200]
        raise Unusable(f"{checkpoint.folder / checkpoint.weights} cannot be loaded: {type(error).__name__}: {said}") from error
