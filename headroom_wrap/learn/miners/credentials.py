"""A command that was asked for a credential, or that was denied for want of one: what made it work then is for a person to give."""

from __future__ import annotations

import re

from headroom_wrap.learn.miners.trail import Step
from headroom_wrap.learn.miners.variants import typed

_LOOKED_AT = 4000  # characters of an output's head, and as many of its tail
_WORD, _END = r"(?<![\w./-])", r"(?![\w/-])"  # not a part of a name: a test of passwords asks for none
_ASKED = re.compile(
    rf"{_WORD}(?:passwords?|pass ?phrases?|passcode|passwd|credentials?"
    rf"|un-?authori[sz]ed|unauthenticated|authenticat(?:e|ed|ion)|NOAUTH|WRONGPASS|NOPERM){_END}"
    rf"|{_WORD}(?:access|permission) (?:is |was )?denied (?:for|\(publickey)|{_WORD}access (?:is |was )?denied{_END}"
    rf"|{_WORD}(?:log(?:ged)?|sign(?:ed)?)[- ]?in{_END}(?:[^\n]{{0,30}}(?:required|failed|incorrect|denied|first)|\s*:)"
    rf"|not (?:logged|signed) in{_END}|{_WORD}(?:please|must|need to|have to) (?:log|sign) in{_END}"
    rf"|{_WORD}(?:HTTP[/ \d.]{{0,8}}|status(?: code)?[:= ]{{1,2}}|(?:error|code)[:= ]{{1,2}})40[13]\b"
    rf"|\b40[13] (?:Client Error|Unauthori[sz]ed|Forbidden)"
    rf"|{_WORD}(?:api|access|secret|private|account|license|bearer|auth\w{{0,12}})[ _-](?:key|token)s?{_END}"
    rf"|{_WORD}(?:invalid|missing|expired|bad|wrong|no|incorrect|required?) (?:\w{{1,12}} )?(?:token|secret){_END}|\bbad decrypt{_END}",
    re.IGNORECASE,
)

# Programs that nobody has heard of take passwords under these letters. And letters with digits or signs among them make passwords rather than names.
_UNDER_A_LETTER = re.compile(r"-[pPawk] ?'?[^-\s/'][^\s/']{0,200}'?")
_MADE_UP = re.compile(
    r"(?:^|[^\w/.-])(?=[A-Za-z_]{0,60}\d)(?=\d{0,60}[A-Za-z_])\w{7,200}(?![\w/.-])"
    r"|(?:^|[\s=:'\"])(?=\S{0,60}\d)(?=\S{0,60}[A-Za-z])[^\s/'\"]{1,60}[!@#$%^*?&][^\s/'\"]{0,60}(?:$|[\s'\"])"
)


def asked_for(step: Step) -> bool:
    """Whether the output of a failed command asks for a credential, or says that there was none or a wrong one."""
    text = step.use.result
    parts = (text,) if len(text) <= 2 * _LOOKED_AT else (text[:_LOOKED_AT], text[-_LOOKED_AT:])
    return any(_ASKED.search(part) for part in parts)


def may_be(words: tuple[str, ...]) -> bool:
    """Whether words that no output named, and with which a command worked, may tell a credential. What a long option is given its name tells."""
    text = typed(words)
    return _UNDER_A_LETTER.fullmatch(text) is not None or (not text.startswith("--") and made_up(text))


def made_up(text: str) -> bool:
    """Whether a word in a text is made of letters and digits as few are but passwords."""
    return _MADE_UP.search(text) is not None
