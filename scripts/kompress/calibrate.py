"""How much softmax mass to keep for a recall: ``python -m scripts.kompress.calibrate DATA``, after ``train`` and ``gate``.

Cross-conformal: each fold (whole articles) is scored by weights fitted to the others, and the mass that a list would have needed to keep its
answer is noted; none where the floor keeps it. The quantile of those masses is the threshold (Vovk, Cross-conformal predictors, 2015). What
the gate refuses, and so keeps whole, is not counted: the recall is that of the texts in which something is left out. About five of six lists
are asked in questions and one in keywords, as agents send both.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.compressors.kompress.model import PATH
from pipeline.compressors.kompress.scorer import COVERAGE_GATE, coverage
from pipeline.compressors.kompress.select import FLOOR
from scripts.kompress.features import SEED, Example, examples, keywords, questions
from scripts.kompress.train import fit

RECALLS = (90, 95, 97, 99)  # percent
_FOLDS = 5


def needed(logits: npt.NDArray[np.float64], example: Example) -> float:
    """The mass of the best-scored sentences down to the last that one of the answers needs; 0 if it is kept whatever the mass."""
    sentences = example.case.text.sentences
    worst = max(min(float(logits[unit]) for unit in answer) for answer in example.case.answers)
    sizes = np.array([len(sentence) for sentence in sentences])
    if sizes[logits > worst].sum() < FLOOR * sizes.sum():
        return 0.0
    raised = np.exp(logits - logits.max())
    probabilities = raised / raised.sum()
    return float(probabilities[logits > worst].sum())


def quantile(values: Sequence[float], recall: int) -> float:
    """The conformal quantile: of n values the ceil((n + 1)·recall)-th."""
    place = math.ceil((len(values) + 1) * recall / 100)
    return sorted(values)[min(place, len(values)) - 1]


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibrate the embedded model.")
    parser.add_argument("data", type=Path, help="what fetch_data fetched")
    asked = parser.parse_args()
    every = examples([*questions(asked.data), *keywords(asked.data)])
    passing = {id(example) for example in every if coverage(example.case.text.sentences, example.case.question) >= COVERAGE_GATE}
    groups = sorted({example.case.group for example in every})
    order = np.random.default_rng(SEED).permutation(len(groups))
    fold_of = {groups[g]: int(place) % _FOLDS for place, g in enumerate(order)}
    masses = []
    for fold in range(_FOLDS):
        weights = fit([e for e in every if fold_of[e.case.group] != fold])
        masses += [needed(e.rows @ weights, e) for e in every if fold_of[e.case.group] == fold and id(e) in passing]
    model = json.loads(PATH.read_text("utf-8"))
    model["masses"] = {}
    least = 0
    for recall in RECALLS:
        # Above the last thing kept, not at it: the sentences kept must reach the mass. Where the floor is enough, more recall takes hardly more.
        least = min(max(round(quantile(masses, recall) * 10_000), least) + 1, 9_999)
        model["masses"][str(recall)] = least
    PATH.write_text(json.dumps(model, indent=1) + "\n", "utf-8")
    print(f"{len(masses)} held-out lists: {model['masses']}")


if __name__ == "__main__":
    main()
