"""What an adapter can do besides whose agent shows the output of a command in a status line of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from adapters.plan import LaunchPlan


@runtime_checkable
class ShowsStatus(Protocol):
    """An adapter whose agent has a status line."""

    def with_status(self, plan: LaunchPlan, files: Mapping[Path, str], shown: Path) -> LaunchPlan:
        """The plan with the content of the file ``shown`` in the status line, below what the user's own settings show there.

        Args:
            plan: as the adapter made it.
            files: the configuration files that it was made from.
            shown: need not exist.
        """
        ...
