"""Commands whose status is an answer."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.miners.answers import answers


@pytest.mark.parametrize(
    "command",
    ["diff a b", "cmp a b", "pgrep web", "supervisorctl status", "osv-scanner scan", "git diff --exit-code", "terragrunt plan -detailed-exitcode"],
)
def test_a_no_is_an_answer(command: str) -> None:
    assert answers(tuple(command.split()))


@pytest.mark.parametrize("command", ["", "make", "ansible-playbook site.yml --check", "python3 a.py b c status", "helm template charts"])
def test_a_no_is_a_failure(command: str) -> None:
    assert not answers(tuple(command.split()))
