"""Whether a text is prose, in a language that is known here, and whether it may be reworded at all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.compressors.kompress.english import FUNCTION_WORDS
from pipeline.compressors.kompress.layout import Kind
from pipeline.compressors.kompress.segment import Unit

_SAMPLES, _SAMPLE = 4, 5000  # characters
_LEAST_FUNCTION = 0.21  # of the words hold the others together
_MOST_SYMBOLS = 0.09  # of the characters
_MOST_DIGITS = 0.1
_LEAST_WORDS = 60
_NUMBERED_LINES = 8
_MOST_FOREIGN = 0.1  # of the letters, in scripts other than the Latin one
_MOST_FIXED = 0.5  # of the characters in code and tables
_WORD_ENDS = ".,;:!?()\"'`*"
_SYMBOLS = '{}[]()=<>$&|\\;@~^_"'
_FORM = re.compile(
    r"\s*(?:\[\s{0,80}[\[{\"]|\{\s{0,80}\"|<[?!a-z])|[^\s,]{1,40},[^\s,]{1,40},[^\n]{1,400}\n", re.IGNORECASE
)  # JSON, XML, comma-separated values
_CODE_ENDS = (";", "{", "}", "):", "->")
_DIGITS = "0123456789"
# What lines begin with is looked for behind line breaks: a pattern whose first character is given is searched for in a quarter of the time.
_PLACED = re.compile(r"\n[^\s:(]{1,200}[:(]\d{1,7}[:,)]")  # diagnostics with file and line
_STAMPED = re.compile(r"\n[^\w\n]{0,2}(?:\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:)")
_NUMBERED = re.compile(r"\n {0,8}\d{1,7}(?:\t|→|[:-] ?)")
_FOREIGN = re.compile(r"[\u0370-\u1dff\u2c00-\ud7ff\uf900-\U0010ffff]")


def is_prose(text: str) -> bool:
    """Whether samples of a text are English sentences, not a log, a listing or numbered lines: a cheap look."""
    sample = _sampled(text)
    words = sample.split()
    if len(words) < _LEAST_WORDS or "\0" in sample or _FORM.match(text):
        return False
    if sum(map(sample.count, _SYMBOLS)) > _MOST_SYMBOLS * len(sample) or sum(map(sample.count, _DIGITS)) > _MOST_DIGITS * len(sample):
        return False
    lines = sample.split("\n")
    begun = "\n" + sample
    if any(len(pattern.findall(begun)) * 4 > len(lines) for pattern in (_STAMPED, _PLACED)):
        return False
    if sum([line.rstrip(" \t\r").endswith(_CODE_ENDS) for line in lines]) * 4 > len(lines):
        return False
    if len(lines) >= _NUMBERED_LINES and len(_NUMBERED.findall(begun)) * 2 > len(lines):
        return False
    lowered = sample.lower().split()
    least = _LEAST_FUNCTION * len(words)
    bare = sum(map(FUNCTION_WORDS.__contains__, lowered))  # mostly enough, and quickly counted
    return bare >= least or sum([word.strip(_WORD_ENDS) in FUNCTION_WORDS for word in lowered]) >= least


def is_foreign(text: str) -> bool:
    """Whether much of a text is in another script than the Latin one, of which nothing is known here."""
    sample = _sampled(text)
    return not sample.isascii() and len(_FOREIGN.findall(sample)) > _MOST_FOREIGN * len(sample)


def is_fixed(units: Sequence[Unit]) -> bool:
    """Whether code and tables, which others know better, are most of a text."""
    fixed = sum(u.end - u.start for u in units if u.kind is Kind.CODE or u.kind is Kind.TABLE)
    return bool(units) and fixed > _MOST_FIXED * units[-1].end


def _sampled(text: str) -> str:
    if len(text) <= _SAMPLES * _SAMPLE:
        return text
    step = (len(text) - _SAMPLE) // (_SAMPLES - 1)
    return "\n".join(text[n * step : n * step + _SAMPLE] for n in range(_SAMPLES))
