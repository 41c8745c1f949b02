"""What a failing command found in the work itself: a test, a compiler or a linter that does its duty teaches nothing of how it is run."""

from __future__ import annotations

import re

from headroom_wrap.learn.miners.trail import Step

_TESTS = re.compile(
    r"\b[1-9]\d{0,5} (?!previous)(?:\w{1,12} )?(?:failed|failures?|failing|errors?|errored|problems?|violations?|offenses?|issues?|mismatch\w{0,4})\b"
    r"|\b(?:[Ff]ailed|[Ff]ailures|[Ee]rrors): {1,6}[1-9]"
    r"|FAILURES!|^\s{0,4}(?:--- )?FAIL(?:\b|ED\b(?!: [A-Z]))|[✗✕✖✘]|\bAssert\w{0,20}(?:Error|Failed|Exception)|\bassert(?:ion)? |^not ok\b"
    r"|[Tt]ests? (?:did not pass|failed)|\bwould (?:be )?re\w{0,2}format|not (?:properly )?formatted",
    re.MULTILINE,
)
_DIAGNOSTIC = re.compile(
    r"^(?:\S{1,40}: )?[^\s:()]{1,200}\.\w{1,8}(?::\d{1,7}|\(\d{1,7})(?:[:,]\d{1,5})?\)?:? |^ {0,6}--> \S|\berror(?:\[E| TS| CS)\d", re.MULTILINE
)
_NONE_PASSED = re.compile(r"\b0 (?:passed|passing)\b|\b[Pp]assed: {1,6}0\b")
_MANY_FAILED = re.compile(r"\b(?:[4-9]|\d{2,5}) (?:failed|failures)\b|\b(?:[Ff]ailed|[Ff]ailures): {1,6}(?:[4-9]\b|\d{2,5})")
# What waiting mends: the next try works whatever is different about it.
_PASSING = re.compile(
    r"timed? ?out|ETIMEDOUT|EADDRINUSE|already in use|in use by|being used by|(?:state|acquire|acquiring|obtain|get|hold\w{0,3}) [^\n]{0,20}\block\b"
    r"|locked by|No space left|expired|rate limit|too many requests|temporar"
    r"|try again|reset by peer|ECONNRESET|\b(?:429|502|503|504)\b|could not resolve host|EAI_AGAIN|terminated abruptly|flaky|out of date|OUTDATED"
    r"|starting up|not (?:yet )?(?:ready|reachable)|hung up|unexpected EOF"
    r"|network (?:is|error|failure|timeout|request)",
    re.IGNORECASE,
)
# Nobody answered: the server was not up, or it is asked at the wrong place.
_UNREACHED = re.compile(
    r"connection (?:refused|aborted|closed|failure|failed)|connect failure|ECONNREFUSED|ENOTFOUND|getaddrinfo|unreachable"
    r"|(?:unable|failed|could not|couldn't|cannot|can't) (?:to )?(?:connect|contact|reach)\b",
    re.IGNORECASE,
)
_KILLED = re.compile(r"^Killed\b|\bKilled$|signal 9|SIGKILL|[Ss]egmentation fault|core dumped", re.MULTILINE)
_ROOM = re.compile(
    r"mem|heap|opt(?:ion)?s\b|job|worker|thread|parallel|concurren|\A-[jm]\Z|size", re.IGNORECASE
)  # in the name of what asks for less of it, or more
_PLACE = re.compile(r"host|port|sock|addr|ur[il]|endpoint|server|proxy|registry|context|mirror", re.IGNORECASE)  # in the name of an option
_LOOKED_AT = 4000  # characters of an output's head, and as many of its tail


def of_tests(step: Step) -> bool:
    """Whether tests or checks ran and found something."""
    return any(_TESTS.search(part) for part in _parts(step))


def of_code(step: Step) -> bool:
    """Whether tests, a compiler or a linter found something in a file."""
    return any(_TESTS.search(part) or _DIAGNOSTIC.search(part) for part in _parts(step))


def of_all_tests(step: Step) -> bool:
    """Whether several tests ran and none passed: what they all lack is rather around them than in them."""
    return any(_NONE_PASSED.search(part) and _MANY_FAILED.search(part) for part in _parts(step))


def passing(step: Step, remedy: str = "") -> bool:
    """Whether it failed on something that goes away by itself, or with somebody else's help.

    Args:
        step: the failure.
        remedy: the name of an option or variable with which it worked. One that says where a server is explains why nobody answered, one that
            is about memory why it was killed.
    """
    explained = (_UNREACHED, _PLACE), (_KILLED, _ROOM)
    return any(_PASSING.search(part) or any(why.search(part) and not cure.search(remedy) for why, cure in explained) for part in _parts(step))


def _parts(step: Step) -> tuple[str, ...]:
    text = step.use.result
    return (text,) if len(text) <= 2 * _LOOKED_AT else (text[:_LOOKED_AT], text[-_LOOKED_AT:])
