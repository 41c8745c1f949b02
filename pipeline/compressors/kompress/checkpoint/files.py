"""Which files of a folder, or of a repository, make a checkpoint, and in which format it is."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

TOKENIZER = "tokenizer.json"
CONFIG = "config.json"


class Format(str, enum.Enum):
    """How the weights are written."""

    ONNX = "onnx"  # runs with onnxruntime
    TORCH = "torch"  # runs with torch and transformers


# The smallest first: what is lost by whole numbers for weights is less than what the time costs.
WEIGHTS: tuple[tuple[Format, str], ...] = (
    (Format.ONNX, "onnx/kompress-int8-wo.onnx"),
    (Format.ONNX, "onnx/kompress-fp32.onnx"),
    (Format.ONNX, "onnx/kompress-int8.onnx"),
    (Format.TORCH, "merged.pt"),
    (Format.TORCH, "model.safetensors"),
)


class Unusable(Exception):
    """A checkpoint that cannot be used. The message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights in a folder.

    Args:
        folder: where ``tokenizer.json`` and, for torch, ``config.json`` stand too.
        weights: their name in the folder.
        format: how they are written.
    """

    folder: Path
    weights: str
    format: Format


def choose(names: Collection[str], formats: Collection[Format]) -> tuple[Format, str] | None:
    """The weights to use among files of these names; None if there are none in one of these formats."""
    return next(((format_, name) for format_, name in WEIGHTS if name in names and format_ in formats), None)


def find(folder: Path, formats: Collection[Format] = tuple(Format)) -> Checkpoint:
    """The checkpoint in a folder, in one of the formats.

    Raises:
        Unusable: there is none, or its tokenizer is missing.
    """
    if not folder.is_dir():
        raise Unusable(f"There is no folder {folder}.")
    names = [name for _, name in WEIGHTS if (folder / name).is_file()]
    chosen = choose(names, formats)
    if chosen is None:
        there = f"only {', '.join(names)}, in a format that is not wanted" if names else f"none of {', '.join(name for _, name in WEIGHTS)}"
        raise Unusable(f"{folder} holds no weights: {there}.")
    if not (folder / TOKENIZER).is_file():
        raise Unusable(f"{folder} holds no {TOKENIZER}.")
    return Checkpoint(folder, chosen[1], chosen[0])
