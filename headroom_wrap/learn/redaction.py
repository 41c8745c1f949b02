"""What may be a secret in a text is replaced before anybody sees the text: tokens by their known forms, values by the names they stand under."""

from __future__ import annotations

import itertools
import re

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
_NAMED = re.compile(
    r"""(?ix)
    (
      [a-z0-9_.-]{0,60} (?: passw(?:or)?d | passwd | pwd | secret | token | credential | api[_-]?key | access[_-]?key | private[_-]?key
        | auth(?![a-z]) )
      [a-z0-9_-]{0,40} ["']? \s{0,3} (?: [=:] | \s ) \s{0,3} (?: (?:bearer|basic|token) \s{1,3} )?
    )
    ( "[^"]{1,1000}" | '[^']{1,1000}' | [^\s"'&;|,)]{1,1000} )
    """
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s{1,3})[A-Za-z0-9._~+/=-]{8,1000}")
_IN_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{1,20}://)[^\s/@:]{0,200}:[^\s/@]{1,400}@")
_USER_OPTION = re.compile(r"(\s(?:-u|--user)[ =]?)([^\s:]{1,100}):([^\s]{1,400})")
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{24,512}")
_NAME_ONLY = re.compile(r"^[A-Za-z_.-]+$")


def redacted(text: str) -> str:
    """The text with everything that looks like a secret replaced by `REDACTED`."""
    text = text[:_LONGEST]
    text = _TOKEN.sub(REDACTED, text)
    text = _IN_ADDRESS.sub(rf"\1{REDACTED}@", text)
    text = _BEARER.sub(rf"\1\2{REDACTED}", text)
    text = _USER_OPTION.sub(rf"\1{REDACTED}", text)
    text = _NAMED.sub(_value, text)
    return _RANDOM.sub(_if_random, text)


def _value(found: re.Match[str]) -> str:
    """A value under a secret's name. Where only a space stands between them, it is one if it looks made up: `token list` is a command."""
    name, value = found[1], found[2]
    if REDACTED in value or value[:1] in "-$<{" or value.lower() in ("true", "false", "none", "null"):
        return found[0]
    assigned = any(c in name[-6:] for c in "=:") or name.lstrip().startswith("--")
    return name + REDACTED if assigned or _mixed(value) else found[0]


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
