"""Fetch the texts that training needs: ``python -m scripts.kompress.fetch_data DIR [--from DIR] [--squad]``.

Questions of our own are part of the repository (``questions/*.txt``). Fetched are documentation, of which keyword queries are made, and on
request SQuAD v1.1's training questions. ``--from`` copies what is there already (a Python 3.11.7 installation's ``topics.py``, npm's docs).
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SHORTEST = 3_000  # characters of a document worth asking of


@dataclass(frozen=True)
class Source:
    """A file on the web. ``sha256`` is of its bytes."""

    name: str
    url: str
    sha256: str
    licence: str


PYTHON = Source(
    "topics.py",
    "https://raw.githubusercontent.com/python/cpython/v3.11.7/Lib/pydoc_data/topics.py",
    "abaa56a64551d8eead1b19cbae3c6db443f99f0cab81df07bed3cb75c0db9346",
    "PSF-2.0",
)
SQUAD = Source(
    "squad-train-v1.1.json",
    "https://rajpurkar.github.io/SQuAD-explorer/dataset/train-v1.1.json",
    "3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955",
    "CC BY-SA 4.0",
)


def fetch(source: Source, target: Path, have: Path | None = None) -> None:
    """Put a file into ``target``, from the folder ``have`` if that has it.

    Raises:
        ValueError: it is not the file that was meant.
        OSError: it cannot be had.
    """
    place = target / source.name
    if not place.exists():
        local = have / source.name if have else None
        if local and local.exists():
            data = local.read_bytes()
        else:
            with urllib.request.urlopen(source.url, timeout=60) as answer:
                data = answer.read()
        place.write_bytes(data)
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    if digest != source.sha256:
        raise ValueError(f"{place} is not what {source.url} was: its SHA-256 is {digest}.")


def documents(data: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each document."""
    tree = ast.parse((data / PYTHON.name).read_text("utf-8"))
    assigned = next(node.value for node in ast.walk(tree) if isinstance(node, ast.Assign))
    for name, text in sorted(ast.literal_eval(assigned).items()):
        if len(text) >= _SHORTEST:
            yield f"python/{name}", text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("target", type=Path)
    parser.add_argument("--from", dest="have", type=Path)
    parser.add_argument("--squad", action="store_true", help="SQuAD v1.1 too (30 MB, CC BY-SA 4.0)")
    asked = parser.parse_args()
    asked.target.mkdir(parents=True, exist_ok=True)
    for source in [PYTHON, *([SQUAD] if asked.squad else [])]:
        fetch(source, asked.target, asked.have)
        print(f"{source.name}: {source.licence}, {source.url}")


if __name__ == "__main__":
    main()
