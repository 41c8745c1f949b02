"""Fit the weights: ``python -m scripts.kompress.train DATA``. Seeded, one core, about a minute.

The loss is that of a list: the softmax over the sentences of a text must put its mass where the answer stands (ListNet with one relevant
document: Cao et al., Learning to Rank: From Pairwise Approach to Listwise Approach, ICML 2007). Logits so fitted are probabilities, which the
selection by mass needs. Convex, so the seed only decides which questions are made.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.compressors.kompress.features import NAMES
from pipeline.compressors.kompress.model import PATH, SHIFT
from scripts.kompress.features import Example, examples, keywords, questions

PENALTY = 0.1  # of the squared weights of scaled features; between 0.03 and 0.1 nothing changes by more than half a point
_STEPS = 800
_RATE = 0.05
_LEAST_SPREAD = 20.0  # of a feature in 1/1000, or one that is nearly constant would get a huge weight


def fit(train: Sequence[Example], penalty: float = PENALTY) -> npt.NDArray[np.float64]:
    """Weights, logits per unit of a feature; by Adam (Kingma and Ba, 2015) with whole batches."""
    rows = np.concatenate([example.rows for example in train])
    gold = np.concatenate([example.gold for example in train])
    sizes = [len(example.rows) for example in train]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    lists: npt.NDArray[np.int64] = np.repeat(np.arange(len(train)), sizes)
    spread = np.maximum(rows.std(axis=0), _LEAST_SPREAD)
    scaled = rows / spread
    weights = np.zeros(rows.shape[1])
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        logits = scaled @ weights
        raised = np.exp(logits - np.maximum.reduceat(logits, starts)[lists])
        probabilities = raised / np.add.reduceat(raised, starts)[lists]
        gradient = scaled.T @ (probabilities - gold) / len(train) + penalty * weights
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient**2
        weights -= _RATE * (1 - step / (_STEPS + 1)) * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return np.asarray(weights / spread)


def whole(weights: npt.NDArray[np.float64]) -> dict[str, int]:
    """Weights as the model has them: a whole number for each feature."""
    return {name: round(float(weight) * 1000 * (1 << SHIFT)) for name, weight in zip(NAMES, weights, strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the weights of the embedded model.")
    parser.add_argument("data", type=Path, help="what fetch_data fetched")
    asked = parser.parse_args()
    train = examples([*questions(asked.data), *keywords(asked.data)])
    model = json.loads(PATH.read_text("utf-8")) if PATH.exists() else {"gate": {}, "masses": {"97": 9700}}
    model["weights"] = whole(fit(train))
    PATH.write_text(json.dumps(model, indent=1) + "\n", "utf-8")
    print(f"{len(train)} lists, {sum(len(e.rows) for e in train):,} sentences -> {PATH}")


if __name__ == "__main__":
    main()
