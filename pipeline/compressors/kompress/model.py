"""The embedded model: a whole-numbered weight for each feature, and what calibration found. ``scripts/kompress`` writes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul

from pipeline.compressors.kompress.evidence import EVIDENCE
from pipeline.compressors.kompress.features import NAMES
from pipeline.compressors.kompress.lexicon import DATA

PATH = DATA / "model.json"
SHIFT = 10  # weights are in 1/1024 of a 1/1000 logit
_SUREST = 50_000  # 1/1000 logits


@dataclass(frozen=True)
class Model:
    """Weights and thresholds.

    Args:
        weights: in the order of ``features.NAMES``.
        gate: in the order of ``evidence.EVIDENCE``, and a constant.
        masses: recall, in 1/100 -> softmax mass of the sentences to keep, in 1/10000; ascending.
    """

    weights: tuple[int, ...]
    gate: tuple[int, ...]
    masses: tuple[tuple[int, int], ...]

    def scores(self, groups: Sequence[Sequence[tuple[int, ...]]]) -> list[int]:
        """Logits in 1/1000, one for each sentence.

        Args:
            groups: the features of the sentences in parts, together in the order of the weights.
        """
        at = 0
        parts: list[list[int]] = []
        for rows in groups:
            weights = self.weights[at : at + len(rows[0])]
            at += len(weights)
            known: dict[tuple[int, ...], int] = {}  # many rows are the same: those of sentences that the question does not touch
            parts.append([known[row] if row in known else known.setdefault(row, sum(map(mul, weights, row))) for row in rows])
        return [sum(part) >> SHIFT for part in zip(*parts, strict=True)]

    def relatedness(self, evidence: Sequence[int]) -> int:
        """A logit in 1/1000: from 0 on a question is taken to be about a text."""
        *weights, constant = self.gate
        logit: int = (sum(map(mul, weights, evidence)) + constant) >> SHIFT
        return max(-_SUREST, min(logit, _SUREST))

    def mass(self, recall: float) -> float:
        """The softmax mass that keeps the answer with probability ``recall``, between calibrated points by a straight line."""
        asked = recall * 100
        (low, below), *above = self.masses
        if asked <= low:
            return below / 10_000
        for high, mass in above:
            if asked <= high:
                return (below + (mass - below) * (asked - low) / (high - low)) / 10_000
            low, below = high, mass
        return below / 10_000


@cache
def load() -> Model:
    """The model of the package.

    Raises:
        ValueError: its weights are for other features than this version computes.
    """
    data = json.loads(PATH.read_text("utf-8"))
    if tuple(data["weights"]) != NAMES or tuple(data["gate"]) != (*EVIDENCE, "constant"):
        raise ValueError(f"{PATH} was trained for other features. Run scripts/kompress/train, or reinstall Headroom.")
    masses = tuple(sorted((int(recall), int(mass)) for recall, mass in data["masses"].items()))
    return Model(tuple(data["weights"].values()), tuple(data["gate"].values()), masses)
