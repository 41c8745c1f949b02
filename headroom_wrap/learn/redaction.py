"""What may be a secret in a text is replaced before anybody sees the text: tokens by their known forms, values by the names they stand under."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from headroom_wrap.learn.clients import passwords

REDACTED = "[redacted]"
_LONGEST = 4096  # characters looked at; nothing longer is ever told

# Forms that vendors publish, so that their tokens can be found where they should not be.
_TOKEN = re.compile(
    r"\b(?:sk|rk|pk)[-_](?:[a-z]{2,10}[-_])*[A-Za-z0-9_-]{12,200}"  # OpenAI, Anthropic, Stripe
    r"|\bgh[pousr]_[A-Za-z0-9]{16,200}|\bgithub_pat_[A-Za-z0-9_]{16,200}|\bglpat-[A-Za-z0-9_-]{12,200}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,32}|\bAIza[A-Za-z0-9_-]{20,80}|\bya29\.[A-Za-z0-9_.-]{16,200}"
    r"|\bxox[a-z]-[A-Za-z0-9-]{8,200}|\b(?:hf|npm|dop_v1|pypi|shpat|SG)[_.-][A-Za-z0-9_.-]{16,200}"
    r"|\beyJ[A-Za-z0-9_-]{8,400}(?:\.[A-Za-z0-9_-]{1,800}){1,4}"  # JSON web tokens
    r"|-----BEGIN [A-Z ]{1,40}-----.{0,4000}",
    re.DOTALL,
)
_HEADER = re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\s{0,3}:\s{0,3})([^\"'\r\n]{1,1000})")
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s{1,3})[A-Za-z0-9._~+/=-]{8,1000}")
_IN_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{1,20}://)[^\s/@:]{0,200}:[^\s/@]{1,400}@")
_BEFORE_HOST = re.compile(
    r"(?<![\w/@.:+-])([\w.+-]{1,64}:)[^\s/@:\"']{1,200}(?=@(?:localhost\b|[a-z][\w-]{0,62}\.[a-z]))"
)  # of an address without a scheme
_USER_OPTION = re.compile(r"(\s(?:-[uU]|--(?:proxy-)?user)[ =]?)(?!\d{1,10}:\d{1,10}(?!\S))(?![\"']?\$)([^\s:]{1,100}):([^\s]{1,400})")
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{24,512}")
_NAME_ONLY = re.compile(r"^[A-Za-z_.-]+$")

_NAME = re.compile(r"-{0,2}[A-Za-z_][A-Za-z0-9_.-]{0,200}")
_VALUE = re.compile(
    r"""["']?(\s{0,3}(?:=(?!=)|:(?!:))\s{0,3}|\s{1,3})((?i:bearer|basic|token)\s{1,3})?("[^"]{1,1000}"|'[^']{1,1000}'|[^\s"'&;|,)]{1,1000})"""
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SECRET = re.compile(
    r"[a-z]{0,20}(?:passw(?:or)?d|passphrase|passcode|secret|credential)s?|pass(?:in|out)?|token|bearer|jwt|auth(?:orization)?|cookie|otp"
    r"|(?:api|access|secret|private|auth|account|license)key|[a-z]{0,12}(?:token|pwd?)"
    r"|(?!(?:by|com|encom|sur|tres|over|under|multi|sub|render|high|low|band|all|one|two|first|single)pass)[a-z]{1,12}pass"
)
_OF_KEYS = frozenset("api access secret private auth signing encryption account subscription license master shared session storage service".split())
# A name that ends in one of these is of something about a secret, and none itself: where it stands, how long it is.
_ABOUT = frozenset(
    "file files path dir folder stdin env type types method mode url uri count limit length len min max size name store provider algorithm alg "
    "cmd command ttl expiry expires timeout host port enabled required policy jar helper manager scheme format prefix header field".split()
)
_PERHAPS = frozenset("key access session pin pat sid sig code entry".split())  # names of other things too: it depends on the value
_PROPERTY = re.compile(r"-[DP](?=[a-z])")  # before the name of a property: ``-Drepo.password``
_NO_SECRETS = frozenset("true false none null yes no on off required optional 0 1".split())
_LETTERS_AND_DIGITS = re.compile(r"(?=[^\W\d]{0,60}\d)(?=\d{0,60}[^\W\d])\w{6,200}")
_A_FILE = re.compile(r"(?:~|\.{0,2})/[\w./-]{1,200}\Z")


def redacted(text: str) -> str:
    """The text with everything that looks like a secret replaced by `REDACTED`."""
    text = text[:_LONGEST]
    text = _TOKEN.sub(REDACTED, text)
    text = _IN_ADDRESS.sub(rf"\1{REDACTED}@", text)
    text = _BEFORE_HOST.sub(rf"\1{REDACTED}", text)
    text = _HEADER.sub(rf"\1\2{REDACTED}", text)
    text = _BEARER.sub(rf"\1\2{REDACTED}", text)
    text = _USER_OPTION.sub(rf"\1{REDACTED}", text)
    text = _without(text, _named(text))
    text = _without(text, passwords(text))
    return _RANDOM.sub(_if_random, text)


def tells_secret(text: str) -> bool:
    """Whether anything in a text looks like a secret."""
    return redacted(text) != text


def _without(text: str, places: Iterator[tuple[int, int]]) -> str:
    """A text with what stands in these places, given in their order, replaced. What is replaced already stays."""
    kept, at = [], 0
    for start, end in places:
        if REDACTED not in text[start:end]:
            kept += [text[at:start], REDACTED]
            at = end
    return "".join((*kept, text[at:]))


def _named(text: str) -> Iterator[tuple[int, int]]:
    """Where the values stand that are under the name of a secret."""
    at = 0
    for found in _NAME.finditer(text):
        if found.start() >= at and _is_secret(found[0]) and (value := _VALUE.match(text, found.end())) and _is_value(found[0], value):
            at = value.end(3)
            yield value.span(3)


def _is_secret(name: str) -> bool:
    words = _words(name)
    if not words or words[-1] in _ABOUT:
        return False
    if words[-1] in _PERHAPS and name.startswith("-"):
        return True
    return _of_keys(words) or any(map(_SECRET.fullmatch, words))


def _of_keys(words: list[str]) -> bool:
    return any(one in _OF_KEYS and other == "key" for one, other in itertools.pairwise(words))


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(_PROPERTY.sub("", name).rpartition(".")[2])]


def _is_value(name: str, found: re.Match[str]) -> bool:
    """Whether what follows a secret's name is one.

    Where only a space or a colon stands between them, it is one if it looks made up: `token list` is a command, `auth:unit` a task.
    """
    sign, value = found[1], found[3].strip("\"'")
    if value[:1] in ("-", "$", "<", "{") or value.lower() in _NO_SECRETS:
        return False
    words = _words(name)
    if words[-1] == "key" and _A_FILE.match(value):
        return False
    if words[-1] in _PERHAPS and not any(map(_SECRET.fullmatch, words)) and not _of_keys(words):
        return _LETTERS_AND_DIGITS.fullmatch(value) is not None
    if sign == ":":
        return name.lower() == "pass" or name != name.lower() or found[0][0] in "\"'" or value != found[3] or _mixed(value)
    option = name.startswith("--") or (name.startswith("-") and len(name) > 2)
    return "=" in sign or ":" in sign or option or _mixed(value)


def _if_random(found: re.Match[str]) -> str:
    """A long run of letters and digits is taken for a key if it is mixed as no name and no path is."""
    text = found[0]
    if _NAME_ONLY.match(text) or REDACTED in text:
        return text
    parts = [part for part in re.split(r"[/_=-]", text) if len(part) >= 20]
    return REDACTED if any(_mixed(part) for part in parts) else text


def _mixed(text: str) -> bool:
    """Whether digits and letters alternate as they do in what a machine made up."""
    changes = sum(a.isdigit() != b.isdigit() for a, b in itertools.pairwise(text))
    return len(text) >= 8 and changes * 6 >= len(text)
