"""Measure the scorer: ``python -m scripts.kompress.evaluate --data DIR``: answers kept at fixed ratios and at the calibrated mass.

An answer is kept if all units that it stands in are (a necessary condition, no sufficient one: nobody reads it here). Ratios are of o200k
tokens. Intervals are 95 %, by bootstrap over articles or documents.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from pipeline import tokens
from pipeline.compressors.kompress.scorer import COVERAGE_GATE, coverage, load, threshold
from pipeline.compressors.kompress.select import FLOOR
from scripts.kompress import unasked
from scripts.kompress.cases import Case, asked, by_article, cloze, in_haystack, jsonl

RATIOS = (0.5, 0.3, 0.2, 0.1, 0.05)
RECALL = 0.97
_SEED = 7
_FEWEST = 20  # sentences of a document to choose from
_RESAMPLES = 1_000
_TIMED = 10_000  # tokens


@dataclass(frozen=True)
class Scored:
    """A case with the scores of its sentences, their tokens, and how much of the question the text covers."""

    case: Case
    scores: list[int]
    sizes: list[int]  # 0 for what is not chosen from
    covered: float

    def kept(self, chosen: frozenset[int]) -> bool:
        return any(answer <= chosen for answer in self.case.answers)

    @property
    def order(self) -> list[int]:
        return sorted(self.case.text.chosen_from, key=lambda i: (-self.scores[i], i))

    def within(self, ratio: float) -> frozenset[int]:
        """The best units that fit into a share of the tokens; the best one always."""
        left = ratio * sum(self.sizes)
        chosen: list[int] = []
        for i in self.order:
            if self.sizes[i] <= left or not chosen:
                chosen.append(i)
                left -= self.sizes[i]
        return frozenset(chosen)

    def probable(self, mass: float) -> frozenset[int]:
        """The best units that hold a softmax mass, and at least ``FLOOR`` of the tokens."""
        raised = np.exp((np.array(self.scores) - max(self.scores)) / 1000)
        raised[[i for i in range(len(raised)) if i not in self.case.text.chosen_from]] = 0
        chosen, held, size = [], 0.0, 0
        for i in self.order:
            if held >= mass * raised.sum() and size >= FLOOR * sum(self.sizes):
                break
            chosen.append(i)
            held += float(raised[i])
            size += self.sizes[i]
        return frozenset(chosen)

    def ratio(self, chosen: frozenset[int]) -> float:
        return sum(self.sizes[i] for i in chosen) / sum(self.sizes)


@cache
def _size(text: str) -> int:
    return max(tokens.count(text), 1)


def scored(cases: Sequence[Case]) -> list[Scored]:
    scorer = load()
    found = []
    for case in cases:
        sentences, among = case.text.sentences, case.text.chosen_from
        sizes = [_size(sentence) if i in among else 0 for i, sentence in enumerate(sentences)]
        found.append(Scored(case, scorer.scores(sentences, case.question), sizes, coverage(sentences, case.question)))
    return found


def interval(values: Sequence[float], groups: Sequence[str]) -> tuple[float, float, float]:
    """Mean and its 95 % interval; whole groups are drawn."""
    sums: dict[str, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        entry = sums.setdefault(group, [0.0, 0.0])
        entry[0] += value
        entry[1] += 1
    table = np.array(list(sums.values()))
    drawn = table[np.random.default_rng(_SEED).integers(0, len(table), (_RESAMPLES, len(table)))].sum(axis=1)
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], (2.5, 97.5))
    return float(np.mean(values)), float(low), float(high)


def sets(data: Path, most: int) -> Iterator[tuple[str, list[Case]]]:
    """The sets of questions that the data allow."""
    chance = random.Random(_SEED)
    for path in sorted(data.glob("*.jsonl")):
        rows = jsonl(path)
        if "qas" in rows[0]:
            passages = asked(path)
            if len({passage.group for passage in passages}) < len(passages) / 2:
                yield f"{path.stem} article", list(by_article(passages))
            else:
                yield f"{path.stem} among 20", list(in_haystack(passages, 19, _SEED, most))
    documents = [
        (str(row["id"]), str(row.get("text") or row["problem"]))
        for name in ("peps", "man", "readme", "changelog", "swebench")
        for row in jsonl(data / f"{name}.jsonl")
    ]
    pool = [case for case in cloze(documents, _SEED, 10**9) if len(case.text.sentences) >= _FEWEST]
    yield "keywords in docs", chance.sample(pool, min(most, len(pool)))


def _line(name: str, values: Sequence[float], groups: Sequence[str]) -> str:
    mean, low, high = interval(values, groups)
    return f"{name} {100 * mean:.1f} [{100 * low:.1f}-{100 * high:.1f}]"


def report(name: str, cases: Sequence[Case]) -> None:
    found = scored(cases)
    groups = [one.case.group for one in found]
    print(f"\n{name}: {len(found)} questions, {len(set(groups))} groups")
    print("  kept at ratio:", "  ".join(_line(f"{ratio}:", [one.kept(one.within(ratio)) for one in found], groups) for ratio in RATIOS))
    # A question that fails the gate is not used: everything stays.
    focused = [one.probable(threshold(RECALL)) if one.covered >= COVERAGE_GATE else frozenset(range(len(one.scores))) for one in found]
    kept = [one.kept(chosen) for one, chosen in zip(found, focused, strict=True)]
    ratios = [one.ratio(chosen) for one, chosen in zip(found, focused, strict=True)]
    passed = [one.covered >= COVERAGE_GATE for one in found]
    print("  focus:", _line("kept", kept, groups), " ", _line("ratio", ratios, groups), " ", _line("through the gate", passed, groups))
    others = random.Random(_SEED).sample(found, len(found))
    strange = [
        coverage(a.case.text.sentences, b.case.question) < COVERAGE_GATE for a, b in zip(found, others, strict=True) if a.case.group != b.case.group
    ]
    print(f"  unrelated questions refused: {100 * float(np.mean(strange)):.1f} of {len(strange)}")


def timing(cases: Sequence[Case]) -> Callable[[], None]:
    """Seconds for a text of 10,000 tokens, least of five."""
    sentences: list[str] = []
    size = 0
    for case in cases:
        for sentence in case.text.sentences:
            if size < _TIMED:
                sentences.append(sentence)
                size += _size(sentence)

    def measure() -> None:
        scorer = load()
        spent = []
        for case in cases[:5]:
            start = time.process_time()
            scorer.scores(sentences, case.question)
            spent.append(time.process_time() - start)
        print(f"\nscoring {size:,} tokens, {len(sentences)} sentences: {1000 * min(spent):.0f} to {1000 * max(spent):.0f} ms CPU")

    return measure


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the scorer.")
    parser.add_argument("--data", type=Path, required=True, help="folder with xquad.jsonl, nq.jsonl, peps.jsonl …")
    parser.add_argument("--most", type=int, default=1_000, help="questions of a set that is sampled")
    parser.add_argument("--unasked", action="store_true", help="only what stays where nothing is asked")
    given = parser.parse_args()
    print("without a question, in % of what the texts have:", *unasked.lines(given.data), sep="\n")
    if given.unasked:
        return
    measure: Callable[[], None] | None = None
    for name, cases in sets(given.data, given.most):
        report(name, cases)
        measure = measure or timing(cases[:: max(1, len(cases) // 50)])
    if measure:
        measure()


if __name__ == "__main__":
    main()
