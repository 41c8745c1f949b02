"""Checkpoints as small as they can be: a tokenizer of bytes, a graph that looks scores up, a ModernBERT of two layers with random weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SAYS_MUCH, SAYS_LITTLE = 0.9375, 0.125  # of a token with a z in it, and of any other
_WIDTH, _INNER = 16, 8


def tokenizer(folder: Path) -> int:
    """Writes ``tokenizer.json``: every byte is a token, between [CLS] and [SEP]. Returns the size of the vocabulary."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = {"[CLS]": 0, "[SEP]": 1}
    for letter in sorted(pre_tokenizers.ByteLevel.alphabet()):
        vocabulary[letter] = len(vocabulary)
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 1)])
    folder.mkdir(parents=True, exist_ok=True)
    made.save(str(folder / "tokenizer.json"))
    return len(vocabulary)


def onnx(folder: Path, name: str = "onnx/kompress-fp32.onnx", output: str = "final_scores") -> Path:
    """A checkpoint in ONNX: a word says much if it has a z."""
    import numpy as np
    from onnx import TensorProto, checker, helper, numpy_helper, save
    from tokenizers import Tokenizer

    size = tokenizer(folder)
    table = np.full(size, SAYS_LITTLE, dtype=np.float32)
    table[Tokenizer.from_file(str(folder / "tokenizer.json")).token_to_id("z")] = SAYS_MUCH
    shape = ["batch", "tokens"]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, shape) for n in ("input_ids", "attention_mask")]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["found"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["found", "mask"], [output]),
    ]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, [numpy_helper.from_array(table, "table")])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(made)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    save(made, str(path))
    return folder


def torch(folder: Path, name: str = "merged.pt", without: str = "") -> Path:
    """A checkpoint of torch with random weights; skips the test where torch or transformers are not installed."""
    library = pytest.importorskip("torch", reason="torch is not installed: checkpoints of torch are NOT TESTED")
    pytest.importorskip("transformers", reason="transformers is not installed: checkpoints of torch are NOT TESTED")
    from safetensors.torch import save_file
    from transformers import ModernBertConfig, ModernBertModel

    size = tokenizer(folder)
    config = {
        "model_type": "modernbert", "vocab_size": size, "hidden_size": _WIDTH, "intermediate_size": 2 * _WIDTH, "num_hidden_layers": 2,
        "num_attention_heads": 2, "pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 1, "cls_token_id": 0, "sep_token_id": 1,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    library.manual_seed(7)
    nn = library.nn
    encoder = ModernBertModel(ModernBertConfig.from_json_file(str(folder / "config.json")))
    head = nn.Linear(_WIDTH, 2)
    spans = nn.Sequential(nn.Conv1d(_WIDTH, _INNER, 5, padding=2), nn.GELU(), nn.Conv1d(_INNER, 1, 3, padding=1), nn.Sigmoid())
    parts = {"encoder": encoder.state_dict(), "token_head": head.state_dict(), "span_conv": spans.state_dict()}
    parts.pop(without, None)
    if name.endswith(".pt"):
        library.save({f"{part}_state_dict": weights for part, weights in parts.items()}, folder / name)
    else:
        flat = {f"{part}.{key}": tensor.clone() for part, weights in parts.items() for key, tensor in weights.items()}
        save_file(flat, str(folder / name))
    return folder
