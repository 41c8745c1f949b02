"""Which model the settings mean, and where it is: the folder of a checkpoint, or why the embedded one takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.policy import EMBEDDED

if TYPE_CHECKING:  # nothing of it is loaded where nothing but the embedded model is asked for
    from pipeline.compressors.kompress.checkpoint import Checkpoint, Format


@dataclass(frozen=True, slots=True)
class Chosen:
    """The model in force.

    Args:
        name: what decisions know it by: ``embedded``, a folder, or ``owner/name@commit``.
        checkpoint: its files; None for the embedded model.
        why: a sentence why another than the one that was asked for is in force, and what to do; ``""`` where it is that one.
    """

    name: str = EMBEDDED
    checkpoint: Checkpoint | None = None
    why: str = ""

    @property
    def folder(self) -> str:
        """The checkpoint's folder, ``""`` for none."""
        return str(self.checkpoint.folder) if self.checkpoint is not None else ""


def usable() -> list[Format]:
    """The formats that what is installed can run."""
    from pipeline.compressors.kompress.checkpoint import Format, missing

    return [format_ for format_ in Format if not missing(format_)]


def choose(asked: str, state: Path) -> Chosen:
    """The model in force.

    Args:
        asked: ``embedded``, the folder of a checkpoint, or the hub id of one that was pulled.
        state: the state folder.
    """
    if asked in ("", EMBEDDED):
        return Chosen()
    from headroom_wrap.models.shelf import Shelf, is_hub_id
    from pipeline.compressors.kompress.checkpoint import Checkpoint, Unusable, find

    try:
        folder = Path(asked).expanduser()
    except RuntimeError:  # nobody of that name is known here
        folder = Path(asked)
    name = str(folder.absolute())
    if not folder.is_dir():
        if not is_hub_id(asked):
            return Chosen(why=f"{asked} is no folder, and no hub id of the form owner/name either.")
        pulled = Shelf(state).find(asked)
        if pulled is None:
            return Chosen(why=f"The weights of {asked} are not here. Run: headroom models pull {asked}")
        folder, name = pulled.folder, pulled.name
    try:
        found = find(folder, usable())
    except Unusable as error:
        return Chosen(why=_needed(folder) or str(error))
    return Chosen(name, Checkpoint(folder.absolute(), found.weights, found.format))


def _needed(folder: Path) -> str:
    """What must be installed for the weights that are there, ``""`` if that is not what is wrong."""
    from pipeline.compressors.kompress.checkpoint import Unusable, find, missing
    from pipeline.compressors.kompress.checkpoint.loading import EXTRAS

    try:
        there = find(folder)
    except Unusable:
        return ""
    absent = missing(there.format)
    return f"{', '.join(absent)} is not installed. Run: pip install 'headroom-ai[{EXTRAS[there.format]}]'" if absent else ""
