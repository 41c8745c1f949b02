"""Kinds of questions, told by how they are asked, and what the answers of each kind look like."""

from __future__ import annotations

import re

_WHICH = r"\b(?:what|which|whose)\b"
_UNITS = "second|minute|hour|day|week|month|year|decade|centur"
# Tried in order: the first that matches decides.
_ASKED = {
    "percent": rf"{_WHICH}.{{0,20}}\b(?:percent|percentage|proportion|share|fraction)\b|\bper cent\b",
    "money": (
        r"\bhow (?:much (?:money|did|does|do|was|were|is|are|will|has|had)|expensive)\b"
        r"|\b(?:price|cost|salary|budget|revenue|worth|fee)\b"
    ),
    "duration": rf"\bhow (?:long|old|many (?:{_UNITS})\w*)\b|\b(?:duration|timeout|lifespan)\b",
    "number": (
        r"\bhow (?:many|much|far|fast|big|large|tall|high|deep|wide|heavy|hot|cold|often|frequently)\b"
        r"|\b(?:population|number|amount|size|rate)\b"
    ),
    "when": rf"\bwhen\b|{_WHICH}.{{0,12}}\b(?:year|date|day|month|century|decade|time|period|era|season)\b|\bhow recent",
    "why": rf"\bwhy\b|{_WHICH}.{{0,16}}\b(?:reason|cause|caused|causes|purpose)\b|\bhow come\b|\bwhat (?:led|leads|made)\b",
    "where": (
        rf"\bwhere\b|{_WHICH}.{{0,16}}\b(?:country|countries|city|cities|state|place|location|continent|river|town|region|county"
        r"|island|nation|street|area)\b"
    ),
    "who": (
        rf"\bwho(?:m|se)?\b|{_WHICH}.{{0,16}}\b(?:person|man|woman|king|queen|president|actor|actress|author|scientist|people|leader"
        r"|singer|player|artist|team|group|company|organi[sz]ation)\b"
    ),
    "code": (
        rf"{_WHICH}.{{0,24}}\b(?:flag|option|command|function|method|variable|file|path|parameter|setting|class|module|argument|key"
        r"|header|field|port|url|package|attribute)\b"
    ),
    "how": r"\bhow\b",
    "yes": r"^(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|had)\b",
    "what": r"\b(?:what|which)\b",
}
_ASKED_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _ASKED.items())
KEYWORDS = "keywords"  # no question at all
KINDS = (*_ASKED, KEYWORDS)

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_NUMBER = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|hundred|thousand"
    r"|million|billion|dozen|half|twice|once|both|several)s?\b"
)
_NAME = r"\b[A-Z][\w'’-]{1,40}(?:\s[A-Z][\w'’.-]{1,40}){1,6}|(?<=[a-z,(] )[A-Z][\w'’-]{1,40}"
_LOOKS = {
    "percent": r"\d\s?%|\bper ?cent\b|\b(?:half|third|quarter|majority|most|two-thirds)\b",
    "money": r"[$€£¥]\s?\d|\b(?:dollars?|euros?|pounds?|cents|USD|million|billion|free)\b",
    "duration": (rf"(?:{_NUMBER})[\w.,+ -]{{0,24}}(?:{_UNITS}|ms\b|s\b|min\b|h\b)|\bfrom\b.{{0,20}}\d{{4}}|\b(?:until|since)\b|\baged?\b|\blife\b"),
    "number": _NUMBER,
    "when": (
        rf"\b(?:1\d|20)\d\d\b|\b{_MONTH}\b|\bcentur|\b\d0s\b|\b\d{{1,2}}:\d\d\b|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
        r"|\b(?:today|yesterday|tomorrow|morning|evening|midnight|noon|ago|BC|AD|summer|winter|spring|autumn|after|before|during|when"
        r"|until|since|now|then|currently|later|years? old|age of)\b"
    ),
    "why": (
        r"\b(?:because|since|due|so|reason|caus\w{1,4}|therefore|thus|result\w{0,3}|in order|leads?|led|avoid|prevent|allow\w{0,3}|owing|thanks"
        r"|means?|otherwise|purpose|for|as)\b"
    ),
    "where": (
        r"\b(?:in|at|near|from|to|of|on|across|outside|through)\s(?:the\s)?[A-Z]|\b(?:located|lies|situated|north|south|east|west|northern"
        rf"|southern|eastern|western|cit(?:y|ies)|countr\w{{1,3}}|province|coast|river|street|store|shop|home)\b|/\w{{1,40}}/|{_NAME}"
    ),
    "who": (
        rf"{_NAME}|\b(?:he|she|they|king|queen|president|founder|director|author|inventor|team|company|group|people|man|woman|mother"
        r"|father|brother|sister|wife|husband|friend|boss|son|daughter|professor|engineers?|scientists?)\b"
    ),
    "code": r"`[^`]{1,80}`|(?<!\w)--?[A-Za-z]|\w_\w|\w\.\w{1,40}\(|[a-z][A-Z]|/\w|\w\(\)|\b[A-Z]{3,40}\b|\d",
    "how": r"\b(?:by|using|use|via|through|with|when|if|run|set|call|pass|add|method|way|process|steps?|must|should|can|then)\b",
    "yes": r"\b(?:not|no|never|yes|only|always|can|cannot|must|does|do|is|are|may|without)\b|n't",
    "what": rf"\b(?:is|are|was|were|called|known|named|means?|refers?|such as|like)\b|[\"“`]|{_NAME}",
}
_LOOKS_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _LOOKS.items()}
_MAX_LOOKED_AT = 1_000  # characters of a sentence


def kind_of(question: str) -> str:
    """Which of ``KINDS`` a question is."""
    lowered = question.lower()
    for kind, pattern in _ASKED_PATTERNS:
        if pattern.search(lowered):
            return kind
    return KEYWORDS


def looks_like(kind: str, sentence: str, asked: str) -> bool:
    """Whether the sentence has something of that kind which the question, given in lower case, does not say itself."""
    pattern = _LOOKS_PATTERNS.get(kind)
    if pattern is None:
        return False
    for found in pattern.finditer(sentence, 0, _MAX_LOOKED_AT):  # noqa: SIM110 - in half the time of a generator
        if found[0].lower() not in asked:
            return True
    return False
