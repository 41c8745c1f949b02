"""The models that were pulled: a folder for each commit of each repository, and what was recorded when it came."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

MANIFEST = "headroom.json"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_CHUNK = 1 << 20


class Kept(msgspec.Struct, frozen=True):
    """A file of a model: its size in bytes and its SHA-256, as hex."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """Where a model came from.

    Args:
        hub_id: its repository.
        revision: what was asked for.
        commit: what that was.
        files: name -> what was kept.
    """

    hub_id: str
    revision: str
    commit: str
    files: dict[str, Kept]


@dataclass(frozen=True, slots=True)
class Pulled:
    """A model on the shelf."""

    folder: Path
    manifest: Manifest

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(kept.size for kept in self.manifest.files.values())

    @property
    def name(self) -> str:
        """The model to the commit: what decisions are known by."""
        return f"{self.manifest.hub_id}@{self.manifest.commit[:12]}"

    def damaged(self) -> list[str]:
        """The files that are not what was kept; reads them all."""
        return [name for name, kept in self.manifest.files.items() if _sha256(self.folder / name) != kept.sha256]


class Shelf:
    """The models in a state folder.

    Args:
        state: the state folder.
    """

    def __init__(self, state: Path) -> None:
        self.root = state / "models"

    def place(self, hub_id: str, commit: str) -> Path:
        """Where a commit of a repository stands, or will."""
        return self.root / hub_id.replace("/", "--") / commit

    def __iter__(self) -> Iterator[Pulled]:
        """All of them by name, the last pulled of a repository first; what was not finished is none."""
        found = []
        for path in self.root.glob(f"*/*/{MANIFEST}"):
            try:
                found.append((path.stat().st_mtime_ns, Pulled(path.parent, msgspec.json.decode(path.read_bytes(), type=Manifest))))
            except (OSError, msgspec.MsgspecError):
                continue  # half removed, or not ours
        for _, pulled in sorted(found, key=lambda f: (f[1].manifest.hub_id, -f[0], f[1].manifest.commit)):
            yield pulled

    def find(self, hub_id: str) -> Pulled | None:
        """The model of a repository that was pulled last."""
        return next((pulled for pulled in self if pulled.manifest.hub_id == hub_id), None)

    def remove(self, hub_id: str) -> list[Pulled]:
        """Remove every commit of a repository. Returns what was there."""
        gone = [pulled for pulled in self if pulled.manifest.hub_id == hub_id]
        for pulled in gone:
            (pulled.folder / MANIFEST).unlink()  # first, so that nobody takes a half of it for a model
            shutil.rmtree(pulled.folder)
        return gone


def is_hub_id(text: str) -> bool:
    """Whether a text has the form ``owner/name``."""
    return _HUB_ID.fullmatch(text) is not None and ".." not in text


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_CHUNK):
                digest.update(piece)
    except OSError:
        return ""
    return digest.hexdigest()
