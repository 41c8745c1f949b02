"""What a failing command found in the work itself: a test, a compiler or a linter that does its duty teaches nothing of how it is run."""

from __future__ import annotations

import re

from headroom_wrap.learn.miners.trail import Step

_TESTS = re.compile(
    r"\b[1-9]\d{0,5} (?!previous)(?:\w{1,12} )?(?:failed|failures?|failing|errors?|errored|problems?|violations?|offenses?|issues?|mismatch\w{0,4})\b"
    r"|\b(?:[Ff]ailed|[Ff]ailures|[Ee]rrors): {1,6}[1-9]"
    r"|FAILURES!|^\s{0,4}(?:--- )?FAIL(?:ED)?\b|[✗✕✖✘]|\bAssert\w{0,20}(?:Error|Failed|Exception)|\bassert(?:ion)? |^not ok\b"
    r"|[Tt]ests? (?:did not pass|failed)",
    re.MULTILINE,
)
_DIAGNOSTIC = re.compile(
    r"^(?:\S{1,40}: )?[^\s:()]{1,200}\.\w{1,8}(?::\d{1,7}|\(\d{1,7})(?:[:,]\d{1,5})?\)?:? |^ {0,6}--> \S|\berror(?:\[E| TS| CS)\d", re.MULTILINE
)
# What waiting mends: the next try works whatever is different about it.
_PASSING = re.compile(
    r"timed? ?out|ETIMEDOUT|EADDRINUSE|already in use|in use by|being used by|(?:state|acquire|acquiring|obtain|get|hold\w{0,3}) [^\n]{0,20}\block\b"
    r"|locked by|No space left|expired|rate limit|too many requests|temporar"
    r"|try again|reset by peer|ECONNRESET|\b(?:429|502|503|504)\b|could not resolve host|EAI_AGAIN|terminated abruptly|flaky|out of date|OUTDATED",
    re.IGNORECASE,
)
_LOOKED_AT = 4000  # characters of an output's head, and as many of its tail


def of_tests(step: Step) -> bool:
    """Whether tests or checks ran and found something."""
    return any(_TESTS.search(part) for part in _parts(step))


def of_code(step: Step) -> bool:
    """Whether tests, a compiler or a linter found something in a file."""
    return any(_TESTS.search(part) or _DIAGNOSTIC.search(part) for part in _parts(step))


def passing(step: Step) -> bool:
    """Whether it failed on something that goes away by itself, or with somebody else's help."""
    return any(_PASSING.search(part) for part in _parts(step))


def _parts(step: Step) -> tuple[str, ...]:
    text = step.use.result
    return (text,) if len(text) <= 2 * _LOOKED_AT else (text[:_LOOKED_AT], text[-_LOOKED_AT:])
