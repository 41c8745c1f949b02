"""A checkpoint in ONNX: ``input_ids`` and ``attention_mask`` in, ``final_scores`` out. Needs no torch."""

from __future__ import annotations

from typing import Any

from pipeline.compressors.kompress.checkpoint.files import Checkpoint, Unusable

_THREADS = 4  # more take the agent's own processors and gain little over 512 tokens
_INPUTS = {"input_ids", "attention_mask"}
_OUTPUT = "final_scores"
_FATAL_ONLY = 4


class OnnxModel:
    """Scores of tokens.

    Raises:
        Unusable: the graph takes or gives something else.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _THREADS
        options.inter_op_num_threads = 1
        options.log_severity_level = _FATAL_ONLY
        path = checkpoint.folder / checkpoint.weights
        self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        if {i.name for i in self._session.get_inputs()} != _INPUTS or _OUTPUT not in {o.name for o in self._session.get_outputs()}:
            raise Unusable(f"{path} does not take input_ids and attention_mask and give {_OUTPUT}.")

    def scores(self, ids: list[int]) -> list[float]:
        """For each token 0 to 1, how much it says."""
        import numpy as np

        tokens = np.array([ids], dtype=np.int64)
        (scores,) = self._session.run([_OUTPUT], {"input_ids": tokens, "attention_mask": np.ones_like(tokens)})
        found: list[float] = np.asarray(scores, dtype=np.float64).reshape(-1).tolist()
        return found
