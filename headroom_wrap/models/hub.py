"""The HuggingFace hub over HTTPS: the one place from which something is downloaded, and only by ``headroom models pull``.

The addresses are those that the hub's own client uses: https://huggingface.co/docs/hub/api
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import ssl
import urllib.request
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit

import msgspec

from headroom_wrap.errors import UserError
from headroom_wrap.models.shelf import MANIFEST, Kept, Manifest, Pulled, Shelf
from pipeline.compressors.kompress.checkpoint.files import CONFIG, TOKENIZER, WEIGHTS, Format, choose

PUBLIC = "https://huggingface.co"
TOKENIZER_OF = "answerdotai/ModernBERT-base"  # whose tokenizer the published checkpoints use without bringing it
_TIMEOUT_S = 60.0
_CHUNK = 1 << 20
_MOST_LISTED = 8  # such pieces
_NO_SUCH = frozenset({401, 403, 404})  # what the hub answers for what is not there, or not for everybody
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class Lfs(msgspec.Struct, frozen=True):
    """What the hub says of a large file."""

    sha256: str


class Sibling(msgspec.Struct, frozen=True):
    """A file of a repository. ``lfs`` is None for a small one."""

    rfilename: str
    size: int = 0
    lfs: Lfs | None = None


class Listing(msgspec.Struct, frozen=True):
    """A repository at a commit."""

    sha: str
    siblings: list[Sibling]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch: from which repository and commit, its name, its size in bytes and, where the hub says it, its SHA-256."""

    hub_id: str
    commit: str
    name: str
    size: int
    sha256: str = ""


Progress = Callable[[str, int, int], None]  # file, bytes so far, bytes in all


class Hub:
    """A hub.

    Args:
        endpoint: its base URL; https, or this machine.
        token: for repositories that are not public; it goes to the hub itself alone, never to where that redirects.
    """

    def __init__(self, endpoint: str = PUBLIC, token: str = "") -> None:
        parts = urlsplit(endpoint)
        if parts.scheme != "https" and parts.hostname not in _HERE:
            raise UserError(f"The hub {endpoint} is not asked without encryption.", "Name one with https://")
        self._endpoint = endpoint.rstrip("/")
        self._token = token
        self._tls = ssl.create_default_context()

    def listing(self, hub_id: str, revision: str) -> Listing:
        """The files of a repository.

        Raises:
            UserError: it cannot be had.
        """
        what = f"{hub_id} at {revision}"
        with self._get(f"/api/models/{hub_id}/revision/{quote(revision, safe='')}?blobs=true", what) as answer:
            data = b"".join(itertools.islice(_pieces(answer, what), _MOST_LISTED))
        try:
            listing = msgspec.json.decode(data, type=Listing)
        except msgspec.MsgspecError as error:
            raise UserError(f"What the hub says of {hub_id} cannot be read: {error}.") from None
        if not listing.sha.isalnum():
            raise UserError(f"What the hub says of {hub_id} cannot be read: {listing.sha[:80]!r} is no commit.")
        return listing

    def fetch(self, wanted: Wanted, into: Path, progress: Progress) -> Kept:
        """Fetch a file to a path and say what came.

        Raises:
            UserError: it cannot be had, or is not what the hub said it is.
        """
        digest = hashlib.sha256()
        size = 0
        with self._get(f"/{wanted.hub_id}/resolve/{wanted.commit}/{quote(wanted.name)}", wanted.name) as answer, into.open("xb") as file:
            for piece in _pieces(answer, wanted.name):
                digest.update(piece)
                size += len(piece)
                file.write(piece)
                progress(wanted.name, size, wanted.size)
        if (wanted.size and size != wanted.size) or (wanted.sha256 and digest.hexdigest() != wanted.sha256):
            raise UserError(f"{wanted.name} came damaged: {size:,} bytes, SHA-256 {digest.hexdigest()}.", "Run the command again.")
        return Kept(size, digest.hexdigest())

    def _get(self, path: str, what: str) -> HTTPResponse:
        request = urllib.request.Request(self._endpoint + path, headers={"user-agent": "headroom"})  # noqa: S310 - __init__ saw to the scheme
        if self._token:
            request.add_unredirected_header("authorization", f"Bearer {self._token}")
        try:
            answer: Any = urllib.request.urlopen(request, timeout=_TIMEOUT_S, context=self._tls)  # noqa: S310 - __init__ saw to the scheme
        except HTTPError as error:
            missing = error.code in _NO_SUCH
            error.close()
            hint = "Check the name; for a repository that is not public set HF_TOKEN." if missing else "Try again later."
            raise UserError(f"The hub answered {error.code} for {what}.", hint) from None
        except (URLError, OSError, HTTPException) as error:
            why = error.reason if isinstance(error, URLError) else error
            raise UserError(f"The hub {self._endpoint} cannot be reached: {why}.") from None
        assert isinstance(answer, HTTPResponse)
        return answer


def _pieces(answer: HTTPResponse, what: str) -> Iterator[bytes]:
    """What an answer brings, piece by piece.

    Raises:
        UserError: it broke off.
    """
    size = 0
    while True:
        try:
            piece = answer.read(_CHUNK)
        except (HTTPException, OSError) as error:
            raise UserError(f"{what} broke off after {size:,} bytes: {error}.", "Run the command again.") from None
        if not piece:
            return
        size += len(piece)
        yield piece


def plan(hub_id: str, listing: Listing, formats: Collection[Format]) -> list[Wanted]:
    """The files of a repository that make a checkpoint in one of the formats: the weights with the data beside them, and what explains them.

    Raises:
        UserError: there are no such weights.
    """
    names = {sibling.rfilename for sibling in listing.siblings}
    chosen = choose(names, formats)
    if chosen is None:
        there = ", ".join(name for _, name in WEIGHTS if name in names) or "none"
        raise UserError(f"{hub_id} has no weights in a format that can be used here ({', '.join(formats) or 'none'}); it has: {there}.")
    _, weights = chosen
    wanted = {weights, CONFIG, TOKENIZER}
    beside = (f"{weights}.data", f"{weights}_data")  # where ONNX keeps weights that are too large for its own file
    return [
        Wanted(hub_id, listing.sha, s.rfilename, s.size, s.lfs.sha256 if s.lfs is not None else "")
        for s in listing.siblings
        if s.rfilename in wanted or s.rfilename in beside
    ]


def pull(hub: Hub, shelf: Shelf, hub_id: str, revision: str, formats: Sequence[Format], *, progress: Progress) -> Pulled:
    """Put a model on the shelf, whole or not at all. One that is there already in this commit is left as it is.

    Raises:
        UserError: it cannot be had or kept.
    """
    listing = hub.listing(hub_id, revision)
    files = plan(hub_id, listing, formats)
    if all(wanted.name != TOKENIZER for wanted in files):
        own = hub.listing(TOKENIZER_OF, "main")
        files += [Wanted(TOKENIZER_OF, own.sha, s.rfilename, s.size) for s in own.siblings if s.rfilename == TOKENIZER]
    there = next((p for p in shelf if p.folder == shelf.place(hub_id, listing.sha)), None)
    if there is not None and {f.name for f in files} <= set(there.manifest.files) and not there.damaged():
        return there
    place = shelf.place(hub_id, listing.sha)
    coming = place.with_name(f".{listing.sha}.{os.getpid()}")
    try:
        coming.mkdir(mode=0o700, parents=True)
        try:
            kept: dict[str, Kept] = {}
            for wanted in files:
                path = coming / wanted.name
                path.parent.mkdir(parents=True, exist_ok=True)
                kept[wanted.name] = hub.fetch(wanted, path, progress)
            manifest = Manifest(hub_id, revision, listing.sha, kept)
            (coming / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
            if place.exists():
                shutil.rmtree(place)
            coming.replace(place)
        finally:
            shutil.rmtree(coming, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{place} cannot be written: {error.strerror}.") from None
    return Pulled(place, manifest)
