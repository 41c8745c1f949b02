"""How bad a line says it is: 2 error-like, 1 warning-like, 0 neither.

An explicit level decides (``[error]``, ``level=warn``, pino's ``"level":50``, glog's ``E0601``); else words, phrases, exit codes and HTTP statuses.
Words that a count or a "no" takes back (``0 errors``, ``error: null``) do not count. "Error-like" claims no more than that: a vocabulary.
"""

from __future__ import annotations

import re
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
_PINO = {"10": "TRACE", "20": "DEBUG", "30": "INFO", "40": "WARN", "50": "ERROR", "60": "FATAL"}
_CLASS = {"FATAL": ERROR, "ERROR": ERROR, "WARN": WARNING}

_NAMES = "emerg(?:ency)?|alert|crit(?:ical)?|fatal|panic|severe|err(?:or)?|warn(?:ing)?|notice|info(?:rmation)?|debug|trace|verbose"
_LEVEL_KEY = re.compile(
    r"(?<![A-Za-z_])(?:log[._-]?)?(?:level|lvl|severity|levelname|loglevel)\\?[\"']?\s?[=:]\s?\\?[\"']?([A-Za-z]{1,13}|[1-6]0)(?![\w])",
    re.IGNORECASE,
)
_LEVEL_WORD = re.compile(
    rf"(?<![\w.\-])({_NAMES.upper()}|FINE|FINER|FINEST)(?![\w.\-=])"  # a bare upper-case word
    rf"|[\[<(|](?i:({_NAMES}))\s{{0,4}}[\]>)|]"  # in brackets or between bars
    rf"|^\s{{0,8}}(?i:({_NAMES}))\s?[:|\]]"  # "warning: …" at the start of a line
    r"|^([EWIF])\d{4} \d\d:\d\d"  # glog
    r"|\d\d:\d\d:\d\d\.\d{3}\s{1,3}\d{1,7}\s{1,6}\d{1,7} ([VDIWEF]) ",  # Android
    re.ASCII,
)

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
_NOTHING = r"(?:0(?![\w.])|null|none|nil|false|no(?!\w)|\"|\[\]|<nil>|<none>|\{\}|-(?![\d\w]))"
_DENIED = re.compile(
    rf"(?<![\w.,])(?:no|0|zero|without(?: any)?|not an?|non)[ -](?:[a-z]{{1,12}} )?{_NOUNS}(?![A-Za-z])"
    rf"|(?<![A-Za-z]){_NOUNS}\\?[\"']?\s?[=:]\s?\\?[\"']?{_NOTHING}",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LETTERS = re.compile(r"[^\W\d_]+")

_OUTCOME = re.compile(
    r"\bexit(?:ed)?(?: with)?(?: (?:code|status))?\s?[:=]?\s?(-?\d{1,3})\b"
    r"|\b(?:rc|ret|retcode|returncode|exit_?code|exit_?status|errno)\"?\s?[=:]\s?(-?\d{1,5})\b"
    r"|(?:HTTP/\d(?:\.\d)?\"?|\bstatus(?:[ _]?code)?\"?\s?[:=]?|\" )\s?([1-5]\d\d)(?![\w.])",
    re.IGNORECASE | re.ASCII,
)
_OUTCOME_WORDS = frozenset("exit exited exitcode exitstatus rc ret retcode returncode errno http status statuscode".split())
_DECIDING = re.compile(
    r"\b(?:exit|rc|ret|errno|status|returncode|retcode)[a-z_ :=\"]{0,16}-?\d{1,5}|HTTP/\d(?:\.\d)?\"?\s\d{3}|\" \d{3}"
    r"|(?:level|lvl|severity)\\?[\"']?\s?[=:]\s?[\"']?\d{1,3}"
    rf"|(?<![\w.,])\d{{1,9}} (?:[a-z]{{1,12}} )?{_NOUNS}|{_NOUNS}\\?[\"']?\s?[=:]\s?[\"']?\d{{1,9}}",
    re.IGNORECASE | re.ASCII,
)
_DECIDING_WORDS = _OUTCOME_WORDS | frozenset(
    """level lvl severity loglevel error errors err fail failed failure failures fails exception exceptions warning warnings problem problems
    issue issues crash crashes fault faults timeout timeouts retries dropped lost""".split()
)
_LEVEL_KEYS = frozenset("level lvl severity levelname loglevel".split())


class Verdict(NamedTuple):
    """What a line says of itself.

    Args:
        severity: 2 error-like, 1 warning-like, 0 neither.
        level: the level it names (FATAL, ERROR, WARN, NOTICE, INFO, DEBUG, TRACE), ``""`` if it names none.
        numbers: the numbers that decided, in their context. Two lines that differ only in digits, and not in these, have the same verdict.
    """

    severity: int
    level: str
    numbers: tuple[str, ...]


def severity(line: str) -> int:
    """How bad a line says it is: 2 error-like, 1 warning-like, 0 neither."""
    return judge(line).severity


def judge(line: str) -> Verdict:
    """Severity and level of a line."""
    line = line[:_LINE]
    words = _words_of(line)
    numbers = tuple(_DECIDING.findall(line)) if '" ' in line or not words.isdisjoint(_DECIDING_WORDS) else ()
    level = _level(line, words)
    if level in _CLASS:
        return Verdict(_CLASS[level], level, numbers)
    said = _said(line, words)
    # A service that logs a failure at INFO means it to be expected: it counts for less, not for nothing.
    return Verdict(max(NEITHER, said - 1) if level else said, level, numbers)


def deciding(line: str) -> tuple[str, ...]:
    """``judge(line).numbers``, without the rest of the verdict."""
    return tuple(_DECIDING.findall(line[:_LINE]))


def _words_of(line: str) -> set[str]:
    return {w.lower() for w in _WORDS.findall(line)}


def _level(line: str, words: set[str]) -> str:
    if not words.isdisjoint(_LEVEL_KEYS):
        key = _LEVEL_KEY.search(line)
        if key is not None:
            named = _PINO.get(key[1]) or _LEVELS.get(key[1].lower())
            if named is not None:
                return named
    single = line[1:5].isdigit() or " E " in line or " W " in line or " I " in line or " D " in line or " F " in line or " V " in line
    if not single and words.isdisjoint(_LEVELS):
        return ""
    word = _LEVEL_WORD.search(line, 0, _HEAD)
    if word is None:
        return ""
    name = next(g for g in word.groups() if g is not None)
    return "FATAL" if name == "F" else _LEVELS[name.lower()]


def _said(line: str, words: set[str]) -> int:
    """What a line's words, exit codes and HTTP statuses say."""
    worst = _outcome(line) if '" ' in line or not words.isdisjoint(_OUTCOME_WORDS) else NEITHER
    if worst == ERROR:
        return ERROR
    if not words.isdisjoint(_ERRORS) or not words.isdisjoint(_WARNINGS):
        line, denied = _DENIED.subn(" ", line)
        words = _words_of(line) if denied else words
        if not words.isdisjoint(_ERRORS):
            return ERROR
        if not words.isdisjoint(_WARNINGS):
            worst = WARNING
    lower = line.lower()
    if any(p in lower for p in _ERROR_PHRASES):
        return ERROR
    return worst if line.isascii() else max(worst, _foreign(lower))


def _outcome(line: str) -> int:
    """What exit codes and HTTP statuses say."""
    worst = NEITHER
    for match in _OUTCOME.finditer(line):
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
