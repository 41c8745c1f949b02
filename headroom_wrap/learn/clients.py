"""Where programs are told a password by an option of one letter, which for other programs means anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_LONGEST_NAME = 40  # characters of a program
_WORD = re.compile(r"""(?:[^\s;&|()"']|"[^"\n]{0,400}"|'[^'\n]{0,400}'|["'])+|[;&|()\n]""")
_APART = frozenset(";&|()\n")  # one command from the next


@dataclass(frozen=True, slots=True)
class _Client:
    """Programs that take a password alike.

    Args:
        programs: what they are called.
        option: that a password is told by, with what stands before it in the same word.
        apart: the password may be a word of its own.
    """

    programs: re.Pattern[str]
    option: re.Pattern[str]
    apart: bool = True


def _client(programs: str, option: str, *, apart: bool = True) -> _Client:
    return _Client(re.compile(programs), re.compile(option), apart)


# As their manuals have it. What a program calls by a name (`--pass`, `-storepass`) is known by that name, whatever program it is.
_CLIENTS = (
    _client(r"mysql\w*|mariadb[\w-]*", r"-p", apart=False),  # a word of its own is the name of the database
    _client(r"7z[arz]?|rar|unrar", r"-h?p", apart=False),
    _client(r"(?:redis|valkey|keydb)-(?:cli|benchmark)|https?|xh", r"-a"),
    _client(r"zip\w*|unzip|funzip", r"-\w{0,6}P"),
    _client(r"sqlcmd|bcp|[iot]sql|ipmitool|mosquitto_\w+", r"-P"),
    _client(r"ssh-keygen", r"-[PN]"),
    _client(r"ldap\w+", r"-\w{0,6}?w"),
    _client(r"security", r"-[pw]"),
    _client(r"sshpass|mongo\w*|cqlsh|beeline|rabbitmqadmin|rdesktop", r"-p"),
    _client(r"curl", r"-b"),
    _client(r"openssl", r"-[kK]"),
    _client(r"snmp\w+", r"-[AXc]"),
    _client(r"influx", r"-t"),
    _client(r"sqlplus|sqlldr|expdp|impdp", r"[\w.]{1,60}/", apart=False),
    _client(r"[wx]?freerdp", r"/p:", apart=False),
    _client(r"lftp", r"-u[^,]*,|[^-,][^,]*,", apart=False),
    _client(r"smbclient|rpcclient|smbget", r"-U[^%]*%|[^-%][^%]*%", apart=False),
)
_LOGIN = _client(r"login|adduser", r"-[pPkt]")  # whatever is logged in to: a word among the arguments, so that a folder of this name is none
_NO_VALUE = re.compile(r"-\w{1,40}\Z|--|\d{1,5}:\d{1,5}\Z")  # the next option; ports


def passwords(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text of commands the passwords stand, from and to. In time linear in its length."""
    client: _Client | None = None
    expected = False
    for found in _WORD.finditer(text):
        word = found[0]
        if word in _APART:
            client, expected = None, False
        elif expected:
            expected = False
            if not _NO_VALUE.match(word):
                yield found.span()
        elif client is not None and (option := client.option.match(word)):
            if option.end() < len(word):
                yield found.start() + option.end(), found.end()
            expected = client.apart and option.end() == len(word)
        else:
            client = _of(word.strip("\"'")) or client


@lru_cache(maxsize=1024)
def _of(name: str) -> _Client | None:
    """What is known of a program by its name or path."""
    folder, _, base = name.rpartition("/")
    if len(base) > _LONGEST_NAME:
        return None
    return next((client for client in (*_CLIENTS, *(() if folder else (_LOGIN,))) if client.programs.fullmatch(base)), None)
