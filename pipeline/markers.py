"""The marker grammar: what stands in the place of what was left out. One grammar for all compressors, as cheap as it can be.

In place of each run, what is missing and where::

    [… 120-480: 352 INFO, 9 DEBUG]      [… 5-18]      [… 5]

and one footer a block::

    [headroom 3f9a2c7b: 361 of 612 lines left out, no error-like line among them; full text: headroom_retrieve 3f9a2c7b lines=120-480,
    or run: headroom show 3f9a2c7b --lines 120-480]

Numbers are those of the original's units, so they are the retrieval keys. To a model that has a shell and no tool of ours the footer names the
command alone: ``full text: run headroom show 3f9a2c7b --lines 120-480]``.
"""

from __future__ import annotations

import re

from pipeline.compressors.api import Gap, Rewrite

HANDLE = re.compile(r"[0-9a-f]{8,64}")
FOOTER = re.compile(r"\[headroom ([0-9a-f]{8,64}): ")
_LEFT_OUT = re.compile(r"\[headroom [0-9a-f]{8,64}: \d+ of \d+ \w+ left out")
IN_PLACE = re.compile(r"\[… (\d+)(?:-(\d+))?(?::[^\]\n]{0,500})?\]")


def gap(first: int, last: int, note: str = "") -> str:
    """The in-place marker for units ``first`` to ``last``; ``note`` says what they are, e.g. ``352 INFO, 9 DEBUG``."""
    numbers = str(first) if first == last else f"{first}-{last}"
    return f"[… {numbers}: {note}]" if note else f"[… {numbers}]"


def footer(handle: str, rewrite: Rewrite, *, by_command: bool = False) -> str:
    """The block's footer: handle, totals, what was checked, and how to get it back; with ``by_command`` by the command alone.

    Where nothing is left out there is nothing to get back, and the model may have been offered no way to: then it names none. Nor does it where
    all that is left out stands above, which is nearer.
    """
    if not rewrite.gaps:
        return f"[headroom {handle}: {rewrite.summary or 'nothing left out, only regrouped'}]"
    plural = "" if rewrite.total == 1 else "s"
    what = f"{rewrite.left_out} of {rewrite.total} {rewrite.unit}{plural} left out"
    if rewrite.summary:
        what += f", {rewrite.summary}"
    if rewrite.above:
        return f"[headroom {handle}: {what}]"
    largest = max(rewrite.gaps, key=len)
    numbers = _numbers(largest)
    if by_command:
        return f"[headroom {handle}: {what}; full text: run headroom show {handle} --lines {numbers}]"
    return f"[headroom {handle}: {what}; full text: headroom_retrieve {handle} lines={numbers}, or run: headroom show {handle} --lines {numbers}]"


def carries_marker(text: str) -> bool:
    """Whether a text holds a footer of ours: such a text is never compressed again."""
    return "[headroom " in text and FOOTER.search(text) is not None


def elides(text: str) -> bool:
    """Whether a text holds a footer of ours that says that something was left out of it."""
    return "[headroom " in text and _LEFT_OUT.search(text) is not None


def handles(text: str) -> list[str]:
    """The handles named in the footers of a text, in order, each once."""
    return list(dict.fromkeys(FOOTER.findall(text)))


def _numbers(gap: Gap) -> str:
    return str(gap.first) if gap.first == gap.last else f"{gap.first}-{gap.last}"
