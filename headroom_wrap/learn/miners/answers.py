"""Commands whose status is an answer: that two files differ, that a service is down, that a scanner found something. They did not fail."""

from __future__ import annotations

import re

from headroom_wrap.learn.miners.line import basename

_PROGRAMS = frozenset(
    "diff cmp comm sdiff colordiff vimdiff pgrep pidof lsof which type test grep egrep rg ag ack jq expr ping nc fping dig nslookup host".split()
)
_VERBS = frozenset(
    "status check verify validate audit scan diff compare lint doctor report outdated is-active is-enabled is-failed health ready pending "
    "detect".split()
)
_OPTIONS = (
    "--exit-code",
    "--diff",
    "--fail",
    "--strict",
    "--detailed-exitcode",
    "-detailed-exitcode",
    "--quiet-exit",
    "--verify",
    "--list-different",
)
_NAMED = re.compile(r"lint|check|audit|scan|leaks|spell|sec\Z|diff|cmp\Z|semgrep|bandit|vale\Z")  # in a program's name
_FIRST = 4  # words of a command among which a verb stands


def answers(words: tuple[str, ...]) -> bool:
    """Whether a command that says no has perhaps done just what it was asked."""
    if not words:
        return False
    program = basename(words[0])
    if program in _PROGRAMS or _NAMED.search(program) or any(word in _VERBS for word in words[1:_FIRST]):
        return True
    return any(word.startswith(_OPTIONS) for word in words[1:])
