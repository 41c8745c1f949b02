"""What ``headroom learn`` tells of compression itself: what was asked for again, what follows from that, and how it is forgotten."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from headroom_wrap.learn import retrieved
from headroom_wrap.learn.retrieved import Project
from headroom_wrap.memory import project
from headroom_wrap.state import open_store
from pipeline.feedback import records
from pipeline.store.api import Store, StoreError


def known(settings: Config, folder: Path | None) -> list[Project]:
    """What is known of the project of a folder; of all of them for None.

    Raises:
        UserError: the store cannot be opened or read.
    """
    with _store(settings) as store:
        if store is None:
            return []
        if folder is None:
            return retrieved.everywhere(store, time.time())
        identity = _identity(settings, folder)
        return [replace(retrieved.look(store, identity, time.time()), folder=str(folder))] if identity else []


def forget(settings: Config, folder: Path | None) -> str:
    """Forget that of the project of a folder, or of all for None. Returns what was done, in a sentence.

    Raises:
        UserError: the store cannot be opened or written.
    """
    gone = 0
    with _store(settings) as store:
        if store is not None:
            names = [records.project_of(shelf) for shelf, _ in store.projects()] if folder is None else [_identity(settings, folder)]
            gone = sum(retrieved.forget(store, name) for name in names if name)
    if not gone:
        return "Nothing that was asked for again is known here."
    what = "What one conversation showed" if gone == 1 else f"What {gone:,} conversations showed"
    return f"{what} is forgotten; the next one is compressed as the profile says."


def text(projects: Sequence[Project]) -> str:
    """What was asked for again, in lines."""
    lines: list[str] = []
    for one in projects:
        said = [sentence for found in one.verdicts if (sentence := retrieved.sentence(found))]
        if said:
            lines += [f"\nCompression in {one.folder or one.identity}", *(f"  {sentence}" for sentence in said)]
    return "".join(f"{line}\n" for line in lines)


def as_json(projects: Sequence[Project]) -> list[dict[str, Any]]:
    """All that is known, what was never asked for again too."""
    return [{"project": one.folder, **found} for one in projects for found in retrieved.as_json(one)]


def _identity(settings: Config, folder: Path) -> str:
    """The name in the store of the project of a folder, ``""`` where it is not certain."""
    found = project.find(folder, settings.surroundings.home, settings.surroundings.environ)
    return found.identity if found is not None else ""


@contextmanager
def _store(settings: Config) -> Iterator[Store | None]:
    """The store, None where there has been none so far."""
    if not settings.store and not (settings.state / "headroom.db").exists():
        yield None
        return
    store = open_store(settings)
    try:
        yield store
    except StoreError as error:
        raise UserError(str(error)) from None
    finally:
        store.close()
