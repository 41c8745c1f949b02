"""Cases as numbers: what ``train``, ``calibrate`` and ``evaluate`` work with."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.compressors.kompress.features import extract
from pipeline.compressors.kompress.question import Question
from scripts.kompress.cases import QUESTIONS, Case, by_article, cloze, in_haystack, squad, written
from scripts.kompress.fetch_data import documents

SEED = 20261122
OTHERS = 19  # passages around the one that answers
LEAST = 6  # sentences of an article, else there is nothing to choose from
FEWEST = 12  # sentences of a text to choose from
SQUAD = "squad-train-v1.1.json"
EACH = 12  # keyword queries of a document
MOST_CLOZE = 700
MOST_SQUAD = 4_000


@dataclass(frozen=True)
class Example:
    """A case, its features (a row for each sentence) and where its answer stands (shares of 1)."""

    case: Case
    rows: npt.NDArray[np.float64]
    gold: npt.NDArray[np.float64]


def examples(cases: Iterable[Case]) -> list[Example]:
    """Cases with their features."""
    made = []
    for case in cases:
        rows = np.array(extract(case.text.sentences, Question.of(case.question)), dtype=np.float64)
        gold = np.zeros(len(rows))
        gold[sorted(case.answers[0])] = 1 / len(case.answers[0])
        made.append(Example(case, rows, gold))
    return made


def questions(data: Path) -> list[Case]:
    """Our own questions over their articles and over haystacks; SQuAD's training questions too where they have been fetched."""
    passages = [passage for path in sorted(QUESTIONS.glob("*.txt")) for passage in written(path)]
    cases = [case for case in by_article(passages) if len(case.text.sentences) >= LEAST]
    cases += in_haystack(passages, OTHERS, SEED)
    if (data / SQUAD).exists():
        more = squad(data / SQUAD)
        cases += list(by_article(more[::4]))[:MOST_SQUAD] + list(in_haystack(more, OTHERS, SEED, MOST_SQUAD // 5))
    return cases


def keywords(data: Path) -> list[Case]:
    """Keyword queries made of documentation."""
    cases = [case for case in cloze(documents(data), SEED, 10**6, EACH, facts=False) if len(case.text.sentences) >= FEWEST]
    return random.Random(SEED).sample(cases, min(MOST_CLOZE, len(cases)))
