from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pipeline.compressors.kompress.scorer import COVERAGE_GATE, coverage, load, threshold

ARTICLE = [
    "The lighthouse stands on a basalt cliff at the entrance of the bay. ",
    "It was designed by the engineer Thomas Renwick. ",
    "Work began in the spring of 1861 because the old tower had collapsed.\n",
    "The tower is 41 metres tall and has 198 steps. ",
    "Its lens was made in Paris and weighs two tons. ",
    "It was replaced by an electric beacon in 1957.\n",
    "Margaret Doyle rescued eleven sailors in 1902. ",
    "She received a silver medal for her bravery. ",
    "Her diary was published by her granddaughter.\n",
]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("Who was the architect of the lighthouse?", 1),
        ("When did construction of the lighthouse start?", 2),
        ("How high is the tower?", 3),
        ("Where was the lens manufactured?", 4),
        ("How many sailors did Doyle save?", 6),
        ("what award did margaret doyle get", 7),
        ("diary published granddaughter", 8),
    ],
)
def test_the_answer_is_among_the_first_three(query, answer):
    scores = load().scores(ARTICLE, query)
    assert answer in sorted(range(len(scores)), key=lambda i: -scores[i])[:3]


def test_every_sentence_has_a_score():
    assert len(load().scores(ARTICLE, "Who?")) == len(ARTICLE)
    assert load().scores(ARTICLE, "") == [0] * len(ARTICLE)
    assert load().scores([], "Who was the architect?") == []


def test_an_unrelated_question_does_not_pass_the_gate():
    assert coverage(ARTICLE, "Who was the architect of the lighthouse?") >= COVERAGE_GATE
    assert coverage(ARTICLE, "Which compiler flags enable vectorisation of nested loops?") < COVERAGE_GATE
    assert coverage(ARTICLE, "") == 0.0


def test_more_recall_takes_more_mass():
    assert 0 < threshold(0.90) < threshold(0.95) < threshold(0.97) < threshold(0.99) < 1


def run(code, seed="0"):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout


@pytest.mark.slow
def test_scores_are_the_same_for_every_hash_seed():
    code = f"from pipeline.compressors.kompress.scorer import load; print(load().scores({ARTICLE!r}, 'Who did Doyle rescue from the lighthouse tower in 1902?'))"
    assert len({run(code, seed) for seed in ("0", "1", "77")}) == 1


@pytest.mark.slow
def test_the_library_does_not_load_the_model():
    assert run("import sys, headroom; print('pipeline.compressors.kompress.model' in sys.modules)") == "False\n"
