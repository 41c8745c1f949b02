"""Traces of Headroom in a text of an agent's settings or in an environment. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# A server or table of ours, a call of ours; and the address of a wrapped session with its secret. The bare word is none: a project may be called so.
_OURS = re.compile(
    r"""["']headroom["']\s*:|\[\s*mcp_servers\.["']?headroom\b|\bheadroom_wrap\b|\bheadroom(?:\.exe)?['"]?[\s,]{1,50}['"]?(?:mcp|hook|run|proxy|wrap)\b"""
)
_SESSION = re.compile(r"((?:https?)?://(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}/)[\w-]{24}(?![\w-])")


@dataclass(frozen=True, slots=True)
class Trace:
    """Something of ours.

    Args:
        where: a file and line, or a variable.
        what: what was found, without the secret that it may be. What stands beside it is the user's, and may be another.
    """

    where: str
    what: str


def in_text(name: str, text: str, known: tuple[str, ...] = ()) -> Iterator[Trace]:
    """Traces in a file's text.

    Args:
        name: of the file.
        text: of it.
        known: texts that are ours wherever they stand: addresses, folders, secrets.
    """
    for number, line in enumerate(text.split("\n"), 1):
        ours = _OURS.search(line)
        what = ours[0] if ours is not None else _steering(line, known)
        if what is not None:
            yield Trace(f"{name}:{number}", what)


def in_environment(environ: Mapping[str, str], known: tuple[str, ...] = ()) -> Iterator[Trace]:
    """Traces in variables. Our own settings (``HEADROOM_…``) are in no agent's way."""
    for name, value in sorted(environ.items()):
        if name.startswith("HEADROOM_") or name in ("_", "PWD", "OLDPWD"):
            continue
        what = _steering(value, known)
        if what is not None:
            yield Trace(name, what)


def _steering(text: str, known: tuple[str, ...]) -> str | None:
    """What in a text leads to us."""
    session = _SESSION.search(text)
    if session is not None:
        return session[1] + "…"
    found = next((k for k in known if k in text), None)
    # Addresses and folders have one of these, a token none.
    return found if found is None or any(c in found for c in ":/\\") else "the proxy's token"
