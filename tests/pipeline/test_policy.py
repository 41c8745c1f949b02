from __future__ import annotations

import pickle

from pipeline.policy import Policy, Profile, Step
from pipeline.transcript import ToolKind


def test_a_step_is_of_one_compressor_and_one_kind_of_tool() -> None:
    given = Policy(gentler={("log", ToolKind.SHELL): Step.LOSSLESS})
    assert given.step("log", ToolKind.SHELL) is Step.LOSSLESS
    assert given.step("log", ToolKind.READ) is given.step("build", ToolKind.SHELL) is Policy().step("log", ToolKind.SHELL) is Step.FULL


def test_each_step_allows_less() -> None:
    given = Policy(disabled=frozenset({"html"}))
    assert given.at(Step.FULL, "log") is given.at(Step.LARGE, "log") is given
    assert given.at(Step.LOSSLESS, "log") == Policy(profile=Profile.LOSSLESS, disabled=frozenset({"html"}))
    assert given.at(Step.OFF, "log") == Policy(profile=Profile.LOSSLESS, disabled=frozenset({"html", "log"}))


def test_it_goes_to_the_workers_whole() -> None:
    given = Policy(gentler={("log", ToolKind.SHELL): Step.OFF})
    assert pickle.loads(pickle.dumps(given)) == given
