"""Traces of Headroom in a text of an agent's settings or in an environment. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# A server or table of ours, a call of ours; and the address of a wrapped session with its secret. The bare word is none: a project may be called so.
_OURS = re.compile(
    r"""["']headroom["']\s*:|\[\s*mcp_servers\.["']?headroom\b|\bheadroom_wrap\b|\bheadroom(?:\.exe)?['"]?[\s,]{1,50}['"]?(?:mcp|hook|run|proxy|wrap)\b"""
)
_SESSION = re.compile(r"://(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}/[\w-]{24}(?![\w-])")
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Trace:
    """Something of ours.

    Args:
        where: a file and line, or a variable.
        what: the line or the value, shortened, secrets included.
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
        if _OURS.search(line) or _steers(line, known):
            yield Trace(f"{name}:{number}", line.strip()[:_SHOWN])


def in_environment(environ: Mapping[str, str], known: tuple[str, ...] = ()) -> Iterator[Trace]:
    """Traces in variables. Our own settings (``HEADROOM_…``) are in no agent's way."""
    for name, value in sorted(environ.items()):
        if not name.startswith("HEADROOM_") and name not in ("_", "PWD", "OLDPWD") and _steers(value, known):
            yield Trace(name, value[:_SHOWN])


def _steers(text: str, known: tuple[str, ...]) -> bool:
    return _SESSION.search(text) is not None or any(k in text for k in known)
