"""How bad a line says it is: 2 error-like, 1 warning-like, 0 neither.

An explicit level decides (``[error]``, ``level=warn``, pino's ``"level":50``, glog's ``E0601``); else words, phrases, exit codes and HTTP statuses.
Words that a count or a "no" takes back (``0 errors``, ``error: null``) do not count. "Error-like" claims no more than that: a vocabulary.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from operator import itemgetter
from string import ascii_letters
from typing import NamedTuple

ERROR = 2
WARNING = 1
NEITHER = 0

_HEAD = 240  # a level stands in a line's header; further on the word belongs to the message
_LINE = 4000  # what is read of one line: enough for its verdict, and hostile lines stay cheap

_LEVELS = {
    **dict.fromkeys(("emerg", "emergency", "alert", "crit", "critical", "fatal", "panic", "severe"), "FATAL"),
    **dict.fromkeys(("err", "error", "e"), "ERROR"),
    **dict.fromkeys(("warn", "warning", "w"), "WARN"),
    **dict.fromkeys(("notice",), "NOTICE"),
    **dict.fromkeys(("info", "information", "informational", "i"), "INFO"),
    **dict.fromkeys(("debug", "d", "fine", "config"), "DEBUG"),
    **dict.fromkeys(("trace", "verbose", "v", "finer", "finest"), "TRACE"),
}
_LEVEL_WORDS = frozenset(name for name in _LEVELS if len(name) > 1)
_PINO = {"10": "TRACE", "20": "DEBUG", "30": "INFO", "40": "WARN", "50": "ERROR", "60": "FATAL"}
_CLASS = {"FATAL": ERROR, "ERROR": ERROR, "WARN": WARNING}

# Patterns are for lower-case text and start with a plain character, not with a look-behind: the search then skips to where it may begin,
# which is several times faster. Borders on the left are checked afterwards.
_NAMES = "emerg(?:ency)?|alert|crit(?:ical)?|fatal|panic|severe|err(?:or)?|warn(?:ing)?|notice|info(?:rmation)?|debug|trace|verbose"
_LEVEL_KEY = re.compile(r"(?:loglevel|levelname|level|lvl|severity)\\?[\"']?\s?[=:]\s?\\?[\"']?([a-z]{1,13}|[1-6]0)(?!\w)")
_LEVEL_UPPER = re.compile(r"[A-Z]{3,13}(?![\w.\-=])")
_LEVEL_BOXED = re.compile(rf"[\[<(|]({_NAMES})\s{{0,4}}[\]>)|]")
_LEVEL_FIRST = re.compile(rf"\s{{0,8}}({_NAMES})\s?[:|\]]")
_LEVEL_GLOG = re.compile(r"([EWIF])\d{4} \d\d:\d\d")
_LEVEL_ANDROID = re.compile(r"[^A-Za-z]{12,40} ([VDIWEF]) ")
_NO_LEVEL = ("", _HEAD)

_ERRORS = frozenset(
    """error errors err errno fail fails failed failing failure failures fatal exception exceptions panic panicked crash crashed crashes
    crashing critical abort aborted aborting denied refused unreachable killed oom corrupt corrupted corruption segfault sigsegv sigabrt
    unable cannot forbidden unauthorized died dead rejected broken timeout timeouts traceback fault faults violation disconnected unhandled
    uncaught deadlock emergency alert severe lost overflow unrecoverable undeliverable intrusion attack
    fehler fehlgeschlagen fehlerhaft abgebrochen verweigert ausnahme erreur erreurs interdit fallo fallido rechazado errore errori fallito
    rifiutato eccezione erro erros falha falhou recusado fout mislukt geweigerd hata fel fejl feil misslyckades chyba selhalo odmowa""".split()
)
_WARNINGS = frozenset(
    """warn warns warned warning warnings deprecated deprecation retry retrying retries retried slow invalid missing unavailable degraded
    dropped dropping discard discarded discarding unexpected unknown exceeded exceeds expired expire mismatch throttled throttling backoff
    unhealthy interrupted conflict conflicts stale illegal malformed inconsistent incomplete bad problem problems trouble suspicious
    warnung avertissement advertencia avviso aviso waarschuwing varning""".split()
)
_ERRORS_ACCENTED = frozenset(
    """échec échoué échouée refusé refusée falló excepción exceção błąd błędu błędy niepowodzenie wyjątek ungültig başarısız ошибка ошибки
    ошибок ошибке сбой отказано отказ исключение неудача помилка σφάλμα""".split()
)
_WARNINGS_ACCENTED = frozenset("ostrzeżenie uyarı предупреждение внимание попередження varování".split())
_ERROR_CHARACTERS = ("エラー", "失敗", "例外", "异常", "错误", "失败", "錯誤", "異常", "오류", "실패")
_WARNING_CHARACTERS = ("警告", "경고")
_ERROR_PHRASES = (
    "not found",
    "timed out",
    "reset by peer",
    "no such",
    "out of memory",
    "permission denied",
    "core dumped",
    "segmentation fault",
    "no space left",
    "broken pipe",
    "could not",
    "couldn't",
    "can't",
    "not permitted",
    "not responding",
    "is not available",
)

_NOUNS = "(?:errors?|err|fail(?:ed|ures?|s)?|exceptions?|warnings?|problems?|issues?|crash(?:es)?|faults?|timeouts?|retries|dropped|lost)"
_NONE = re.compile(rf"(?:no|0|zero|without(?: any)?|not an?|non)[ -](?:[a-z]{{1,12}} )?{_NOUNS}(?![a-z])")
_NONE_WORDS = frozenset("no zero without not non".split())
# A word ends the value only where nothing goes on: "error: null pointer" and "failed: no route" are errors. What is looked at behind it is what stays
# when words with digits are masked, so that lines of one form agree.
_ENDED = r"(?=\s{0,4}(?:$|[,;|)}\]\"'\\])|\s{1,4}(?:[^\s\"'=,/@]{1,40}=|[a-z_]{1,40}:(?!\S)))"
_NOTHING = rf"(?:0(?![\w.])|(?:null|none|nil|false|no|\[\]|<nil>|<none>|\{{\}}|-){_ENDED})"
_EMPTY = r"\\?(?:\"\s?\\?\"|'')"
_IS_NOTHING = re.compile(rf"{_NOUNS}\\?[\"']?\s?[=:]\s?(?:\\?[\"']?{_NOTHING}|{_EMPTY})")
_ONE_OF_MANY = re.compile(r"(?:^|\s)([a-z]{1,30})\s$")
_COUNTING = frozenset("and but or nor with of in at to total only just found had has have got were are was is be reported zero".split())
_COUNTED = ("errors", "failures", "exceptions", "warnings", "problems", "issues", "crashes", "faults", "timeouts", "retries")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"[0-9]+")

_OUTCOME = re.compile(
    r"exit(?:ed)?(?: with)?(?: (?:code|status))?\s?[:=]?\s?(-?\d{1,3})\b"
    r"|(?:rc|ret|retcode|returncode|exit_?code|exit_?status|errno)\"?\s?[=:]\s?(-?\d{1,5})\b"
    r"|(?:http/\d(?:\.\d)?\"?|status(?:[ _]?code)?\"?\s?[:=]?|\" )\s?([1-5]\d\d)(?![\w.])",
    re.ASCII,
)
_OUTCOME_WORDS = frozenset("exit exited exitcode exitstatus rc ret retcode returncode errno http status statuscode".split())
# What a number must stand beside for a verdict to rest on it, whatever the number: the same for all lines that differ only in digits.
_RESULT = re.compile(
    r"(?:exit(?:ed)?(?: with)?(?: (?:code|status))?|rc|ret|retcode|returncode|exit_?code|exit_?status|errno|http/\d(?:\.\d)?\"?"
    r"|status(?:[ _]?code)?\"?|\" )\s?[:=]?\s?-?\d{1,9}",
    re.ASCII,
)
_COUNT = re.compile(rf"[^\s\d]?\d{{1,9}} (?:[a-z]{{1,12}} )?{_NOUNS}", re.ASCII)
_NAMED_COUNT = re.compile(rf"{_NOUNS}\\?[\"']?\s?[=:]\s?[\"']?\d{{1,9}}", re.ASCII)
_LEVEL_NUMBER = re.compile(r"(?:level|lvl|severity)\\?[\"']?\s?[=:]\s?[\"']?\d{1,3}", re.ASCII)
# Each with what stands in any text that it finds: looking for that costs a tenth.
_NOUN_SIGNS = tuple("err fail exception warning problem issue crash fault timeout retries dropped lost".split())
_DECIDERS = (
    (_RESULT, ("rc", "ret", "exit", "errno", "http/", "status", '" ')),
    (_COUNT, _NOUN_SIGNS),
    (_NAMED_COUNT, _NOUN_SIGNS),
    (_LEVEL_NUMBER, ("level", "lvl", "severity")),
)
_LEVEL_KEYS = frozenset("level lvl severity levelname loglevel".split())
_VOCABULARY = _ERRORS | _WARNINGS | _LEVEL_WORDS | _LEVEL_KEYS | _OUTCOME_WORDS | _NONE_WORDS
_LONGEST_KNOWN = 40  # letters of a run whose words are remembered: names and words, no data
_KNOWN = 4096  # runs; logs are written in few words, and the same ones in every block
_ONLY_LETTERS = bytes(c if chr(c) in ascii_letters + "\n" else ord(" ") for c in range(256))


class Verdict(NamedTuple):
    """What a line says of itself.

    Args:
        severity: 2 error-like, 1 warning-like, 0 neither.
        level: the level it names (FATAL, ERROR, WARN, NOTICE, INFO, DEBUG, TRACE), ``""`` if it names none.
    """

    severity: int
    level: str


def severity(line: str) -> int:
    """How bad a line says it is: 2 error-like, 1 warning-like, 0 neither."""
    return judge(line).severity


def judge(line: str) -> Verdict:
    """Severity and level of a line."""
    line = line[:_LINE]
    lower = line.lower()
    return _verdict(line, lower, _words_of(line), [p for p in _ERROR_PHRASES if p in lower])


def judge_all(lines: Sequence[str], forms: Sequence[str]) -> list[Verdict]:
    """``judge`` of every line, several times faster: words are looked up once for all lines, and lines of one form are judged once.

    Args:
        lines: without line breaks.
        forms: of each line what is left of it when words with a digit, addresses and paths are replaced by ``0``.
    """
    if not lines:
        return []
    text = "\n".join(line[:_LINE] for line in lines)
    lowered = text.lower()
    runs_of = _letters_of(text)
    telling = {run: said for run in set().union(*runs_of) if (said := _telling(run) if len(run) <= _LONGEST_KNOWN else _words_known(run))}
    phrases = [p for p in _ERROR_PHRASES if p in lowered]
    shared = [form for form, count in Counter(forms).items() if count > 1]
    own = dict(zip(shared, (_those(telling, runs) for runs in _letters_of("\n".join(form[:_LINE] for form in shared))), strict=False))
    known: dict[tuple[str, ...], Verdict] = {}
    patterns: dict[str, tuple[re.Pattern[str], ...]] = {}
    verdicts: list[Verdict] = []
    for line, lower, runs, form in zip(text.split("\n"), lowered.split("\n"), runs_of, forms, strict=True):
        told = _those(telling, runs)
        key: tuple[str, ...] = ()
        if own.get(form) == told and line.isascii():  # nothing of what was replaced tells anything, but for its numbers
            if form not in patterns:
                patterns[form] = deciders(line)  # the form may hide the sign before a number with it
            key = (form, line[:1] if line[1:5].isdigit() else "", *(deciding(line, patterns[form]) if patterns[form] else ()))
        verdict = known.get(key)
        if verdict is None or not key:
            verdict = _verdict(line, lower, frozenset().union(*(telling[run] for run in told)), phrases)
            known[key] = verdict
        verdicts.append(verdict)
    return verdicts


def _letters_of(text: str) -> list[list[str]]:
    """The runs of ASCII letters in each line of a text."""
    letters = text.encode("utf-8", "surrogatepass").translate(_ONLY_LETTERS).decode("ascii")
    return [line.split() for line in letters.split("\n")]


def _those(telling: Mapping[str, AbstractSet[str]], runs: list[str]) -> list[str]:
    return list(filter(telling.__contains__, runs))


def _verdict(line: str, lower: str, words: AbstractSet[str], phrases: Sequence[str]) -> Verdict:
    """Severity and level of a line.

    Args:
        line: the line.
        lower: the line in lower case.
        words: its words in lower case, those of the vocabulary at least.
        phrases: the error phrases that may be in it.
    """
    level = _level(line, lower, words)
    if level in _CLASS:
        return Verdict(_CLASS[level], level)
    said = _said(lower, words, phrases)
    # A service that logs a failure at INFO means it to be expected: it counts for less, not for nothing.
    return Verdict(max(NEITHER, said - 1) if level else said, level)


def deciders(line: str) -> tuple[re.Pattern[str], ...]:
    """The patterns that find numbers which a line's verdict rests on; the same for all lines that differ only in digits."""
    lower = line[:_LINE].lower()
    return tuple(p for p, signs in _DECIDERS if any(map(lower.__contains__, signs)) and p.search(lower))


def deciding(line: str, patterns: tuple[re.Pattern[str], ...]) -> tuple[str, ...]:
    """The numbers that a line's verdict rests on. Lines that differ only in digits, and agree in these, have the same verdict.

    Args:
        line: the line.
        patterns: what ``deciders`` gave for it, or for a line that differs only in digits.
    """
    lower = line[:_LINE].lower()
    # With what stands behind: "ret=5ms" is no code.
    return tuple(match[0] + lower[match.end() : match.end() + 1] for p in patterns for match in p.finditer(lower))


def deciding_places(lines: Sequence[str]) -> list[tuple[int, ...]]:
    """Which of its numbers (its runs of ASCII digits, counted from 0) the verdict of each line rests on.

    They are the same for all lines that differ only in digits; those of them that agree in these numbers have the same verdict.
    """
    lowered = "\n".join(line[:_LINE] for line in lines).lower()
    patterns = [(p, there) for p, signs in _DECIDERS if (there := [sign for sign in signs if sign in lowered])]
    if not patterns:
        return [()] * len(lines)
    return [_places(lower, [p for p, signs in patterns if any(map(lower.__contains__, signs))]) for lower in lowered.split("\n")]


def _places(lower: str, patterns: Sequence[re.Pattern[str]]) -> tuple[int, ...]:
    """Which of the numbers of a text stand in what one of the patterns finds."""
    found = [match.span() for pattern in patterns for match in pattern.finditer(lower)]
    if not found:
        return ()
    decides = bytearray(len(lower))
    for start, end in found:
        decides[start:end] = b"\x01" * (end - start)
    return tuple(n for n, number in enumerate(_DIGITS.finditer(lower)) if any(decides[number.start() : number.end()]))


def _words_of(line: str) -> set[str]:
    return {w.lower() for w in _WORDS.findall(line)}


@lru_cache(maxsize=_KNOWN)
def _telling(letters: str) -> AbstractSet[str]:
    """``_words_known``, remembered."""
    return _words_known(letters)


def _words_known(letters: str) -> AbstractSet[str]:
    """The words of the vocabulary in a run of letters."""
    if letters.islower() or letters.isupper():  # one word
        word = letters.lower()
        return frozenset((word,)) if word in _VOCABULARY else frozenset()
    return _VOCABULARY.intersection(_words_of(letters))


def _level(line: str, lower: str, words: AbstractSet[str]) -> str:
    if not words.isdisjoint(_LEVEL_KEYS):
        for key in _LEVEL_KEY.finditer(lower):
            named = _PINO.get(key[1]) or _LEVELS.get(key[1], "")
            if named and not lower[key.start() - 1 : key.start()].isalpha():
                return named
    if line[1:5].isdigit():
        glog = _LEVEL_GLOG.match(line)
        if glog is not None:
            return _letter(glog[1])
    if not words.isdisjoint(_LEVEL_WORDS):
        upper = _upper(line)
        named = min(upper, _boxed(lower, upper[1]), key=itemgetter(1))[0]
        if named:
            return named
    android = _LEVEL_ANDROID.match(line)
    return "" if android is None else _letter(android[1])


def _letter(name: str) -> str:
    return "FATAL" if name == "F" else _LEVELS[name.lower()]


def _upper(line: str) -> tuple[str, int]:
    """A bare upper-case level word in the head of a line, and where it stands."""
    for match in _LEVEL_UPPER.finditer(line, 0, _HEAD):
        named = _LEVELS.get(match[0].lower())
        before = line[match.start() - 1 : match.start()]
        if named is not None and not before.isalnum() and before not in ("_", ".", "-"):
            return named, match.start()
    return _NO_LEVEL


def _boxed(lower: str, within: int) -> tuple[str, int]:
    """A level word in brackets or between bars, or one with a colon at the start, before a place."""
    match = _LEVEL_FIRST.match(lower) or _LEVEL_BOXED.search(lower, 0, within)
    return _NO_LEVEL if match is None else (_LEVELS[match[1]], match.start())


def _said(lower: str, words: AbstractSet[str], phrases: Sequence[str]) -> int:
    """What a line's words, exit codes and HTTP statuses say."""
    worst = _outcome(lower) if '" ' in lower or not words.isdisjoint(_OUTCOME_WORDS) else NEITHER
    if worst == ERROR:
        return ERROR
    if not words.isdisjoint(_ERRORS) or not words.isdisjoint(_WARNINGS):
        words = _without_denied(lower, words)
        if not words.isdisjoint(_ERRORS):
            return ERROR
        if not words.isdisjoint(_WARNINGS):
            worst = WARNING
    if phrases and any(map(lower.__contains__, phrases)):
        return ERROR
    return worst if lower.isascii() else max(worst, _foreign(lower))


def _without_denied(lower: str, words: AbstractSet[str]) -> AbstractSet[str]:
    """The words of a line without its ``0 errors`` and ``error: null``."""
    line, denied = lower, 0
    if "0 " in lower or not words.isdisjoint(_NONE_WORDS):
        line, denied = _NONE.subn(_unless_in_word, line)
    if "=" in lower or ":" in lower:
        line, more = _IS_NOTHING.subn(" ", line)
        denied += more
    # Camel-case parts are lost in lower case; what was denied is all that may have to go.
    return words - (_words_of(lower) - _words_of(line)) if denied else words


def _unless_in_word(match: re.Match[str]) -> str:
    """Takes a match away unless it begins within a word or number, as in ``10 errors``, or with the number of one of many: ``worker 0 failed``."""
    before = match.string[match.start() - 1 : match.start()]
    if before.isalnum() or before in ("_", ".", ",", "-", "#"):
        return match[0]
    return match[0] if match[0][0] == "0" and not match[0].endswith(_COUNTED) and _is_one_of_many(match) else " "


def _is_one_of_many(zero: re.Match[str]) -> bool:
    """Whether a 0 is a number of what the word before names: ``rank 0``, and not ``packets 0``, ``skipped 0`` or ``with 0``."""
    named = _ONE_OF_MANY.search(zero.string[max(0, zero.start() - 32) : zero.start()])
    if named is None or named[1] in _COUNTING:
        return False
    return not named[1].endswith(("ed", "ing")) and (not named[1].endswith("s") or named[1].endswith(("ss", "us", "is")))


def _outcome(lower: str) -> int:
    """What exit codes and HTTP statuses say."""
    worst = NEITHER
    for match in _OUTCOME.finditer(lower):
        code, status = match[1] or match[2], match[3]
        if code is not None:
            if int(code) != 0:
                return ERROR
        elif status[0] == "5":
            return ERROR
        elif status[0] == "4":
            worst = WARNING
    return worst


def _foreign(lower: str) -> int:
    words = set(_LETTERS.findall(lower))
    if not words.isdisjoint(_ERRORS_ACCENTED) or any(c in lower for c in _ERROR_CHARACTERS):
        return ERROR
    if not words.isdisjoint(_WARNINGS_ACCENTED) or any(c in lower for c in _WARNING_CHARACTERS):
        return WARNING
    return NEITHER
