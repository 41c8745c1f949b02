"""When a question is taken to be about a text: ``python -m scripts.kompress.gate DATA``, after ``train``.

A logistic regression tells questions asked of their own text from questions about something else. Its constant and what it says of the length
of a text are then set by quantile regression (Koenker and Bassett, Regression Quantiles, 1978), so that in short texts and in long ones the
same share of unrelated questions is refused; more of two or three keywords, since those who look for words know them.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.compressors.kompress.evidence import EVIDENCE, evidence
from pipeline.compressors.kompress.model import PATH, SHIFT
from pipeline.compressors.kompress.question import Question
from scripts.kompress.cases import QUESTIONS, Asked, Case, Text, in_haystack, written
from scripts.kompress.features import SEED, keywords, questions

REFUSED = 0.90  # of unrelated questions
REFUSED_KEYWORDS = 0.98
STRANGE = 3  # unrelated questions for every one that is related
HAYSTACKS = (4, 9, 39)  # passages around the one that answers, besides those of training
_LENGTH = [EVIDENCE.index("sentences"), EVIDENCE.index("paragraphs")]
_FEW = EVIDENCE.index("few keywords")
_PENALTY = 0.01
_STEPS = 30
_PINBALL_STEPS = 3_000
_RATE = 0.05

Floats: TypeAlias = npt.NDArray[np.float64]


def asked_of(data: Path) -> list[tuple[Text, str, bool]]:
    """Texts with questions, and whether they are about them."""
    passages = [passage for path in sorted(QUESTIONS.glob("*.txt")) for passage in written(path)]
    own: dict[str, list[Asked]] = {}
    for passage in passages:
        own.setdefault(passage.group, []).append(passage)
    cases = [*questions(data), *keywords(data)]
    for others in HAYSTACKS:
        cases += in_haystack(passages, others, SEED + others, len(passages) // 2)
    chance = random.Random(SEED)
    found = [(case.text, case.question, True) for case in cases]
    for case in cases:
        found += [(case.text, other, False) for other in _unrelated(case, cases, own, chance)]
    return found


def _unrelated(case: Case, cases: Sequence[Case], own: dict[str, list[Asked]], chance: random.Random) -> Iterator[str]:
    """Questions of other groups, nothing of which stands in the text."""
    for other in chance.sample(cases, STRANGE):
        about = own.get(other.group, [])
        if other.group != case.group and not any(passage.passage in case.text.text for passage in about):
            yield other.question


def logistic(rows: Floats, related: Floats) -> Floats:
    """Weights and a constant, by Newton's method; both answers count the same."""
    scale, middle = rows.std(axis=0) + 1e-9, rows.mean(axis=0)
    scaled = np.c_[(rows - middle) / scale, np.ones(len(rows))]
    share = np.where(related == 1, 0.5 / related.mean(), 0.5 / (1 - related.mean())) / len(rows)
    penalty = np.full(scaled.shape[1], _PENALTY)
    penalty[-1] = 0
    weights = np.zeros(scaled.shape[1])
    for _ in range(_STEPS):
        probable = 1 / (1 + np.exp(-scaled @ weights))
        gradient = scaled.T @ (share * (probable - related)) + penalty * weights
        curvature = (scaled * (share * (probable * (1 - probable) + 1e-6))[:, None]).T @ scaled + np.diag(penalty)
        weights -= np.linalg.solve(curvature, gradient)
    return np.r_[weights[:-1] / scale, weights[-1] - (weights[:-1] * middle / scale).sum()]


def quantile(rows: Floats, scores: Floats, share: float) -> Floats:
    """The plane over ``rows``, constant last, below which ``share`` of the scores lie."""
    scale = rows.std(axis=0) + 1e-9
    scaled = np.c_[rows / scale, np.ones(len(rows))]
    plane = np.zeros(scaled.shape[1])
    plane[-1] = np.quantile(scores, share)
    for step in range(_PINBALL_STEPS):
        below = scores < scaled @ plane
        plane -= _RATE * (1 - step / _PINBALL_STEPS) * (scaled.T @ (below - share)) / len(rows)
    return np.r_[plane[:-1] / scale, plane[-1]]


def fit(rows: Floats, related: Floats) -> Floats:
    """The weights of ``EVIDENCE`` and a constant: from 0 on a question is taken to be about a text."""
    weights = logistic(rows, related)
    scores = rows @ weights[:-1] + weights[-1]
    strange, few = related == 0, rows[:, _FEW] == 1
    asked, searched = strange & ~few, strange & few
    plane = quantile(rows[asked][:, _LENGTH], scores[asked], REFUSED)
    weights[[*_LENGTH, -1]] -= plane
    weights[_FEW] -= np.quantile(scores[searched] - rows[searched][:, _LENGTH] @ plane[:-1] - plane[-1], REFUSED_KEYWORDS)
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the gate of the embedded model.")
    parser.add_argument("data", type=Path, help="what fetch_data fetched")
    found = asked_of(parser.parse_args().data)
    rows = np.array([evidence(text.sentences, Question.of(question)) for text, question, _ in found], dtype=np.float64)
    related = np.array([about for *_, about in found], dtype=np.float64)
    weights = fit(rows, related)
    passing = rows @ weights[:-1] + weights[-1] >= 0
    model = json.loads(PATH.read_text("utf-8"))
    model["gate"] = {name: round(float(weight) * 1000 * (1 << SHIFT)) for name, weight in zip((*EVIDENCE, "constant"), weights, strict=True)}
    PATH.write_text(json.dumps(model, indent=1) + "\n", "utf-8")
    about, strange = 100 * passing[related == 1].mean(), 100 * passing[related == 0].mean()
    print(f"{len(rows):,} pairs: {about:.1f} % of the related pass, {strange:.1f} % of the others")


if __name__ == "__main__":
    main()
