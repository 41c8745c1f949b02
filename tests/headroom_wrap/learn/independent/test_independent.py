"""The rules that would be written after sessions that were written and labelled by somebody who did not know what the miners do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from headroom_wrap.learn.findings import SLOTS, Lesson
from tests.headroom_wrap.learn.independent.make import lines
from tests.headroom_wrap.learn.independent.score import Score, rules, score
from tests.headroom_wrap.learn.independent.sessions import CASES, cases

_LEAST_PRECISION = 0.95
_LEAST_RECALL = 0.95  # what holds at present, see README.md
_SECRETS = ("hunter2pass", "tok-8f2c1aa03bb9d177aa21055e1a0c9fd2")


@pytest.fixture(scope="module")
def scored() -> Score:
    return score(cases())


def test_rules_are_right(scored: Score) -> None:
    print(scored)  # pytest -s
    assert scored.precision >= _LEAST_PRECISION, scored
    assert scored.right > 0


def test_rules_are_found(scored: Score) -> None:
    assert scored.recall >= _LEAST_RECALL, scored


def test_what_is_to_be_learned_is_a_lesson_and_as_many_cases_have_none() -> None:
    labelled = cases()
    assert len({case.name for case in labelled}) == len(labelled)
    assert sum(len(case.sessions) for case in labelled) >= 100
    assert 2 * sum(not case.right for case in labelled) >= len(labelled)
    for case in labelled:
        for lesson, slots in (*case.right, *case.fine):
            assert set(slots) == set(SLOTS[Lesson(lesson)]), case.name


def test_no_secret_of_a_session_is_told() -> None:
    told = [rule.text for case in cases() for rule in rules(case)]
    assert told
    assert not [text for text in told for secret in _SECRETS if secret in text]


def test_the_file_is_what_the_script_writes() -> None:
    assert CASES.read_text(encoding="utf-8") == "".join(line + "\n" for line in lines())


@pytest.mark.slow
def test_the_score_is_the_same_whatever_the_hashes(scored: Score) -> None:
    root = Path(__file__).parents[4]
    command = [sys.executable, "-m", "tests.headroom_wrap.learn.independent.score"]
    for seed in ("1", "2"):
        told = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == str(scored)
