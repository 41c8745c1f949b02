"""Whose connection it is, where the system tells: an agent's secret may stand in its command line, which others on the machine can read.

Linux names the user of every socket in ``/proc/net/tcp`` (proc(5), ``local_address`` and ``rem_address`` in hex, the machine's byte order). Where
nothing can be told the secret alone decides, as elsewhere.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from weakref import WeakKeyDictionary

_TABLE = Path("/proc/net/tcp")
_LOCAL, _REMOTE, _UID = 1, 2, 7  # columns
_ROOT = 0

Address = tuple[str, int]


class Peers:
    """Knows the connections of one user.

    Args:
        user: the user's id.
        table: what the system tells of all connections; raises OSError where it tells nothing.
    """

    def __init__(self, user: int, table: Callable[[], str] = lambda: _TABLE.read_text(encoding="ascii")) -> None:
        self._user = user
        self._table = table
        self._known: WeakKeyDictionary[asyncio.BaseTransport, bool] = WeakKeyDictionary()

    @classmethod
    def ours(cls) -> Peers:
        """Those of the user that this process belongs to."""
        return cls(os.getuid())

    def admit(self, transport: asyncio.BaseTransport | None) -> bool:
        """Whether a connection may be the user's; one that is root's is, as root can read our memory."""
        if transport is None:
            return True
        if transport not in self._known:
            self._known[transport] = self._look(transport.get_extra_info("peername"), transport.get_extra_info("sockname"))
        return self._known[transport]

    def _look(self, peer: object, own: object) -> bool:
        if not (isinstance(peer, tuple) and isinstance(own, tuple) and len(peer) == len(own) == 2):
            return True
        try:
            found = owner(peer, own, self._table())
        except (OSError, ValueError):
            return True
        return found in (None, self._user, _ROOT)


def owner(peer: Address, own: Address, table: str) -> int | None:
    """The user whose socket it is that is ``peer`` to our ``own``; None where the table does not have it.

    Raises:
        ValueError: an address is none of IPv4.
    """
    wanted = _written(peer), _written(own)
    for line in table.splitlines():
        fields = line.split(None, _UID + 1)
        if len(fields) > _UID and (fields[_LOCAL], fields[_REMOTE]) == wanted:
            return int(fields[_UID])
    return None


def _written(address: Address) -> str:
    """An address as the table has it."""
    try:
        packed = socket.inet_aton(address[0])
    except OSError as error:
        raise ValueError(str(error)) from None
    return f"{int.from_bytes(packed, sys.byteorder):08X}:{address[1]:04X}"
