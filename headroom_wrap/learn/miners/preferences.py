"""What a user's own words say is to be used, and what not: ``use polars, not pandas``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom_wrap.learn.miners.patterns import patterns

_LOOKED_AT = 400  # characters: a correction is short, and stands first
# Somebody else's words: quoted, or what a tool said.
_FENCED = re.compile(
    r"```.{0,4000}?(?:```|\Z)|^[ \t]{0,4}>[^\n]{0,2000}$"
    r"|^[^\n]{0,60}\b(?:warn(?:ing)?|error|deprecat\w{1,6}|notice)\b(?:[ \]!]{0,2}:| deprecated)[^\n]{0,2000}$",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"\n]{0,200} [^\"\n]{0,200}\"|“[^”\n]{0,200} [^”\n]{0,200}”")  # of one word it may be a name
_NAME = r"`?(?P<{0}>@?[A-Za-z][\w+#]{{0,30}}(?:(?:::|[./:@-])[\w+#]{{1,30}}){{0,3}})`?(?![\w-])"
_CALLED_BAD = r"(?:is|was|are|breaks|does)\b[^.,;:\n]{0,40}[.,;:–-] {0,2}(?:please |so |we |always ){0,2}"  # what is wrong with it, in a few words
_RIGHT, _WRONG = _NAME.format("right"), _NAME.format("wrong")
_FILLED = r"(?: \w{1,12}){0,3}?"  # here, in this project
_THEN = r"(?:\s{0,2}[,;:.–—-]{1,2}\s{1,2}|\s{1,2})(?:and |but |so |please |just ){0,2}"
_USE = r"(?:use|using|uses|prefer|want|go with|stick to|switch to|write|run|take|on|it'?s)"
_AVOID = (
    r"(?:never (?:use|run)|no more|not|no|never|without|don'?t (?:ever )?(?:use|run|write|take)|do not (?:use|run|write)|stop using|avoid|instead of"
    r"|rather than)"
)
_SAID = patterns(
    rf"\b{_USE} (?:the )?{_RIGHT}{_FILLED}{_THEN}(?:not|never|no|instead of|rather than|over) (?:the |with |use )?{_WRONG}",
    rf"\b{_AVOID} (?:the )?{_WRONG}{_FILLED}{_THEN}(?:we |you )?(?:always )?{_USE} (?:the )?{_RIGHT}",
    rf"\b{_AVOID} (?:the )?{_WRONG}{_FILLED}{_THEN}{_RIGHT} (?:only|please|instead)\b",
    rf"^\W{{0,3}}(?:no,? |stop,? )?{_WRONG} {_CALLED_BAD}{_USE} {_RIGHT}",
    rf"\breplace {_WRONG} (?:with|by) {_RIGHT}",
    rf"{_RIGHT} (?:statt|anstatt|anstelle von|au lieu de|plutôt que|en lugar de|en vez de|invece di|em vez de|in plaats van|zamiast) {_WRONG}",
    rf"\b(?:nicht|kein|pas|no|non) {_WRONG},? (?:sondern|mais|sino|ma) {_RIGHT}",
    rf"^\W{{0,3}}(?:no,? |nope,? )?{_RIGHT},? (?:not|instead of|rather than) {_WRONG}",
    flags=re.IGNORECASE,
)
# What would be if, and what others say.
_SUPPOSED = re.compile(
    r"\b(?:if (?:we|I|you|they|somebody) (?:ever|were|had|said|used|did|would)|suppose|imagine|hypothetical\w*|(?:what|how) would|what if"
    r"|(?:he|she|they|it|reviewer|readme|docs?|documentation|article|guide|blog|post|comment|linter|somebody|someone|\w+ team) "
    r"(?:says?|said|wrote|writes|suggests?|suggested|recommends?|recommended|claims?|wants?|wanted))\b",
    re.IGNORECASE,
)
# What stands where a name would, and is none.
_NO_NAMES = frozenset(
    "a an the this that these those it its them my your our me you us i we they he she here there one ones any all some such what which as to of in "
    "on at for by with and or but if so then than is are was be been do does did not no never yes more less too also just only even now today always "
    "please instead rather another other both same new old first last next previous second".split()
)


def said(text: str) -> Iterator[tuple[str, str]]:
    """The pairs (right, wrong) that the beginning of a user's text names; what is quoted in it is left out."""
    own = " ".join(_QUOTED.sub(" ", _FENCED.sub(" ", text[: 4 * _LOOKED_AT]))[:_LOOKED_AT].split())
    if _SUPPOSED.search(own):
        return
    for pattern in _SAID:
        for found in pattern.finditer(own):
            right, wrong = found["right"], found["wrong"]
            if right.lower() != wrong.lower() and right.lower() not in _NO_NAMES and wrong.lower() not in _NO_NAMES:
                yield right, wrong
