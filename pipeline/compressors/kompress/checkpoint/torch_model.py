"""A checkpoint of torch: a ModernBERT encoder, a head that judges tokens, and convolutions that judge stretches of them.

The final score is ``softmax(head)[keep] * (0.5 + 0.5 * span)``, as the graph of the ONNX files computes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.compressors.kompress.checkpoint.files import CONFIG, Checkpoint, Unusable

_PARTS = ("encoder", "token_head", "span_conv")
_THREADS = 4


class TorchModel:
    """Scores of tokens.

    Raises:
        Unusable: a part of the weights is missing.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        import torch

        torch.set_num_threads(_THREADS)
        encoder, head, spans = _parts(checkpoint)
        self._encoder = _encoder(checkpoint, encoder)
        self._head = _head(head)
        self._spans = _spans(spans)
        self._torch: Any = torch

    def scores(self, ids: list[int]) -> list[float]:
        """For each token 0 to 1, how much it says."""
        torch = self._torch
        with torch.inference_mode():
            tokens = torch.tensor([ids])
            hidden = self._encoder(input_ids=tokens, attention_mask=torch.ones_like(tokens)).last_hidden_state
            keep = self._head(hidden).softmax(-1)[0, :, 1]
            span = self._spans(hidden.transpose(1, 2))[0, 0]
            found: list[float] = (keep * (0.5 + 0.5 * span)).tolist()
            return found


def _parts(checkpoint: Checkpoint) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The weights of the encoder, the head and the convolutions."""
    path = checkpoint.folder / checkpoint.weights
    if path.suffix == ".pt":
        import torch

        merged = torch.load(path, map_location="cpu", weights_only=True)  # data alone: a pickle could run anything
        found = [merged.get(f"{part}_state_dict") if isinstance(merged, Mapping) else None for part in _PARTS]
    else:
        from safetensors.torch import load_file

        flat = load_file(path)
        found = [{name[len(part) + 1 :]: tensor for name, tensor in flat.items() if name.startswith(f"{part}.")} for part in _PARTS]
    if not all(isinstance(part, Mapping) and part for part in found):
        absent = ", ".join(name for name, part in zip(_PARTS, found, strict=True) if not part)
        raise Unusable(f"{path} lacks the weights of: {absent}.")
    encoder, head, spans = (dict(part or {}) for part in found)
    return encoder, head, spans


def _encoder(checkpoint: Checkpoint, weights: Mapping[str, Any]) -> Any:
    from transformers import ModernBertConfig, ModernBertModel

    path = checkpoint.folder / CONFIG
    config = ModernBertConfig.from_json_file(str(path)) if path.is_file() else ModernBertConfig()
    config._attn_implementation = "sdpa"  # noqa: SLF001 - what every processor has, whatever the file says
    encoder = ModernBertModel(config)
    encoder.load_state_dict({name.removeprefix("model."): tensor for name, tensor in weights.items()})
    return encoder.eval()


def _head(weights: Mapping[str, Any]) -> Any:
    """The linear layer, by the shapes of its weights."""
    from torch import nn

    matrix = _only(weights, 2)
    head = nn.Linear(matrix.shape[1], matrix.shape[0])
    head.load_state_dict({"weight": matrix, "bias": _only(weights, 1)})
    return head.eval()


def _spans(weights: Mapping[str, Any]) -> Any:
    """Two convolutions, by the shapes of their weights: wide, then to one channel."""
    from torch import nn

    layers = sorted(name.removesuffix(".weight") for name, tensor in weights.items() if tensor.dim() == 3)
    if len(layers) != 2:
        raise Unusable("The convolutions of the checkpoint are not two.")
    made = []
    for name in layers:
        kernel = weights[f"{name}.weight"]
        made.append(nn.Conv1d(kernel.shape[1], kernel.shape[0], kernel.shape[2], padding=kernel.shape[2] // 2))
        made[-1].load_state_dict({"weight": kernel, "bias": weights[f"{name}.bias"]})
    return nn.Sequential(made[0], nn.GELU(), made[1], nn.Sigmoid()).eval()


def _only(weights: Mapping[str, Any], dimensions: int) -> Any:
    found = [tensor for tensor in weights.values() if tensor.dim() == dimensions]
    if len(found) != 1:
        raise Unusable("The head of the checkpoint is not one linear layer.")
    return found[0]
