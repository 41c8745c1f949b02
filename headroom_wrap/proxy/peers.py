"""Whose connection it is, where the system tells: an agent's secret may stand in its command line, which others on the machine can read.

Linux names the user of every socket in ``/proc/net/tcp`` and ``/proc/net/tcp6`` (proc(5), ``local_address`` and ``rem_address`` in hex, each group
of four bytes in the machine's byte order). Where nothing can be told the secret alone decides, as elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from weakref import WeakKeyDictionary

_TABLE = Path("/proc/net/tcp")
_TABLE_6 = Path("/proc/net/tcp6")  # also of connections to an IPv4 address by a socket of IPv6 (RFC 4291, section 2.5.5.2)
_LOCAL, _REMOTE, _UID, _INODE = 1, 2, 7, 9  # columns
_MAPPED = bytes(10) + b"\xff\xff"
_ROOT = 0

NOBODY = -1
"""Instead of a user: no program holds the socket any more."""

Address = tuple[str, int]


def connections() -> Iterator[str]:
    """What the system tells of all connections, line by line; no more of it is read than is asked for.

    Raises:
        OSError: it tells nothing.
    """
    with _TABLE.open(encoding="ascii") as lines:
        yield from lines
    with contextlib.suppress(FileNotFoundError), _TABLE_6.open(encoding="ascii") as lines:
        yield from lines


class Peers:
    """Knows the connections of one user.

    Args:
        user: the user's id.
        table: the lines of what the system tells of all connections; raises OSError where it tells nothing.
    """

    def __init__(self, user: int, table: Callable[[], Iterable[str]] = connections) -> None:
        self._user = user
        self._table = table
        self._known: WeakKeyDictionary[asyncio.BaseTransport, bool] = WeakKeyDictionary()

    @classmethod
    def ours(cls) -> Peers:
        """Those of the user that this process belongs to."""
        return cls(os.getuid())

    def admit(self, transport: asyncio.BaseTransport | None) -> bool:
        """Whether a connection may be the user's; one that is root's is, as root can read our memory. One whose other end was closed before it was
        looked up is not: it could be anybody's, and nobody is there to read the answer.
        """
        if transport is None:
            return True
        if transport not in self._known:
            self._known[transport] = self._look(transport.get_extra_info("peername"), transport.get_extra_info("sockname"))
        return self._known[transport]

    def _look(self, peer: object, own: object) -> bool:
        if not isinstance(own, tuple):
            return True
        if peer is None:
            return False  # it was reset before it was accepted
        if not isinstance(peer, tuple):
            return True
        try:
            found = owner(peer[:2], own[:2], self._table())
        except (OSError, ValueError):
            return True
        return found in (None, self._user, _ROOT)


def owner(peer: Address, own: Address, table: Iterable[str]) -> int | None:
    """The user whose socket it is that is ``peer`` to our ``own``; ``NOBODY`` where no program holds it; None where the table does not tell.

    Raises:
        ValueError: an address is none of IP.
    """
    wanted = set(zip(_written(peer), _written(own), strict=False))
    port = f":{own[1]:04X}"
    tells = False
    for line in table:
        fields = line.split(None, _INODE + 1)
        if len(fields) <= _INODE:
            continue
        if (fields[_LOCAL], fields[_REMOTE]) in wanted:
            # What is left of a closed socket is listed as root's, without an inode.
            return int(fields[_UID]) if fields[_INODE] != "0" else NOBODY
        tells = tells or fields[_LOCAL].endswith(port)
    return NOBODY if tells and _is_here(peer[0]) else None


def _is_here(host: str) -> bool:
    """Whether an address is of this machine for certain: a table that lists us lists it too."""
    return _packed(host)[:13] == _MAPPED + b"\x7f" or host == "::1"


def _written(address: Address) -> list[str]:
    """An address as the tables have it: as one of IPv6, then as one of IPv4 if it is that too."""
    packed = _packed(address[0])
    wholes = [packed, packed[len(_MAPPED) :]] if packed.startswith(_MAPPED) else [packed]
    return [f"{''.join(_group(whole[at : at + 4]) for at in range(0, len(whole), 4))}:{address[1]:04X}" for whole in wholes]


def _group(four: bytes) -> str:
    return f"{int.from_bytes(four, sys.byteorder):08X}"


def _packed(host: str) -> bytes:
    """The 16 bytes of an IP address."""
    try:
        return socket.inet_pton(socket.AF_INET6, host) if ":" in host else _MAPPED + socket.inet_pton(socket.AF_INET, host)
    except OSError as error:
        raise ValueError(str(error)) from None
