"""What threads share and a fork leaves usable: in the child only the thread that forked goes on, and gives back no lock that another one held."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

__all__ = ["ProcessLock", "cached_property"]


class ProcessLock:
    """A lock among the threads of one process; in a child it is free.

    What it guards must be fit for use whenever it is held: the child finds it as it was in the middle of that.
    """

    def __init__(self) -> None:
        self._locks: dict[int, Lock] = {}

    def here(self) -> Lock:
        """The one of this process. ``with lock.here():`` gives back the one that it took, in a child that is forked meanwhile, too."""
        return self._locks.setdefault(os.getpid(), Lock())


if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property:  # noqa: N801  # functools' own
        """As functools has it since Python 3.12. Before, one lock is held for all objects of a class while one of them makes its value."""

        def __init__(self, make: Callable[[Any], Any]) -> None:
            self._make = make
            self.__doc__ = make.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self._name] = self._make(instance)  # from here on it is found there, before this is asked
            return value
